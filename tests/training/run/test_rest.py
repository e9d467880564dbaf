"""The correction that has faces rest."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch

from facedrive.aus import AUS
from facedrive.training.run.rest import Part, solve

COUNT = 400


def part(cue: float, answer: float, wanted: float, weight: float) -> Part:
    """Crops whose one cue, beside noise, says who they show."""
    torch.manual_seed(round(10 * cue))
    evidence = torch.cat([torch.full((COUNT, 1), cue), torch.randn(COUNT, 3),
                          torch.ones(COUNT, 1)], dim=1)  # fmt: skip
    shape = (COUNT, len(AUS))
    return Part(evidence, torch.full(shape, answer), torch.full(shape, wanted),
                torch.full((len(AUS),), weight))  # fmt: skip


def corrected(each: Part, solution: torch.Tensor) -> float:
    return (each.aus + each.evidence @ solution).mean().item()


def test_who_rests_is_brought_to_rest_and_others_answers_stay() -> None:
    others, resting = part(-1, 0.5, 0.5, 1), part(3, 0.4, 0, 1)
    solution = solve([others, resting])
    assert corrected(resting, solution) == pytest.approx(0, abs=0.03)
    assert corrected(others, solution) == pytest.approx(0.5, abs=0.03)


def test_an_answer_below_zero_is_right_where_zero_is_wanted() -> None:
    solution = solve([part(-1, -0.3, 0, 1), part(3, -0.2, 0, 1)])
    assert solution.abs().max() == 0


def test_what_may_be_what_it_is_is_left_alone() -> None:
    free = part(3, 0.4, torch.nan, 1)
    assert solve([part(-1, 0.5, 0.5, 1), free]).abs().max() == 0


def test_the_more_rest_counts_the_less_is_left_of_what_one_cue_cannot_tell_apart() -> None:
    others = part(1, 0.5, 0.5, 1)
    left = [corrected(alike, solve([others, alike])) for alike in
            (part(1, 0.5, 0, 0.1), part(1, 0.5, 0, 1.0))]  # fmt: skip
    assert 0.4 < left[0] < 0.48
    assert 0.2 < left[1] < 0.3
