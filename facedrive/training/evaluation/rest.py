"""Rest: what a model shows on faces that do nothing, by ethnic group, and how far a smile rises."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX, AU_NAMES, AUS
from facedrive.calibration import default_profile
from facedrive.pipeline import Pipeline
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.resting import RestingLevel
from facedrive.smoothing import no_smoothing
from facedrive.trackers.dlib import DlibTracker
from facedrive.training.data.resting import RestingPeople
from facedrive.training.evaluation.comparison import Figures, rounded
from facedrive.training.evaluation.crosstalk import SMILE
from facedrive.types import Frame, Image, Sample, Vector

LIDS = ("left_eye_close", "right_eye_close", "left_lid_raise", "right_lid_raise")
"""Of them a face at rest has its own."""

LOOKS = 4
"""Frames for which a picture is shown, until its crop lies right."""

RAISED = 0.5
"""How far above rest a smile is to be."""

SECONDS, FPS = 5.0, 10.0
KNOWN_S = 3.0
"""When the automatic neutral is to be known."""

NOISE = 4.0
"""Standard deviation a colour channel, grey levels."""

DRIFT = 0.015
"""Of the picture's width: how far a face at rest moves about."""

DRIFT_RAD = 0.03
"""How far it turns."""

SIDE_PX = 400
"""Of the pictures that a clip is made of."""

RegressorOf = Callable[[int], OnnxRegressor]
"""The model for the people of a fold."""


@dataclass(frozen=True)
class Shown:
    """What a model shows of N people; NaN where it finds no face."""

    resting: Vector
    """(N, 24) raw, at rest."""
    smiling: Vector
    """(N, 24) raw, smiling."""
    automatic: Vector
    """(N, F, 24) at rest on the frames for which the automatic neutral is known."""


def score_rest(regressor_of: RegressorOf, people: RestingPeople, *, held_out: bool) -> Figures:
    """Measure rest.

    Args:
        regressor_of: The model for the people of each fold.
        people: All of them.
        held_out: Whether no person was trained on by the model that they are measured by.

    Returns:
        ``aus``: of each AU the mean, the 95th percentile, the mean of each ethnic group and the
        largest difference of two groups. ``smile``: the share of people whose smile is far enough
        above their rest, and the least of them. ``automatic``: mean and 95th percentile under the
        automatic neutral.
    """
    shown = read_people(regressor_of, people)
    seen = np.asarray(np.isfinite(shown.resting).all(axis=1))
    groups = {name: np.asarray(who & seen) for name, who in people.groups.items()}
    smile = [AU_INDEX[name] for name in SMILE]
    rise = (shown.smiling[:, smile] - shown.resting[:, smile]).mean(axis=1)
    rise = rise[np.isfinite(rise)]
    return {
        "people": len(people), "unseen": int((~seen).sum()), "held_out": held_out,
        "groups": {name: int(who.sum()) for name, who in groups.items()},
        "aus": {name: _rest(shown.resting[:, index], seen, groups)
                for index, name in enumerate(AU_NAMES)},
        "smile": {"raised_share": rounded((rise >= RAISED).mean()), "least": rounded(rise.min())},
        "automatic": {name: _level(shown.automatic[..., index])
                      for index, name in enumerate(AU_NAMES)},
    }  # fmt: skip


def _rest(values: Vector, seen: NDArray[np.bool_], groups: dict[str, NDArray[np.bool_]]) -> Figures:
    means = {name: float(values[who].mean()) for name, who in groups.items()}
    spread = max(means.values()) - min(means.values()) if means else math.nan
    by_group = {name: rounded(mean) for name, mean in means.items()}
    return _level(values[seen]) | {"by_group": by_group, "difference": rounded(spread)}


def _level(values: Vector) -> Figures:
    return {
        "mean": rounded(np.nanmean(values)),
        "p95": rounded(np.nanpercentile(values, 95)),
    }


def read_people(regressor_of: RegressorOf, people: RestingPeople) -> Shown:
    """Show every person's pictures, and the clip made of the first, to the model of their fold."""
    models = {fold: regressor_of(fold) for fold in np.unique(people.fold).tolist()}
    resting: list[Vector] = []
    smiling: list[Vector] = []
    automatic: list[Vector] = []
    for row, fold in enumerate(people.fold):
        regressor, picture = models[int(fold)], people.read(row, smiling=False)
        resting.append(_read_picture(regressor, picture))
        smiling.append(_read_picture(regressor, people.read(row, smiling=True)))
        automatic.append(_read_clip(regressor, picture))
    return Shown(np.stack(resting), np.stack(smiling), np.stack(automatic))


def _read_picture(regressor: OnnxRegressor, picture: Image) -> Vector:
    """Return the raw (24,) AUs of a picture as when a face is looked at for a while."""
    pipeline = Pipeline(DlibTracker(), regressor, profile=None, smoothing=no_smoothing())
    for index in range(LOOKS):
        sample = pipeline(Frame(picture, index / FPS, index))
    return _aus(sample)


def _read_clip(regressor: OnnxRegressor, picture: Image) -> Vector:
    """Return the (F, 24) AUs of ``resting_clip``, as ``facedrive live`` gives them."""
    pipeline = Pipeline(DlibTracker(), regressor, default_profile(), resting=RestingLevel())
    samples = [pipeline(frame) for frame in resting_clip(picture)]
    return np.stack([_aus(sample) for sample in samples if sample.time >= KNOWN_S])


def _aus(sample: Sample) -> Vector:
    return sample.aus if sample.face else np.full(len(AUS), np.nan, np.float32)


def resting_clip(picture: Image) -> Iterator[Frame]:
    """Yield five seconds of a picture that moves a little, with fresh noise in every frame."""
    random = np.random.default_rng(0)
    height, width = picture.shape[:2]
    zoom = SIDE_PX / width
    size = (SIDE_PX, round(height * zoom))
    for index in range(round(SECONDS * FPS)):
        time = index / FPS
        turn = math.degrees(DRIFT_RAD * math.sin(1.3 * time))
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn, 1.0)
        matrix[:, 2] += DRIFT * width * np.array([math.sin(0.9 * time), math.sin(1.7 * time)])
        moved = cv2.warpAffine(picture, zoom * matrix, size, borderMode=cv2.BORDER_REPLICATE)
        noisy = moved + random.standard_normal(moved.shape, np.float32) * np.float32(NOISE)
        yield Frame(np.clip(np.rint(noisy), 0, 255).astype(np.uint8), time, index)
