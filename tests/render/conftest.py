"""A small rig to draw, and a renderer of it, skipped where there is no OpenGL."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from facedrive.errors import RenderError
from facedrive.render.scene import AvatarRenderer
from facedrive.rig import Eye, Eyes, Part, Rig


def ball(
    center: tuple[float, float, float], radius: float, rows: int = 12
) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices and triangles of a sphere."""
    polar = np.linspace(0, np.pi, rows)
    around = np.linspace(0, 2 * np.pi, 2 * rows, endpoint=False)
    p, a = (grid.ravel() for grid in np.meshgrid(polar, around, indexing="ij"))
    points = np.stack([np.sin(p) * np.sin(a), np.cos(p), np.sin(p) * np.cos(a)], axis=1)
    triangles = []
    for row in range(rows - 1):
        for column in range(2 * rows):
            top, low = row * 2 * rows, (row + 1) * 2 * rows
            following = (column + 1) % (2 * rows)
            triangles.append((top + column, low + column, low + following))
            triangles.append((top + column, low + following, top + following))
    return (points * radius + center).astype(np.float32), np.array(triangles, np.int32)


@pytest.fixture(scope="session")
def rig() -> Rig:
    """Return a white ball of a head with two black-fronted eyes and a jaw that drops."""
    head, skin = ball((0, 0, 0), 0.1)
    left, left_skin = ball((0.04, 0.03, 0.08), 0.025)
    right, right_skin = ball((-0.04, 0.03, 0.08), 0.025)
    vertices = np.concatenate([head, left, right])
    first, second = len(head), len(head) + len(left)
    colors = np.ones((len(vertices), 4), np.float32)
    for start, eye in ((first, left), (second, right)):
        front = eye[:, 2] > 0.08 + 0.015
        colors[start : start + len(eye)][front, :3] = 0.0
    offsets = np.zeros((1, len(vertices), 3), np.float32)
    offsets[0, np.flatnonzero(vertices[:, 1] < -0.03), 1] = -0.03
    pivots = np.array([[0.04, 0.03, 0.08], [-0.04, 0.03, 0.08]], np.float32)
    return Rig(
        name="ball.obj",
        vertices=vertices,
        triangles=np.concatenate([skin, left_skin + first, right_skin + second]),
        colors=colors,
        targets=("jaw_drop",),
        offsets=offsets,
        parts=(
            Part("skin", slice(0, len(skin))),
            Part("eyes", slice(len(skin), 3 * len(skin)), roughness=0.2),
        ),
        smooth=np.arange(len(vertices), dtype=np.int32),
        eyes=Eyes(
            Eye(np.arange(first, second, dtype=np.int32), pivots[0]),
            Eye(np.arange(second, len(vertices), dtype=np.int32), pivots[1]),
        ),
    )


@pytest.fixture
def renderer(rig: Rig) -> Iterator[Callable[..., AvatarRenderer]]:
    """Open renderers of the rig, or of another; close them in the end."""
    opened: list[AvatarRenderer] = []

    def open_renderer(of: Rig = rig, size: tuple[int, int] = (96, 96)) -> AvatarRenderer:
        try:
            opened.append(AvatarRenderer(of, size))
        except RenderError as error:
            pytest.skip(f"no OpenGL here: {error}")
        return opened[-1]

    yield open_renderer
    for one in opened:
        one.close()
