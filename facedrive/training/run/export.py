"""A trained network as ONNX, with the contract that the live path checks in its metadata."""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from facedrive.errors import DataError, ModelError
from facedrive.files import whole_path
from facedrive.regressors.onnx import OUTPUTS, OnnxRegressor
from facedrive.training.network.network import Block, Deployed
from facedrive.training.recipe import Recipe, RecipeFile, Settings
from facedrive.training.run.checkpoint import read_checkpoint
from facedrive.training.run.stamp import contract, write_metadata
from facedrive.training.run.train import build_model, load_averaged
from facedrive.types import CropSpec

TOLERANCE = 1e-4
"""Largest difference allowed between torch and ONNX Runtime: AU units, radians, sides of a crop."""


def export(model: nn.Module, crop: CropSpec, path: Path) -> None:
    """Write the live path's AU model to ``path`` and check it against ONNX Runtime.

    Raises:
        ModelError: if the two differ by more than ``TOLERANCE``.
    """
    model = model.to("cpu").float()
    write_model(Deployed(_merged(model)).eval(), crop, path)
    check(Deployed(model).eval(), path, crop)


def export_checkpoint(checkpoint: Path, output: Path) -> Recipe:
    """Write the averaged network of a run of the AU model, as it is in its checkpoint.

    What the end of a training sets on validation people, the gain of each output and what a calm
    face is lowered by, is not in a checkpoint: ``distil`` on the finished run has it.

    Returns:
        The recipe that the network was trained by.

    Raises:
        DataError: if there is no checkpoint, or it is of something else.
        ModelError: if PyTorch and ONNX Runtime disagree, or the file cannot be written.
    """
    recipe = _recipe_of(checkpoint)
    model = build_model(recipe)
    load_averaged(model, checkpoint)
    with whole_path(output, ModelError) as part:
        export(model, recipe.crop, part)
    return recipe


def _recipe_of(checkpoint: Path) -> Recipe:
    """Return the recipe that a checkpoint of the AU model keeps."""
    table = dict(json.loads(read_checkpoint(checkpoint)["recipe"]))
    if "network" in table:
        raise DataError(
            f"{checkpoint} is of the paper's protocol, whose model also needs the prepared data; "
            "make it with: facedrive train RECIPE --data CACHE --export FOLD."
        )
    table.pop("first", None)
    settings = RecipeFile(checkpoint, "", table).build(Settings)
    return Recipe(**vars(settings))


def write_model(
    network: nn.Module,
    crop: CropSpec,
    path: Path,
    outputs: Sequence[str] = OUTPUTS,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Write any network that keeps the contract, with the contract in its metadata.

    Args:
        network: On the CPU, in evaluation mode; maps (N, 1, S, S) uint8 crops to ``outputs``.
        crop: How its crops are aligned.
        path: The ONNX file.
        outputs: Their names, ``aus`` and ``gaze`` first, as ``regressors.onnx`` describes them.
        notes: More metadata, by name without ``facedrive.``; replaces what the contract says.
    """
    said = contract(crop, outputs)
    said |= {f"facedrive.{name}": text for name, text in (notes or {}).items()}
    example = torch.zeros(2, 1, crop.size, crop.size, dtype=torch.uint8)
    with whole_path(path, ModelError) as part, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own, about its own future
        torch.onnx.export(
            network, (example,), str(part), input_names=["crops"], output_names=list(outputs),
            dynamic_shapes={"crops": {0: torch.export.Dim("faces")}}, dynamo=True,
            external_data=False, verbose=False,
        )  # fmt: skip
        write_metadata(part, said, part)


def _merged(model: nn.Module) -> nn.Module:
    """Copy a network with the pools of its shortcuts merged, for the same answers."""
    merged = copy.deepcopy(model)
    for block in merged.modules():
        if isinstance(block, Block):
            block.merge_pool()
    return merged


def check(network: nn.Module, path: Path, crop: CropSpec) -> float:
    """Compare torch and ONNX Runtime on random crops; return the largest difference.

    Raises:
        ModelError: if it is more than ``TOLERANCE``, or the file breaks the contract.
    """
    random = np.random.default_rng(0)
    crops = random.integers(0, 256, (8, crop.size, crop.size), dtype=np.uint8)
    regressor = OnnxRegressor(path, "cpu")
    with torch.no_grad():
        meant = [each.numpy() for each in network(torch.from_numpy(crops)[:, None])]
    units = (1.0, 1.0, crop.size, 1.0, 1.0)
    worst = 0.0
    for index, each in enumerate(crops):
        for said, whole, unit in zip(regressor.estimate(each), meant, units, strict=False):
            assert said is not None
            missed = np.abs(np.reshape(said, whole[index].shape) - whole[index]).max() / unit
            worst = max(worst, float(missed))
    if worst > TOLERANCE:
        raise ModelError(f"{path} differs from torch by {worst:.2g}; at most {TOLERANCE:g} may be.")
    return worst
