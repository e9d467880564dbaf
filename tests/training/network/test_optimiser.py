"""How weights descend."""

import copy

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.training.network.network import HEADS, Compact  # noqa: E402
from facedrive.training.network.optimiser import Descent, Muon, orthogonalise  # noqa: E402
from facedrive.training.run.train import build_model  # noqa: E402

from ..noise import TINY  # noqa: E402


@pytest.fixture
def model() -> Compact:
    torch.manual_seed(0)
    return build_model(TINY)


def descend(model: Compact, steps: int = 1) -> None:
    """Take steps down gradients that are the same for every network of this shape."""
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    descent = Descent(model, TINY, 10)
    for _ in range(steps):
        random = torch.Generator().manual_seed(1)
        for weight in trained:
            weight.grad = torch.randn(weight.shape, generator=random).contiguous()
        descent.step()


def test_every_weight_moves_but_those_that_are_fitted_apart(model: Compact) -> None:
    before = copy.deepcopy(model)
    descend(model)
    for (name, old), new in zip(before.named_parameters(), model.parameters(), strict=True):
        assert torch.equal(old, new) == name.startswith(("reader.", *HEADS)), name


def test_the_layout_in_memory_changes_nothing(model: Compact) -> None:
    other = copy.deepcopy(model).to(memory_format=torch.channels_last)
    descend(model, 2)
    descend(other, 2)
    for (name, plain), last in zip(model.named_parameters(), other.parameters(), strict=True):
        assert torch.allclose(plain, last, atol=1e-5), name


def test_inside_the_network_a_step_is_about_as_large_in_every_direction(model: Compact) -> None:
    before = model.head[0].weight.detach().clone()
    descent = Descent(model, TINY, 10)
    strong, faint = torch.zeros(2, *before.shape)
    strong[0, 0], faint[1, 1] = 1.0, 0.01
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    model.head[0].weight.grad = strong + faint
    descent.step()
    moved = before * (1 - TINY.weight_decay * TINY.inner_rate / 25) - model.head[0].weight.detach()
    assert 0.4 < moved[1, 1] / moved[0, 0] < 2.5


def test_gradients_are_forgotten_after_a_step(model: Compact) -> None:
    descend(model)
    assert all(weight.grad is None for weight in model.parameters())


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
