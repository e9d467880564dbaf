"""The label is the mean of what the expert accepts, to three decimals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from facedrive.annotate.expert import Decision, decide, final_labels, read_decisions
from facedrive.annotate.project import Project
from facedrive.aus import AU_INDEX
from facedrive.errors import DataError

JAW = AU_INDEX["jaw_drop"]


@pytest.fixture
def coded(project: Project, say: Callable[..., None]) -> Project:
    for coder, value in (("anna", 0.1), ("ben", 0.2), ("cleo", 0.7)):
        say(coder, "jaw_drop", {0: value})
    return project


def test_the_label_is_the_mean_of_all_where_nothing_is_decided(coded: Project) -> None:
    labels = final_labels(coded, "clip")
    assert labels.shape == (120, 24)
    assert set(labels[:, JAW].tolist()) == {0.333}
    assert not np.delete(labels, JAW, axis=1).any()


def test_one_some_or_the_experts_own_are_accepted_and_the_last_word_counts(
    coded: Project, say: Callable[..., None]
) -> None:
    say("expert", "jaw_drop", {0: 0.0, 119: 1.0})
    decide(coded, "clip", Decision("jaw_drop", 0, 99, ("anna", "ben"), "cleo took it for a smile"))
    decide(coded, "clip", Decision("jaw_drop", 50, 59, ("cleo",), "right here"))
    decide(coded, "clip", Decision("jaw_drop", 100, 119, ("expert",), "all, too low, or too high"))
    jaw = final_labels(coded, "clip")[:, JAW]
    assert jaw[[0, 49, 50, 59, 60]].tolist() == [0.15, 0.15, 0.7, 0.7, 0.15]
    assert jaw[119] == 1
    assert jaw[110] == pytest.approx(110 / 119, abs=0.0005)
    assert len(read_decisions(coded, "clip")) == 3


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (Decision("jaw_drip", 0, 9, ("anna",), "so"), "no action unit 'jaw_drip'"),
        (Decision("jaw_drop", 9, 120, ("anna",), "so"), "frames 9 to 120; the video has 0 to 119"),
        (Decision("jaw_drop", 9, 3, ("anna",), "so"), "frames 9 to 3"),
        (Decision("jaw_drop", 0, 9, ("zoe",), "so"), "no coder 'zoe'"),
        (Decision("jaw_drop", 0, 9, ("anna",), "  "), "a decision needs a reason"),
    ],
)
def test_a_decision_that_cannot_be_is_refused(
    coded: Project, decision: Decision, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        decide(coded, "clip", decision)
    assert read_decisions(coded, "clip") == []


def test_a_video_that_nobody_labelled_has_no_labels(project: Project) -> None:
    with pytest.raises(DataError, match="clip: nobody has labelled it"):
        final_labels(project, "clip")
