"""Sets of faces: aligned crops with their targets, in memory and in files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from facedrive.arrays import read_arrays
from facedrive.aus import AUS
from facedrive.errors import DataError
from facedrive.files import whole_file
from facedrive.training.data.labels import Targets, from_teacher
from facedrive.training.data.teacher import LANDMARKS, Opinions
from facedrive.types import CropSpec, Image, Vector


class Kind(IntEnum):
    """Where a face comes from: it decides which labels can be believed how far."""

    PHOTOGRAPH = 0
    WARPED = 1
    TRANSFERRED = 2
    """Bent or not, in the skin of another person."""
    RENDERED = 3


@dataclass(frozen=True)
class FaceSet:
    """N faces held in memory."""

    crops: Image
    """(N, S, S) uint8, aligned as ``spec`` says."""
    inside: NDArray[np.bool_]
    """(N, S, S) True where the photograph has the pixel."""
    points_px: Vector
    """(N, P, 2) float32 landmarks in the crop's pixels; NaN where unknown."""
    targets: Targets
    person: NDArray[np.int64]
    """(N,) equal numbers are the same person."""
    spec: CropSpec
    taught: Vector | None = None
    """(N, 28) AUs and gaze by the teacher, of rendered faces; NaN where unknown."""
    tracked_px: Vector | None = None
    """(N, 68, 2) landmarks by the live tracker in the crop's pixels; NaN where unknown."""

    def __len__(self) -> int:
        return len(self.crops)

    def select(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> FaceSet:
        """Return some of the faces."""
        return FaceSet(
            self.crops[rows],
            self.inside[rows],
            self.points_px[rows],
            self.targets.select(rows),
            self.person[rows],
            self.spec,
            None if self.taught is None else self.taught[rows],
            None if self.tracked_px is None else self.tracked_px[rows],
        )


def digest_faces(faces: FaceSet) -> str:
    """Return a digest of all that a set of faces says."""
    hashed = hashlib.sha256(repr((faces.crops.shape, faces.spec)).encode())
    columns = (faces.crops, faces.inside, faces.points_px, *faces.targets, faces.person,
               faces.taught, faces.tracked_px)  # fmt: skip
    for column in columns:
        if column is not None:
            hashed.update(np.ascontiguousarray(column).data)
    return hashed.hexdigest()


def digest_sets(sets: Mapping[Kind, FaceSet]) -> str:
    """Return a digest of several sets."""
    parts = [(int(kind), digest_faces(faces)) for kind, faces in sorted(sets.items())]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def save_faces(faces: FaceSet, path: Path) -> None:
    """Write a set to a file that ``load_faces`` reads, whole or not at all."""
    with whole_file(path, DataError) as file:
        np.savez(
            file, crops=faces.crops, inside=np.packbits(faces.inside, axis=-1),
            points=faces.points_px, aus=faces.targets.aus, known=faces.targets.known,
            gaze=faces.targets.gaze, person=faces.person,
            crop_size=np.array(faces.spec.size), crop_padding=np.array(faces.spec.padding),
        )  # fmt: skip


def load_faces(path: Path) -> FaceSet:
    """Load faces that ``save_faces`` or ``facedrive synth`` wrote.

    Rendered faces know every AU, but no mesh point: ``add_teacher`` tells them.

    Raises:
        DataError: if the file is missing or is no such set.
    """
    table = read_arrays(path, DataError, f"{path} is no set of faces: {{error}}.")
    try:
        crops, aus, gaze = table["crops"], table["aus"], table["gaze"]
        person = table["person" if "points" in table else "identity"].astype(np.int64)
        spec = CropSpec(int(table["crop_size"]), float(table["crop_padding"]))
        known = table.get("known", np.ones(aus.shape, np.bool_))
        nowhere = np.full((len(crops), LANDMARKS, 2), np.nan, np.float32)
        points = table.get("points", nowhere)
        inside = np.ones(crops.shape, np.bool_)
        if "inside" in table:
            inside = np.unpackbits(table["inside"], axis=-1, count=spec.size).view(np.bool_)
        faces = FaceSet(crops, inside, points, Targets(aus, known, gaze), person, spec)
        _check_shapes(faces)
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise DataError(f"{path} is no set of faces: {error}.") from error
    return faces


def _check_shapes(faces: FaceSet) -> None:
    """Refuse arrays that do not belong together, or hold other than they should."""
    count, side = len(faces.crops), faces.spec.size
    wanted = (
        ("crops", faces.crops, (count, side, side), np.uint8),
        ("inside", faces.inside, (count, side, side), np.bool_),
        ("points", faces.points_px, (count, LANDMARKS, 2), np.floating),
        ("aus", faces.targets.aus, (count, len(AUS)), np.floating),
        ("known", faces.targets.known, (count, len(AUS)), np.bool_),
        ("gaze", faces.targets.gaze, (count, 2, 2), np.floating),
        ("person", faces.person, (count,), np.int64),
    )
    for name, found, shape, kind in wanted:
        if found.shape != shape or not np.issubdtype(found.dtype, kind):
            raise ValueError(f"{name} is {found.dtype} of {found.shape}, not {shape}")


def join_faces(parts: Sequence[FaceSet]) -> FaceSet:
    """Make one set of several of one kind, in their order."""
    targets = (np.concatenate(column) for column in zip(*(p.targets for p in parts), strict=True))
    return FaceSet(
        np.concatenate([part.crops for part in parts]),
        np.concatenate([part.inside for part in parts]),
        np.concatenate([part.points_px for part in parts]),
        Targets(*targets),
        np.concatenate([part.person for part in parts]),
        parts[0].spec,
        _join([part.taught for part in parts]),
        _join([part.tracked_px for part in parts]),
    )


def add_teacher(faces: FaceSet, opinions: Opinions, names: Sequence[str]) -> FaceSet:
    """Add what the teacher says of rendered crops, and where it sees the mesh.

    Args:
        faces: N rendered faces.
        opinions: Of their crops.
        names: (52,) channels of the scores.
    """
    seen = from_teacher(opinions.scores, names)
    aus = np.where(seen.known, seen.aus, np.float32(np.nan))
    taught = np.hstack([aus, seen.gaze.reshape(len(faces), -1)])
    return replace(faces, points_px=opinions.landmarks_px, taught=taught)


def centre_crops(faces: FaceSet, crop: CropSpec) -> Image:
    """Cut (N, S, S) model crops out of the middle of wider ones."""
    return cut_middle(faces.crops, faces.spec, crop)


def cut_middle(pictures: Image, spec: CropSpec, crop: CropSpec) -> Image:
    """Cut what ``crop`` shows out of (N, W, W) pictures that show what ``spec`` does."""
    side = spec.size * crop.span / spec.span
    edge = (spec.size - side) / 2
    zoom = crop.size / side
    # Pixel centres: output x lands on edge + (x + 0.5) / zoom - 0.5.
    shift = (0.5 - edge) * zoom - 0.5
    matrix: Vector = np.array([[zoom, 0, shift], [0, zoom, shift]], np.float32)
    size = (crop.size, crop.size)
    return np.stack(
        [cv2.warpAffine(each, matrix, size, flags=cv2.INTER_LINEAR) for each in pictures],
        dtype=np.uint8,
    )


def mirror_points(faces: FaceSet) -> NDArray[np.intp]:
    """Find, for every mesh point, the one that it becomes in a mirror, (P,).

    The crop is symmetrical about its middle column, so the mirrored mean mesh falls on itself.
    """
    mean = np.nanmean(faces.points_px, axis=0)
    mirrored = mean * [-1, 1] + [faces.spec.size - 1, 0]
    distance = np.linalg.norm(mean[:, None] - mirrored[None], axis=2)
    return np.asarray(linear_sum_assignment(distance)[1])


def _join(parts: Sequence[Vector | None]) -> Vector | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if known else None
