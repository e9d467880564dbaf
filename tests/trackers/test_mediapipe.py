"""The optional MediaPipe tracker."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facedrive.errors import DependencyError, ModelError
from facedrive.stages import Tracker
from facedrive.trackers.dlib import DlibTracker
from facedrive.trackers.landmarks import interocular_px
from facedrive.trackers.mediapipe import MediaPipeTracker, fetch_model
from facedrive.trackers.pose import PoseSolver
from facedrive.types import Frame, Image


@pytest.fixture(scope="session")
def model(shared: Path) -> Path:
    return shared / "models" / "face_landmarker.task"


@pytest.fixture
def tracker(model: Path) -> Iterator[MediaPipeTracker]:
    pytest.importorskip("mediapipe", reason="the extra mediapipe is not installed")
    tracker = MediaPipeTracker(model)
    yield tracker
    tracker.close()


def test_it_is_a_tracker(tracker: MediaPipeTracker) -> None:
    assert isinstance(tracker, Tracker)


def test_it_gives_the_face_that_the_default_tracker_gives(
    tracker: MediaPipeTracker, portrait: Image
) -> None:
    frame = Frame(portrait, 0.0, 0)
    theirs, default = tracker.track(frame), DlibTracker().track(frame)
    assert theirs is not None
    assert default is not None
    apart = np.linalg.norm(theirs.landmarks_px - default.landmarks_px, axis=1).mean()
    assert apart < 0.08 * interocular_px(theirs.landmarks_px)
    heads = [PoseSolver().solve(face.landmarks_px, (500, 500)) for face in (theirs, default)]
    assert heads[0].euler == pytest.approx(heads[1].euler, abs=8)
    assert theirs.landmarks_px.dtype == np.float32


def test_frames_may_repeat_their_time(tracker: MediaPipeTracker, portrait: Image) -> None:
    faces = [tracker.track(Frame(portrait, 0.5, index)) for index in range(3)]
    assert None not in faces


def test_reset_lets_time_start_again(tracker: MediaPipeTracker, portrait: Image) -> None:
    tracker.track(Frame(portrait, 100.0, 0))
    tracker.reset()
    assert tracker.track(Frame(portrait, 0.0, 0)) is not None


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (480, 640)])
def test_a_frame_without_a_face_shows_none(
    tracker: MediaPipeTracker, shape: tuple[int, int]
) -> None:
    assert tracker.track(Frame(np.zeros((*shape, 3), np.uint8), 0.0, 0)) is None


def test_closing_twice_is_allowed(tracker: MediaPipeTracker) -> None:
    tracker.close()


def test_a_missing_model_says_so(tmp_path: Path) -> None:
    pytest.importorskip("mediapipe", reason="the extra mediapipe is not installed")
    with pytest.raises(ModelError, match=r"nowhere\.task is missing"):
        MediaPipeTracker(tmp_path / "nowhere.task")


def test_a_broken_model_says_so(tmp_path: Path) -> None:
    pytest.importorskip("mediapipe", reason="the extra mediapipe is not installed")
    path = tmp_path / "broken.task"
    path.write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"broken\.task"):
        MediaPipeTracker(path)


def test_a_missing_package_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe.tasks.python", None)
    with pytest.raises(DependencyError, match=r"facedrive\[mediapipe\]"):
        MediaPipeTracker(tmp_path / "any.task")


def test_the_model_is_fetched_once_and_kept(model: Path, tmp_path: Path) -> None:
    path = fetch_model(model.as_uri(), tmp_path)
    assert path.read_bytes() == model.read_bytes()
    assert fetch_model((tmp_path / "gone.task").as_uri(), tmp_path) == path


def test_another_file_than_the_known_one_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.task"
    other.write_bytes(b"something else")
    with pytest.raises(ModelError, match="SHA-256"):
        fetch_model(other.as_uri(), tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_no_way_to_the_model_says_how_to_help_oneself(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="its path as the tracker model"):
        fetch_model((tmp_path / "gone.task").as_uri(), tmp_path / "cache")


def test_a_cache_that_was_damaged_is_fetched_again(model: Path, tmp_path: Path) -> None:
    (tmp_path / "face_landmarker.task").write_bytes(b"half of it")
    path = fetch_model(model.as_uri(), tmp_path)
    assert path.read_bytes() == model.read_bytes()
