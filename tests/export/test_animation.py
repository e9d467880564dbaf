"""Keys of a take."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.errors import DataError
from facedrive.export import animation
from facedrive.export.animation import Weights, animate
from facedrive.mappings.table import INPUTS, Mapping
from facedrive.render.pose import EYE_LIMIT_RAD, gaze_matrix
from facedrive.rotations import matrix_from_quaternion
from facedrive.types import Sample

MakeSample = Callable[..., Sample]

TABLE = Mapping("aus", AU_NAMES, np.eye(len(AU_NAMES), len(INPUTS), dtype=np.float32))


def test_times_start_at_zero_and_weights_are_the_mappings(make_sample: MakeSample) -> None:
    take = [make_sample(0, time=5.0, jaw_drop=0.25), make_sample(1, time=5.5, jaw_drop=0.75)]
    made = animate(take, TABLE)
    assert made.times.tolist() == [0, 0.5]
    assert list(made.weights.columns())[AU_INDEX["jaw_drop"]].tolist() == [0.25, 0.75]


def test_two_rows_at_one_time_are_one_key(make_sample: MakeSample) -> None:
    take = [make_sample(index, time=time) for index, time in enumerate([0, 0.1, 0.1, 0.2])]
    made = animate(take, TABLE)
    assert len(made.times) == len(made.weights) == len(made.head) == len(made.left_eye) == 3
    assert (np.diff(made.times) > 0).all()


def test_neighbouring_rotations_have_the_same_sign(make_sample: MakeSample) -> None:
    take = [make_sample(index, turned=(0, 3 * index, 0)) for index in range(6)]
    for sample in take[::2]:
        sample.head.rotation[:] *= -1
    head = animate(take, TABLE).head
    assert (np.einsum("ij,ij->i", head[1:], head[:-1]) > 0.9).all()
    assert np.linalg.norm(head, axis=1) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("gaze", [(0.1, 0.3), (-0.2, -0.1), (1.5, 0.0)])
def test_eyes_turn_as_the_renderer_turns_them(
    gaze: tuple[float, float], make_sample: MakeSample
) -> None:
    made = animate([make_sample(gaze=gaze)], TABLE, gain=0.5)
    wanted = gaze_matrix(gaze[0] / 2, gaze[1] / 2)
    for turn in (made.left_eye[0], made.right_eye[0]):
        np.testing.assert_allclose(matrix_from_quaternion(turn), wanted, atol=1e-6)
    assert gaze[0] / 2 < EYE_LIMIT_RAD or wanted[1, 1] == pytest.approx(np.cos(EYE_LIMIT_RAD))


def test_weights_of_a_long_take_are_not_in_memory_and_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(animation, "IN_MEMORY", 1000)
    monkeypatch.setattr(animation, "BLOCK", 7)
    rows = np.random.default_rng(0).random((100, 11)).astype(np.float32)
    weights = Weights(11)
    for row in rows:
        weights.append(row)
    np.testing.assert_array_equal(np.concatenate(list(weights.blocks())), rows)
    np.testing.assert_array_equal(np.stack(list(weights.columns()), axis=1), rows)
    assert len(weights) == 100


def test_a_take_without_rows_is_refused() -> None:
    with pytest.raises(DataError, match="no rows"):
        animate([], TABLE)
