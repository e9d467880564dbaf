"""Makes the set of photographs whose faces are bent, with labels for all 24 AUs.

The teacher scores the warped faces anew; the AUs that it is blind to, and the jaw's slides, are
labelled by what was done to the photograph.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX
from facedrive.errors import DataError
from facedrive.progress import track
from facedrive.stats.splits import People
from facedrive.trackers.align import crop_matrix, warp_crop
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68, interocular_px
from facedrive.training.data.faces import FaceSet
from facedrive.training.data.labels import PARAMETRIC_AUS, Targets, from_teacher, rarity
from facedrive.training.data.photographs import open_photographs
from facedrive.training.data.teacher import MESH_POINTS, Opinion, Teacher, TeacherFile
from facedrive.training.rendered.correspondence import mean_landmarks
from facedrive.training.rendered.face import FaceModel, load_face_model
from facedrive.training.warped.flow import UPRIGHT, Flow
from facedrive.training.warped.sampling import IN_OTHER_SKIN, IN_OWN_SKIN, sample_deformation
from facedrive.training.warped.sheet import Sheet, Warped, cut_sheet
from facedrive.training.warped.transfer import Donors, draw_share, transfer_skin
from facedrive.training.workers import run_jobs
from facedrive.types import CropSpec, Image, Vector

VERSION = 1
"""Of what is made; raise it when any face of a seed changes."""

SPEC = CropSpec(size=160, padding=0.5)

BLOCK = 250
"""Faces that share a random generator, and a job."""

LARGEST_DOUBT = 0.05
"""Of the eye distance: if the teacher finds the points farther from where they were put, the
picture came out wrong."""

RARE = 1.0
"""How much oftener faces with rare expressions are put in another's skin."""


class WarpedFace(NamedTuple):
    """One photograph whose face was bent."""

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
class WarpingPlan:
    """What it takes to open a studio in another process."""

    data: Path
    people: People
    teacher: TeacherFile
    transfer: bool = False

    def open(self) -> WarpingStudio:
        """Load everything."""
        return WarpingStudio(self)


class WarpingStudio:
    """Holds what all pictures share: the photographs, the sheet, the flow."""

    def __init__(self, plan: WarpingPlan) -> None:
        """Load everything."""
        transfer = plan.transfer
        self._photographs = open_photographs(plan.data)
        self._model, self._flow, self._sheet = _open_flow(plan.data)
        self._teacher = plan.teacher.path
        self._aus = from_teacher(self._photographs.scores, self._photographs.channels).aus
        self.rows = self._photographs.rows_of(plan.people)
        self._donors = Donors(self._photographs, self.rows) if transfer else None
        self._manner = IN_OTHER_SKIN if transfer else IN_OWN_SKIN
        self._odds = rarity(self._aus[self.rows], RARE) if transfer else None

    def shoot(self, block: Block) -> list[WarpedFace]:
        """Bend faces until as many as the block has came out well."""
        rng = np.random.default_rng([block.seed, block.number])
        made: list[WarpedFace] = []
        with closing(Teacher(self._teacher)) as teacher:
            teacher.forget()
            while len(made) < block.faces:
                face = self._try(rng, int(rng.choice(self.rows, p=self._odds)), teacher)
                made += [] if face is None else [face]
        return made

    def _try(self, rng: np.random.Generator, row: int, teacher: Teacher) -> WarpedFace | None:
        points = self._photographs.landmarks[row]
        eyes = float(interocular_px(points[MEDIAPIPE_TO_68, :2]))
        gap = float(np.linalg.norm(points[13, :2] - points[14, :2])) / eyes
        deformation, added = sample_deformation(rng, self._model, self._aus[row], gap, self._manner)
        target = self._flow.deform(points, deformation)
        warped = self._sheet.warp(self._photographs.read(row), points[:MESH_POINTS], target)
        if self._donors is not None:
            warped = self._in_other_skin(rng, warped, target, self._donors.choose(rng, row))
        opinion = teacher.ask(warped.picture)
        if opinion is None or _doubt(opinion, target) > LARGEST_DOUBT * eyes:
            return None
        landmarks = opinion.landmarks_px[MEDIAPIPE_TO_68]
        matrix = crop_matrix(landmarks, SPEC)
        inside = warp_crop(warped.inside.astype(np.uint8) * 255, landmarks, SPEC) > 127
        points_px = opinion.landmarks_px @ matrix[:, :2].T + matrix[:, 2]
        crop = warp_crop(warped.picture, landmarks, SPEC)
        return WarpedFace(row, crop, inside, points_px.astype(np.float32), opinion.scores, added)

    def _in_other_skin(
        self, rng: np.random.Generator, own: Warped, target: NDArray[np.float32], donor: int
    ) -> Warped:
        skin = self._photographs.read(donor)
        points = self._photographs.landmarks[donor, :MESH_POINTS]
        bent = self._sheet.warp(skin, points, target, own.picture.shape)
        return transfer_skin(own, bent, target[:, :2], draw_share(rng))


@lru_cache(maxsize=1)
def _open_flow(data: Path) -> tuple[FaceModel, Flow, Sheet]:
    """Load the parametric face and fit it to photographs; once for a run's sets, it takes long."""
    model, photographs = load_face_model(data / "ict" / "ict_facekit.npz"), open_photographs(data)
    return model, Flow(model, photographs), cut_sheet(mean_landmarks(photographs) * UPRIGHT)


def _doubt(opinion: Opinion, target: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(opinion.landmarks_px[:MESH_POINTS] - target[:, :2], axis=1).mean())


def warped_set(data: Path, people: People, count: int, seed: int = 0, *, first: int = 0,
               teacher: TeacherFile | None = None, workers: int = 1,
               transfer: bool = False) -> FaceSet:  # fmt: skip
    """Make ``count`` photographs whose faces are bent; the same whatever ``workers`` is.

    Args:
        data: The folder with ``faces.zip``, ``faces_teacher.npz`` and ``ict/``.
        people: Whose photographs.
        count: How many.
        seed: The same seed gives the same faces.
        first: Number of the first, a multiple of ``BLOCK``: a set can be made in parts.
        teacher: Who scores them; None for the model that is fetched.
        workers: Processes that share the work.
        transfer: Whether the faces wear the skin of others of these people, and many do nothing
            that no photograph teaches.

    Raises:
        DataError: if the data cannot be read, ``count`` is not positive, ``first`` is inside a
            block or a process died.
    """
    if count < 1 or first % BLOCK:
        raise DataError(f"{count} faces from number {first} asked for; ask for at least 1, from a "
                        f"multiple of {BLOCK}.")  # fmt: skip
    blocks = [Block(seed, (first + start) // BLOCK, min(BLOCK, count - start))
              for start in range(0, count, BLOCK)]  # fmt: skip
    plan = WarpingPlan(data, people, teacher or TeacherFile(), transfer)
    done = run_jobs(plan, WarpingStudio.shoot, blocks, workers)
    parts = dict(track(done, "block", "warping faces", len(blocks)))
    return _assemble([face for number in range(len(blocks)) for face in parts[number]], data)


def _assemble(faces: list[WarpedFace], data: Path) -> FaceSet:
    rows = np.array([face.row for face in faces])
    photographs = open_photographs(data)
    seen = from_teacher(np.stack([face.scores for face in faces]), photographs.channels)
    aus = seen.aus.copy()
    put_on = [AU_INDEX[name] for name in PARAMETRIC_AUS]
    aus[:, put_on] = np.stack([face.added for face in faces])[:, put_on]
    return FaceSet(
        np.stack([face.crop for face in faces]),
        np.stack([face.inside for face in faces]),
        np.stack([face.points_px for face in faces]),
        Targets(aus, np.ones(aus.shape, np.bool_), seen.gaze),
        photographs.person[rows],
        SPEC,
    )
