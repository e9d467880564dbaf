"""The skin's mesh: loops around eye and mouth stitched into a graded net, half of it mirrored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import Delaunay, cKDTree

from . import chart
from .head_shape import NOSE_TIP, onto_skin
from .part import (
    Array,
    Index,
    Mask,
    Polygon,
    fan_faces,
    flipped,
    grid_faces,
    mirrored_points,
    shifted,
)
from .rings import EYE_STATIONS, MOUTH_STATIONS, eye_rings, mouth_rings

CANDIDATE_MM = 2.3
RELAX_ROUNDS = 12
SETTLE_ROUNDS = 8


@dataclass(frozen=True)
class SkinMesh:
    """The skin and the index tables that the poses address it by."""

    vertices: Array
    """(n, 3) mm."""
    faces: list[Polygon]
    eye: Index
    """(rings, EYE_STATIONS) vertices around the left eye, innermost ring first."""
    mouth: Index
    """(rings, MOUTH_STATIONS) vertices of the left half of the mouth, innermost ring first."""
    mirror: Index
    """(n,) each vertex's twin across x = 0; itself on the middle line."""


def build_skin_mesh() -> SkinMesh:
    """Sculpt the left half and mirror it."""
    eye, mouth = eye_rings(), mouth_rings()
    loops = np.concatenate([eye.reshape(-1, 3), mouth.reshape(-1, 3)])
    eye_index = np.arange(eye[..., 0].size).reshape(eye.shape[:2])
    mouth_index = eye_index.size + np.arange(mouth[..., 0].size).reshape(mouth.shape[:2])
    net, triangles, fixed = _net(chart.to_chart(eye[-1]), chart.to_chart(mouth[-1]))
    loop_ids = np.concatenate([eye_index[-1], mouth_index[-1]])
    fill_ids = len(loops) + np.arange(len(net) - len(loop_ids))
    skin = _settled(chart.to_skin(net), triangles, fixed)
    ids = np.concatenate([loop_ids, fill_ids])
    half = np.concatenate([loops, skin[len(loop_ids) :]])
    # The chart's second axis points down, which turns counter-clockwise round.
    faces = [tuple(int(ids[v]) for v in triangle[::-1]) for triangle in triangles]
    faces += flipped(grid_faces(len(eye), EYE_STATIONS, closed=True))
    faces += shifted(grid_faces(len(mouth), MOUTH_STATIONS), eye_index.size)
    return _mirrored(half, faces, eye_index, mouth_index)


def _net(eye_loop: Array, mouth_loop: Array) -> tuple[Array, Array, int]:
    """Chart points (loops first), Delaunay triangles outside the loops, how many points stay."""
    loops = np.concatenate([eye_loop, mouth_loop])
    edge = _edge_points(mouth_loop)
    fixed = np.concatenate([loops, edge])
    points = np.concatenate([fixed, _fill(fixed, eye_loop, mouth_loop)])
    for _ in range(RELAX_ROUNDS):
        points[len(fixed) :] = _neighbour_mean(points)[len(fixed) :]
    triangles = Delaunay(points).simplices
    centres = points[triangles].mean(axis=1)
    hole = _inside(eye_loop, centres) | _inside(_closed_mouth(mouth_loop), centres)
    return points, triangles[~hole], len(fixed)


def _settled(skin: Array, triangles: Array, fixed: int) -> Array:
    """Even out the net on the skin itself: the chart squeezes it under the chin."""
    edges = np.concatenate([triangles[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
    one, other = np.concatenate([edges, edges[:, ::-1]]).T
    count = np.bincount(one, minlength=len(skin))[:, None]
    skin = skin.copy()
    for _ in range(SETTLE_ROUNDS):
        mean = np.zeros_like(skin)
        np.add.at(mean, one, skin[other])
        skin[fixed:] = onto_skin((0.5 * skin + 0.5 * mean / count)[fixed:])
    return skin


def spacing(p: Array) -> Array:
    """Wanted distance between skin vertices at (n, 3) mm."""
    behind = np.clip((30.0 - p[:, 2]) / 60.0, 0.0, 1.0)
    size = 4.6 + 9.0 * behind
    size = np.where((p[:, 1] > 70.0) | (p[:, 1] < -105.0), np.maximum(size, 9.0), size)
    throat = (p[:, 1] < -60.0) & (p[:, 1] > -112.0) & (p[:, 2] > -5.0)
    size = np.where(throat, 5.0, size)
    nose = np.linalg.norm((p - (NOSE_TIP - [0, 0, 8])) / [1.0, 1.3, 1.0], axis=1)
    return np.asarray(np.minimum(size, np.maximum(1.9, 0.13 * nose + 0.3)))


def _edge_points(mouth_loop: Array) -> Array:
    """Points along the front and back middle lines, the crown and the neck's rim."""
    top_lip, low_lip = mouth_loop[0, 1], mouth_loop[-1, 1]
    front = [_march(0.0, chart.TOP, top_lip), _march(0.0, low_lip, chart.BOTTOM)]
    front[0], front[1] = front[0][:-1], front[1][1:]
    back = _march(chart.BACK, chart.TOP, chart.BOTTOM)
    across = np.linspace(0.0, chart.BACK, 9)[1:-1]
    crown = np.column_stack([across, np.full(len(across), chart.TOP)])
    around = np.linspace(0.0, chart.BACK, 23)[1:-1]
    rim = np.column_stack([around, np.full(len(around), chart.BOTTOM)])
    return np.concatenate([*front, back, crown, rim])


def _march(azimuth: float, start: float, end: float) -> Array:
    heights = np.linspace(start, end, 400)
    skin = chart.to_skin(np.column_stack([np.full(400, azimuth), heights]))
    steps = np.linalg.norm(np.diff(skin, axis=0), axis=1) / spacing(skin)[1:]
    travelled = np.concatenate([[0.0], np.cumsum(steps)])
    stops = np.linspace(0.0, travelled[-1], max(2, round(float(travelled[-1])) + 1))
    return np.column_stack([np.full(len(stops), azimuth), np.interp(stops, travelled, heights)])


def _fill(fixed: Array, eye_loop: Array, mouth_loop: Array) -> Array:
    """Thin a fine lattice until neighbours keep the wanted distance."""
    lattice = _lattice()
    lattice = lattice[~_inside(eye_loop, lattice) & ~_inside(_closed_mouth(mouth_loop), lattice)]
    skin = chart.to_skin(lattice)
    size = spacing(skin)
    near_fixed, _ = cKDTree(chart.to_skin(fixed)).query(skin)
    open_to = near_fixed > 0.72 * size
    tree = cKDTree(skin)
    chosen = []
    for index in np.lexsort((np.arange(len(skin)), np.round(size, 3))):
        if open_to[index]:
            chosen.append(index)
            open_to[tree.query_ball_point(skin[index], 0.86 * size[index])] = False
    return np.asarray(lattice[np.array(sorted(chosen))])


def _lattice() -> Array:
    rows = np.arange(chart.TOP + 2.0, chart.BOTTOM - 2.0, CANDIDATE_MM * 0.866)
    columns = np.arange(1.2, chart.BACK - 1.2, CANDIDATE_MM)
    x, y = np.meshgrid(columns, rows)
    x = x + (np.arange(len(rows)) % 2)[:, None] * CANDIDATE_MM / 2
    inside = x < chart.BACK - 1.2
    return np.column_stack([x[inside], y[inside]])


def _neighbour_mean(points: Array) -> Array:
    start, neighbours = Delaunay(points).vertex_neighbor_vertices
    totals = np.add.reduceat(points[neighbours], start[:-1])
    return np.asarray(totals / np.diff(start)[:, None])


def _closed_mouth(mouth_loop: Array) -> Array:
    """The half loop with its mirror image, so that the middle line lies inside it."""
    return np.concatenate([mouth_loop, mouth_loop[-2:0:-1] * np.array([-1.0, 1.0])])


def _inside(loop: Array, points: Array) -> Mask:
    """Which points lie within a closed polygon (even-odd rule)."""
    a, b = loop, np.roll(loop, -1, axis=0)
    x, y = points[:, :1], points[:, 1:]
    straddles = (a[:, 1] > y) != (b[:, 1] > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
    return np.asarray(np.sum(straddles & (x < crossing), axis=1) % 2 == 1)


def _mirrored(half: Array, faces: list[Polygon], eye: Index, mouth: Index) -> SkinMesh:
    middle = np.abs(half[:, 0]) < 1e-6
    twin = np.arange(len(half))
    twin[~middle] = len(half) + np.arange(int((~middle).sum()))
    vertices = np.concatenate([half, mirrored_points(half[~middle])])
    vertices[np.abs(vertices[:, 0]) < 1e-6, 0] = 0.0
    both = faces + [tuple(int(twin[v]) for v in face[::-1]) for face in faces]
    mirror = np.concatenate([twin, np.arange(len(half))[~middle]])
    vertices, both, mirror = _with_crown(vertices, both, mirror)
    return SkinMesh(vertices, both, eye, mouth, mirror)


def _with_crown(
    vertices: Array, faces: list[Polygon], mirror: Index
) -> tuple[Array, list[Polygon], Index]:
    """Close the small hole on top of the skull."""
    edges = {(a, b) for face in faces for a, b in zip(face, face[1:] + face[:1], strict=True)}
    onward = {b: a for a, b in edges if (b, a) not in edges and vertices[a, 1] > 80.0}
    ring = [min(onward)]
    while onward[ring[-1]] != ring[0]:
        ring.append(onward[ring[-1]])
    top = len(vertices)
    crown = np.mean(vertices[ring], axis=0) + np.array([0.0, 1.0, 0.0])
    crown[0] = 0.0
    return (
        np.vstack([vertices, crown]),
        faces + fan_faces(ring, top),
        np.append(mirror, top),
    )
