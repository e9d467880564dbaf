"""The correction that has faces rest."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

from dataclasses import replace

import numpy as np
import torch

from facedrive.aus import AUS
from facedrive.errors import DataError
from facedrive.training.data.faces import FaceSet
from facedrive.training.data.labels import Targets
from facedrive.training.data.resting import FOLDS, RestingFaces, fold_of
from facedrive.training.network.network import RestCorrection
from facedrive.training.run import rest
from facedrive.training.run.rest import Part, RestFit, learn
from facedrive.training.run.train import build_model, plain_crops

from ..noise import TINY, every_kind, faces

COUNT = 400


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, few in (("STEPS", 200), ("ANCHOR_ROWS", 96), ("OTHER_ROWS", 96)):
        monkeypatch.setattr(rest, name, few)


def part(cue: float, answer: float, wanted: float, weight: float) -> Part:
    """Crops whose one cue, beside noise, says who they show."""
    torch.manual_seed(round(10 * cue))
    evidence = torch.cat([torch.full((COUNT, 1), cue), torch.randn(COUNT, 3)], dim=1)
    shape = (COUNT, len(AUS))
    return Part(evidence, torch.full(shape, answer), torch.full(shape, float(wanted)),
                torch.full((len(AUS),), weight))  # fmt: skip


def corrected(each: Part, layer: RestCorrection) -> float:
    return (each.aus + layer(each.evidence)).clamp(min=0).mean().item()


def test_who_rests_is_brought_to_rest_and_others_answers_stay() -> None:
    others, resting = part(-1, 0.5, 0.5, 1), part(3, 0.4, 0, 1)
    layer = learn([others, resting], 0)
    assert corrected(resting, layer) == pytest.approx(0, abs=0.03)
    assert corrected(others, layer) == pytest.approx(0.5, abs=0.03)


def test_rest_lies_between_two_expressions_that_stay() -> None:
    resting, low, high = part(0, 0.4, 0, 1), part(-2, 0.5, 0.5, 1), part(2, 0.5, 0.5, 1)
    layer = learn([low, high, resting], 0)
    assert corrected(resting, layer) == pytest.approx(0, abs=0.05)
    assert all(corrected(each, layer) == pytest.approx(0.5, abs=0.05) for each in (low, high))


def test_an_answer_below_zero_is_right_where_zero_is_wanted() -> None:
    layer = learn([part(-1, -0.3, 0, 1), part(3, -0.2, 0, 1)], 0)
    assert layer.answer.weight.abs().max() < 1e-6


def test_the_more_rest_counts_the_less_is_left_of_what_no_cue_tells_apart() -> None:
    others = part(1, 0.5, 0.5, 1)
    left = [corrected(alike, learn([others, alike], 0)) for alike in
            (part(1, 0.5, 0, 0.1), part(1, 0.5, 0, 1.0))]  # fmt: skip
    assert 0.4 < left[0] < 0.48
    assert 0.2 < left[1] < 0.3


def test_the_layer_takes_in_how_the_evidence_was_scaled() -> None:
    fitted, taken = learn([part(-1, 0.5, 0.5, 1), part(3, 0.4, 0, 1)], 0), RestCorrection(4, 24)
    mean, spread = torch.tensor([1.0, 2, 3, 4]), torch.tensor([0.5, 2, 1, 3])
    taken.take(fitted, mean, spread)
    evidence = 3 * torch.randn(10, 4)
    assert torch.allclose(taken(evidence), fitted((evidence - mean) / spread), atol=1e-5)


JAW = 8
PEOPLE = RestingFaces(faces(20), fold_of(np.arange(10)), np.ones(10, np.intp))


def heads(jaw: float) -> FaceSet:
    """Ten heads of noise that rest, then drop the jaw so far."""
    aus = np.zeros((20, len(AUS)), np.float32)
    aus[10:, JAW] = jaw
    targets = Targets(aus, np.ones(aus.shape, np.bool_), np.zeros((20, 2, 2), np.float32))
    return replace(faces(20), targets=targets, person=np.tile(np.arange(10), 2))


class Fitted:
    """A network of noise and its correction, without a fold or by all."""

    def __init__(self, weight: float, avatars: FaceSet | None, without: int | None = None) -> None:
        torch.manual_seed(0)
        self.recipe = replace(TINY, rest=True, avatars=weight)
        self.model = build_model(self.recipe)
        fit = RestFit(self.model, self.recipe, every_kind(), PEOPLE, avatars)
        fit.fit(without)
        self.layer = self.model.correction.answer.weight

    @torch.no_grad()
    def jaws(self) -> torch.Tensor:
        """What the heads' jaws show, at rest and dropped."""
        crops = plain_crops(heads(0), np.arange(20), self.recipe)
        said: torch.Tensor = self.model.eval()(crops).combine()[0]
        return said[:, JAW].view(2, 10)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, count in (("ANCHORS", 64), ("RESTING", 16), ("STEPS", 30)):
        monkeypatch.setattr(rest, name, count)


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_heads_rest_and_answer_by_how_much_they_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "STEPS", 250)
    rises = []
    for weight in (0.1, 3.0):
        resting, dropped = Fitted(weight, heads(0.8)).jaws()
        rises.append(float((dropped - resting).mean()))
    assert 0.0 < rises[0] < rises[1] < 0.9
    assert rises[1] > 0.4


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_what_is_fitted_without_a_fold_has_not_seen_its_heads() -> None:
    told, other = heads(0.8), heads(0.8)
    other.targets.aus[fold_of(other.person) == 0] *= 0.1
    without = [Fitted(1.0, each, without=0).layer for each in (told, other)]
    everybody = [Fitted(1.0, each).layer for each in (told, other)]
    assert torch.equal(*without)
    assert not torch.allclose(*everybody, atol=1e-4)
    assert set(fold_of(told.person)) == set(range(FOLDS))


@pytest.mark.usefixtures("few")
def test_too_few_heads_for_the_folds_are_said() -> None:
    few = heads(0.8)
    with pytest.raises(DataError, match="too few heads of another maker; the fit needs 5"):
        Fitted(1.0, few.select(few.person < 3))
