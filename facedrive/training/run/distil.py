"""The AU model from the data folder alone: trains, sets its last adjustments, exports."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from facedrive.training.build import Workshop
from facedrive.training.data.faces import FaceSet, Kind
from facedrive.training.run.export import export
from facedrive.training.run.gain import calm, take_back_timidity, unbent
from facedrive.training.run.quantise import calibration_crops, quantise
from facedrive.training.run.train import Run

log = logging.getLogger(__name__)


def distil(run: Run, shop: Workshop) -> Path:
    """Train and export; everything that exists already is taken up where it was left.

    Returns:
        The 8-bit model; ``model.onnx`` beside it is the whole one.
    """
    validation = shop.validation()
    run = _after_its_first(run, shop, validation)
    sets, recipe = shop.gather(run.recipe), run.recipe
    model = run.fit(sets, validation).cpu()
    gains = take_back_timidity(model, recipe, validation)
    crowds = [
        validation[Kind.PHOTOGRAPH],
        unbent(validation[Kind.TRANSFERRED]),
        sets[Kind.PHOTOGRAPH],
    ]
    lowered = calm(model, recipe, crowds)
    log.info("gains %s, lowered %s", np.round(gains, 2), np.round(lowered, 3))
    whole, small = run.folder / "model.onnx", run.folder / "model-int8.onnx"
    export(model, recipe.crop, whole)
    quantise(whole, calibration_crops(list(sets.values()), recipe.crop), small)
    return small


def _after_its_first(run: Run, shop: Workshop, validation: dict[Kind, FaceSet]) -> Run:
    """Train what a run's recipe starts from, if there is such a recipe, and start from it."""
    first = run.recipe.first
    if first is None or run.start is not None or run.checkpoint.exists():
        return run
    before = replace(run, recipe=first, folder=run.folder / first.name)
    before = _after_its_first(before, shop, validation)
    before.fit(shop.gather(first), validation)
    return replace(run, start=before.checkpoint)
