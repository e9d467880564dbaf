"""Muon's steps, beside PyTorch's."""

import copy

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.training.network.muon import Muon, orthogonalise  # noqa: E402


@pytest.mark.parametrize("shape", [(12, 80), (80, 12), (7, 7), (1, 5)])
def test_every_direction_becomes_about_as_long(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    singular = torch.linalg.svdvals(orthogonalise(matrix))
    assert singular.min() > 0.6
    assert singular.max() < 1.3
    assert torch.allclose(orthogonalise(1e3 * matrix), orthogonalise(matrix), atol=1e-4)


def test_nothing_stays_nothing() -> None:
    assert torch.equal(orthogonalise(torch.zeros(3, 4)), torch.zeros(3, 4))


def test_steps_are_pytorchs_but_for_its_rounding() -> None:
    torch.manual_seed(0)
    mine = [torch.randn(6, 40), torch.randn(30, 5)]
    theirs = copy.deepcopy(mine)
    ours = Muon(mine, 0.01, weight_decay=0.1)
    pytorchs = torch.optim.Muon(theirs, 0.01, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    for step in range(3):
        before = copy.deepcopy(theirs)
        for one, other in zip(mine, theirs, strict=True):
            one.grad = other.grad = torch.randn(one.shape) * (step + 1)
        ours.step()
        pytorchs.step()
        for one, other, old in zip(mine, theirs, before, strict=True):
            assert torch.allclose(one, other, atol=0.05 * float((other - old).abs().max()))
    assert ours.state_dict()["state"].keys() == pytorchs.state_dict()["state"].keys()
