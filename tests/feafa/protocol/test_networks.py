"""The paper's networks."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.feafa.protocol.networks import Baseline, build_network, count_macs  # noqa: E402
from facedrive.feafa.protocol.prepared import CROP  # noqa: E402
from facedrive.feafa.protocol.recipe import Network, ProtocolRecipe  # noqa: E402

pytestmark = pytest.mark.slow


def network(name: Network, seed: int = 0) -> torch.nn.Module:
    return build_network(ProtocolRecipe("test", name, ("posed",), seed=seed), CROP)


def crops(count: int = 1) -> torch.Tensor:
    return torch.randint(0, 256, (count, 1, 224, 224), dtype=torch.uint8)


def test_resnet18_gives_24_aus_from_1000_features() -> None:
    resnet = network("resnet18")
    assert isinstance(resnet, Baseline)
    assert resnet.regression.weight.shape == (24, 1000)
    assert resnet(crops(2)).shape == (2, 24)


def test_resnet18_costs_what_is_published_for_it() -> None:
    assert count_macs(network("resnet18"), crops()) == pytest.approx(1.814e9, rel=0.01)


def test_the_regional_network_costs_less_than_a_quarter_of_resnet18() -> None:
    assert count_macs(network("regional"), crops()) < 0.25 * count_macs(
        network("resnet18"), crops()
    )


def test_equal_seeds_give_equal_weights_and_other_seeds_others() -> None:
    def first(seed: int) -> torch.Tensor:
        return next(network("resnet18", seed).parameters())

    assert torch.equal(first(1), first(1))
    assert not torch.equal(first(1), first(2))
