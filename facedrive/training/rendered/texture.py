"""Skin from photographs: luminance lifted off 478 landmarks onto the face's texture square.

A photograph's pixel for a point of the face is linear in the photograph's landmarks: an affine
fit plus a radial-basis interpolation of what it leaves, both solved once for the fixed points.
What comes out is *detail*: albedo relative to the person's own skin tone, with the
photograph's light divided out.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from facedrive.training.data.photographs import Photographs
from facedrive.training.data.teacher import MESH_POINTS
from facedrive.training.rendered.correspondence import correspond, mean_landmarks
from facedrive.training.rendered.face import LANDMARKS, FaceModel, Indices, Kind
from facedrive.types import Image

Map = NDArray[np.float32]

GAMMA = 2.0


@dataclass(frozen=True)
class SkinAtlas:
    """Where in a photograph each texel of the skin is, and what to do where it cannot be seen."""

    size: int
    texels: Indices
    """(T,) flat index of the texels that skin covers."""
    warp: Map
    """(V, 468): times a photograph's (468, 2) landmarks gives the skin vertices' pixels."""
    spread: sparse.csr_matrix
    """(T, V) barycentric weights: vertex values to texels."""
    normals: Map
    """(T, 3) of the neutral face."""
    seen: Map
    """(S, S) 0..1: how well a frontal photograph shows the texel."""
    lids: Map
    """(S, S) 0..1: upper lid, folded away when the photograph was taken."""
    mouth: Map
    """(S, S) 0..1: inside of the lips."""
    lips: Map
    """(S, S) 0..1: red of the lips."""

    def lift(self, photograph: Image, landmarks: Map) -> Map:
        """Take the skin off a photograph.

        Args:
            photograph: (H, W) uint8.
            landmarks: (478, 2 or more) pixels.

        Returns:
            (S, S) float32 albedo, 1 being the person's skin tone; symmetrical light is kept out.
        """
        place = self._find(landmarks)
        x, y = place[..., 0], place[..., 1]
        linear = (photograph.astype(np.float32) / 255) ** GAMMA
        raw = cv2.remap(linear, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        height, width = photograph.shape
        inside = np.asarray((x > 1) & (y > 1) & (x < width - 2) & (y < height - 2), np.float32)
        seen = np.asarray(self.seen * cv2.GaussianBlur(inside, (0, 0), 2) * inside, np.float32)
        detail = np.asarray(raw / self._light(np.asarray(raw, np.float32), seen), np.float32)
        bare = seen * (1 - self.lips) * (1 - self.lids)
        detail /= _median(detail, bare)
        detail /= _smear(detail, bare * (detail > 0.5), self.size / 12) ** 0.6
        return self._complete(_soften(detail), seen)

    def _find(self, landmarks: Map) -> Map:
        """Give the (S, S, 2) pixels of the texels; far outside where there is no skin."""
        place = np.full((self.size * self.size, 2), -1e4, np.float32)
        place[self.texels] = self.spread @ (self.warp @ landmarks[:MESH_POINTS, :2])
        return place.reshape(self.size, self.size, 2)

    def _light(self, raw: Map, seen: Map) -> Map:
        """Fit second-order spherical harmonics to the bare skin and give them per texel."""
        x, y, z = self.normals.T
        basis = np.column_stack(
            [np.ones_like(x), x, y, z, x * y, x * z, y * z, x * x - y * y, z * z]
        )
        value = np.log(np.maximum(raw.ravel()[self.texels], 1e-3))
        skin = seen * (1 - np.maximum(self.lips, self.lids))
        trust = skin.ravel()[self.texels]
        some = np.flatnonzero(trust > 0.3)[::7]
        weight = trust[some]
        for _ in range(6):
            system = basis[some] * weight[:, None]
            ridge = np.diag([0, *[0.02 * weight.sum()] * 8])
            solution = np.linalg.solve(system.T @ basis[some] + ridge, system.T @ value[some])
            residual = value[some] - basis[some] @ solution
            # Hair, brows and beards are darker than skin; hardly anything is brighter.
            residual *= np.where(residual < 0, 2.0, 0.8)
            weight = trust[some] / (1 + (residual / 0.15) ** 2)
        light = np.ones(self.size * self.size, np.float32)
        light[self.texels] = np.exp(basis @ solution)
        return light.reshape(self.size, self.size)

    def _complete(self, detail: NDArray[np.floating], seen: Map) -> Map:
        """Paint what the photograph does not show: lids and mouth from around, the rest plain."""
        around = seen * (1 - self.lids) * (detail > 0.55)
        plain = _smear(detail, around, self.size / 40)
        detail = detail * (1 - self.lids) + plain * 0.94 * self.lids
        lip = _median(detail, self.lips * seen * (1 - self.mouth))
        detail = detail * (1 - self.mouth) + 0.75 * lip * self.mouth
        shown = np.maximum(seen, np.maximum(self.mouth, self.lids))
        near = _smear(detail, shown, self.size / 60)
        return np.asarray(detail * shown + near * (1 - shown), np.float32)


def build_atlas(model: FaceModel, photographs: Photographs, size: int = 256) -> SkinAtlas:
    """Find the correspondence of the face and MediaPipe's points, and rasterise the texture."""
    points, fitted = correspond(model, mean_landmarks(photographs))
    skin = np.flatnonzero(model.kind == Kind.SKIN)
    warp = np.zeros((len(model.neutral), MESH_POINTS), np.float32)
    warp[skin] = _interpolation(fitted[points], fitted[skin])
    texels, spread = _rasterise(model, size)
    masks = _masks(model, fitted, points)
    normals = np.asarray(spread @ model.normals(model.neutral), np.float32)
    pictures = {name: _picture(spread @ mask, texels, size) for name, mask in masks.items()}
    return SkinAtlas(size, texels, warp, spread, normals, **pictures)


def _interpolation(controls: Map, points: Map) -> Map:
    """Give the (P, C) matrix of affine fit plus radial interpolation from controls to points."""
    affine = np.column_stack([controls, np.ones(len(controls))])
    fit = np.linalg.pinv(affine)
    kernel = cdist(controls, controls)
    left_over = np.eye(len(controls)) - affine @ fit
    # The diagonal smooths: landmarks wobble by about a pixel.
    solve = np.linalg.inv(kernel - 0.15 * np.eye(len(controls))) @ left_over
    plane = np.column_stack([points, np.ones(len(points))]) @ fit
    return np.asarray(plane + cdist(points, controls) @ solve, np.float32)


def _rasterise(model: FaceModel, size: int) -> tuple[Indices, sparse.csr_matrix]:
    """Find the skin triangle and the barycentric weights of every texel."""
    skin = (model.kind[model.triangles] == Kind.SKIN).all(axis=1)
    corners = model.uv[model.triangle_uvs[skin]]
    skin_triangles = model.triangles[skin][(inside := (corners.max(axis=(1, 2)) <= 1.0))]
    corners = corners[inside] * [1, -1] + [0, 1]
    pixels = corners * size - 0.5
    owner = np.full((size, size), -1, np.int32)
    for index, triangle in enumerate(pixels):
        cv2.fillConvexPoly(owner, np.round(triangle * 16).astype(np.int32), index, shift=4)
    texels = np.flatnonzero(owner.ravel() >= 0)
    mine = owner.ravel()[texels]
    at = np.column_stack([texels % size, texels // size]).astype(np.float64)
    weights = np.clip(_barycentric(pixels[mine], at), 0, 1)
    weights /= weights.sum(axis=1, keepdims=True)
    rows = np.repeat(np.arange(len(texels)), 3)
    entries = (weights.ravel().astype(np.float32), (rows, skin_triangles[mine].ravel()))
    return texels, sparse.csr_matrix(entries, (len(texels), len(model.neutral)))


def _barycentric(
    triangles: NDArray[np.floating], points: NDArray[np.floating]
) -> NDArray[np.floating]:
    a, b, c = (triangles[:, corner] for corner in range(3))
    area = _cross(b - a, c - a)
    area = np.where(np.abs(area) < 1e-9, 1e-9, area)
    second, third = _cross(points - a, c - a) / area, _cross(b - a, points - a) / area
    return np.column_stack([1 - second - third, second, third])


def _cross(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def _masks(model: FaceModel, fitted: Map, points: Indices) -> dict[str, Map]:
    """Measure per vertex how visible it is, and whether it is lid, mouth or lip."""
    facing = model.normals(model.neutral)[:, 2]
    beyond = KDTree(fitted[np.unique(points)]).query(fitted)[0]
    blink = np.zeros(len(facing), np.float32)
    for side in "LR":
        offset = model.expressions[model.expression_names.index(f"eyeBlink_{side}")]
        blink = np.maximum(blink, np.linalg.norm(offset.reshape(-1, 3), axis=1))
    near_mouth = KDTree(model.neutral[LANDMARKS[60:68]]).query(model.neutral)[0]
    return {
        "seen": _ramp(facing, 0.05, 0.4) * _ramp(-beyond, -2.6, -0.9),
        "lids": _ramp(blink, 0.3, 0.65),
        "mouth": (1 - _ramp(facing, 0.05, 0.4)) * _ramp(-near_mouth, -2.6, -1.8),
        "lips": _lip_mask(model),
    }


def _lip_mask(model: FaceModel) -> Map:
    """Mark the red of the lips: inside the outer lip line, seen from the front."""
    outline = model.neutral[LANDMARKS[48:60], :2].astype(np.float32)
    inside = np.array(
        [
            cv2.pointPolygonTest(outline[:, None], (float(x), float(y)), True)
            for x, y, _ in model.neutral
        ]
    )
    return np.asarray(_ramp(inside, -0.08, 0.1) * (model.neutral[:, 2] > 8.5), np.float32)


def _ramp(values: NDArray[np.floating], low: float, high: float) -> Map:
    t = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def _picture(values: NDArray[np.floating], texels: Indices, size: int) -> Map:
    """Lay texel values out as a picture; texels off the skin take their nearest neighbour's."""
    flat = np.zeros(size * size, np.float32)
    flat[texels] = values
    covered = np.zeros(size * size, bool)
    covered[texels] = True
    _, nearest = ndimage.distance_transform_edt(~covered.reshape(size, size), return_indices=True)
    return np.asarray(flat.reshape(size, size)[tuple(nearest)], np.float32)


def _smear(values: NDArray[np.floating], weight: Map, sigma: float) -> Map:
    """Average over the neighbourhood, by weight; it fades to 1 where nothing is near."""
    total = cv2.GaussianBlur(weight, (0, 0), sigma)
    summed = cv2.GaussianBlur(values * weight, (0, 0), sigma)
    return np.asarray((summed + 1e-3) / (total + 1e-3), np.float32)


def _soften(detail: Map) -> Map:
    """Take back what harsh light and the camera's curve added at both ends."""
    softened = np.where(detail > 1, 1 + np.tanh(detail - 1) * 0.4, 0.1 + 0.9 * detail)
    return np.asarray(softened, np.float32)


def _median(values: NDArray[np.floating], weight: Map) -> float:
    chosen = values[weight > 0.5]
    return float(np.median(chosen)) if chosen.size else 0.7
