"""Curves pass through their keys as their shapes say; files of keys are what people may edit."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from facedrive.annotate.keys import (
    SHAPES,
    Key,
    bend,
    draw,
    draw_all,
    ordered,
    read_keys,
    rows_of,
    slopes_at,
    title,
)
from facedrive.aus import AU_INDEX
from facedrive.errors import DataError

TIMES = np.arange(11) / 10


def test_each_shape_goes_its_own_way_to_the_next_key() -> None:
    for shape, middle in (("linear", 0.5), ("hold", 0.0), ("smooth", 0.5)):
        curve = draw([Key(0, 0.0, shape), Key(10, 1.0)], TIMES)
        assert curve[5] == pytest.approx(middle)
        assert (curve[0], curve[10]) == (0, 1)
    assert draw([Key(0, 0.0, "smooth"), Key(10, 1.0)], TIMES)[2] == pytest.approx(0.104)


def test_a_curve_stays_before_its_first_key_and_after_its_last() -> None:
    np.testing.assert_allclose(draw([Key(3, 0.4), Key(5, 0.6)], TIMES)[[0, 3, 4, 10]],
                               [0.4, 0.4, 0.5, 0.6])  # fmt: skip
    assert not draw([], TIMES).any()


def test_curves_follow_time_where_the_frame_rate_varies() -> None:
    times = np.array([0.0, 0.1, 0.5, 1.0])
    np.testing.assert_allclose(draw([Key(0, 0.0), Key(3, 1.0)], times), times)


def test_inner_slopes_are_those_of_the_reference() -> None:
    at, values = np.array([0.0, 1.0, 1.5, 4.0, 5.0]), np.array([0.0, 0.2, 0.7, 0.8, 0.1])
    reference = PchipInterpolator(at, values).derivative()(at)
    np.testing.assert_allclose(slopes_at(at, values)[1:-1], reference[1:-1])
    assert slopes_at(at, values)[3] == 0  # a peak


TRACKS = st.dictionaries(
    st.integers(0, 10),
    st.tuples(st.integers(0, 10_000).map(lambda n: n / 10_000), st.sampled_from(SHAPES),
              st.booleans()),
    min_size=1,
).map(lambda rows: {at: Key(at, *row) for at, row in rows.items()})  # fmt: skip


@pytest.mark.slow
@settings(max_examples=30)
@given(TRACKS)
def test_no_curve_leaves_the_span_of_its_keys(track: dict[int, Key]) -> None:
    keys = ordered(track)
    curve = draw(keys, TIMES)
    for left, right in pairwise(keys):
        between = curve[left.frame : right.frame + 1]
        low, high = sorted((left.value, right.value))
        assert low - 1e-12 <= between.min() <= between.max() <= high + 1e-12
    np.testing.assert_allclose(curve[[key.frame for key in keys]], [key.value for key in keys])


@settings(max_examples=30)
@given(TRACKS)
def test_a_file_of_keys_comes_back(tmp_path_factory: pytest.TempPathFactory, track: dict) -> None:
    path = tmp_path_factory.mktemp("keys") / "anna.csv"
    path.write_text(title(7) + rows_of("jaw_drop", track))
    assert read_keys(path, 11) == (7, {"jaw_drop": track})


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("jaw_drip,1,0.5,linear,hand", "no action unit 'jaw_drip'.* Did you mean jaw_drop"),
        ("jaw_drop,1,1.2,linear,hand", "jaw_drop is 1.2; it must be from 0 to 1"),
        ("jaw_drop,1,nan,linear,hand", "jaw_drop is nan"),
        ("jaw_drop,11,0.5,linear,hand", "frame 11; the video has 0 to 10"),
        ("jaw_drop,1,0.5,curved,hand", "no interpolation 'curved'"),
        ("jaw_drop,1,0.5,linear,robot", "by is 'robot'; it must be hand or machine"),
        ("jaw_drop,one,0.5,linear,hand", "'one,0.5' are no frame and value"),
        ("jaw_drop,1,0.5", "3 values; it must be au,frame,value,shape,by"),
        ("jaw_drop,2,0.1,linear,hand", "jaw_drop has two keys on frame 2; take one away"),
    ],
)
def test_a_hand_edited_line_that_cannot_be_is_named(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "anna.csv"
    path.write_text(title(1) + "jaw_drop,2,0.5,linear,hand\n" + row + "\n")
    with pytest.raises(DataError, match=f"line 4: .*{said}"):
        read_keys(path, 11)


def test_channels_without_keys_are_drawn_as_zero() -> None:
    drawn = draw_all({"jaw_drop": {0: Key(0, 0.3)}}, TIMES)
    assert drawn.shape == (11, 24)
    assert np.flatnonzero(drawn.any(0)).tolist() == [AU_INDEX["jaw_drop"]]


def bent(track: dict[int, Key], key: Key) -> dict[int, Key]:
    return track | {each.frame: each for each in bend(track, key, SECONDS)}


SECONDS = np.arange(101) / 25


def test_the_machines_keys_go_along_with_a_persons_less_the_further_off() -> None:
    track = {frame: Key(frame, 0.4, machine=True) for frame in (0, 45, 50, 55, 100)}
    after = bent(track, Key(50, 0.6))
    drawn = draw(ordered(after), SECONDS)
    # Half a second are twelve frames and a half: the first ones that far off are at rest.
    hat = np.interp(np.arange(101), [37, 50, 63], [0.0, 0.2, 0.0])
    np.testing.assert_allclose(drawn, 0.4 + hat, atol=0.006)
    assert not after[50].machine
    assert all(key.machine for frame, key in after.items() if frame != 50)


def test_keys_that_a_person_has_set_stay_and_hold_the_others() -> None:
    track = {0: Key(0, 0.2, machine=True), 44: Key(44, 0.3), 47: Key(47, 0.35, machine=True),
             53: Key(53, 0.4, machine=True), 100: Key(100, 0.4, machine=True)}  # fmt: skip
    after = bent(track, Key(50, 0.8))
    assert after[44] == Key(44, 0.3)
    assert 0.35 < after[47].value < 0.6
    assert after[0] == track[0]
    # A second key between two of a person's leaves straight lines between the three.
    again = bent(after, Key(47, 0.5))
    assert again[50] == Key(50, 0.8) and again[44] == Key(44, 0.3)


def test_where_the_machine_has_no_keys_nothing_else_changes() -> None:
    track = {10: Key(10, 0.2), 60: Key(60, 0.9)}
    assert bend(track, Key(30, 0.5), SECONDS) == [Key(30, 0.5)]


def test_what_goes_along_stays_from_0_to_1() -> None:
    track = {frame: Key(frame, 0.9, machine=True) for frame in range(0, 101, 4)}
    assert max(key.value for key in bent(track, Key(50, 1.0)).values()) == 1.0
    low = bent({frame: Key(frame, 0.05, machine=True) for frame in range(101)}, Key(50, 0.0))
    assert min(key.value for key in low.values()) == 0.0
