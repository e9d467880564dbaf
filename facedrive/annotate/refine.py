"""What a person's corrections say of the rest of the video: a gain and an offset for each AU.

Least squares of the confirmed values over the model's at the same frames, drawn towards no change
by a ridge that counts like one more key, so that a few corrections move the rest a little, and
many the whole way.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from facedrive.annotate.journal import Change, Document
from facedrive.annotate.keys import Values
from facedrive.annotate.reduce import reduce_curve
from facedrive.aus import AU_NAMES

LEAST_KEYS = 3
"""Confirmed keys of an AU from which its fit is offered."""

RIDGE = 1.0
SPREAD = 0.02
"""Variance, of an AU whose values say as much of the gain as the ridge holds against it."""

CLEAR = 1
"""Frames around a person's key in which the machine sets none."""

NOTABLE = 0.01
"""A fit that moves nothing by more is not offered."""


class Fit(NamedTuple):
    """How the model's curve of an AU becomes the coder's."""

    au: str
    gain: float
    offset: float
    keys: int
    """Confirmed keys that it was fitted to."""
    error_before: float
    """Mean difference at them."""
    error_after: float

    def apply(self, values: Values) -> Values:
        """Return the model's values as the coder would say them."""
        return (self.gain * values + self.offset).clip(0, 1)


def fit_person(document: Document, curves: Values) -> list[Fit]:
    """Fit each AU that has enough confirmed keys.

    Args:
        document: What the coder says.
        curves: (F, 24) the model's.
    """
    fits = []
    for index, name in enumerate(AU_NAMES):
        keys = [key for key in document.tracks.get(name, {}).values() if not key.machine]
        if len(keys) >= LEAST_KEYS:
            model = curves[[key.frame for key in keys], index]
            said = np.array([key.value for key in keys])
            fit = fit_line(name, model, said)
            moved = np.abs(fit.apply(curves[:, index]) - curves[:, index]).max()
            if moved > NOTABLE and fit.error_after < fit.error_before:
                fits.append(fit)
    return fits


def fit_line(au: str, model: Values, said: Values) -> Fit:
    """Fit a gain and an offset to n pairs, drawn towards 1 and 0."""
    centre = model.mean()
    deviation = model - centre
    gain = 1 + float(deviation @ (said - model)) / float(deviation @ deviation + RIDGE * SPREAD)
    shift = float((said - model).sum()) / (len(model) + RIDGE)
    offset = float(centre) * (1 - gain) + shift
    after = (gain * model + offset).clip(0, 1)
    return Fit(au, gain, offset, len(model), float(np.abs(said - model).mean()),
               float(np.abs(said - after).mean()))  # fmt: skip


def refine(document: Document, fit: Fit, curves: Values) -> list[Change]:
    """Return the changes that have an AU's machine keys follow the model's curve as it was fitted.

    What a person has set stays, and the machine's keys keep ``CLEAR`` frames off it.
    """
    track = document.tracks.get(fit.au, {})
    mine = [key for key in track.values() if not key.machine]
    made = reduce_curve(fit.apply(curves[:, AU_NAMES.index(fit.au)]))
    off = [key for key in made if all(abs(key.frame - each.frame) > CLEAR for each in mine)]
    return document.replace(fit.au, [*mine, *off])
