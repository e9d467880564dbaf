"""The regional network: symmetric by construction, and blind to what a muscle cannot move."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.aus import AU_INDEX, AU_NAMES, MIRROR  # noqa: E402
from facedrive.training.feafa.networks import build_network  # noqa: E402
from facedrive.training.feafa.prepared import CROP  # noqa: E402
from facedrive.training.feafa.recipe import ProtocolRecipe  # noqa: E402
from facedrive.training.feafa.regional import KINDS, REGIONS, Regional, kind_of  # noqa: E402

RECIPE = ProtocolRecipe("test", "regional", ("posed",))


def trained(context: int = 0) -> torch.nn.Module:
    """Build a network whose weights are all away from where they start."""
    network = build_network(replace(RECIPE, context=context), CROP).eval()
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.02 * torch.randn_like(parameter)
    return network


def crops(times: int = 1) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randint(0, 256, (2, times, 224, 224), dtype=torch.uint8)


def test_every_au_is_read_from_known_regions() -> None:
    for name in AU_NAMES:
        assert set(KINDS[kind_of(name)]) <= set(REGIONS)
    assert {kind_of(name) for name in AU_NAMES} == set(KINDS)


@pytest.mark.parametrize("context", [0, 1])
def test_a_mirrored_face_has_the_mirrored_aus(context: int) -> None:
    network, faces = trained(context), crops(1 + 2 * context)
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


def test_frames_before_and_after_matter_once_they_were_trained_on() -> None:
    network, faces = trained(context=1), crops(3)
    with torch.no_grad():
        still = network(faces[:, 1:2].expand(-1, 3, -1, -1))
        moving = network(faces)
    assert not torch.allclose(still, moving)
    assert still.shape == (2, len(AU_INDEX))
