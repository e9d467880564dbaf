"""Smoothing over frame time."""

import numpy as np
import pytest

from facedrive.filters import NoFilter, OneEuro, OneEuroFilter

FPS = 30


def run(filter_: OneEuroFilter, values: np.ndarray, fps: float = FPS) -> np.ndarray:
    return np.stack(
        [filter_.filter(row.astype(np.float32), i / fps) for i, row in enumerate(values)]
    )


def test_a_step_reaches_90_percent_within_80_ms_at_30_fps() -> None:
    step = np.vstack([np.zeros((30, 1)), np.ones((30, 1))])
    smooth = run(OneEuro().filter(), step)[:, 0]
    assert smooth[30 + int(0.080 * FPS)] >= 0.9


def test_noise_at_rest_is_reduced_several_times() -> None:
    noise = 0.3 + 0.006 * np.random.default_rng(0).standard_normal((300, 24))
    raw = np.abs(np.diff(noise, axis=0)).mean()
    smooth = np.abs(np.diff(run(OneEuro().filter(), noise), axis=0)).mean()
    assert smooth < raw / 4


def test_filters_that_began_at_different_times_come_to_say_the_same_to_the_bit() -> None:
    values = 0.3 + 0.1 * np.random.default_rng(0).standard_normal((300, 24))
    values[:, 12:] = values[:, 12:].clip(0.3)  # some rest meanwhile
    values[150:, 20:] = 0.0
    late = run(OneEuro().filter(), values[60:])
    assert np.array_equal(run(OneEuro().filter(), values)[160:], late[100:])


def test_the_answer_depends_on_frame_time_not_on_the_number_of_frames() -> None:
    ramp = np.linspace(0, 1, 121)[:, None]
    fast = run(OneEuro().filter(), ramp, 120)[-1]
    slow = run(OneEuro().filter(), ramp[::4], 30)[-1]
    assert fast == pytest.approx(slow, abs=0.05)


def test_a_time_that_does_not_advance_gives_the_last_answer() -> None:
    one = OneEuro().filter()
    first = one.filter(np.zeros(3, np.float32), 1.0)
    assert (one.filter(np.ones(3, np.float32), 1.0) == first).all()


def test_after_reset_the_next_values_come_as_they_are() -> None:
    one = OneEuro().filter()
    one.filter(np.zeros(3, np.float32), 0.0)
    one.reset()
    assert (one.filter(np.ones(3, np.float32), 0.1) == 1).all()


def test_options_are_shared_but_the_past_is_not() -> None:
    options = OneEuro(min_cutoff_hz=0.5)
    one, other = options.filter(), options.filter()
    one.filter(np.zeros(3, np.float32), 0.0)
    assert (other.filter(np.ones(3, np.float32), 0.1) == 1).all()
    assert one.options is other.options


def test_no_filter_changes_nothing() -> None:
    values = np.random.default_rng(0).random(24).astype(np.float32)
    assert NoFilter().filter(values, 0.0) is values
