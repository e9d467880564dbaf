"""Clips that are tracked beside a peer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedrive.errors import DataError
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.sources.video import VideoFile
from facedrive.training.data.teacher import TeacherFile, find_teacher
from facedrive.training.evaluation import tracking
from facedrive.training.evaluation.evaluation import check_goals
from facedrive.training.evaluation.tracking import Peer, find_clips, score_tracking

EYES_PX = 100.0


def points(frames: int) -> np.ndarray:
    """Landmarks of a still face whose outer eye corners are ``EYES_PX`` apart."""
    face = np.zeros((68, 2), np.float32)
    face[45, 0] = EYES_PX
    return np.repeat(face[None], frames, axis=0)


def compare(ours: np.ndarray, theirs: np.ndarray, patch: pytest.MonkeyPatch) -> dict:
    class Said:
        def track(self, _: Path) -> np.ndarray:
            return theirs

    patch.setattr(tracking, "_track", lambda *_: ours)
    figures = score_tracking(None, Said(), [Path("calm.mp4")])
    return figures["clips"]["calm"]


def test_frames_that_one_sees_and_the_other_does_not_are_counted_apart(monkeypatch) -> None:
    ours, theirs = points(10), points(10)
    ours[:2], theirs[7:] = np.nan, np.nan
    row = compare(ours, theirs, monkeypatch)
    assert (row["peer"], row["seen"], row["missed"], row["alone"]) == (7, 8, 2, 3)
    assert row["share"] == pytest.approx(5 / 7, abs=1e-4)


def test_landmarks_are_measured_in_percent_of_the_eyes(monkeypatch) -> None:
    ours = points(10)
    ours[3:5, :, 1] += 0.05 * EYES_PX
    row = compare(ours, points(10), monkeypatch)
    assert row["landmarks"]["most"] == pytest.approx(5.0)
    assert row["landmarks"]["mean"] == pytest.approx(1.0)
    assert row["landmarks"]["beyond"] == pytest.approx(0.2)
    goal = check_goals({"tracking": {"clips": {"calm": row}}})
    assert [each.met for each in goal] == [True, False]


def test_a_clip_without_a_face_is_to_have_none(monkeypatch) -> None:
    nowhere = np.full((5, 68, 2), np.nan, np.float32)
    found = nowhere.copy()
    found[2] = 1.0
    for ours, met in ((nowhere, True), (found, False)):
        row = compare(ours, nowhere, monkeypatch)
        assert row["share"] is None
        assert check_goals({"tracking": {"clips": {"wall": row}}})[0].met is met


def test_a_missing_clip_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"d10\.mp4 is missing; give other clips"):
        find_clips(tmp_path)


@pytest.mark.slow
def test_a_face_is_followed_where_the_peer_sees_it(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = shared / "data" / "clips" / "single_face.mp4"
    peer = Peer(find_teacher(shared / "data"), tmp_path)
    row = score_tracking(OnnxRegressor(None, "cpu"), peer, [clip])["clips"]["single_face"]
    assert row["seen"] == row["peer"] == row["frames"] == 72
    assert row["landmarks"]["mean"] < 3
    monkeypatch.setattr(VideoFile, "frames", lambda _: pytest.fail("the clip was read again"))
    assert len(Peer(TeacherFile(peer.teacher.path), tmp_path).track(clip)) == 72
