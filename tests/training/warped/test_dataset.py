"""Photographs whose faces are bent, with labels for every AU."""

from pathlib import Path

import numpy as np
import pytest

for package in ("torch", "mediapipe"):
    pytest.importorskip(package, reason="training needs the extras train and mediapipe")

from facedrive.aus import AU_INDEX  # noqa: E402
from facedrive.errors import DataError  # noqa: E402
from facedrive.training.data.labels import PARAMETRIC_AUS  # noqa: E402
from facedrive.training.data.photographs import Photographs, open_photographs  # noqa: E402
from facedrive.training.data.teacher import MESH_POINTS, Teacher, find_teacher  # noqa: E402
from facedrive.training.rendered.face import FaceModel, load_face_model  # noqa: E402
from facedrive.training.rendered.skins import best_rows  # noqa: E402
from facedrive.training.warped import dataset  # noqa: E402
from facedrive.training.warped.dataset import warped_set  # noqa: E402
from facedrive.training.warped.flow import Deformation, Flow  # noqa: E402
from facedrive.training.warped.sampling import (  # noqa: E402
    IN_OTHER_SKIN,
    Manner,
    sample_deformation,
)

pytestmark = pytest.mark.slow

LEFT_UPPER_LID, LEFT_LOWER_LID, RIGHT_UPPER_LID = 386, 374, 159
NOSE_TIP, LEFT_CHEEK, RIGHT_CHEEK = 1, 411, 187


@pytest.fixture(scope="module")
def model(shared: Path) -> FaceModel:
    return load_face_model(shared / "data" / "ict" / "ict_facekit.npz")


@pytest.fixture(scope="module")
def photographs(shared: Path) -> Photographs:
    return open_photographs(shared / "data")


@pytest.fixture(scope="module")
def flow(model: FaceModel, photographs: Photographs) -> Flow:
    return Flow(model, photographs)


def frontal(photographs: Photographs) -> np.ndarray:
    return photographs.landmarks[best_rows(photographs)[0]]


def bending(
    model: FaceModel, turn: tuple[float, float, float] = (0, 0, 0), **aus: float
) -> Deformation:
    values = np.zeros(24, np.float32)
    for name, value in aus.items():
        values[AU_INDEX[name]] = value
    return Deformation(model.weights(values), np.zeros(100, np.float32), np.array(turn, np.float32))


def test_a_face_that_does_nothing_stays(
    flow: Flow, model: FaceModel, photographs: Photographs
) -> None:
    points = frontal(photographs)
    assert flow.deform(points, bending(model)) == pytest.approx(points[:MESH_POINTS], abs=0.01)


def test_the_subjects_left_eye_closes(
    flow: Flow, model: FaceModel, photographs: Photographs
) -> None:
    points = frontal(photographs)
    warped = flow.deform(points, bending(model, left_eye_close=1))
    gap = points[LEFT_LOWER_LID, 1] - points[LEFT_UPPER_LID, 1]
    assert warped[LEFT_LOWER_LID, 1] - warped[LEFT_UPPER_LID, 1] < 0.45 * gap
    assert warped[RIGHT_UPPER_LID] == pytest.approx(points[RIGHT_UPPER_LID], abs=0.3)


def test_puffed_cheeks_are_wider_and_nearer(
    flow: Flow, model: FaceModel, photographs: Photographs
) -> None:
    points = frontal(photographs)
    warped = flow.deform(points, bending(model, cheeks_puff=1))
    eyes = np.linalg.norm(points[33] - points[263])
    nearer = points[[LEFT_CHEEK, RIGHT_CHEEK], 2] - warped[[LEFT_CHEEK, RIGHT_CHEEK], 2]
    assert (nearer > 0.03 * eyes).all()


def test_a_turn_to_the_subjects_left_moves_the_nose_there(
    flow: Flow, model: FaceModel, photographs: Photographs
) -> None:
    points = frontal(photographs)
    warped = flow.deform(points, bending(model, turn=(0, np.radians(8), 0)))
    assert warped[NOSE_TIP, 0] > points[NOSE_TIP, 0] + 1


def test_closed_lips_are_not_torn_open(model: FaceModel) -> None:
    drops = [
        sample_deformation(np.random.default_rng(seed), model, np.zeros(24, np.float32), 0.0)[1]
        for seed in range(60)
    ]
    assert max(drop[AU_INDEX["jaw_drop"]] for drop in drops) == 0
    assert max(drop[AU_INDEX["cheeks_puff"]] for drop in drops) > 0.5


def test_in_other_skin_many_faces_do_nothing_rare_and_some_nothing_at_all(
    model: FaceModel,
) -> None:
    nothing = np.zeros(24, np.float32)
    moves = [
        sample_deformation(np.random.default_rng(seed), model, nothing, 1.0, IN_OTHER_SKIN)
        for seed in range(400)
    ]
    added = np.stack([added for _, added in moves])
    rare = (added[:, [AU_INDEX[name] for name in PARAMETRIC_AUS]] > 0).any(axis=1)
    still = (added == 0).all(axis=1)
    assert 0.2 < still.mean() < 0.4
    assert 0.2 < rare.mean() < 0.4
    assert added[~rare & ~still].max() == 1


def test_where_a_jaw_rests_is_no_movement(model: FaceModel) -> None:
    still = Manner(still=1.0, usual=0.0, rest=0.2, turn_deg=(0, 0, 0))
    moves = [
        sample_deformation(np.random.default_rng(seed), model, np.zeros(24, np.float32), 1.0, still)
        for seed in range(100)
    ]
    slide = model.expression_names.index("jawLeft")
    assert not np.any([added for _, added in moves])
    assert np.std([move.weights[slide] for move, _ in moves]) > 0.05


def test_warped_faces_are_the_same_for_the_same_seed_and_of_the_people_asked_for(
    shared: Path, photographs: Photographs
) -> None:
    data, teacher = shared / "data", find_teacher(shared / "data")
    first, again = (warped_set(data, "test", 4, seed=5, teacher=teacher) for _ in range(2))
    assert (first.crops == again.crops).all()
    assert (first.targets.aus == again.targets.aus).all()
    tested = set(photographs.person[photographs.rows_of("test")].tolist())
    assert set(first.person.tolist()) <= tested
    assert first.targets.known.all()
    put_on = first.targets.aus[:, [AU_INDEX[name] for name in PARAMETRIC_AUS]]
    assert ((put_on >= 0) & (put_on <= 1)).all()
    assert 0 < np.nanmin(first.points_px[:, 1]) < first.spec.size


def test_warped_faces_go_on_from_one_another(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "BLOCK", 2)
    data, teacher = shared / "data", find_teacher(shared / "data")
    whole = warped_set(data, "test", 4, seed=5, teacher=teacher)
    rest = warped_set(data, "test", 2, seed=5, first=2, teacher=teacher)
    assert (rest.crops == whole.crops[2:]).all()


def test_no_faces_cannot_be_made(shared: Path) -> None:
    with pytest.raises(DataError, match="at least 1"):
        warped_set(shared / "data", "test", 0)


def test_a_part_does_not_begin_inside_a_block(shared: Path) -> None:
    with pytest.raises(DataError, match="number 100 asked for"):
        warped_set(shared / "data", "test", 4, first=100)


def test_the_teacher_says_the_same_of_a_face_whatever_it_saw_before(
    shared: Path, photographs: Photographs
) -> None:
    teacher = Teacher(find_teacher(shared / "data").path)
    rows, answers = best_rows(photographs)[:3], []
    for before in rows[:2]:
        teacher.ask(photographs.read(int(before)))
        teacher.forget()
        answers.append(teacher.ask(photographs.read(int(rows[2]))))
    blank = teacher.ask(np.zeros((64, 64), np.uint8))
    teacher.close()
    assert blank is None
    assert (answers[0].scores == answers[1].scores).all()
