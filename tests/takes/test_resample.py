"""An even rate, between the samples around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedrive.aus import AU_INDEX, AUS
from facedrive.errors import DataError
from facedrive.rotations import EulerDegrees, quaternion_from_euler
from facedrive.takes.resample import resample
from facedrive.types import IDENTITY_HEAD, Head, Sample

JAW = AU_INDEX["jaw_drop"]


def make_sample(
    index: int,
    *,
    time: float | None = None,
    jaw_drop: float = 0,
    gaze: tuple[float, float] = (0, 0),
    yaw_deg: float = 0,
) -> Sample:
    """A sample with a face, neutral but for what is given."""
    head = Head(quaternion_from_euler(EulerDegrees(0, yaw_deg, 0)), IDENTITY_HEAD.translation)
    aus = np.zeros(len(AUS), np.float32)
    aus[JAW] = jaw_drop
    at = index / 30 if time is None else time
    return Sample(at, index, aus, np.array([gaze, gaze], np.float32), head, True, 1.0)


def test_thirty_frames_a_second_become_sixty() -> None:
    take = [make_sample(index, time=5 + round(index / 30, 6)) for index in range(31)]
    made = list(resample(take, 60))
    assert [sample.index for sample in made] == list(range(61))
    assert [sample.time for sample in made] == [index / 60 for index in range(61)]


def test_halfway_between_two_samples_is_their_mean() -> None:
    before = make_sample(0, jaw_drop=0.2, gaze=(0, 0.2), yaw_deg=10)
    after = make_sample(1, jaw_drop=0.6, gaze=(0, 0.4), yaw_deg=20)
    _, between, last = resample([before, after], 60)
    assert between.aus[JAW] == pytest.approx(0.4)
    assert between.gaze[0, 1] == pytest.approx(0.3)
    assert between.head.euler.yaw == pytest.approx(15, abs=0.01)
    assert last.aus[JAW] == pytest.approx(0.6, abs=1e-4)


def test_the_position_moves_evenly_between_two_samples() -> None:
    before, after = make_sample(0), make_sample(1)
    after = replace(after, head=replace(after.head, translation=np.array([0.2, 0, -0.8], "f4")))
    _, between, _ = resample([before, after], 60)
    assert between.head.translation == pytest.approx([0.1, 0, -0.7])


def test_rotations_blend_the_short_way_round() -> None:
    before, after = make_sample(0, yaw_deg=10), make_sample(1, yaw_deg=20)
    after.head.rotation[:] *= -1
    assert list(resample([before, after], 60))[1].head.euler.yaw == pytest.approx(15, abs=0.01)


def test_one_sample_gives_one() -> None:
    assert len(list(resample([make_sample(7, time=3.0)], 60))) == 1


def test_no_samples_give_none() -> None:
    assert list(resample([], 60)) == []


def test_a_pause_of_hours_is_refused() -> None:
    take = [make_sample(0, time=0.0), make_sample(1, time=1e6)]
    with pytest.raises(DataError, match=r"pauses for 1000000 s before frame 1"):
        list(resample(take, 60))


@given(
    st.lists(st.floats(0, 3), min_size=1, max_size=12),
    st.lists(st.floats(0, 1), min_size=12, max_size=12),
    st.integers(1, 120),
)
def test_times_are_even_and_values_stay_between_their_neighbours(
    steps: list[float], values: list[float], fps: int
) -> None:
    times = np.cumsum(steps)
    take = [
        Sample(float(time), index, np.full(len(AUS), value, np.float32),
               np.zeros((2, 2), np.float32), IDENTITY_HEAD, False)
        for index, (time, value) in enumerate(zip(times, values, strict=False))
    ]  # fmt: skip
    made = list(resample(take, fps))
    assert [sample.time for sample in made] == [index / fps for index in range(len(made))]
    assert made[-1].time == pytest.approx(times[-1] - times[0], abs=1 / fps + 1e-5)
    for sample in made:
        after = min(int(np.searchsorted(times, sample.time + times[0] - 1e-5)), len(take) - 1)
        near = values[max(after - 1, 0) : after + 2]
        assert min(near) - 1e-3 <= sample.aus[0] <= max(near) + 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("fps", [23.976, 29.97, 59.94])
def test_keys_stay_on_their_time_over_ten_minutes(fps: float) -> None:
    def at(time: float, index: int) -> Sample:
        """The first action unit tells the time."""
        aus = np.full(len(AUS), time / 1000, np.float32)
        return Sample(time, index, aus, np.zeros((2, 2), np.float32), IDENTITY_HEAD, True)

    take = (at(7 + index / 25, index) for index in range(600 * 25 + 1))
    made = list(resample(take, fps))
    exact = round(fps) * 1000 / 1001
    for number in (0, 1, 5000, len(made) - 1):
        assert made[number].time == pytest.approx(number / exact, abs=1e-9)
        assert made[number].aus[0] * 1000 - 7 == pytest.approx(number / exact, abs=1e-3)
    assert len(made) == int(600 * exact) + 1
