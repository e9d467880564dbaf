"""A photographed head in the skin of another person: people whom nobody has photographed.

A network that has seen some thousand people knows their faces; on others it takes a round cheek for
a puffed one. Shape, hair and light are one person's, what the face looks like is another's.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.training.data.photographs import Photographs
from facedrive.training.warped.sheet import Warped
from facedrive.types import Image

CANDIDATES = 32
"""Photographs among which the donor is chosen."""

TURN_WEIGHT = 3.0
"""Of a radian between two heads, beside the distance of their teacher's scores."""

WHOLE = 0.5
"""Probability that a donor's skin covers the other's wholly; else they are mixed."""

LEAST_SHARE = 0.3
"""Of the donor's skin in a mixture."""

LIGHT_WIDTH = 0.2
"""Standard deviation of what counts as light rather than skin, in widths of the face."""

EDGE_WIDTH = 0.04
"""Of the seam, likewise."""

REACH = 0.93
"""Of the face's outline: beyond it lies hair."""

DARK = 30.0
"""Grey levels added before light is compared, so that dark skin does not shine."""


class Donors:
    """Finds people whose faces do and look about the same."""

    def __init__(self, photographs: Photographs, rows: NDArray[np.intp]) -> None:
        """Choose among some rows of the photographs.

        Raises:
            DataError: if they are all of one person.
        """
        if len(np.unique(photographs.person[rows])) < 2:
            raise DataError("photographs of one person: there is nobody to give a skin.")
        self._rows, self._person = rows, photographs.person
        scores = photographs.scores
        ahead = photographs.pose[:, :3, 2]
        ahead = ahead / np.linalg.norm(ahead, axis=1, keepdims=True)
        self._looks = np.hstack([scores, TURN_WEIGHT * ahead])

    def choose(self, rng: np.random.Generator, row: int) -> int:
        """Return the row of another person's photograph, the most alike of some drawn."""
        others = np.empty(0, np.intp)
        while not len(others):
            drawn = rng.choice(self._rows, CANDIDATES)
            others = drawn[self._person[drawn] != self._person[row]]
        apart = np.linalg.norm(self._looks[others] - self._looks[row], axis=1)
        return int(others[apart.argmin()])


def draw_share(rng: np.random.Generator) -> float:
    """Draw how much of the skin is the donor's."""
    return 1.0 if rng.random() < WHOLE else float(rng.uniform(LEAST_SHARE, 1.0))


def transfer_skin(own: Warped, donor: Warped, face: NDArray[np.floating], share: float) -> Warped:
    """Put a donor's skin on a face, in the light that the face is in.

    Args:
        own: The picture whose head, hair and light stay.
        donor: Another person's, bent so that its mesh points lie where those of ``own`` do.
        face: (P, 2) these points, pixels.
        share: Of the donor's skin, 0 to 1.
    """
    outline = cv2.convexHull(face.astype(np.float32))[:, 0]
    width = float(np.ptp(outline[:, 0]))
    centre = outline.mean(axis=0)
    sharp = np.zeros(own.picture.shape, np.float32)
    cv2.fillConvexPoly(sharp, np.round(centre + REACH * (outline - centre)).astype(np.int32), share)
    mask = cv2.GaussianBlur(sharp * donor.inside, (0, 0), EDGE_WIDTH * width)
    light = (_light(own.picture, width) + DARK) / (_light(donor.picture, width) + DARK)
    mixed = own.picture + mask * (donor.picture * light - own.picture)
    return Warped(np.clip(np.round(mixed), 0, 255).astype(np.uint8), own.inside)


def _light(picture: Image, width: float) -> NDArray[np.float32]:
    """Give the light on a picture: what stays of it from afar."""
    spread = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), LIGHT_WIDTH * width)
    return np.asarray(spread, np.float32)
