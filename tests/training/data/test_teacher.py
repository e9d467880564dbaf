"""The teacher, asked about pictures and shown videos; and faces that hear what it says."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

for package in ("torch", "mediapipe"):
    pytest.importorskip(package, reason="training needs the extras train and mediapipe")

from facedrive.aus import AU_INDEX  # noqa: E402
from facedrive.errors import DataError  # noqa: E402
from facedrive.sources.video import VideoFile  # noqa: E402
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68, interocular_px  # noqa: E402
from facedrive.training.data import teacher as module  # noqa: E402
from facedrive.training.data.faces import FaceSet, add_teacher  # noqa: E402
from facedrive.training.data.labels import BLIND, NEEDED_CHANNELS, Targets  # noqa: E402
from facedrive.training.data.photographs import Photographs, open_photographs  # noqa: E402
from facedrive.training.data.teacher import (  # noqa: E402
    Opinions,
    Teacher,
    TeacherFile,
    VideoTeacher,
    find_teacher,
    load_opinions,
)
from facedrive.types import CropSpec, Frame  # noqa: E402

pytestmark = pytest.mark.slow

NAMES = list(dict.fromkeys(NEEDED_CHANNELS))


@pytest.fixture(scope="module")
def photographs(ten_faces: Path) -> Photographs:
    return open_photographs(ten_faces)


@pytest.fixture(scope="module")
def file(ten_faces: Path) -> TeacherFile:
    return find_teacher(ten_faces)


def test_a_picture_without_a_face_has_no_opinion_and_does_not_bear_on_the_next(
    photographs: Photographs, file: TeacherFile, tmp_path: Path
) -> None:
    face = photographs.read(0)
    said = file.ask_all([face, np.zeros((64, 64), np.uint8), face])
    assert np.isnan(said.scores[1]).all() and np.isnan(said.landmarks_px[1]).all()
    assert (said.scores[0] == said.scores[2]).all()
    assert ((said.landmarks_px[0] > -20) & (said.landmarks_px[0] < max(face.shape) + 20)).all()
    said.save(tmp_path / "said.npz")
    for mine, theirs in zip(said, load_opinions(tmp_path / "said.npz"), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_its_answer_converges_wherever_its_detector_first_saw_the_face(
    photographs: Photographs, file: TeacherFile
) -> None:
    pictures = [photographs.read(row) for row in range(6)]
    wider = [np.pad(picture, ((30, 10), (20, 40)), mode="edge") for picture in pictures]
    said, again = (file.ask_all(each) for each in (pictures, wider))
    assert np.abs(said.scores - again.scores).mean() < 0.01
    eyes = interocular_px(said.landmarks_px[:, MEDIAPIPE_TO_68])
    shift = again.landmarks_px - said.landmarks_px - np.array([20, 30])
    apart = np.linalg.norm(shift, axis=2).mean(axis=1)
    assert (apart / eyes).mean() < 0.005


def test_some_photographs_may_be_asked_about(
    photographs: Photographs, file: TeacherFile, tmp_path: Path
) -> None:
    said = photographs.ask(file, tmp_path, rows=np.array([7, 3]))
    one = file.ask_all([photographs.read(3)])
    assert said.scores.shape == (2, 52) and (said.scores[1] == one.scores[0]).all()
    (kept,) = tmp_path.iterdir()
    before = kept.stat().st_mtime_ns
    again = photographs.ask(file, tmp_path, rows=np.array([7, 3]))
    assert (again.landmarks_px == said.landmarks_px).all() and kept.stat().st_mtime_ns == before


def test_a_face_is_scored_in_a_video_and_an_empty_frame_is_not(
    photographs: Photographs, file: TeacherFile
) -> None:
    grey = photographs.read(0)
    teacher = Teacher(file.path)
    scores = teacher.score(Frame(np.repeat(grey[..., None], 3, axis=2), 0.0, 0))
    empty = teacher.score(Frame(np.zeros((64, 64, 3), np.uint8), 5.0, 1))
    teacher.close()
    assert scores is not None and scores.shape == (52,)
    assert empty is None


def test_a_clip_is_looked_at_once(
    shared: Path, file: TeacherFile, photographs: Photographs, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    def few(self: VideoFile) -> Iterator[Frame]:
        return (each for each in frames if each.index < 3)

    clip = shared / "data" / "clips" / "single_face.mp4"
    frames = [frame for frame, _ in zip(VideoFile(clip).frames(), range(3), strict=False)]
    monkeypatch.setattr(VideoFile, "frames", few)
    video = VideoTeacher(file, photographs.channels, tmp_path)
    together, apart = (video.score_clip(clip, apart=each) for each in (False, True))
    assert together.shape == (3, 52)
    assert (together != apart).any()
    monkeypatch.setattr(module, "Teacher", None)
    assert (video.score_clip(clip) == together).all()
    assert (video.score_clip(clip, apart=True) == apart).all()


def test_the_file_asked_for_comes_first_and_then_the_one_beside_the_data(
    ten_faces: Path, tmp_path: Path
) -> None:
    beside = ten_faces.parent / "models" / "face_landmarker.task"
    assert find_teacher(ten_faces).path == beside.parent / beside.name
    mine = tmp_path / "mine.task"
    mine.write_bytes(b"a model")
    assert find_teacher(ten_faces, mine).path == mine
    assert find_teacher(ten_faces, mine).digest != find_teacher(ten_faces).digest
    assert find_teacher(tmp_path / "data").digest == find_teacher(ten_faces).digest  # as fetched
    with pytest.raises(DataError, match="teacher_model must be"):
        find_teacher(ten_faces, tmp_path / "none.task")


def test_a_rendered_face_keeps_its_known_labels_beside_the_teachers() -> None:
    scores = np.full((2, len(NAMES)), 0.25, np.float32)
    scores[1] = np.nan
    known_labels = Targets(
        np.ones((2, 24), np.float32), np.ones((2, 24), np.bool_), np.zeros((2, 2, 2), np.float32)
    )
    crops = np.zeros((2, 8, 8), np.uint8)
    nowhere = np.full((2, 478, 2), np.nan, np.float32)
    faces = FaceSet(crops, crops == 0, nowhere, known_labels, np.arange(2), CropSpec(8, 0.3))
    places = np.ones((2, 478, 2), np.float32)
    heard = add_teacher(faces, Opinions(scores, places), NAMES)
    assert heard.targets is known_labels and (heard.points_px == 1).all()
    assert heard.taught is not None
    blind = [AU_INDEX[name] for name in BLIND]
    assert np.isnan(heard.taught[0, blind]).all() and np.isnan(heard.taught[1]).all()
    assert heard.taught[0, AU_INDEX["jaw_drop"]] == pytest.approx(0.25)
    assert heard.taught[0, 24:].tolist() == [0.0, 0.0, 0.0, 0.0]
    assert heard.select(np.array([1])).taught.shape == (1, 28)
