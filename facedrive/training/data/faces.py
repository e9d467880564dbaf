"""Faces for training: aligned crops with their targets, cut once and kept in a cache on disk."""

from __future__ import annotations

import hashlib
import logging
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from facedrive.errors import DataError
from facedrive.files import whole_file
from facedrive.progress import track
from facedrive.trackers.align import crop_matrix, warp_crop
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68
from facedrive.training.data.labels import Targets, from_teacher
from facedrive.training.data.teacher import LANDMARKS, Opinions
from facedrive.types import CropSpec, Image, Vector

log = logging.getLogger(__name__)

CACHE_SPEC = CropSpec(size=208, padding=0.54)
"""Wider and finer than the model's crop: augmentation turns and shifts inside it."""

FIRST_LOOK = 0.25
"""Share of the kept scores in what is trained on. They are first looks of the teacher, which noise
and its detector's frame set apart from all later ones, but are what a single picture gets."""


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
    """(N, 28) AUs and gaze by the teacher, of faces whose targets are exact; NaN where unknown."""
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


def load_photographs(data: Path, cache: Path, opinions: Opinions | None = None) -> FaceSet:
    """Load the teacher-scored photographs of ``data``, cutting their crops on the first call.

    Args:
        data: Folder with ``faces.zip`` and ``faces_teacher.npz``.
        cache: Folder that keeps the crops between calls.
        opinions: What the teacher says when it is asked until it settles. Meshes become its own,
            and scores but for ``FIRST_LOOK``; those of ``data`` stay where it then finds no face.

    Raises:
        DataError: if a file is missing, a picture is unreadable or rows do not match.
    """
    archive, labels = data / "faces.zip", data / "faces_teacher.npz"
    for path in (archive, labels):
        if not path.exists():
            raise DataError(f"{path} is missing; --data names the folder that holds it.")
    with np.load(labels) as table:
        landmarks = table["landmarks"][..., :2].astype(np.float32)
        names = [str(name) for name in table["blendshape_names"]]
        scores = table["blendshapes"].astype(np.float32)
        if opinions is not None:
            settled = _where_known(opinions.scores, scores)
            scores = settled + np.float32(FIRST_LOOK) * (scores - settled)
            landmarks = _where_known(opinions.landmarks_px, landmarks)
        targets = from_teacher(scores, names)
        person = table["person"].astype(np.int64)
    crops, inside = _cached_crops(archive, landmarks, cache)
    return FaceSet(crops, inside, _points(landmarks), targets, person, CACHE_SPEC)


def digest_sets(sets: Mapping[Any, FaceSet]) -> str:
    """Return a digest of sets of faces: of all they say, and of a few of their crops."""
    hashed = hashlib.sha256()
    for kind, faces in sorted(sets.items()):
        hashed.update(repr((kind, faces.crops.shape, faces.spec)).encode())
        few = faces.crops[:: max(1, len(faces) // 8)]
        columns = (few, faces.points_px, faces.person, *faces.targets, faces.taught,
                   faces.tracked_px)  # fmt: skip
        for column in columns:
            if column is not None:
                hashed.update(np.ascontiguousarray(column).tobytes())
    return hashed.hexdigest()


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
    try:
        with np.load(path) as table:
            crops, aus, gaze = table["crops"], table["aus"], table["gaze"]
            person = table["person" if "points" in table else "identity"].astype(np.int64)
            spec = CropSpec(int(table["crop_size"]), float(table["crop_padding"]))
            known = table.get("known", np.ones(aus.shape, np.bool_))
            nowhere = np.full((len(crops), LANDMARKS, 2), np.nan, np.float32)
            points = table.get("points", nowhere)
            inside = np.ones(crops.shape, np.bool_)
            if "inside" in table:
                inside = np.unpackbits(table["inside"], axis=-1, count=spec.size).view(np.bool_)
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path} is no set of faces: {error}.") from error
    return FaceSet(crops, inside, points, Targets(aus, known, gaze), person, spec)


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


def add_teacher(faces: FaceSet, opinions: Opinions, names: list[str]) -> FaceSet:
    """Tell exactly labelled faces what the teacher says of their crops, and where it sees the mesh.

    Args:
        faces: N rendered faces.
        opinions: Of their crops.
        names: (52,) channels of the scores.
    """
    seen = from_teacher(opinions.scores, names)
    aus = np.where(seen.known, seen.aus, np.float32(np.nan))
    taught = np.hstack([aus, seen.gaze.reshape(len(faces), -1)])
    return replace(faces, points_px=opinions.landmarks_px, taught=taught)


def mirror_points(faces: FaceSet) -> NDArray[np.intp]:
    """Find, for every mesh point, the one that it becomes in a mirror, (P,).

    The crop is symmetrical about its middle column, so the mirrored mean mesh falls on itself.
    """
    mean = np.nanmean(faces.points_px, axis=0)
    mirrored = mean * [-1, 1] + [faces.spec.size - 1, 0]
    distance = np.linalg.norm(mean[:, None] - mirrored[None], axis=2)
    return np.asarray(linear_sum_assignment(distance)[1])


def _where_known(values: Vector, others: Vector) -> Vector:
    return np.where(np.isfinite(values), values, others)


def _join(parts: Sequence[Vector | None]) -> Vector | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if known else None


def _points(landmarks: Vector) -> Vector:
    """Take (N, 478, 2) picture pixels to the cache crops' pixels."""
    matrices = np.stack([crop_matrix(face[MEDIAPIPE_TO_68], CACHE_SPEC) for face in landmarks])
    turned = np.einsum("nij,npj->npi", matrices[:, :, :2], landmarks)
    return np.asarray(turned + matrices[:, None, :, 2], dtype=np.float32)


def _cached_crops(archive: Path, landmarks: Vector, cache: Path) -> tuple[Image, NDArray[np.bool_]]:
    """Read the crops from the cache, or cut them and fill it."""
    digest = hashlib.sha256(f"{CACHE_SPEC}{archive.stat().st_size}".encode())
    digest.update(landmarks.tobytes())
    path = cache / f"crops-{digest.hexdigest()[:16]}.npy"
    if not path.exists():
        with whole_file(path, DataError) as file:
            np.save(file, _cut_all(archive, landmarks))
    both = np.load(path, mmap_mode="r")
    return np.asarray(both[0]), np.asarray(both[1]).view(np.bool_)


def _cut_all(archive: Path, landmarks: Vector) -> Image:
    """Cut every face of the archive; (2, N, S, S): the crops and where they are photograph."""
    cut = np.empty((2, len(landmarks), CACHE_SPEC.size, CACHE_SPEC.size), dtype=np.uint8)
    with zipfile.ZipFile(archive) as faces:
        names = sorted(name for name in faces.namelist() if name.endswith(".jpg"))
        if len(names) != len(landmarks):
            raise DataError(f"{archive} has {len(names)} pictures for {len(landmarks)} labels.")
        pictures = (faces.read(name) for name in names)
        with ThreadPoolExecutor() as pool:
            rows = pool.map(_cut, pictures, names, landmarks[:, MEDIAPIPE_TO_68])
            for row, pair in enumerate(track(rows, "face", "cutting crops", len(names))):
                cut[:, row] = pair
    return cut


def _cut(encoded: bytes, name: str, landmarks_px: Vector) -> Image:
    gray = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE)
    if gray is None:
        raise DataError(f"{name} is not a readable picture.")
    size = CACHE_SPEC.size
    inside = cv2.warpAffine(
        np.ones_like(gray), crop_matrix(landmarks_px, CACHE_SPEC), (size, size),
        flags=cv2.INTER_NEAREST,
    )  # fmt: skip
    return np.stack([warp_crop(np.asarray(gray), landmarks_px, CACHE_SPEC), inside])
