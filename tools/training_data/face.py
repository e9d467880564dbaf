"""The parametric face: ICT-FaceKit light's OBJ files as one ``ict_facekit.npz``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.progress import track
from training_data.manifest import ADVICE, FACE, ICT, Entry, commit_of, digest, save


class Files(NamedTuple):
    """ICT-FaceKit's files; each list in the order of the names."""

    neutral: Path
    expressions: list[Path]
    identities: list[Path]


class Layout(NamedTuple):
    """How much a version of ICT-FaceKit has of everything."""

    vertices: int
    faces: int
    uvs: int
    expressions: int
    identities: int


LIGHT = Layout(26719, 26384, 28911, 57, 100)
"""ICT-FaceKit light since it has pupils that dilate. Older ones order the vertices differently, and
the numbers of vertices in ``facedrive/training/rendered/face.py`` would name other places."""

SCALE = 32767
"""Largest int16; a shape's scale makes its largest offset this."""

Mesh = dict[str, NDArray[Any]]
"""``neutral`` (V, 3) float64, and the other arrays of ``ict_facekit.npz`` but for the shapes."""


def find_face(checkout: Path) -> tuple[Files, Entry]:
    """List a checkout's files, and what the manifest says of ``ict_facekit.npz``.

    Raises:
        DataError: if the folder is no checkout of ICT-FaceKit.
    """
    models = checkout / "FaceXModel"
    neutral = models / "generic_neutral_mesh.obj"
    if not neutral.is_file():
        raise DataError(f"{neutral} is missing; {ADVICE[FACE]}.")
    shapes = [path for path in sorted(models.glob("*.obj")) if path != neutral]
    identities = [path for path in shapes if re.fullmatch(r"identity\d+", path.stem)]
    expressions = [path for path in shapes if path not in identities]
    return Files(neutral, expressions, identities), {
        "repository": ICT,
        "commit": commit_of(checkout),
        "from": "FaceXModel/",
        "inputs_sha256": digest([neutral, *shapes]),
    }


def make_face(files: Files, folder: Path, layout: Layout = LIGHT) -> None:
    """Make ``ict/ict_facekit.npz``.

    Raises:
        DataError: if a file is broken, or of another version of ICT-FaceKit.
    """
    mesh = read_mesh(files.neutral)
    vertices, quads, uvs = (len(mesh[name]) for name in ("neutral", "quads", "uv"))
    found = Layout(vertices, quads, uvs, len(files.expressions), len(files.identities))
    if found != layout:
        raise DataError(
            f"{files.neutral.parent} has {_counts(found)}; facedrive needs {_counts(layout)}, as "
            f"ICT-FaceKit light has them; clone {ICT} again."
        )
    moved, moved_scale = quantised(files.expressions, mesh["neutral"])
    varied, varied_scale = quantised(files.identities, mesh["neutral"])
    names = np.array([path.stem for path in files.expressions])
    shapes = {"expressions": moved, "expression_scale": moved_scale, "expression_names": names,
              "identities": varied, "identity_scale": varied_scale}  # fmt: skip
    save(folder / FACE, {**mesh, **shapes, "neutral": mesh["neutral"].astype(np.float32)})


def _counts(layout: Layout) -> str:
    return ", ".join(f"{count} {name}" for name, count in layout._asdict().items())


def read_mesh(path: Path) -> Mesh:
    """Read an OBJ file's vertices, texture places, faces and their materials.

    Raises:
        DataError: if it is no OBJ file.
    """
    vertices: list[list[float]] = []
    uvs: list[list[float]] = []
    faces: list[list[list[int]]] = []  # (vertex, texture place) at each corner
    material: list[int] = []
    names: list[str] = []
    try:
        for kind, *words in _lines(path):
            if kind == "v":
                vertices.append([float(word) for word in words[:3]])
            elif kind == "vt":
                uvs.append([float(word) for word in words[:2]])
            elif kind == "usemtl":
                names += [] if words[0] in names else [words[0]]
                current = names.index(words[0])
            elif kind == "f":
                faces.append(_corners(words))
                material.append(current)
        corners = np.array(faces, np.int32).reshape(-1, 4, 2)
        return {
            "neutral": np.array(vertices, np.float64).reshape(-1, 3),
            "quads": np.ascontiguousarray(corners[..., 0]),
            "uv": np.array(uvs, np.float32).reshape(-1, 2),
            "uv_quads": np.ascontiguousarray(corners[..., 1]),
            "material": np.array(material, np.uint8),
            "material_names": np.array(names, np.str_),
        }
    except (ValueError, IndexError, UnboundLocalError) as error:
        raise DataError(f"{path} is no mesh of ICT-FaceKit ({error}); {ADVICE[FACE]}.") from error


def _corners(words: list[str]) -> list[list[int]]:
    """Read a face as four corners counted from 0; a triangle's fourth is -1."""
    corners = [[int(number) - 1 for number in word.split("/")[:2]] for word in words]
    return corners + [[-1, -1]] * (4 - len(corners))


def _lines(path: Path) -> Iterator[list[str]]:
    """Give the words of each line that has some."""
    with path.open(encoding="utf-8") as file:
        yield from filter(None, map(str.split, file))


def quantised(
    paths: Sequence[Path], neutral: NDArray[np.float64]
) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """Read K shapes as (K, V, 3) int16 offsets from the neutral mesh, and their (K,) scales."""
    offsets = np.zeros((len(paths), *neutral.shape), np.int16)
    scales = np.ones(len(paths), np.float32)
    for row, path in enumerate(track(paths, "shape", "reading shapes", len(paths))):
        try:
            vertices = np.array([words[1:4] for words in _lines(path) if words[0] == "v"], float)
            offset = vertices.reshape(-1, 3) - neutral
        except ValueError as error:
            raise DataError(f"{path} is no shape of {len(neutral)} vertices ({error}); "
                            f"{ADVICE[FACE]}.") from error  # fmt: skip
        scales[row] = np.abs(offset).max() / SCALE or 1
        offsets[row] = np.rint(offset / scales[row])
    return offsets, scales
