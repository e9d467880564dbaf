"""Wavefront OBJ: a neutral head in one file, one more file of the same topology per target.

Read here: vertex colours (``v x y z r g b``, sRGB), materials (``mtllib``, ``usemtl``, ``Kd``,
``Ns``, ``d``), and groups (``o``, ``g``), of which ``left_eye`` and ``right_eye`` are eyeballs.
Texture coordinates and normals are skipped: normals are computed while the face moves.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.errors import RigError
from facedrive.rig.files import read_bytes
from facedrive.rig.model import (
    Eye,
    Eyes,
    Floats,
    Indices,
    Part,
    Rig,
    check_size,
    checked,
    linear_from_srgb,
    sphere_center,
)

EYES = ("left_eye", "right_eye")
"""Names of the groups that are eyeballs."""
SKIN_ROUGHNESS = 0.6
EYE_ROUGHNESS = 0.15
"""Eyeballs are wet: where no material says otherwise they carry a highlight."""

log = logging.getLogger(__name__)

FAR = 0.1
"""Of the head's size: no target moves half of a head's vertices so far."""


class Surface(NamedTuple):
    """What a run of ``f`` lines belongs to."""

    material: str
    eye: str
    """``left_eye``, ``right_eye`` or empty."""


class Topology(NamedTuple):
    """The faces of the neutral file, triangulated and sorted by surface."""

    triangles: Indices
    """(F, 3) int32, into the file's vertices."""
    surfaces: tuple[Surface, ...]
    surface: Indices
    """(F,) int32, index into ``surfaces``; never decreases."""


@dataclass(frozen=True, slots=True)
class Material:
    """What facedrive uses of one ``newmtl``."""

    color: tuple[float, float, float] = (0.8, 0.62, 0.52)
    """sRGB, 0 to 1; skin where the file gives none."""
    alpha: float = 1.0
    roughness: float | None = None


@dataclass(frozen=True)
class ObjReader:
    """Reads a neutral OBJ, and every OBJ in a folder of targets."""

    path: Path
    targets: Path | None = None
    """The folder; None for the one beside the file that has its name without the suffix."""

    def read(self) -> Rig:
        """Read the files.

        Raises:
            RigError: a file is missing or broken, or a target's topology is not the neutral's.
        """
        return _load(self.path, self.targets or self.path.with_suffix(""))


def _load(path: Path, targets: Path) -> Rig:
    data = _read(path)
    points = _points(path, data)
    topology = _topology(path, data, len(points))
    materials = _materials(path, data)
    names, offsets = _targets(path, targets, data, points)
    source, triangles, colors = _colored(points, topology, materials)
    vertices = points[source, :3].astype(np.float32)
    rig = Rig(
        name=path.name,
        vertices=vertices,
        triangles=triangles,
        colors=colors,
        targets=names,
        offsets=offsets[:, source],
        parts=_parts(topology, materials),
        smooth=source,
        eyes=_eyes(vertices, triangles, topology),
    )
    return checked(rig)


def _read(path: Path) -> bytes:
    return read_bytes(path).replace(b"\\\n", b" ").replace(b"\\\r\n", b" ")


def _points(path: Path, data: bytes) -> NDArray[np.float64]:
    """Read the ``v`` lines: (N, 3 to 7) float64, x y z [w] [r g b]."""
    lines = [line[2:] for line in data.splitlines() if line.startswith((b"v ", b"v\t"))]
    if not lines:
        raise RigError(f"{path} has no vertices ('v' lines); it is no OBJ rig.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)
            values = np.fromstring(b" ".join(lines).decode("ascii"), dtype=np.float64, sep=" ")
    except (ValueError, DeprecationWarning) as error:
        raise RigError(
            f"{path} has a vertex that is not made of numbers; export it again."
        ) from error
    columns, rest = divmod(len(values), len(lines))
    if rest or columns not in (3, 4, 6, 7):
        raise RigError(
            f"{path} has {len(lines)} vertices but {len(values)} coordinates; each 'v' line "
            "needs 'x y z' or 'x y z r g b', the same on every line."
        )
    return values.reshape(-1, columns)


def _topology(path: Path, data: bytes, vertices: int) -> Topology:
    triangles: list[tuple[int, int, int]] = []
    owners: list[Surface] = []
    surface = Surface("", "")
    seen = 0
    for line in data.splitlines():
        if line.startswith((b"v ", b"v\t")):
            seen += 1
        elif line.startswith((b"f ", b"f\t")):
            corners = _corners(path, line, seen)
            triangles += [(corners[0], *pair) for pair in pairwise(corners[1:])]
            owners += [surface] * (len(corners) - 2)
        elif line.startswith((b"usemtl ", b"o ", b"g ")):
            surface = _switched(surface, line)
    surfaces = tuple(sorted(set(owners)))
    index = {owner: number for number, owner in enumerate(surfaces)}
    numbers = np.array([index[owner] for owner in owners], dtype=np.int32)
    order = np.argsort(numbers, kind="stable")
    return Topology(_triangles(path, triangles, vertices)[order], surfaces, numbers[order])


def _triangles(path: Path, triangles: list[tuple[int, int, int]], vertices: int) -> Indices:
    """Check corners while they are Python integers: a file may hold more than 32 bits."""
    if not triangles:
        raise RigError(f"{path} has no faces ('f' lines); export its mesh, not only its points.")
    for triangle in triangles:
        if min(triangle) < 0 or max(triangle) >= vertices:
            raise RigError(
                f"{path} has a face on vertices {[corner + 1 for corner in triangle]}, "
                f"but {vertices} vertices; the file is damaged, export it again."
            )
    return np.array(triangles, dtype=np.int32)


def _corners(path: Path, line: bytes, seen: int) -> list[int]:
    """Read ``f a b/t c/t/n -1``: vertex indices from 0; negative ones count back from here."""
    try:
        numbers = [int(word.split(b"/", 1)[0]) for word in line.split()[1:]]
    except ValueError as error:
        text = line.decode("ascii", "replace")[:40]
        raise RigError(f"{path} has a broken face '{text}'; export it again.") from error
    return [number - 1 if number > 0 else seen + number if number else -1 for number in numbers]


def _switched(surface: Surface, line: bytes) -> Surface:
    keyword, *names = line.decode("utf-8", "replace").split()
    if keyword == "usemtl":
        return surface._replace(material=" ".join(names))
    return surface._replace(eye=next((name for name in names if name in EYES), ""))


def _targets(
    path: Path, folder: Path, data: bytes, points: NDArray[np.float64]
) -> tuple[tuple[str, ...], Floats]:
    """Read the names and the (T, N, 3) float32 offsets of the target files."""
    files = sorted(filter(_is_target, folder.iterdir())) if folder.is_dir() else []
    if not files:
        raise RigError(
            f"{path} has no targets: no OBJ files in {folder}; "
            "put one OBJ for each morph target there, named after it."
        )
    check_size(path.name, len(files), len(points))
    offsets = np.empty((len(files), len(points), 3), dtype=np.float32)
    faces = _count_faces(data)
    for row, file in enumerate(files):
        target = _read(file)
        moved = _points(file, target)
        _check_same(file, path, "vertices", len(moved), len(points))
        _check_same(file, path, "faces", _count_faces(target) or faces, faces)
        offsets[row] = moved[:, :3] - points[:, :3]
        _warn_if_far(file, path, offsets[row], points)
    return tuple(file.stem for file in files), offsets


def _is_target(file: Path) -> bool:
    """Tell an OBJ of whatever case from other files, such as those that macOS hides."""
    return file.suffix.lower() == ".obj" and not file.name.startswith(".")


def _warn_if_far(file: Path, neutral: Path, offsets: Floats, points: NDArray[np.float64]) -> None:
    """Say so where most of a target is away from the neutral, as no face moves it."""
    size = float(np.ptp(points[:, :3], axis=0).max(initial=0.0))
    if np.median(np.abs(offsets).max(axis=1)) > FAR * size:
        log.warning(
            "%s is far from %s at most vertices; export it in its place, with vertex order kept",
            file, neutral.name,
        )  # fmt: skip


def _count_faces(data: bytes) -> int:
    return data.count(b"\nf ") + data.startswith(b"f ")


def _check_same(file: Path, neutral: Path, kind: str, count: int, expected: int) -> None:
    if count != expected:
        raise RigError(
            f"{file} has {count} {kind}, {neutral.name} has {expected}; "
            "export the target from the same mesh, with vertex order kept."
        )


def _materials(path: Path, data: bytes) -> dict[str, Material]:
    """Read the material files that the OBJ names; one that is missing leaves its defaults."""
    materials: dict[str, Material] = {}
    for line in data.splitlines():
        if line.startswith(b"mtllib "):
            library = path.parent / line[7:].decode("utf-8", "replace").strip()
            if library.is_file():
                materials |= _library(library)
            else:
                log.warning("%s names the materials %s, which are missing", path, library.name)
    return materials


def _library(path: Path) -> dict[str, Material]:
    materials: dict[str, Material] = {}
    name = ""
    for line in _read(path).decode("utf-8", "replace").splitlines():
        keyword, *words = line.split() or [""]
        if keyword == "newmtl":
            name = " ".join(words)
            materials[name] = Material()
        elif keyword in ("Kd", "Ns", "d") and name in materials:
            materials[name] = _with_value(path, materials[name], keyword, words)
    return materials


def _with_value(path: Path, material: Material, keyword: str, words: list[str]) -> Material:
    try:
        values = [float(word) for word in words]
        if keyword == "Kd":
            red, green, blue = np.clip(values, 0.0, 1.0)
            return replace(material, color=(float(red), float(green), float(blue)))
        if keyword == "d":
            return replace(material, alpha=float(np.clip(values[0], 0.0, 1.0)))
        # Blinn's exponent to the roughness of physically based shading.
        return replace(material, roughness=(2.0 / (max(values[0], 0.0) + 2.0)) ** 0.25)
    except (ValueError, IndexError) as error:
        raise RigError(
            f"{path}: '{keyword} {' '.join(words)}' needs numbers; export the materials again."
        ) from error


def _colored(
    points: NDArray[np.float64], topology: Topology, materials: dict[str, Material]
) -> tuple[Indices, Indices, Floats]:
    """Give every vertex one colour, splitting those that two materials share.

    Returns:
        The file's vertex behind each vertex (V,), triangles (F, 3), linear colours (V, 4).
    """
    if points.shape[1] >= 6:
        colors = np.ones((len(points), 4), dtype=np.float32)
        colors[:, :3] = linear_from_srgb(points[:, -3:])
        return np.arange(len(points), dtype=np.int32), topology.triangles, colors
    surfaces = len(topology.surfaces)
    keys = topology.triangles.astype(np.int64) * surfaces + topology.surface[:, None]
    used, corners = np.unique(keys, return_inverse=True)
    table = np.array([_color(materials, surface) for surface in topology.surfaces])
    triangles = corners.reshape(-1, 3).astype(np.int32)
    return (used // surfaces).astype(np.int32), triangles, table[used % surfaces]


def _color(materials: dict[str, Material], surface: Surface) -> Floats:
    material = materials.get(surface.material, Material())
    return np.append(linear_from_srgb(np.array(material.color)), np.float32(material.alpha))


def _parts(topology: Topology, materials: dict[str, Material]) -> tuple[Part, ...]:
    bounds = np.searchsorted(topology.surface, np.arange(len(topology.surfaces) + 1))
    return tuple(
        _part(
            surface,
            slice(int(first), int(last)),
            materials.get(surface.material, Material()),
        )
        for surface, (first, last) in zip(topology.surfaces, pairwise(bounds), strict=True)
    )


def _part(surface: Surface, triangles: slice, material: Material) -> Part:
    roughness = EYE_ROUGHNESS if surface.eye else SKIN_ROUGHNESS
    return Part(
        name=surface.material or surface.eye,
        triangles=triangles,
        roughness=roughness if material.roughness is None else material.roughness,
        transparent=material.alpha < 1.0,
    )


def _eyes(vertices: Floats, triangles: Indices, topology: Topology) -> Eyes | None:
    found = {}
    for side in EYES:
        own = [number for number, surface in enumerate(topology.surfaces) if surface.eye == side]
        members = np.unique(triangles[np.isin(topology.surface, own)]).astype(np.int32)
        if not len(members):
            return None
        found[side] = Eye(members, sphere_center(vertices[members]))
    return Eyes(left=found["left_eye"], right=found["right_eye"])
