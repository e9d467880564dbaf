"""The teacher asked about many pictures, and faces that hear what it says."""

from pathlib import Path

import numpy as np
import pytest

for package in ("torch", "mediapipe"):
    pytest.importorskip(package, reason="training needs the extras train and mediapipe")

from facedrive.aus import AU_INDEX  # noqa: E402
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68, interocular_px  # noqa: E402
from facedrive.training.data.faces import FaceSet, add_teacher  # noqa: E402
from facedrive.training.data.labels import BLIND, TEACHER_CHANNELS, Targets  # noqa: E402
from facedrive.training.data.teacher import (  # noqa: E402
    Opinions,
    ask_all,
    find_teacher,
    load_opinions,
    save_opinions,
    settled_opinions,
)
from facedrive.training.rendered.photographs import open_photographs  # noqa: E402
from facedrive.types import CropSpec  # noqa: E402

GAZE = [f"eyeLook{way}{side}" for way in ("Up", "Down", "In", "Out") for side in ("Left", "Right")]
NAMES = [*{name for names in TEACHER_CHANNELS.values() for name in names}, *GAZE]


def test_a_picture_without_a_face_has_no_opinion_and_does_not_bear_on_the_next(
    shared: Path, tmp_path: Path
) -> None:
    photographs = open_photographs(shared / "data")
    face = photographs.read(int(photographs.best_rows()[0]))
    pictures = [face, np.zeros((64, 64), np.uint8), face]
    said = ask_all(pictures, find_teacher(shared / "data", None))
    assert np.isnan(said.scores[1]).all() and np.isnan(said.landmarks_px[1]).all()
    assert (said.scores[0] == said.scores[2]).all()
    assert ((said.landmarks_px[0] > -20) & (said.landmarks_px[0] < max(face.shape) + 20)).all()
    save_opinions(said, tmp_path / "said.npz")
    for mine, theirs in zip(said, load_opinions(tmp_path / "said.npz"), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_its_answer_has_settled_wherever_its_detector_first_saw_the_face(shared: Path) -> None:
    photographs = open_photographs(shared / "data")
    rows = photographs.best_rows()[:6]
    pictures = [photographs.read(int(row)) for row in rows]
    wider = [np.pad(picture, ((30, 10), (20, 40)), mode="edge") for picture in pictures]
    said, again = (ask_all(each, find_teacher(shared / "data", None)) for each in (pictures, wider))
    assert np.abs(said.scores - again.scores).mean() < 0.01
    eyes = interocular_px(said.landmarks_px[:, MEDIAPIPE_TO_68])
    moved = again.landmarks_px - said.landmarks_px - np.array([20, 30])
    apart = np.linalg.norm(moved, axis=2).mean(axis=1)
    assert (apart / eyes).mean() < 0.005


def test_some_photographs_may_be_asked_about(shared: Path, tmp_path: Path) -> None:
    data, teacher = shared / "data", find_teacher(shared / "data", None)
    rows = np.array([7, 3])
    said = settled_opinions(data, tmp_path, teacher, rows=rows)
    one = ask_all([open_photographs(data).read(3)], teacher)
    assert said.scores.shape == (2, 52) and (said.scores[1] == one.scores[0]).all()
    (kept,) = tmp_path.iterdir()
    before = kept.stat().st_mtime_ns
    again = settled_opinions(data, tmp_path, teacher, rows=rows)
    assert (again.landmarks_px == said.landmarks_px).all() and kept.stat().st_mtime_ns == before


def test_a_rendered_face_keeps_its_exact_labels_beside_the_teachers() -> None:
    scores = np.full((2, len(NAMES)), 0.25, np.float32)
    scores[1] = np.nan
    exact = Targets(
        np.ones((2, 24), np.float32), np.ones((2, 24), np.bool_), np.zeros((2, 2, 2), np.float32)
    )
    crops = np.zeros((2, 8, 8), np.uint8)
    nowhere = np.full((2, 478, 2), np.nan, np.float32)
    faces = FaceSet(crops, crops == 0, nowhere, exact, np.arange(2), CropSpec(8, 0.3))
    places = np.ones((2, 478, 2), np.float32)
    heard = add_teacher(faces, Opinions(scores, places), NAMES)
    assert heard.targets is exact and (heard.points_px == 1).all()
    assert heard.taught is not None
    blind = [AU_INDEX[name] for name in BLIND]
    assert np.isnan(heard.taught[0, blind]).all() and np.isnan(heard.taught[1]).all()
    assert heard.taught[0, AU_INDEX["jaw_drop"]] == pytest.approx(0.25)
    assert heard.taught[0, 24:].tolist() == [0.0, 0.0, 0.0, 0.0]
    assert heard.select(np.array([1])).taught.shape == (1, 28)  # type: ignore[union-attr]
