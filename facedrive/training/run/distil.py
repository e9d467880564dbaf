"""The AU model from the data folder alone: trains, sets its last adjustments, exports."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from facedrive.training.build import Workshop
from facedrive.training.data.faces import FaceSet, Kind
from facedrive.training.data.resting import FOLDS, fold_name
from facedrive.training.network.network import Compact
from facedrive.training.recipe import Recipe
from facedrive.training.run.export import export
from facedrive.training.run.gain import calm, take_back_timidity, unbent
from facedrive.training.run.heads import Further, fit_heads
from facedrive.training.run.quantise import calibration_crops, quantise
from facedrive.training.run.rest import RestFit
from facedrive.training.run.train import Run
from facedrive.types import Image

log = logging.getLogger(__name__)

WHOLE = "model.onnx"
"""Of a run, in its folder: the model before it is brought to 8 bits."""


def distil(run: Run, shop: Workshop) -> Path:
    """Train and export; everything that exists already is taken up where it was left.

    Returns:
        The 8-bit model; ``model.onnx`` beside it is the whole one.
    """
    validation = shop.validation()
    run = _after_its_first(run, shop, validation)
    sets, recipe = shop.gather(run.recipe), run.recipe
    model = run.fit(sets, validation).cpu()
    if not recipe.match:  # else the other network answers as it was adjusted
        _adjust(model, recipe, validation, sets[Kind.PHOTOGRAPH])
    further = Further(shop.faceless(recipe.crop), shop.extra_scores("train"))
    fit_heads(model, recipe, sets, further)
    crops = calibration_crops(list(sets.values()), recipe.crop)
    if recipe.rest:
        _have_rest(model, recipe, RestFit(model, recipe, sets, shop.resting()), run.folder, crops)
    small = run.folder / "model-int8.onnx"
    _write(model, recipe, run.folder / WHOLE, crops, small)
    return small


def _have_rest(model: Compact, recipe: Recipe, rest: RestFit, folder: Path, crops: Image) -> None:
    """Correct a model for people at rest, and write what it is without each fold of them."""
    folds = folder / "folds"
    folds.mkdir(parents=True, exist_ok=True)
    for fold in range(FOLDS):
        rest.fit(without=fold)
        whole = folds / WHOLE
        _write(model, recipe, whole, crops, folds / fold_name(fold))
        whole.unlink()
    rest.fit()


def _write(model: Compact, recipe: Recipe, whole: Path, crops: Image, small: Path) -> None:
    """Export a model, and bring it to 8 bits."""
    export(model, recipe.crop, whole)
    quantise(whole, crops, small)


def _adjust(
    model: Compact, recipe: Recipe, validation: dict[Kind, FaceSet], photographs: FaceSet
) -> None:
    """Set a model's last adjustments."""
    gains = take_back_timidity(model, recipe, validation)
    crowds = [validation[Kind.PHOTOGRAPH], unbent(validation[Kind.TRANSFERRED]), photographs]
    lowered = calm(model, recipe, crowds)
    log.info("gains %s, lowered %s", np.round(gains, 2), np.round(lowered, 3))


def _after_its_first(run: Run, shop: Workshop, validation: dict[Kind, FaceSet]) -> Run:
    """Train what a run's recipe starts from, if there is such a recipe, and start from it."""
    first = run.recipe.first
    if first is None or run.start is not None or run.checkpoint.exists():
        return run
    before = replace(run, recipe=first, folder=run.folder / first.name)
    if run.recipe.match:
        distil(before, shop)
        return replace(run, start=before.folder / WHOLE)
    before = _after_its_first(before, shop, validation)
    before.fit(shop.gather(first), validation)
    return replace(run, start=before.checkpoint)
