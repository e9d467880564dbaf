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
from facedrive.training.run.quantise import calibration_crops, quantise, replace_arrays
from facedrive.training.run.rest import RestFit
from facedrive.training.run.train import Run

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
    rest = RestFit(model, recipe, sets, shop.resting()) if recipe.rest else None
    if rest is not None:
        rest.fit()
    whole, small = run.folder / WHOLE, run.folder / "model-int8.onnx"
    export(model, recipe.crop, whole)
    quantise(whole, crops, small)
    if rest is not None:
        _write_folds(model, rest, small)
    return small


def _write_folds(model: Compact, rest: RestFit, small: Path) -> None:
    """Write, beside a model, what it is without each fold of the people at rest."""
    folder = small.parent / "folds"
    folder.mkdir(parents=True, exist_ok=True)
    for fold in range(FOLDS):
        rest.fit(without=fold)
        layer = {f"model.correction.{name}": values.numpy()
                 for name, values in model.correction.state_dict().items()}  # fmt: skip
        replace_arrays(small, layer, folder / fold_name(fold))


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
