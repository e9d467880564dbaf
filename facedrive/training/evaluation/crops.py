"""Model crops out of the middle of wider ones, which leave augmentation its room."""

from __future__ import annotations

import cv2
import numpy as np

from facedrive.training.data.faces import FaceSet
from facedrive.types import CropSpec, Image, Vector


def centre_crops(faces: FaceSet, crop: CropSpec) -> Image:
    """Cut (N, S, S) model crops out of the middle of wider ones."""
    return cut_middle(faces.crops, faces.spec, crop)


def cut_middle(pictures: Image, spec: CropSpec, crop: CropSpec) -> Image:
    """Cut what ``crop`` shows out of (N, W, W) pictures that show what ``spec`` does."""
    side = spec.size * crop.span / spec.span
    edge = (spec.size - side) / 2
    zoom = crop.size / side
    # Pixel centres: output x lands on edge + (x + 0.5) / zoom - 0.5.
    shift = (0.5 - edge) * zoom - 0.5
    matrix: Vector = np.array([[zoom, 0, shift], [0, zoom, shift]], np.float32)
    size = (crop.size, crop.size)
    return np.stack(
        [cv2.warpAffine(each, matrix, size, flags=cv2.INTER_LINEAR) for each in pictures]
    )
