"""Renders the set of photographs whose faces were made to move, with labels for all 24 AUs.

The teacher scores the moved faces anew; the AUs that it is blind to are labelled by what was
done to the photograph.
"""

from __future__ import annotations

import logging
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from facedrive.aus import AU_INDEX
from facedrive.errors import DataError
from facedrive.trackers.align import CropSpec, crop_matrix, warp_crop
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68, interocular_px
from facedrive.training.data import FaceSet
from facedrive.training.folds import People, split_people
from facedrive.training.labels import BLIND, Targets, from_teacher
from facedrive.training.photowarp.flow import UPRIGHT, Flow
from facedrive.training.photowarp.sampling import sample_move
from facedrive.training.photowarp.sheet import cut_sheet
from facedrive.training.synth.correspondence import mean_landmarks
from facedrive.training.synth.face import load_face_model
from facedrive.training.synth.photographs import MESH_POINTS, open_photographs
from facedrive.training.teacher import Opinion, Teacher
from facedrive.types import Image, Vector

log = logging.getLogger(__name__)

SPEC = CropSpec(size=160, padding=0.5)

BLOCK = 250
"""Faces that share a random generator, and a job."""

LARGEST_DOUBT = 0.05
"""Of the eye distance: if the teacher finds the points farther from where they were put, the
picture came out wrong."""


class Moved(NamedTuple):
    """One photograph whose face was moved."""

    row: int
    crop: Image
    """(160, 160) uint8, as ``SPEC``."""
    inside: NDArray[np.bool_]
    points_px: NDArray[np.float32]
    """(478, 2) in the crop's pixels, by the teacher."""
    scores: Vector
    """(52,) of the teacher."""
    added: Vector
    """(24,) the AUs that were put on."""


@dataclass(frozen=True)
class Job:
    """A block of faces to make, whoever makes it."""

    data: Path
    teacher: Path | None
    people: People
    seed: int
    block: int
    count: int


class MovingStudio:
    """Holds what all pictures share: the photographs, the sheet, the flow, the teacher."""

    def __init__(self, data: Path, people: People, teacher: Path | None = None) -> None:
        """Load everything; ``teacher`` is its model file, None for the one that is fetched."""
        self._model = load_face_model(data / "ict" / "ict_facekit.npz")
        self._photographs = open_photographs(data)
        self._flow = Flow(self._model, self._photographs)
        self._sheet = cut_sheet(mean_landmarks(self._photographs) * UPRIGHT)
        self._teacher = Teacher(teacher)
        names = list(self._photographs.scores)
        scores = np.column_stack([self._photographs.scores[name] for name in names])
        self._aus = from_teacher(scores, names).aus
        self.rows = np.flatnonzero(getattr(split_people(self._photographs.person), people))
        self.names = names

    def shoot(self, rng: np.random.Generator) -> Moved:
        """Move faces until one comes out well."""
        while True:
            moved = self._try(rng, int(rng.choice(self.rows)))
            if moved is not None:
                return moved

    def forget(self) -> None:
        """Let nothing of the last face bear on the next."""
        self._teacher.forget()

    def _try(self, rng: np.random.Generator, row: int) -> Moved | None:
        points = self._photographs.landmarks[row]
        eyes = float(interocular_px(points[MEDIAPIPE_TO_68, :2]))
        gap = float(np.linalg.norm(points[13, :2] - points[14, :2])) / eyes
        move, added = sample_move(rng, self._model, self._aus[row], gap)
        target = self._flow.move(points, move)
        warped = self._sheet.warp(self._photographs.read(row), points[:MESH_POINTS], target)
        opinion = self._teacher.ask(warped.picture)
        if opinion is None or _doubt(opinion, target) > LARGEST_DOUBT * eyes:
            return None
        landmarks = opinion.landmarks_px[MEDIAPIPE_TO_68]
        matrix = crop_matrix(landmarks, SPEC)
        inside = warp_crop(warped.inside.astype(np.uint8) * 255, landmarks, SPEC) > 127
        points_px = opinion.landmarks_px @ matrix[:, :2].T + matrix[:, 2]
        crop = warp_crop(warped.picture, landmarks, SPEC)
        return Moved(row, crop, inside, points_px.astype(np.float32), opinion.scores, added)


def _doubt(opinion: Opinion, target: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(opinion.landmarks_px[:MESH_POINTS] - target[:, :2], axis=1).mean())


def warped_set(data: Path, people: People, count: int, seed: int = 0, *,
               teacher: Path | None = None, workers: int = 1) -> FaceSet:  # fmt: skip
    """Make ``count`` photographs whose faces were moved; the same whatever ``workers`` is.

    Args:
        data: The folder with ``faces.zip``, ``faces_teacher.npz`` and ``ict/``.
        people: Whose photographs.
        count: How many.
        seed: The same seed gives the same faces.
        teacher: The teacher's model file; None for the one that is fetched.
        workers: Processes that share the work.

    Raises:
        DataError: if the data cannot be read or ``count`` is not positive.
    """
    if count < 1:
        raise DataError(f"{count} faces asked for; ask for at least 1.")
    blocks = range(0, count, BLOCK)
    jobs = [Job(data, teacher, people, seed, index, min(BLOCK, count - start))
            for index, start in enumerate(blocks)]  # fmt: skip
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        done = pool.map(_make_block, jobs)
        parts = list(tqdm(done, "moving faces", len(jobs), unit="block"))
    return _assemble([moved for part, _ in parts for moved in part], parts[0][1], data)


_studio: tuple[Path, People, MovingStudio] | None = None
"""This process's studio: loading one takes as long as a hundred faces."""


def _make_block(job: Job) -> tuple[list[Moved], list[str]]:
    global _studio
    if _studio is None or _studio[:2] != (job.data, job.people):
        _studio = job.data, job.people, MovingStudio(job.data, job.people, job.teacher)
    studio = _studio[2]
    studio.forget()
    rng = np.random.default_rng([job.seed, job.block])
    return [studio.shoot(rng) for _ in range(job.count)], studio.names


def _assemble(faces: list[Moved], names: list[str], data: Path) -> FaceSet:
    rows = np.array([face.row for face in faces])
    seen = from_teacher(np.stack([face.scores for face in faces]), names)
    aus = seen.aus.copy()
    blind = [AU_INDEX[name] for name in BLIND]
    aus[:, blind] = np.stack([face.added for face in faces])[:, blind]
    person = open_photographs(data).person[rows].astype(np.int64)
    return FaceSet(
        np.stack([face.crop for face in faces]),
        np.stack([face.inside for face in faces]),
        np.stack([face.points_px for face in faces]),
        Targets(aus, np.ones(aus.shape, np.bool_), seen.gaze),
        person,
        SPEC,
    )
