"""Which faces are neutral or smile, and how far AUs that no photograph teaches rise on them."""

import numpy as np

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.training.evaluation.crosstalk import (
    neutral_faces,
    score_cross_talk,
    smiling_faces,
)


def face(**strong: float) -> np.ndarray:
    aus = np.full(len(AU_NAMES), 0.1, np.float32)
    for name, value in strong.items():
        aus[AU_INDEX[name]] = value
    return aus


SMILE = {"left_lip_corner_pull": 0.7, "right_lip_corner_pull": 0.7, "upper_lip_raise": 0.6}
LABELS = np.stack(
    [face(), face(**SMILE), face(**SMILE, jaw_drop=0.8), face(left_lip_corner_pull=0.7)]
)


def test_a_face_at_rest_is_neutral_and_one_that_smiles_is_not() -> None:
    assert neutral_faces(LABELS).tolist() == [True, False, False, False]


def test_a_smile_is_on_both_sides_and_nothing_else() -> None:
    assert smiling_faces(LABELS).tolist() == [False, True, False, False]


def test_an_au_that_rises_on_smiles_is_reported_there() -> None:
    labels = np.repeat(LABELS[:2], 100, axis=0)
    predicted = np.zeros_like(labels)
    predicted[100:150, AU_INDEX["nose_wrinkle"]] = 0.5
    table = score_cross_talk(predicted, labels)
    assert table["neutral"]["nose_wrinkle"] == {"p95": 0, "resting_share": 1}
    assert table["smiling"]["nose_wrinkle"] == {"p95": 0.5, "resting_share": 0.5}
    assert table["both"]["faces"] == 200


def test_no_such_face_is_no_error() -> None:
    assert score_cross_talk(LABELS[2:], LABELS[2:])["both"] == {"faces": 0}
