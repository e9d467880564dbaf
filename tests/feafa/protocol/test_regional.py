"""The regional network: symmetric by construction, and blind to what a muscle cannot move."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.aus import AU_NAMES, MIRROR  # noqa: E402
from facedrive.feafa.protocol.networks import build_network  # noqa: E402
from facedrive.feafa.protocol.prepared import CROP  # noqa: E402
from facedrive.feafa.protocol.recipe import ProtocolRecipe  # noqa: E402
from facedrive.feafa.protocol.regional import (  # noqa: E402
    KINDS,
    REGIONS,
    Regional,
    even_out,
    kind_of,
)

pytestmark = pytest.mark.slow

RECIPE = ProtocolRecipe("test", "regional", ("posed",))


def trained(video_mean: bool = False) -> torch.nn.Module:
    """Build a network whose weights are all away from where they start."""
    network = build_network(replace(RECIPE, video_mean=video_mean), CROP).eval()
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.02 * torch.randn_like(parameter)
    return network


def crops(channels: int = 1) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randint(0, 256, (2, channels, 224, 224), dtype=torch.uint8)


def test_every_au_is_read_from_known_regions() -> None:
    for name in AU_NAMES:
        assert set(KINDS[kind_of(name)]) <= set(REGIONS)
    assert {kind_of(name) for name in AU_NAMES} == set(KINDS)


@pytest.mark.parametrize("video_mean", [False, True])
def test_a_mirrored_face_has_the_mirrored_aus(video_mean: bool) -> None:
    network, faces = trained(video_mean), crops(1 + video_mean)
    with torch.no_grad():
        plain, mirrored = network(faces), network(faces.flip(3))
    assert plain.std() > 1e-3
    assert torch.allclose(mirrored, plain[:, torch.as_tensor(MIRROR)], atol=1e-5)


def test_the_chin_says_nothing_of_the_eyes_and_the_brows_nothing_of_the_mouth() -> None:
    network = trained()
    assert isinstance(network, Regional)

    def change(rows: slice) -> torch.Tensor:
        maps = network.stem(network._halve(crops().float()))
        changed = maps.clone()
        changed[:, :, rows] += 1
        answers = []
        for each in (maps, changed):
            seen = {n: region(each).unflatten(0, (-1, 2)) for n, region in network.regions.items()}
            answers.append({kind: network._ask(kind, seen) for kind in KINDS})
        return {k: float((answers[0][k] - answers[1][k]).abs().max()) for k in KINDS}

    with torch.no_grad():
        chin, forehead = change(slice(24, None)), change(slice(0, 4))
    assert chin["eye_close"] == chin["brow_raise"] == 0 < chin["jaw_drop"]
    assert forehead["jaw_drop"] == forehead["lip_pucker"] == 0 < forehead["brow_raise"]


def test_the_side_and_the_strength_of_the_light_change_little() -> None:
    crop = torch.nn.functional.avg_pool2d(torch.rand(1, 1, 232, 232) * 800, 9, 1)
    ramp = torch.linspace(0.6, 1.4, crop.shape[-1])
    plain, lit = even_out(crop), even_out(crop * ramp * 0.8)
    assert float((plain - lit).abs().mean()) < 0.15 * float(plain.std())
    assert float(((crop * ramp * 0.8) - crop).abs().mean()) > float(crop.std())
