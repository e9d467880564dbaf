from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("scipy")

from facedrive.errors import DataError
from facedrive.feafa.labels.dataset import read_coders, read_dataset
from facedrive.feafa.simulate import render as feafa
from facedrive.training.rendered.studio import Studio, StudioPlan

pytestmark = pytest.mark.slow

PLAN = feafa.FeafaPlan(subjects=2, videos=3, frames=4, seed=1, people="test")


@pytest.fixture(scope="module")
def root(face_studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small dataset, rendered by the studio that is there."""
    folder = tmp_path_factory.mktemp("feafa") / "set"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StudioPlan, "open", lambda plan: face_studio)
        patch.setattr(feafa, "SIDE_PX", face_studio.side_px)
        feafa.render_feafa(Path(), folder, PLAN)
    return folder


@pytest.fixture
def without_studio(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(plan: object) -> Studio:
        raise AssertionError("everything is there already")

    monkeypatch.setattr(StudioPlan, "open", refuse)


def test_it_is_read_back_as_it_was_performed(root: Path) -> None:
    videos = read_dataset(root)
    assert [(video.name, video.subject, video.part) for video in videos] == [
        ("PV001", "P01", "posed"),
        ("PV002", "P01", "posed"),
        ("SN001", "S01", "spontaneous"),
    ]
    for video, job in zip(videos, feafa.plan_videos(root, PLAN), strict=True):
        np.testing.assert_allclose(video.aus, feafa.perform(job).aus, atol=6e-5)
        assert video.pictured.all()


def test_the_three_coders_label_the_same_videos(root: Path) -> None:
    coders = read_coders(root / "coders")
    assert list(coders) == ["A", "B", "C"]
    assert [[video.name for video in videos] for videos in coders.values()] == [
        ["PV001", "PV002", "SN001"]
    ] * 3


def test_frames_of_a_video_resemble_each_other_and_two_subjects_do_not(root: Path) -> None:
    paths = sorted(root.rglob("*.jpg"))
    first, last, other = (cv2.imread(str(paths[i]), 0).astype(float) for i in (0, 3, -1))
    assert np.abs(first - last).mean() < 0.5 * np.abs(first - other).mean()


def test_a_video_is_the_same_whenever_it_is_rendered(
    root: Path, face_studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(feafa, "SIDE_PX", face_studio.side_px)
    job = feafa.plan_videos(tmp_path, PLAN)[-1]
    feafa.render_video(face_studio, job)
    again = sorted(job.folder.iterdir())
    before = sorted((root / job.label_path).iterdir())
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in before]


@pytest.mark.usefixtures("without_studio")
def test_what_is_there_is_not_rendered_again(root: Path) -> None:
    shown: list[int] = []
    feafa.render_feafa(Path(), root, PLAN, progress=shown.append)
    assert shown == [PLAN.videos * PLAN.frames]


def test_a_video_that_was_cut_short_is_rendered_anew(
    face_studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(feafa, "SIDE_PX", face_studio.side_px)
    job = feafa.plan_videos(tmp_path, PLAN)[0]
    half = job.folder.with_name(f".{job.folder.name}.part")
    half.mkdir(parents=True)
    (half / "00099.jpg").write_bytes(b"half")
    feafa.render_video(face_studio, job)
    assert len(list(job.folder.glob("*.jpg"))) == PLAN.frames
    assert not half.exists()


def test_a_folder_with_another_dataset_is_refused(root: Path) -> None:
    with pytest.raises(DataError, match="another folder"):
        feafa.render_feafa(Path(), root, feafa.FeafaPlan(subjects=2, videos=3, frames=5))


@pytest.mark.parametrize("wrong", [{"subjects": 1}, {"videos": 3}, {"frames": 1}, {"seed": -1}])
def test_a_plan_that_cannot_be_laid_out_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(DataError, match="2 subjects or more"):
        feafa.FeafaPlan(**wrong)


def test_defaults_are_large_enough_for_three_folds_by_subject() -> None:
    jobs = feafa.plan_videos(Path("set"), feafa.FeafaPlan())
    assert len(jobs) == len({job.folder for job in jobs}) == 60
    assert len({job.subject for job in jobs}) == 20
    assert sum(job.frames for job in jobs) == 12_000
    assert len({(job.part, job.subject) for job in jobs}) == 20
