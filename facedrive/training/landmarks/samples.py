"""Samples for the shape predictor: patches with their landmarks, as the tracker will meet them.

A patch lies where the detector or the last frame's landmarks put it, so never quite right;
heads are turned further than news photographs turn them; light, blur and noise are a webcam's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from facedrive.rotations import matrix_from_euler
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68, MIRROR_68
from facedrive.trackers.patch import (
    ORIGIN_PX,
    PATCH_SIZE,
    UNIT_PX,
    Placement,
    chain,
    even_contrast,
    place_on_landmarks,
    shrink_onto,
    to_patch,
)
from facedrive.types import Image

Random = np.random.Generator
Points = NDArray[np.float64]

BORDERS = (*3 * [cv2.BORDER_REPLICATE], cv2.BORDER_REFLECT_101, cv2.BORDER_CONSTANT)
"""What a patch shows beyond the photograph, which ends close below the chin."""

MARGIN_PX = 40
"""Added around a photograph that is turned in depth, for what turns out of it."""

GRID = 28
"""Points along each side of the grid on which the turn's displacement is solved."""


@dataclass(frozen=True)
class Photo:
    """A face with its landmarks."""

    picture: Image
    """(H, W) uint8."""
    points_px: Points
    """(68, 2)."""


@dataclass(frozen=True)
class Misplacement:
    """How far from right the patches lie, standard deviations: a narrow and a wide kind."""

    shift: tuple[float, float] = (0.09, 0.22)
    """In outer-eye-corner distances."""
    scale: float = 0.07
    """Of the logarithm."""
    roll_deg: tuple[float, float] = (5.0, 15.0)
    wide_share: float = 0.3

    def draw(self, random: Random) -> Placement:
        """Draw a (2, 3) similarity from the right patch to the wrong one."""
        shift = random.normal(0, self._pick(self.shift, random), 2).clip(-0.5, 0.5) * UNIT_PX
        size = np.exp(np.clip(random.normal(0, self.scale), -0.25, 0.25))
        roll = np.clip(random.normal(0, self._pick(self.roll_deg, random)), -40, 40)
        middle = float(ORIGIN_PX[0]), float(ORIGIN_PX[1])
        matrix = np.asarray(cv2.getRotationMatrix2D(middle, roll, size), dtype=np.float64)
        matrix[:, 2] += shift
        return matrix

    def _pick(self, kinds: tuple[float, float], random: Random) -> float:
        return kinds[int(random.random() < self.wide_share)]


def draw_patch(photo: Photo, wrong: Misplacement, random: Random) -> tuple[Image, Points]:
    """Draw one sample: a (128, 128) patch and the (68, 2) landmarks in its pixels."""
    if random.random() < 0.5:
        photo = mirror(photo)
    placement = chain(wrong.draw(random), place_on_landmarks(photo.points_px))
    border = BORDERS[random.integers(len(BORDERS))]
    patch = _change_picture(shrink_onto(photo.picture, placement, border=border), random)
    return even_contrast(patch), to_patch(placement, photo.points_px)


def mirror(photo: Photo) -> Photo:
    """Mirror a photo; its landmarks keep their meaning."""
    points = photo.points_px[MIRROR_68] * [-1, 1] + [photo.picture.shape[1] - 1, 0]
    return Photo(np.ascontiguousarray(photo.picture[:, ::-1]), points)


def turn(
    picture: Image,
    mesh_px: NDArray[np.floating],
    rotation: NDArray[np.floating],
    yaw_deg: float,
    pitch_deg: float,
) -> Photo:
    """Turn the head of a photo in depth, by bending the photo after the teacher's mesh.

    Args:
        picture: (H, W) uint8.
        mesh_px: (478, 3), z in the scale of the pixels.
        rotation: (3, 3) of the head, from the teacher's pose matrix.
        yaw_deg: About the head's own vertical axis, at most about 30 degrees; towards the
            subject's left is positive.
        pitch_deg: About its own horizontal axis, before the yaw; up is positive.
    """
    mesh = mesh_px.astype(np.float64)
    turned = _turn_mesh(mesh, rotation, yaw_deg, pitch_deg)
    # A ring around the head stays where it is.
    middle, unit = mesh.mean(axis=0)[:2], float(np.linalg.norm(mesh[33] - mesh[263]))
    angles = np.arange(0, 2 * np.pi, np.pi / 10)
    ring = middle + 1.6 * unit * np.column_stack([np.cos(angles), 1.25 * np.sin(angles)])
    used = np.concatenate([np.arange(0, len(mesh), 3), MEDIAPIPE_TO_68])
    source = np.concatenate([mesh[used, :2], ring])
    goal = np.concatenate([turned[used, :2], ring])
    displace = RBFInterpolator(
        goal, source - goal, neighbors=24, smoothing=2.0, kernel="thin_plate_spline"
    )
    return Photo(_bend(picture, displace), turned[MEDIAPIPE_TO_68, :2] + MARGIN_PX)


def _turn_mesh(
    mesh: Points, rotation: NDArray[np.floating], yaw_deg: float, pitch_deg: float
) -> Points:
    """Turn (478, 3) points about a centre behind the face, half an eye distance deep."""
    head = rotation.astype(np.float64)
    pitch, yaw = np.radians([pitch_deg, yaw_deg]).tolist()
    # The picture's y goes down and its z away from the camera.
    flip = np.diag([1.0, -1.0, -1.0])
    unit = np.linalg.norm(mesh[33] - mesh[263])
    pivot = mesh.mean(axis=0) + flip @ head @ np.array([0, 0, -0.5 * unit])
    change = flip @ head @ matrix_from_euler(pitch, yaw) @ head.T @ flip
    return np.asarray((mesh - pivot) @ change.T + pivot)


def _bend(picture: Image, displace: Callable[[Points], Points]) -> Image:
    """Redraw a picture with a margin, reading each pixel where ``displace`` says."""
    height, width = (side + 2 * MARGIN_PX for side in picture.shape)
    xs = np.linspace(0, width - 1, GRID) - MARGIN_PX
    ys = np.linspace(0, height - 1, GRID) - MARGIN_PX
    at = np.stack(np.meshgrid(xs, ys), axis=-1)
    there = (at + displace(at.reshape(-1, 2)).reshape(at.shape)).astype(np.float32)
    # Stretch the grid over the picture, its outer points on the outer pixels' centres.
    cell = np.array([(GRID - 1) / (width - 1), (GRID - 1) / (height - 1)])
    stretch = np.array([[cell[0], 0, 0], [0, cell[1], 0]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    map_x = cv2.warpAffine(there[..., 0], stretch, (width, height), flags=how)
    map_y = cv2.warpAffine(there[..., 1], stretch, (width, height), flags=how)
    how, border = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(picture, map_x, map_y, how, borderMode=border), dtype=np.uint8)


def _change_picture(patch: Image, random: Random) -> Image:
    """Change light, sharpness and noise."""
    picture = patch.astype(np.float32)
    if random.random() < 0.5:
        picture *= _side_light(random)
        picture *= 120 / max(float(picture.mean()), 1.0)
    if random.random() < 0.4:
        picture = 255 * (picture / 255).clip(0, 1) ** np.float32(random.uniform(0.5, 1.8))
    picture = picture * np.float32(random.uniform(0.4, 1.15)) + np.float32(random.uniform(-10, 25))
    picture = _blur(picture, random)
    if random.random() < 0.6:
        noise = random.normal(0, random.uniform(0, 7), picture.shape)
        picture = picture + noise.astype(np.float32)
    return picture.clip(0, 255).astype(np.uint8)


def _side_light(random: Random) -> NDArray[np.float32]:
    """Return the light from one side, (128, 128): a soft fall-off or a terminator."""
    angle = random.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : PATCH_SIZE * 1j, -1 : 1 : PATCH_SIZE * 1j]
    across = np.cos(angle) * x + np.sin(angle) * y
    if random.random() < 0.5:
        depth, middle = random.uniform(0, 1.6), random.uniform(-0.5, 0.5)
        light = np.exp(-depth * (1.2 * across + middle).clip(-1, 1))
    else:
        light = 1 / (1 + np.exp(-random.uniform(1, 5) * across)) + random.uniform(0.1, 0.6)
    return np.asarray(light, dtype=np.float32)


def _blur(picture: NDArray[np.float32], random: Random) -> NDArray[np.float32]:
    """Blur some pictures by motion, some by focus, most not."""
    kind = random.random()
    if kind < 0.15:
        length = int(random.integers(3, 10))
        line = np.zeros((length, length), np.float32)
        line[length // 2] = 1
        middle = (length - 1) / 2
        turn_line = cv2.getRotationMatrix2D((middle, middle), random.uniform(0, 180), 1)
        kernel = np.asarray(cv2.warpAffine(line, turn_line, (length, length)), np.float32)
        kernel = kernel / max(kernel.sum(), 1e-3)
        return np.asarray(cv2.filter2D(picture, -1, kernel), np.float32)
    if kind < 0.4:
        sigma_px = random.uniform(0.4, 1.6)
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), np.float32)
    return picture
