"""The live path's contract, written into the metadata of an ONNX model that keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import onnx

from facedrive import __version__
from facedrive.aus import AU_NAMES
from facedrive.errors import ModelError
from facedrive.extras import EXTRA_NAMES
from facedrive.files import whole_path
from facedrive.regressors.onnx import CONTRACT, OUTPUTS, OnnxRegressor, check_shapes, open_session
from facedrive.types import CropSpec

SLACK = 1e-3
"""How far beyond 0 and 1 an action unit may round."""

TRIED = 8
"""Random crops that a model must have an answer to before it is stamped."""


FURTHER = {
    "landmarks": "pixels of the crop: iBUG 300-W's 68, x right and y down",
    "presence": "0 to 1: how surely the crop shows a face that is placed well",
    "extras": ",".join(EXTRA_NAMES),
}
"""What the outputs mean that a model may leave out."""


def contract(crop: CropSpec, outputs: Iterable[str] = OUTPUTS) -> dict[str, str]:
    """Return the metadata that ``OnnxRegressor`` checks and people read.

    Args:
        crop: How the model's crops are aligned.
        outputs: Names of what the model says.
    """
    said = {
        "facedrive.contract": CONTRACT,
        "facedrive.version": __version__,
        "facedrive.au_names": ",".join(AU_NAMES),
        "facedrive.crop_size": str(crop.size),
        "facedrive.crop_padding": str(crop.padding),
        "facedrive.normalisation": "inside the graph: uint8 in",
        "facedrive.gaze": "radians: left pitch, left yaw, right pitch, right yaw; up and the "
        "subject's left are positive",
    }
    return said | {f"facedrive.{name}": FURTHER[name] for name in outputs if name in FURTHER}


def write_metadata(model: Path, said: Mapping[str, str], output: Path) -> None:
    """Copy a model with more in its metadata; the two may be one file."""
    loaded = onnx.load(model)
    kept = {each.key: each.value for each in loaded.metadata_props}
    onnx.helper.set_model_props(loaded, kept | dict(said))
    with whole_path(output, ModelError) as part:
        onnx.save(loaded, part)


def stamp(model: Path, output: Path, padding: float) -> CropSpec:
    """Check that a model is what the live path needs, and write the contract into a copy of it.

    Args:
        model: An ONNX file with the inputs and outputs that ``regressors/onnx.py`` describes.
        output: The stamped model; may be the same file.
        padding: How far the crops that it was trained on go beyond the face, as ``CropSpec``.

    Returns:
        The crops that it gets from now on.

    Raises:
        ModelError: if it is missing, or has other inputs, outputs or values.
    """
    if not model.is_file():
        raise ModelError(f"no model at {model}; give the path of an ONNX file.")
    session = open_session(model, "CPUExecutionProvider")
    crop = CropSpec(_crop_size(model, session.get_inputs()), padding)
    check_shapes(model, session, crop.size)
    names = {put.name for put in session.get_outputs()}
    with whole_path(output, ModelError) as part:
        write_metadata(model, contract(crop, names), part)
        _try(model, OnnxRegressor(part, "cpu"))
    return crop


def _crop_size(path: Path, inputs: list[onnx.ValueInfoProto]) -> int:
    """Return the side of the crops that the model's one input is for."""
    found = {put.name: put for put in inputs}
    if list(found) != ["crops"] or len(found["crops"].shape) != 4:
        named = ", ".join(f"'{name}' {tuple(put.shape)}" for name, put in found.items())
        raise ModelError(
            f"{path} takes {named or 'nothing'}; facedrive gives one input, 'crops' (N, 1, S, S): "
            "rename it where you export the model."
        )
    size = found["crops"].shape[3]
    if not isinstance(size, int):
        raise ModelError(f"{path}: 'crops' has no fixed side; export the model with one.")
    return size


def _try(path: Path, regressor: OnnxRegressor) -> None:
    """Refuse a model whose action units are no intensities."""
    random, side = np.random.default_rng(0), regressor.crop.size
    for crop in random.integers(0, 256, (TRIED, side, side), dtype=np.uint8):
        estimate = regressor.estimate(crop)
        low, high = float(estimate.aus.min()), float(estimate.aus.max())
        if not (low >= -SLACK and high <= 1 + SLACK and np.isfinite(estimate.gaze).all()):
            raise ModelError(
                f"{path} gives action units from {low:.3g} to {high:.3g} on noise; facedrive needs "
                "0 to 1, and a gaze that is finite: clamp them inside the graph."
            )
