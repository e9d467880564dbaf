"""A photograph as an elastic sheet: mesh points move, what lies between follows and is relit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import ConvexHull, Delaunay

from facedrive.training.rendered.face import Indices
from facedrive.types import Image

Points = NDArray[np.float32]

RINGS: tuple[tuple[float, float], ...] = ((1.25, 0.5), (1.7, 0.15), (6.0, 0.0))
"""Outlines around the face: how large against its own, and how much of its movement they share."""

DARKEST, BRIGHTEST = 0.55, 1.5
"""How much a turned piece of skin may change its brightness."""


class Warped(NamedTuple):
    """A picture whose sheet was bent."""

    picture: Image
    """(H, W) uint8."""
    inside: NDArray[np.bool_]
    """(H, W) where the photograph had something to show."""


@dataclass(frozen=True)
class Sheet:
    """The triangles that a photograph is cut into: the face's points and rings around them."""

    outline: Indices
    """(O,) points on the face's edge."""
    triangles: Indices
    """(T, 3) into the points followed by the rings."""
    skin: Indices
    """(S, 3) the triangles of the face itself."""
    incidence: sparse.csr_matrix
    """(P, S) sums the skin triangles' normals to the points'."""

    def warp(
        self,
        photograph: Image,
        points: Points,
        target: Points,
        size: tuple[int, ...] | None = None,
    ) -> Warped:
        """Bend a photograph; light falls on the warped skin as it fell before.

        Args:
            photograph: (H, W) uint8.
            points: (P, 3) pixels, z in the same scale, negative to the camera.
            target: (P, 3) where they go.
            size: Height and width of the picture that they go to; the photograph's if None.
        """
        old, new = self._with_rings(points, points), self._with_rings(points, target)
        shade = np.ones(len(old), np.float32)
        shade[: len(points)] = self._relight(photograph, points, target)
        values = np.column_stack([old[:, :2], shade])
        owner = self._rasterise(new, size or photograph.shape)
        x, y, light = np.moveaxis(_interpolate(owner, self.triangles, new, values), 2, 0)
        height, width = photograph.shape
        bent = cv2.remap(photograph, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        inside = (x > -0.5) & (y > -0.5) & (x < width - 0.5) & (y < height - 0.5)
        light = cv2.GaussianBlur(light, (0, 0), 1.5)
        return Warped(np.clip(bent * light, 0, 255).astype(np.uint8), inside)

    def _with_rings(self, points: Points, target: Points) -> Points:
        """Append the rings' points, which lie around the old place and share the movement."""
        edge, shift = points[self.outline], (target - points)[self.outline]
        centre = points.mean(axis=0)
        flat = np.array([1, 1, 0], np.float32)
        rings = [centre * flat + (edge - centre) * flat * size + shift * flat * share
                 + np.array([0, 0, 1e4 * size], np.float32)
                 for size, share in RINGS]  # fmt: skip
        return np.vstack([target, *rings]).astype(np.float32)

    def _rasterise(self, places: Points, shape: tuple[int, ...]) -> NDArray[np.int32]:
        """Say which triangle owns each pixel; the nearest one, where several fold over it."""
        owner = np.zeros(shape, np.int32)
        corners = places[self.triangles]
        pixels = np.round(corners[..., :2] * 16).astype(np.int32)
        for index in np.argsort(-corners[..., 2].mean(axis=1)).tolist():
            cv2.fillConvexPoly(owner, pixels[index], index, shift=4)
        return owner

    def _relight(self, photograph: Image, points: Points, target: Points) -> NDArray[np.float32]:
        """Give (P,) how much brighter each point's skin gets by turning in the light it is in."""
        before, after = self._normals(points), self._normals(target)
        height, width = photograph.shape
        x = np.clip(points[:, 0].round().astype(int), 0, width - 1)
        y = np.clip(points[:, 1].round().astype(int), 0, height - 1)
        seen = cv2.GaussianBlur(photograph, (0, 0), 2)[y, x] / 255.0
        facing = before[:, 2] > 0.2
        basis = np.column_stack([np.ones(len(points)), before])
        system = basis[facing].T @ basis[facing] + np.diag([0.1, 2, 2, 2])
        light = np.linalg.solve(system, basis[facing].T @ seen[facing])
        level = max(0.3 * float(seen.mean()), 0.02)
        old = np.maximum(basis @ light, level)
        new = np.maximum(np.column_stack([np.ones(len(points)), after]) @ light, level)
        return np.asarray(np.clip(new / old, DARKEST, BRIGHTEST), np.float32)

    def _normals(self, points: Points) -> NDArray[np.float64]:
        """Compute (P, 3) unit normals in head axes."""
        upright = points * [1, -1, -1]
        a, b, c = (upright[self.skin[:, corner]] for corner in range(3))
        summed = self.incidence @ np.cross(b - a, c - a)
        return np.asarray(summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-9))


def cut_sheet(mean: Points) -> Sheet:
    """Triangulate (P, 3) mean points, picture axes, seen from the front."""
    flat = mean[:, :2].astype(np.float64)
    outline = ConvexHull(flat).vertices.astype(np.intp)
    skin = np.asarray(Delaunay(flat).simplices, np.intp)
    centre = flat.mean(axis=0)
    rings = [centre + (flat[outline] - centre) * size for size, _ in RINGS]
    everything = np.vstack([flat, *rings])
    whole = np.asarray(Delaunay(everything).simplices, np.intp)
    a, b, c = (mean[skin[:, corner]] * [1, -1, -1] for corner in range(3))
    away = np.cross(b - a, c - a)[:, 2] < 0
    skin[away] = skin[away][:, ::-1]
    columns = np.repeat(np.arange(len(skin)), 3)
    ones = np.ones(skin.size, np.float32)
    incidence = sparse.csr_matrix((ones, (skin.ravel(), columns)), (len(mean), len(skin)))
    return Sheet(outline, whole, skin, incidence)


def _interpolate(owner: NDArray[np.int32], triangles: Indices, places: Points,
                 values: NDArray[np.floating]) -> NDArray[np.float32]:  # fmt: skip
    """Spread (V, C) values of the points over the (H, W) pixels that their triangles own."""
    corners = np.dstack([places[triangles][..., :2], np.ones((len(triangles), 3))])
    flat = np.abs(np.linalg.det(corners)) < 1e-3
    corners[flat] = np.eye(3)
    planes = np.linalg.solve(corners, values[triangles]).astype(np.float32)
    y, x = np.mgrid[: owner.shape[0], : owner.shape[1]].astype(np.float32)
    at = planes[owner]
    return np.asarray(x[..., None] * at[..., 0, :] + y[..., None] * at[..., 1, :] + at[..., 2, :])
