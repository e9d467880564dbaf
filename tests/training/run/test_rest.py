"""The correction that has faces rest."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

from dataclasses import replace

import numpy as np
import torch

from facedrive.aus import AUS
from facedrive.training.data.faces import FaceSet
from facedrive.training.data.labels import Targets
from facedrive.training.data.resting import FOLDS, RestingFaces, fold_of
from facedrive.training.run import rest
from facedrive.training.run.rest import Part, RestFit, solve
from facedrive.training.run.train import build_model, plain_crops

from ..noise import TINY, every_kind, faces

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


JAW = 8
PEOPLE = RestingFaces(faces(20), fold_of(np.arange(10)), np.ones(10, np.intp))


def heads(jaw: float) -> FaceSet:
    """Ten heads of noise that rest, then drop the jaw so far."""
    aus = np.zeros((20, len(AUS)), np.float32)
    aus[10:, JAW] = jaw
    targets = Targets(aus, np.ones(aus.shape, np.bool_), np.zeros((20, 2, 2), np.float32))
    return replace(faces(20), targets=targets, person=np.tile(np.arange(10), 2))


class Fitted:
    """The corrections of a network of noise, by all and without the first fold."""

    def __init__(self, weight: float, avatars: FaceSet | None) -> None:
        torch.manual_seed(0)
        self.recipe = replace(TINY, rest=True, avatars=weight)
        self.model = build_model(self.recipe)
        fit = RestFit(self.model, self.recipe, every_kind(), PEOPLE, avatars)
        fit.fit(without=0)
        self.without = self.model.correction.answer.weight.clone()
        fit.fit()
        self.all = self.model.correction.answer.weight.clone()

    @torch.no_grad()
    def jaws(self) -> torch.Tensor:
        """What the heads' jaws show, at rest and dropped."""
        crops = plain_crops(heads(0), np.arange(20), self.recipe)
        said: torch.Tensor = self.model.eval()(crops).combine()[0]
        return said[:, JAW].view(2, 10)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "ANCHORS", 64)
    monkeypatch.setattr(rest, "RESTING", 16)


@pytest.mark.usefixtures("few")
def test_heads_rest_and_answer_by_how_much_they_count() -> None:
    rises = []
    for weight in (0.1, 3.0):
        resting, dropped = Fitted(weight, heads(0.8)).jaws()
        rises.append(float((dropped - resting).mean()))
    assert 0.0 < rises[0] < rises[1] < 0.9
    assert rises[1] > 0.4


@pytest.mark.usefixtures("few")
def test_what_is_fitted_without_a_fold_has_not_seen_its_heads() -> None:
    told, other = heads(0.8), heads(0.8)
    other.targets.aus[fold_of(other.person) == 0] *= 0.1
    one, two = Fitted(1.0, told), Fitted(1.0, other)
    assert torch.equal(one.without, two.without)
    assert not torch.allclose(one.all, two.all, atol=1e-4)
    assert set(fold_of(told.person)) == set(range(FOLDS))
