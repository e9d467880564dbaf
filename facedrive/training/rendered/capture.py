"""What a camera does to a rendered face: background, glasses, hands, blur, noise, compression."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.trackers.landmarks import interocular_px
from facedrive.types import Image

Picture = NDArray[np.float32]


def capture(
    rng: np.random.Generator,
    face: Picture,
    mask: Picture,
    background: Image,
    landmarks_px: NDArray[np.float32],
) -> Image:
    """Make a grayscale photograph of a rendered face.

    Args:
        rng: Decides what happens.
        face: (H, W) luminance 0..255.
        mask: (H, W) 0..1, what the face covers.
        background: (H, W) uint8 or larger.
        landmarks_px: (68, 2) of the face.

    Returns:
        (H, W) uint8.
    """
    picture = expose(rng, face, mask)
    picture = lay_over(picture, mask, blurred_backdrop(rng, background, picture.shape))
    if rng.random() < 0.15:
        _draw_glasses(rng, picture, landmarks_px)
    if rng.random() < 0.08:
        _draw_hand(rng, picture, landmarks_px)
    return degrade(rng, picture)


def expose(rng: np.random.Generator, face: Picture, mask: Picture) -> Picture:
    """Bring the face to a random brightness and contrast."""
    covered = face[mask > 0.5]
    middle = float(np.median(covered)) if covered.size else 128.0
    contrast = rng.uniform(0.7, 1.35)
    return np.asarray((face - middle) * contrast + rng.uniform(60, 190), np.float32)


def lay_over(face: Picture, mask: Picture, behind: Picture) -> Picture:
    """Put a face before a backdrop, its edge softened."""
    inner = cv2.erode(mask, np.ones((3, 3), np.uint8))  # the rim is mixed with the black behind
    soft = np.asarray(cv2.GaussianBlur(inner, (0, 0), 0.8), np.float32)
    before: Picture = face * soft
    beside: Picture = behind * (1 - soft)
    return before + beside


def blurred_backdrop(
    rng: np.random.Generator, background: Image, shape: tuple[int, ...]
) -> Picture:
    """Make a backdrop of a shape: a photograph out of focus, or shades that run into each other."""
    height, width = shape
    if rng.random() < 0.4:
        corners = rng.uniform(0, 255, (2, 2)).astype(np.float32)
        return np.asarray(cv2.resize(corners, (width, height)), np.float32)
    picture = cv2.resize(background, (width, height)).astype(np.float32)
    if rng.random() < 0.5:
        picture = np.ascontiguousarray(picture[::-1])
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(1.5, 9)), np.float32)


def _draw_glasses(
    rng: np.random.Generator, picture: Picture, landmarks_px: NDArray[np.float32]
) -> None:
    """Draw two rims and a bridge; sometimes tinted or with a reflection."""
    unit = float(interocular_px(landmarks_px))
    across = landmarks_px[45] - landmarks_px[36]
    angle = float(np.degrees(np.arctan2(across[1], across[0])))
    axes = (unit * rng.uniform(0.2, 0.27), unit * rng.uniform(0.14, 0.22))
    shade, thickness = rng.uniform(0, 90), int(rng.integers(1, 4))
    rims, lenses = np.zeros((2, *picture.shape), np.uint8)
    for eye in (landmarks_px[36:42], landmarks_px[42:48]):
        x, y = eye.mean(axis=0).tolist()
        ellipse = ((x, y + unit * rng.uniform(0.02, 0.06)), (2 * axes[0], 2 * axes[1]), angle)
        cv2.ellipse(rims, ellipse, 255, thickness, cv2.LINE_AA)
        cv2.ellipse(lenses, ellipse, 255, -1, cv2.LINE_AA)
    middle = landmarks_px[27]
    along = across / max(unit, 1e-6) * (unit * 0.5 - axes[0]) * 0.55
    ends = [tuple(np.round(middle + step * along).astype(int).tolist()) for step in (-1, 1)]
    cv2.line(rims, ends[0], ends[1], 255, thickness, cv2.LINE_AA)
    picture += _share(lenses) * rng.normal(0, 8)
    picture += _share(rims) * (shade - picture)


def _draw_hand(
    rng: np.random.Generator, picture: Picture, landmarks_px: NDArray[np.float32]
) -> None:
    """Lay fingers over the cheek or the chin, from outside the face inwards."""
    unit = float(interocular_px(landmarks_px))
    root = landmarks_px[int(rng.choice([2, 4, 6, 8, 10, 12, 14]))]
    inward = (landmarks_px[30] - root) * rng.uniform(0.15, 0.4)
    side = np.array([-inward[1], inward[0]]) / max(float(np.linalg.norm(inward)), 1e-6)
    nose = np.clip(landmarks_px[30, ::-1].astype(int), 0, np.array(picture.shape) - 1)
    tone = float(picture[tuple(nose)])
    drawn = np.zeros(picture.shape, np.uint8)
    for finger in range(int(rng.integers(2, 5))):
        start = root - 1.5 * inward + side * unit * 0.16 * (finger - 1)
        end = root + inward * rng.uniform(0.6, 1.0) + side * unit * 0.17 * (finger - 1)
        ends = [tuple(np.round(point).astype(int).tolist()) for point in (start, end)]
        cv2.line(drawn, ends[0], ends[1], 255, max(int(unit * 0.14), 1), cv2.LINE_AA)
    blob = _share(drawn)
    shading = cv2.GaussianBlur(blob, (0, 0), unit * 0.05 + 0.1)
    picture += blob * (tone * (0.55 + 0.5 * shading) - picture)


def _share(drawn: Image) -> Picture:
    """Give what was drawn as a share of each pixel, its edge softened."""
    return np.asarray(cv2.GaussianBlur(drawn, (0, 0), 0.6) / 255, np.float32)


def degrade(rng: np.random.Generator, picture: Picture) -> Image:
    """Blur, streak, add noise and compress, each by a random amount."""
    if rng.random() < 0.6:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.6)), np.float32)
    if rng.random() < 0.12:
        picture = _streak(rng, picture)
    curve = rng.uniform(0.8, 1.25)
    curved = 255 * (np.clip(picture, 0, 255) / 255) ** np.float32(curve)
    noise = rng.standard_normal(picture.shape, np.float32) * np.float32(rng.uniform(0, 7))
    image = np.clip(curved + noise, 0, 255).astype(np.uint8)
    return _compress(rng, image) if rng.random() < 0.6 else image


def _compress(rng: np.random.Generator, image: Image) -> Image:
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))]
    data = cv2.imencode(".jpg", image, quality)[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def _streak(rng: np.random.Generator, picture: Picture) -> Picture:
    """Smear along a random direction, as a head that moves while the shutter is open."""
    length, angle = rng.uniform(2, 5), rng.uniform(0, np.pi)
    kernel = np.zeros((11, 11), np.float32)
    reach = length * np.array([np.cos(angle), np.sin(angle)])
    ends = [tuple(np.round(5 + sign * reach).astype(int).tolist()) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA)
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.float32)
