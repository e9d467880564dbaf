"""Starts a run from an exported model: its weights, unfolded into the network again.

The checkpoint of the weights that ship was not kept, so that ``facedrive train RECIPE --start
MODEL.onnx`` is how a run goes on from them, and ``--refit MODEL.onnx`` how their last layer is
fitted anew. Runs since then keep their ``checkpoint.pt``, and start from that.

Export folds each batch normalisation into the layer before it, and 8 bits round convolutions.
Unfolding keeps what the network says and gives each normalisation the statistics of real crops,
so that training goes on as if it had never been exported. A reader is left out: what it says was
adjusted for the export, and teaching it anew takes a minute.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from facedrive.errors import DataError
from facedrive.training.network.mesh import Geometry
from facedrive.training.network.network import HEADS, Compact

Stored = dict[str, NDArray[np.float32]]
"""An exported model's arrays by name."""


def load_exported(model: Compact, path: Path, crops: Tensor, *, whole: bool = False) -> None:
    """Fill a network with an exported model's weights.

    Args:
        model: The network of the same recipe; changed in place.
        path: What ``export`` or ``quantise`` wrote.
        crops: (N, 1, S, S) float crops of training faces, a few hundred: what the
            normalisations see.
        whole: Take its reader as well, with what was adjusted for the export.

    Raises:
        DataError: if the file is no such model, or one of another network.
    """
    stored = _read(path)
    norms = _norms_after(model)
    try:
        for name, layer in _weighted(model, whole).items():
            _copy(layer.weight, _unmerged(layer, stored[f"model.{name}.weight"]))
            if name in norms:
                bias = f"model.{name}.weight_bias"
                folded = stored[bias if bias in stored else f"model.{name}.bias"]
                _pass_through(norms[name], folded)
            elif layer.bias is not None:
                _copy(layer.bias, stored[f"model.{name}.bias"])
        for name, values in _kept_whole(model).items():
            _copy(values, stored[f"model.{name}"])
    except (KeyError, ValueError) as error:
        raise DataError(f"{path} is no model of this recipe's network: {error}.") from error
    _normalise(model, list(norms.values()), crops)


def _read(path: Path) -> Stored:
    """Read all arrays of a model by name; those in 8 bits as what they stand for."""
    try:
        written = onnx.load(path)
    except (OSError, DecodeError) as error:
        raise DataError(f"{path} is no ONNX model: {error}.") from error
    arrays = {each.name: numpy_helper.to_array(each) for each in written.graph.initializer}
    for name in [name for name in arrays if name.endswith("_quantized")]:
        plain = name.removesuffix("_quantized")
        scale = arrays[f"{plain}_scale" if f"{plain}_scale" in arrays else f"{name}_scale"]
        steps = arrays[name].astype(np.float32)  # symmetrical: their zero is 0
        arrays[plain] = steps * np.reshape(scale, (-1,) + (1,) * (steps.ndim - 1))
    return arrays


def _weighted(model: Compact, whole: bool) -> dict[str, nn.Conv2d | nn.Linear]:
    """Find the layers, by name, that get their weights from the file."""
    return {name: layer for name, layer in model.named_modules()
            if isinstance(layer, nn.Conv2d | nn.Linear)
            and not name.startswith(HEADS if whole else (*HEADS, "reader."))}  # fmt: skip


def _unmerged(layer: nn.Module, weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take the pool before a 1x1 convolution out of it again, which ``merge_pool`` put in."""
    if isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1):
        return np.asarray(weight.sum(axis=(2, 3), keepdims=True), np.float32)
    return weight


def _kept_whole(model: Compact) -> dict[str, Tensor]:
    """Find what export folds into nothing else, by its name."""
    layers = [(name, layer) for name, layer in model.named_modules()
              if isinstance(layer, nn.LayerNorm | Geometry)]  # fmt: skip
    return {f"{name}.{part}": values for name, layer in layers
            for part, values in layer.state_dict().items()}  # fmt: skip


def _norms_after(model: Compact) -> dict[str, nn.BatchNorm2d]:
    """Find, by the name of each layer, the normalisation that export folds into it."""
    ordered = [(name, layer) for name, layer in model.named_modules()
               if isinstance(layer, nn.Conv2d | nn.Linear | nn.BatchNorm2d)]  # fmt: skip
    return {name: after for (name, _), (_, after) in pairwise(ordered)
            if isinstance(after, nn.BatchNorm2d)}  # fmt: skip


def _copy(parameter: Tensor, values: NDArray[np.float32]) -> None:
    if tuple(parameter.shape) != values.shape:
        raise ValueError(f"an array is {values.shape}, the network's {tuple(parameter.shape)}")
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.array(values, np.float32)))


def _pass_through(norm: nn.BatchNorm2d, bias: NDArray[np.float32]) -> None:
    """Have a normalisation add a bias and do nothing else, when it is not training."""
    _copy(norm.bias, bias)
    assert norm.running_mean is not None and norm.running_var is not None
    with torch.no_grad():
        norm.weight.fill_(1.0)
        norm.running_mean.zero_()
        norm.running_var.fill_(1.0 - norm.eps)


@torch.no_grad()
def _normalise(model: Compact, norms: list[nn.BatchNorm2d], crops: Tensor) -> None:
    """Give normalisations that pass through the statistics of what passes, to the same effect."""
    hooks = [norm.register_forward_hook(_take_statistics) for norm in norms]
    model.eval()
    model(crops)
    for hook in hooks:
        hook.remove()


def _take_statistics(norm: nn.Module, inputs: tuple[Any, ...], _: Tensor) -> None:
    """Normalise as the layer's input asks for, and undo it by weight and bias."""
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None and norm.running_var is not None
    seen = inputs[0].float()
    axes = [axis for axis in range(seen.dim()) if axis != 1]
    norm.running_mean.copy_(seen.mean(axes))
    norm.running_var.copy_(seen.var(axes))
    norm.weight.copy_((norm.running_var + norm.eps).sqrt())
    norm.bias.add_(norm.running_mean)
