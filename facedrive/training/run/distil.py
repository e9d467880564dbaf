"""The AU model from the data folder alone: trains, sets its last adjustments, exports."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from facedrive.errors import DataError
from facedrive.training.build import Workshop
from facedrive.training.data.faces import FaceSet, Kind
from facedrive.training.data.resting import FOLDS, fold_name
from facedrive.training.network.network import Compact
from facedrive.training.recipe import Recipe
from facedrive.training.run.export import export
from facedrive.training.run.gain import calm, take_back_timidity, unbent
from facedrive.training.run.heads import Further, fit_heads
from facedrive.training.run.imported import load_exported
from facedrive.training.run.quantise import calibration_crops, quantise, replace_arrays
from facedrive.training.run.rest import RestFit
from facedrive.training.run.train import BLOCK, Run, build_model, plain_crops
from facedrive.types import Vector

log = logging.getLogger(__name__)

WHOLE = "model.onnx"
"""Of a run, in its folder: the model before it is brought to 8 bits."""

SMALL = "model-int8.onnx"
"""The same: the model in 8 bits."""


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
    rest = _rest_fit(model, recipe, sets, shop) if recipe.rest else None
    if rest is not None:
        rest.fit()
    whole, small = run.folder / WHOLE, run.folder / SMALL
    export(model, recipe.crop, whole)
    quantise(whole, crops, small)
    if rest is not None:
        _write_folds(model, rest, small)
    return small


def refit(recipe: Recipe, folder: Path, exported: Path, shop: Workshop) -> Path:
    """Fit the correction of an exported model anew, and leave all else of it as it is.

    Args:
        recipe: Of the model's network, and of the fit.
        folder: Of the outcome, as of a run.
        exported: The model, in 8 bits or whole.
        shop: Has the faces.

    Returns:
        The model with another correction; its folds are beside it.

    Raises:
        DataError: if the recipe fits no correction, or the model is of another network.
    """
    if not recipe.rest:
        raise DataError(f"{recipe.name} fits no correction; add rest = true to it.")
    sets, model = shop.gather(recipe), build_model(recipe)
    faces = sets[Kind.PHOTOGRAPH]
    rows = np.linspace(0, len(faces) - 1, 2 * BLOCK).astype(np.intp)
    load_exported(model, exported, plain_crops(faces, rows, recipe), whole=True)
    rest = _rest_fit(model, recipe, sets, shop)
    rest.fit()
    folder.mkdir(parents=True, exist_ok=True)
    replace_arrays(exported, _correction(model), folder / SMALL)
    _write_folds(model, rest, folder / SMALL)
    return folder / SMALL


def _rest_fit(model: Compact, recipe: Recipe, sets: dict[Kind, FaceSet], shop: Workshop) -> RestFit:
    avatars = shop.avatars() if recipe.avatars else None
    return RestFit(model, recipe, sets, shop.resting(), avatars)


def _correction(model: Compact) -> dict[str, Vector]:
    """Return the layer that the fit sets, as exports name it."""
    return {f"model.correction.{name}": values.numpy()
            for name, values in model.correction.state_dict().items()}  # fmt: skip


def _write_folds(model: Compact, rest: RestFit, small: Path) -> None:
    """Write, beside a model, what it is without each fold of the people and of the heads."""
    folder = small.parent / "folds"
    folder.mkdir(parents=True, exist_ok=True)
    for fold in range(FOLDS):
        rest.fit(without=fold)
        replace_arrays(small, _correction(model), folder / fold_name(fold))


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
