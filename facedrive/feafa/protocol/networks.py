"""The paper's baselines: torchvision's ResNet18 and VGG16, from random weights, to the AUs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facedrive.aus import AUS
from facedrive.feafa.protocol.recipe import ProtocolRecipe
from facedrive.feafa.protocol.regional import Regional
from facedrive.types import CropSpec

FEATURES = 1000
"""Deep features that the last fully connected layer gives (paper, section 4.2)."""


class Baseline(nn.Module):
    """A classifier as torchvision has it, whose 1,000 outputs a linear layer regresses to AUs."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.regression = nn.Linear(FEATURES, len(AUS))

    def forward(self, crops: Tensor) -> Tensor:
        """Map (B, 1, S, S) uint8 to (B, 24) AUs, unclipped.

        The grey level is given to all three of the first layer's input channels.
        """
        shade = (crops.float() / 255 - 0.5) / 0.25
        channels = shade.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
        answer: Tensor = self.regression(self.backbone(channels))
        return answer.float()


def build_network(recipe: ProtocolRecipe, spec: CropSpec) -> nn.Module:
    """Build a recipe's network with weights drawn from its seed.

    Args:
        recipe: Which network, and its options.
        spec: How the prepared crops are aligned: a facial region is a place in them.

    Returns:
        A module that maps (B, 1, S, S) uint8 crops to (B, 24) AUs, unclipped; (B, 2, S, S) with
        the mean face of each crop's video behind it, where the recipe asks for ``video_mean``.
    """
    torch.manual_seed(recipe.seed)
    if recipe.network == "regional":
        pixels_a_unit = spec.size / spec.span
        return Regional(
            recipe.crop, pixels_a_unit, recipe.widths, recipe.features, recipe.dropout,
            recipe.video_mean,
        )  # fmt: skip
    from torchvision.models import resnet18, vgg16  # imports PyTorch's compiler: seconds

    backbone = resnet18(weights=None) if recipe.network == "resnet18" else vgg16(weights=None)
    return Baseline(backbone)


def count_macs(network: nn.Module, crops: Tensor) -> int:
    """Count the multiplications that convolutions and linear layers do for a batch of crops."""
    total = 0

    def count(layer: nn.Module, _: object, output: Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Conv2d):
            total += output.numel() * layer.weight[0].numel()
        elif isinstance(layer, nn.Linear):
            total += output.numel() * layer.in_features

    kinds = (nn.Conv2d, nn.Linear)
    layers = [layer for layer in network.modules() if isinstance(layer, kinds)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    network.eval()
    with torch.no_grad():
        network(crops)
    for hook in hooks:
        hook.remove()
    return total
