"""A trained network as ONNX, with the contract that the live path checks in its metadata."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn

from facedrive import __version__
from facedrive.aus import AU_NAMES
from facedrive.errors import ModelError
from facedrive.files import whole_path
from facedrive.regressors.onnx import CONTRACT, OUTPUTS, OnnxRegressor
from facedrive.training.network.network import Block, Deployed
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
    said = contract(crop)
    if "landmarks" not in outputs:
        said.pop("facedrive.landmarks")
    said |= {f"facedrive.{name}": text for name, text in (notes or {}).items()}
    example = torch.zeros(2, 1, crop.size, crop.size, dtype=torch.uint8)
    with whole_path(path, ModelError) as part, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own, about its own future
        torch.onnx.export(
            network, (example,), str(part), input_names=["crops"], output_names=list(outputs),
            dynamic_shapes={"crops": {0: torch.export.Dim("faces")}}, dynamo=True,
            external_data=False, verbose=False,
        )  # fmt: skip
        written = onnx.load(part)
        onnx.helper.set_model_props(written, said)
        onnx.save(written, part)


def _merged(model: nn.Module) -> nn.Module:
    """Copy a network with the pools of its shortcuts merged, for the same answers."""
    merged = copy.deepcopy(model)
    for block in merged.modules():
        if isinstance(block, Block):
            block.merge_pool()
    return merged


def contract(crop: CropSpec) -> dict[str, str]:
    """Return the metadata that ``OnnxRegressor`` checks and people read."""
    return {
        "facedrive.contract": CONTRACT,
        "facedrive.version": __version__,
        "facedrive.au_names": ",".join(AU_NAMES),
        "facedrive.crop_size": str(crop.size),
        "facedrive.crop_padding": str(crop.padding),
        "facedrive.normalisation": "inside the graph: uint8 in",
        "facedrive.gaze": "radians: left pitch, left yaw, right pitch, right yaw; up and the "
        "subject's left are positive",
        "facedrive.landmarks": "pixels of the crop: iBUG 300-W's 68, x right and y down",
    }


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
    units = (1.0, 1.0, crop.size)
    worst = 0.0
    for index, each in enumerate(crops):
        for said, whole, unit in zip(regressor.estimate(each), meant, units, strict=False):
            assert said is not None
            missed = np.abs(said.reshape(whole[index].shape) - whole[index]).max() / unit
            worst = max(worst, float(missed))
    if worst > TOLERANCE:
        raise ModelError(f"{path} differs from torch by {worst:.2g}; at most {TOLERANCE:g} may be.")
    return worst
