"""A network that was trained a little, with what it was exported as."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

from facedrive.types import Image

from ..noise import TINY, every_kind, faces

if TYPE_CHECKING:
    from torch import Tensor

    from facedrive.training.network.network import Compact

DEEP = replace(TINY, depths=(1, 2, 2))
"""What is trained: deep enough for a shallower network to learn to answer as it does."""


class Trained(NamedTuple):
    """The network, its exports, and what its reader was before it was adjusted."""

    model: Compact
    folder: Path
    taught: Tensor

    @property
    def models(self) -> tuple[Path, Path]:
        """As it was exported, and in 8 bits."""
        return self.folder / "whole.onnx", self.folder / "8.onnx"

    @property
    def crops(self) -> list[Image]:
        """What its 8 bits were chosen by."""
        return list(np.load(self.folder / "crops.npy"))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    torch = pytest.importorskip("torch", reason="training needs the train extra")
    from facedrive.training.network.network import CHANNELS
    from facedrive.training.run.export import export
    from facedrive.training.run.quantise import calibration_crops, quantise
    from facedrive.training.run.train import Run

    folder, sets = tmp_path_factory.mktemp("run"), every_kind()
    model = Run(DEEP, folder, torch.device("cpu")).fit(sets, sets)
    made = Trained(model, folder, model.reader.answer.weight.clone())
    model.adjust(*torch.full((2, 2 * CHANNELS), 1.1))
    for parameter in model.correction.answer.parameters():  # what is 0 everywhere has no name
        torch.nn.init.normal_(parameter, std=0.01)
    export(model, DEEP.crop, made.models[0])
    crops = calibration_crops([faces(40)], DEEP.crop)
    np.save(folder / "crops.npy", crops)
    quantise(made.models[0], crops, made.models[1])
    return made
