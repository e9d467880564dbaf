"""Small pictures as JPEG, for the feed and for takes."""

from __future__ import annotations

import cv2
import numpy as np

from facedrive.types import Image


def small_jpeg(image: Image, width: int, quality: int) -> bytes:
    """Return a picture, (H, W, 3) RGB, as a JPEG that is no wider than ``width`` pixels."""
    if image.shape[1] > width:
        size = width, max(1, round(image.shape[0] * width / image.shape[1]))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return jpeg.tobytes()
