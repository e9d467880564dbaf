"""The response of an action unit, as it is dragged."""

from __future__ import annotations

import pytest

pytest.importorskip("nicegui")

from facedrive.aus import AU_INDEX
from facedrive.calibration import default_profile
from facedrive.studio.response import (
    EDGE,
    SIDE,
    Response,
    dragged,
    handles,
    nearest,
    response_of,
    with_response,
)

PLAIN = Response(0.0, 1.0, 1.0)


@pytest.mark.parametrize("handle", ["neutral", "gamma", "extreme"])
def test_a_point_is_found_where_it_is(handle: str) -> None:
    response = Response(0.1, 0.8, 2.0)
    assert nearest(response, *handles(response)[handle]) == handle


def test_a_point_stays_where_it_was_dragged_to() -> None:
    response = dragged(PLAIN, "extreme", EDGE + 0.5 * (SIDE - 2 * EDGE), EDGE)
    assert response.extreme == pytest.approx(0.5)
    bent = dragged(PLAIN, "gamma", SIDE / 2, EDGE + 0.25 * (SIDE - 2 * EDGE))
    assert bent.middle == pytest.approx(0.75)


def test_start_never_passes_full() -> None:
    response = dragged(Response(0.0, 0.5, 1.0), "neutral", SIDE, 0)
    assert response.neutral < response.extreme


def test_linked_sides_get_the_same_response() -> None:
    given = Response(0.1, 0.7, 1.5)
    profile = with_response(default_profile(), "left_brow_raise", given, linked=True)
    assert response_of(profile, "right_brow_raise") == pytest.approx(given)
    alone = with_response(default_profile(), "left_brow_raise", given, linked=False)
    assert alone.extreme[AU_INDEX["right_brow_raise"]] == 1


def test_an_extra_has_a_response_of_its_own() -> None:
    start, given = default_profile(), Response(0.1, 0.4, 2.0)
    profile = with_response(start, "left_dimple", given, linked=True)
    assert response_of(profile, "right_dimple") == pytest.approx(given)
    assert response_of(start, "right_dimple").extreme == pytest.approx(0.4, abs=0.3)
    assert (profile.neutral == start.neutral).all()
    alone = with_response(start, "left_dimple", given, linked=False)
    assert response_of(alone, "right_dimple") == response_of(start, "right_dimple")
