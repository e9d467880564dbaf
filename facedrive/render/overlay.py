"""The picture that people see: camera, AU bars and avatar, laid out; no OpenGL."""

from __future__ import annotations

import numpy as np

from facedrive.render.bars import draw_bars
from facedrive.render.drawing import (
    AMBER,
    DIM,
    GREEN,
    PANEL,
    RED,
    TEAL,
    WHITE,
    Color,
    Fit,
    badge,
    canvas,
    curve,
    dots,
    fitted,
    inset,
    text,
)
from facedrive.trackers.landmarks import box_px
from facedrive.types import Image, Sample, Vector

CAMERA = (640, 480)
"""Width and height of the camera in `compose`."""
BARS = 480
"""Width of the bars in `compose`."""
STAGE = 720
"""Width and height of the avatar in `compose_live`."""
SIDE = 400
"""Width of the bars in `compose_live`."""
INSET = (216, 162)
"""Width and height of the camera in `compose_live`."""

DOTTED = 80.0
"""Pixels across a face from which on its landmarks are dots, not only lines."""

STATUS: dict[str, tuple[str, Color]] = {
    "recording": ("Recording", RED),
    "paused": ("Paused", AMBER),
}

# First landmark, last, closed: jaw, brows, nose bridge, nose base, eyes, lips outside and inside.
_CONTOURS = (
    *((0, 16, False), (17, 21, False), (22, 26, False), (27, 30, False), (31, 35, False)),
    *((36, 41, True), (42, 47, True), (48, 59, True), (60, 67, True)),
)


def compose(
    frame_rgb: Image | None,
    sample: Sample,
    avatar_rgb: Image,
    *,
    mirror: bool = False,
    status: str = "",
) -> Image:
    """Lay out camera, bars and avatar side by side: (480, 1600, 3).

    Args:
        frame_rgb: The camera's picture, any size, or None.
        sample: What was read off it.
        avatar_rgb: The rendered head, any size.
        mirror: Turn camera and avatar as a mirror does; words stay readable.
        status: ``recording``, ``paused``, or other words to show; empty for none.
    """
    width, height = CAMERA
    camera = _camera(frame_rgb, sample.landmarks_px, width, height, mirror)
    _draw_badges(camera, frame_rgb, sample, status)
    avatar, _ = fitted(avatar_rgb, height, height, mirror)
    return np.hstack([camera, draw_bars(sample.aus, BARS, height, mirror), avatar])


def compose_live(
    frame_rgb: Image | None,
    sample: Sample,
    avatar_rgb: Image,
    *,
    mirror: bool = False,
    status: str = "",
) -> Image:
    """Lay out a large avatar, the camera inset in it, and the bars: (720, 1120, 3).

    Arguments are those of `compose`.
    """
    avatar, _ = fitted(avatar_rgb, STAGE, STAGE, mirror)
    if frame_rgb is not None:
        width, height = INSET
        camera = _camera(frame_rgb, sample.landmarks_px, width, height, mirror)
        inset(avatar, camera, (16, STAGE - height - 16), radius=12)
    _draw_badges(avatar, frame_rgb, sample, status)
    return np.hstack([avatar, draw_bars(sample.aus, SIDE, STAGE, mirror)])


def _draw_badges(image: Image, frame_rgb: Image | None, sample: Sample, status: str) -> None:
    """Say in the upper left corner whether a face is seen, and what else goes on."""
    badges = [STATUS.get(status, (status, DIM))] if status else []
    if frame_rgb is not None:
        badges.insert(0, ("No face", AMBER) if not sample.face else ("Tracking", GREEN))
    x = 16.0
    for words, color in badges:
        x += badge(image, words, color, at=(x, 16)) + 8


def _camera(
    frame_rgb: Image | None, landmarks_px: Vector | None, width: int, height: int, mirror: bool
) -> Image:
    if frame_rgb is None:
        empty = canvas(width, height, PANEL)
        text(empty, "no picture", (width / 2, height / 2), 14, DIM, align="center")
        return empty
    camera, fit = fitted(frame_rgb, width, height, mirror)
    if landmarks_px is not None:
        _draw_face(camera, landmarks_px, fit)
    return camera


def _draw_face(camera: Image, landmarks_px: Vector, fit: Fit) -> None:
    points = fit.place(landmarks_px)
    size = float(np.ptp(points[:, 0]))
    for first, last, closed in _CONTOURS:
        curve(camera, points[first : last + 1], TEAL, closed)
    if size > DOTTED:
        dots(camera, points, min(size / 130, 2.0), WHITE)
    left, top, right, bottom = box_px(landmarks_px)
    corners = fit.place(np.array([[left, top], [right, bottom]], dtype=np.float32))
    _draw_corners(camera, corners, thickness=2 if size > DOTTED else 1)


def _draw_corners(camera: Image, corners: Vector, thickness: int) -> None:
    """Mark a box, (2, 2) opposite corners, by its corners alone."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    arm = 0.14 * float((high - low).min())
    for x, way_x in ((low[0], 1), (high[0], -1)):
        for y, way_y in ((low[1], 1), (high[1], -1)):
            corner = [[x + way_x * arm, y], [x, y], [x, y + way_y * arm]]
            curve(camera, np.array(corner, dtype=np.float32), WHITE, thickness=thickness)
