"""Renders the set of photographs whose faces were made to move, with labels for all 24 AUs.

The teacher scores the moved faces anew; the AUs that it is blind to, and the jaw's slides, are
labelled by what was done to the photograph.
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX
from facedrive.errors import DataError
from facedrive.progress import track
from facedrive.stats.splits import People, split_people
from facedrive.trackers.align import crop_matrix, warp_crop
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68, interocular_px
from facedrive.training.data.faces import FaceSet
from facedrive.training.data.labels import EXACT, Targets, from_teacher, rarity
from facedrive.training.data.teacher import Opinion, Teacher
from facedrive.training.rendered.correspondence import mean_landmarks
from facedrive.training.rendered.face import load_face_model
from facedrive.training.rendered.photographs import MESH_POINTS, open_photographs
from facedrive.training.warped.flow import UPRIGHT, Flow
from facedrive.training.warped.lending import Lenders, draw_share, lend
from facedrive.training.warped.sampling import IN_OTHER_SKIN, IN_OWN_SKIN, sample_move
from facedrive.training.warped.sheet import Warped, cut_sheet
from facedrive.training.workers import run_jobs
from facedrive.types import CropSpec, Image, Vector

log = logging.getLogger(__name__)

SPEC = CropSpec(size=160, padding=0.5)

BLOCK = 250
"""Faces that share a random generator, and a job."""

LARGEST_DOUBT = 0.05
"""Of the eye distance: if the teacher finds the points farther from where they were put, the
picture came out wrong."""

RARE = 1.0
"""How much oftener faces with rare expressions are put in another's skin."""


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


class Block(NamedTuple):
    """Faces to make, whoever makes them."""

    seed: int
    number: int
    faces: int


@dataclass(frozen=True)
class MovingPlan:
    """What it takes to open a studio in another process."""

    data: Path
    people: People
    teacher: Path | None
    lent: bool = False

    def open(self) -> MovingStudio:
        """Load everything."""
        return MovingStudio(self.data, self.people, self.teacher, self.lent)


class MovingStudio:
    """Holds what all pictures share: the photographs, the sheet, the flow."""

    def __init__(
        self, data: Path, people: People, teacher: Path | None = None, lent: bool = False
    ) -> None:
        """Load everything; the arguments are ``warped_set``'s."""
        self._model = load_face_model(data / "ict" / "ict_facekit.npz")
        self._photographs = open_photographs(data)
        self._flow = Flow(self._model, self._photographs)
        self._sheet = cut_sheet(mean_landmarks(self._photographs) * UPRIGHT)
        self._teacher_file = teacher
        names = list(self._photographs.scores)
        scores = np.column_stack([self._photographs.scores[name] for name in names])
        self._aus = from_teacher(scores, names).aus
        self.rows = np.flatnonzero(getattr(split_people(self._photographs.person), people))
        self._lenders = Lenders(self._photographs, self.rows) if lent else None
        self._manner = IN_OTHER_SKIN if lent else IN_OWN_SKIN
        self._odds = rarity(self._aus[self.rows], RARE) if lent else None

    def shoot(self, block: Block) -> list[Moved]:
        """Move faces until as many as the block has came out well."""
        rng = np.random.default_rng([block.seed, block.number])
        made: list[Moved] = []
        with closing(Teacher(self._teacher_file)) as teacher:
            teacher.forget()
            while len(made) < block.faces:
                moved = self._try(rng, int(rng.choice(self.rows, p=self._odds)), teacher)
                made += [] if moved is None else [moved]
        return made

    def _try(self, rng: np.random.Generator, row: int, teacher: Teacher) -> Moved | None:
        points = self._photographs.landmarks[row]
        eyes = float(interocular_px(points[MEDIAPIPE_TO_68, :2]))
        gap = float(np.linalg.norm(points[13, :2] - points[14, :2])) / eyes
        move, added = sample_move(rng, self._model, self._aus[row], gap, self._manner)
        target = self._flow.move(points, move)
        warped = self._sheet.warp(self._photographs.read(row), points[:MESH_POINTS], target)
        if self._lenders is not None:
            warped = self._in_other_skin(rng, warped, target, self._lenders.choose(rng, row))
        opinion = teacher.ask(warped.picture)
        if opinion is None or _doubt(opinion, target) > LARGEST_DOUBT * eyes:
            return None
        landmarks = opinion.landmarks_px[MEDIAPIPE_TO_68]
        matrix = crop_matrix(landmarks, SPEC)
        inside = warp_crop(warped.inside.astype(np.uint8) * 255, landmarks, SPEC) > 127
        points_px = opinion.landmarks_px @ matrix[:, :2].T + matrix[:, 2]
        crop = warp_crop(warped.picture, landmarks, SPEC)
        return Moved(row, crop, inside, points_px.astype(np.float32), opinion.scores, added)

    def _in_other_skin(
        self, rng: np.random.Generator, own: Warped, target: NDArray[np.float32], lender: int
    ) -> Warped:
        skin = self._photographs.read(lender)
        points = self._photographs.landmarks[lender, :MESH_POINTS]
        bent = self._sheet.warp(skin, points, target, own.picture.shape)
        return lend(own, bent, target[:, :2], draw_share(rng))


def _doubt(opinion: Opinion, target: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(opinion.landmarks_px[:MESH_POINTS] - target[:, :2], axis=1).mean())


def warped_set(data: Path, people: People, count: int, seed: int = 0, *, first: int = 0,
               teacher: Path | None = None, workers: int = 1,
               lent: bool = False) -> FaceSet:  # fmt: skip
    """Make ``count`` photographs whose faces were moved; the same whatever ``workers`` is.

    Args:
        data: The folder with ``faces.zip``, ``faces_teacher.npz`` and ``ict/``.
        people: Whose photographs.
        count: How many.
        seed: The same seed gives the same faces.
        first: Number of the first, a multiple of ``BLOCK``: a set can be made in parts.
        teacher: The teacher's model file; None for the one that is fetched.
        workers: Processes that share the work.
        lent: Whether the faces wear the skin of others of these people, and many do nothing that
            no photograph teaches.

    Raises:
        DataError: if the data cannot be read, ``count`` is not positive, ``first`` is inside a
            block or a process died.
    """
    if count < 1 or first % BLOCK:
        raise DataError(f"{count} faces from number {first} asked for; ask for at least 1, from a "
                        f"multiple of {BLOCK}.")  # fmt: skip
    blocks = [Block(seed, (first + start) // BLOCK, min(BLOCK, count - start))
              for start in range(0, count, BLOCK)]  # fmt: skip
    plan = MovingPlan(data, people, teacher, lent)
    done = run_jobs(plan, MovingStudio.shoot, blocks, workers)
    parts = dict(track(done, "block", "warping faces", len(blocks)))
    return _assemble([moved for number in range(len(blocks)) for moved in parts[number]], data)


def _assemble(faces: list[Moved], data: Path) -> FaceSet:
    rows = np.array([face.row for face in faces])
    photographs = open_photographs(data)
    seen = from_teacher(np.stack([face.scores for face in faces]), list(photographs.scores))
    aus = seen.aus.copy()
    exact = [AU_INDEX[name] for name in EXACT]
    aus[:, exact] = np.stack([face.added for face in faces])[:, exact]
    person = photographs.person[rows].astype(np.int64)
    return FaceSet(
        np.stack([face.crop for face in faces]),
        np.stack([face.inside for face in faces]),
        np.stack([face.points_px for face in faces]),
        Targets(aus, np.ones(aus.shape, np.bool_), seen.gaze),
        person,
        SPEC,
    )
