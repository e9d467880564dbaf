"""Coders' agreement is that of the paper's Table 3, and where they differ is listed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from facedrive.annotate.coders import Ratings, active_coders, agree, differences, ratings_of
from facedrive.annotate.project import Project
from facedrive.aus import AU_INDEX
from facedrive.errors import DataError
from facedrive.stats.icc import analyse_variance, icc

JAW = AU_INDEX["jaw_drop"]


@pytest.mark.slow
def test_three_coders_who_say_the_same_agree_wholly(
    project: Project, say: Callable[..., None]
) -> None:
    for coder in project.coders:
        say(coder, "jaw_drop", {0: 0.1, 60: 0.9, 119: 0.3})
    found = agree([ratings_of(project, "clip")])
    assert (found.k, found.frames) == (3, 120)
    assert [each[JAW] for each in vars(found.icc).values()] == pytest.approx([1, 1, 1], abs=1e-12)
    assert found.reasons[AU_INDEX["chin_raise"]] == "the subjects do not differ"
    assert found.rows()[JAW]["level"] == "excellent"
    assert differences([ratings_of(project, "clip")]) == []


def test_agreement_is_that_of_the_frames_of_all_videos() -> None:
    rng = np.random.default_rng(0)
    values = rng.random((24, 90, 3))
    one = Ratings("a", ("x", "y", "z"), values[:, :40])
    other = Ratings("b", ("z", "y", "w"), values[:, 40:])
    alone = Ratings("c", ("x",), values[:, :, :1])
    found = agree([one, other, alone])
    assert found.videos == ("a", "b")
    np.testing.assert_allclose(
        found.icc.value, icc(analyse_variance(values), "2,k").value, atol=1e-9
    )


def test_where_coders_differ_is_listed_the_most_first(
    project: Project, say: Callable[..., None]
) -> None:
    say("anna", "jaw_drop", {0: 0.0, 30: 0.0, 40: 0.8, 50: 0.0})
    say("ben", "jaw_drop", {0: 0.0})
    say("cleo", "jaw_drop", {0: 0.1})
    say("cleo", "chin_raise", {0: 0.0, 80: 0.2, 82: 0.0})
    found = differences([ratings_of(project, "clip")])
    assert [each.au for each in found] == ["jaw_drop", "chin_raise"]
    assert (found[0].frame, found[0].lowest, found[0].highest) == (40, "ben", "anna")
    assert found[0].apart == pytest.approx(0.8)
    assert found[0].first < 40 < found[0].last


def test_who_has_said_nothing_does_not_count(project: Project, say: Callable[..., None]) -> None:
    say("ben", "jaw_drop", {0: 0.5})
    assert active_coders(project, "clip") == ("ben",)
    with pytest.raises(DataError, match="no two coders have labelled the same video yet"):
        agree([ratings_of(project, "clip")])
