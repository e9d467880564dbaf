"""What one camera does to all frames of a video: the same backdrop, exposure and noise level."""

from __future__ import annotations

import cv2
import numpy as np

from facedrive.training.rendered.capture import Picture, blurred_backdrop, lay_over
from facedrive.types import Image


class Exposure:
    """How one camera sees one subject in one video; its settings are drawn once."""

    def __init__(self, rng: np.random.Generator, background: Image, side_px: int) -> None:
        """Draw the settings.

        Args:
            rng: Decides, for every frame too.
            background: (H, W) uint8 that stands out of focus behind the subject.
            side_px: Of the square pictures.
        """
        self._rng = rng
        self._behind = blurred_backdrop(rng, background, (side_px, side_px))
        self._contrast, self._level = rng.uniform(0.8, 1.25), rng.uniform(85, 165)
        self._blur, self._noise = rng.uniform(0.3, 0.9), rng.uniform(0.5, 4.0)
        self._middle: float | None = None

    def take(self, face: Picture, mask: Picture) -> Image:
        """Make a photograph of a rendered face.

        Args:
            face: (S, S) luminance 0..255; the first one sets the exposure.
            mask: (S, S) 0..1, what the face covers.

        Returns:
            (S, S) uint8.
        """
        if self._middle is None:
            self._middle = float(np.median(face[mask > 0.5]))
        lit = (face - np.float32(self._middle)) * np.float32(self._contrast)
        picture = lay_over(lit + np.float32(self._level), mask, self._behind)
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), self._blur), np.float32)
        grain = self._rng.standard_normal(picture.shape, np.float32)
        return np.clip(picture + grain * np.float32(self._noise), 0, 255).astype(np.uint8)
