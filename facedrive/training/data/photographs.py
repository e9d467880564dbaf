"""The one reader of ``faces.zip`` and ``faces_teacher.npz``: photographs and teacher's scores.

Rows are numbers of photographs, the same in both.
"""

from __future__ import annotations

import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.files import file_hash
from facedrive.progress import track
from facedrive.rotations import yaw_from_matrix
from facedrive.stats.splits import People, split_people
from facedrive.trackers.align import crop_matrix, warp_crop
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68
from facedrive.training.data.cache import Made
from facedrive.training.data.faces import FaceSet
from facedrive.training.data.labels import from_teacher
from facedrive.training.data.teacher import LANDMARKS, Opinions, TeacherFile, load_opinions
from facedrive.training.data.teacher import VERSION as TEACHER_VERSION
from facedrive.types import CropSpec, Image, Vector

PICTURES, SCORES = "faces.zip", "faces_teacher.npz"

WIDE_SPEC = CropSpec(size=208, padding=0.54)
"""Wider and finer than the model's crop: augmentation turns and shifts inside it."""

VERSION = 1
"""Of how crops are cut; raise it when they change."""

FIELDS = ("crop", "inside", "points_px")
RECORD = np.dtype([
    (FIELDS[0], np.uint8, (WIDE_SPEC.size, WIDE_SPEC.size)),
    (FIELDS[1], np.bool_, (WIDE_SPEC.size, WIDE_SPEC.size)),
    (FIELDS[2], np.float32, (LANDMARKS, 2)),
])  # fmt: skip
"""What is kept of a photograph: as the fields of ``FaceSet``."""

FIRST_LOOK = 0.25
"""Share of the kept scores in what is trained on. They are first looks of the teacher, which noise
and its detector's frame set apart from all later ones, but are what a single picture gets."""

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Photographs:
    """N photographs and what the teacher says about them; pixels are read on demand."""

    digest: str
    """Of both files."""
    person: NDArray[np.int64]
    """(N,) equal numbers are the same person."""
    landmarks: NDArray[np.float32]
    """(N, 478, 3) pixels; z in the same scale, negative towards the camera."""
    pose: NDArray[np.float32]
    """(N, 4, 4) head to camera."""
    scores: NDArray[np.float32]
    """(N, 52) blendshape scores."""
    channels: tuple[str, ...]
    """(52,) names of the scores' columns."""
    archive: zipfile.ZipFile
    """Kept open: reading its directory takes longer than a hundred photographs."""
    names: tuple[str, ...]
    """(N,) of the pictures in the archive."""

    @cached_property
    def points_px(self) -> NDArray[np.float32]:
        """(N, 68, 2) landmarks in the pictures' pixels."""
        return self.landmarks[:, MEDIAPIPE_TO_68, :2]

    @cached_property
    def yaw_deg(self) -> NDArray[np.float32]:
        """(N,) of the head, towards the subject's left positive."""
        return np.asarray(np.degrees(yaw_from_matrix(self.pose)), np.float32)

    def score(self, channel: str) -> NDArray[np.float32]:
        """Return the (N,) scores of one blendshape."""
        return self.scores[:, self.channels.index(channel)]

    def rows_of(self, people: People) -> Rows:
        """Return the rows of the people of one part of the split."""
        return np.flatnonzero(getattr(split_people(self.person), people))

    def read(self, row: int) -> Image:
        """Read one photograph, (H, W) uint8."""
        return self._decode(row, self.archive.read(self.names[row]))

    def _decode(self, row: int, encoded: bytes) -> Image:
        picture = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE)
        if picture is None:
            raise DataError(f"{self.archive.filename}: {self.names[row]} is no readable picture; "
                            "fetch the file again.")  # fmt: skip
        return np.asarray(picture, np.uint8)

    def ask(
        self, teacher: TeacherFile, cache: Path, workers: int = 1, rows: Rows | None = None
    ) -> Opinions:
        """Ask the teacher about photographs until its answers converge; kept in a cache.

        Args:
            teacher: Whom to ask.
            cache: Folder that keeps the answers.
            workers: Processes that share the work.
            rows: (M,) which photographs; all if None.
        """
        asked = np.arange(len(self.names)) if rows is None else rows

        def write(path: Path) -> None:
            teacher.ask_all([self.read(int(row)) for row in asked], workers).save(path)

        of = (self.digest, teacher.digest, asked.tobytes())
        return load_opinions(Made("opinions", TEACHER_VERSION, of).keep(cache, ".npz", write))

    def believing(self, opinions: Opinions) -> Photographs:
        """Take over what the teacher said when it was asked until its answer converged.

        Args:
            opinions: Of all photographs. Meshes become their own, and scores but for
                ``FIRST_LOOK``; what is kept stays where the teacher then finds no face.
        """
        found = np.isfinite(opinions.scores).all(axis=1)
        scores, landmarks = self.scores.copy(), self.landmarks.copy()
        converged = opinions.scores[found]
        scores[found] = converged + np.float32(FIRST_LOOK) * (scores[found] - converged)
        landmarks[found, :, :2] = opinions.landmarks_px[found]
        return replace(self, scores=scores, landmarks=landmarks)

    def cut(self, rows: Rows, cache: Path) -> FaceSet:
        """Cut the faces of some rows as ``WIDE_SPEC`` says, with their targets.

        Args:
            rows: (M,) which.
            cache: Folder that keeps the crops of all photographs between calls.
        """
        made = Made("crops", VERSION, (self.digest, self.landmarks.tobytes(), repr(WIDE_SPEC)))
        kept = np.load(made.keep(cache, ".npy", self._cut_all), mmap_mode="r")[rows]
        crops, inside, points_px = (np.ascontiguousarray(kept[name]) for name in FIELDS)
        targets = from_teacher(self.scores[rows], self.channels)
        return FaceSet(crops, inside, points_px, targets, self.person[rows], WIDE_SPEC)

    def _cut_all(self, path: Path) -> None:
        """Write a ``RECORD`` a photograph."""
        records = np.lib.format.open_memmap(path, "w+", RECORD, (len(self.names),))
        encoded = (self.archive.read(name) for name in self.names)
        with ThreadPoolExecutor() as pool:
            done = pool.map(self._cut, range(len(self.names)), encoded)
            for row, face in enumerate(track(done, "face", "cutting crops", len(self.names))):
                records[row] = face
        records.flush()

    def _cut(self, row: int, encoded: bytes) -> tuple[Image, Image, Vector]:
        """Cut one photograph; the values of a ``RECORD``."""
        grey, mesh = self._decode(row, encoded), self.landmarks[row, :, :2]
        landmarks_px, size = mesh[MEDIAPIPE_TO_68], (WIDE_SPEC.size, WIDE_SPEC.size)
        matrix = crop_matrix(landmarks_px, WIDE_SPEC)
        inside = cv2.warpAffine(np.ones_like(grey), matrix, size, flags=cv2.INTER_NEAREST)
        points_px = mesh @ matrix[:, :2].T + matrix[:, 2]
        crop = warp_crop(grey, landmarks_px, WIDE_SPEC)
        return crop, np.asarray(inside, np.uint8), points_px.astype(np.float32)


def open_photographs(folder: Path) -> Photographs:
    """Open ``faces.zip`` and ``faces_teacher.npz``; what was opened last is still there.

    Raises:
        DataError: if one of them is missing or is something else, or they do not match.
    """
    stamps = []
    for name in (PICTURES, SCORES):
        if not (folder / name).exists():
            raise DataError(f"{folder / name} is missing; data must be the folder that holds it.")
        of = (folder / name).stat()
        stamps.append((of.st_ino, of.st_size, of.st_mtime_ns))
    return _open(folder, tuple(stamps))


@lru_cache(maxsize=2)
def _open(folder: Path, stamps: tuple[tuple[int, ...], ...]) -> Photographs:
    """Read both files, which change with their stamps: their scores alone take half a second."""
    try:
        archive = zipfile.ZipFile(folder / PICTURES)
        names = tuple(sorted(name for name in archive.namelist() if name.endswith(".jpg")))
        with np.load(folder / SCORES) as teacher:
            found = Photographs(
                file_hash(folder / PICTURES) + file_hash(folder / SCORES),
                person=teacher["person"].astype(np.int64),
                landmarks=teacher["landmarks"].astype(np.float32),
                pose=teacher["pose"].astype(np.float32),
                scores=teacher["blendshapes"].astype(np.float32),
                channels=tuple(str(name) for name in teacher["blendshape_names"]),
                archive=archive,
                names=names,
            )
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{folder} has no readable {PICTURES} and {SCORES} ({error}); fetch them again."
        ) from error
    if len(names) != len(found.person):
        raise DataError(f"{folder / PICTURES} has {len(names)} pictures for {len(found.person)} "
                        f"rows of {SCORES}; fetch both again.")  # fmt: skip
    return found
