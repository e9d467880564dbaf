"""Where the live tracker would cut training faces: its landmarks err with the expression.

Under raised brows, for one, its live crops are some percent larger than the teacher's. A model that
only knows the teacher's crops takes that for movement; ``train/LOG.md`` has by how much it errs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.progress import track
from facedrive.trackers.align import crop_matrix
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68
from facedrive.trackers.patch import chain, cut_patch, place_on_landmarks, to_frame
from facedrive.trackers.shape import ShapePredictor
from facedrive.training.data.faces import FaceSet
from facedrive.training.landmarks.samples import Misplacement
from facedrive.training.workers import run_jobs
from facedrive.types import CropSpec, Image, Vector

VERSION = 1
"""Of how faces are tracked; raise it when that changes."""

FITS = 2
"""Each on the patch that the last one placed, as from frame to frame."""

START = Misplacement(shift=(0.04, 0.1), roll_deg=(3.0, 8.0))
"""How far the first patch lies from right."""

MOST_ZOOM = 1.25
"""Between the tracker's crop and the plain one. Beyond it the face is taken for lost: live, that is
for the tracker to notice, not for the network to read."""

MOST_TURN_DEG = 12.0
"""The same."""

BLOCK = 500


class Job(NamedTuple):
    """Some faces in a row."""

    crops: Image
    """(N, S, S)."""
    landmarks_px: Vector
    """(N, 68, 2) by the teacher, NaN where unknown."""
    number: int


@dataclass(frozen=True)
class Tracking:
    """What it takes to track faces in another process."""

    seed: int
    predictor: Path | None = None
    """As for ``ShapePredictor``."""

    def open(self) -> TrackingStudio:
        """Load the shape predictor."""
        return TrackingStudio(self.seed, ShapePredictor(self.predictor))


@dataclass(frozen=True)
class TrackingStudio:
    """Reads landmarks as the live tracker does."""

    seed: int
    predictor: ShapePredictor

    def fit_all(self, job: Job) -> Vector:
        """Return the (N, 68, 2) landmarks of a block of faces, NaN where the teacher has none."""
        random = np.random.default_rng([self.seed, job.number])
        faces = zip(job.crops, job.landmarks_px, strict=True)
        return np.array([self._fit(*face, random) for face in faces], np.float32)

    def _fit(self, crop: Image, taught_px: Vector, random: np.random.Generator) -> Vector:
        if not np.isfinite(taught_px).all():
            return taught_px
        placement = chain(START.draw(random), place_on_landmarks(taught_px.astype(np.float64)))
        for _ in range(FITS):
            patch = self.predictor.predict(cut_patch(crop, placement))
            landmarks_px = to_frame(placement, patch)
            placement = place_on_landmarks(landmarks_px)
        return landmarks_px.astype(np.float32)


def track_faces(faces: FaceSet, seed: int = 0, workers: int = 1) -> Vector:
    """Return the live tracker's (N, 68, 2) landmarks of faces, in pixels of their crops.

    NaN where the teacher found no face; the same whatever ``workers`` is.
    """
    taught_px = faces.points_px[:, MEDIAPIPE_TO_68]
    jobs = [
        Job(faces.crops[start : start + BLOCK], taught_px[start : start + BLOCK], number)
        for number, start in enumerate(range(0, len(faces), BLOCK))
    ]
    done = run_jobs(Tracking(seed), TrackingStudio.fit_all, jobs, workers)
    parts = dict(track(done, "block", "tracking faces", len(jobs)))
    return np.concatenate([parts[number] for number in range(len(jobs))])


def tracked_cuts(landmarks_px: Vector, source: CropSpec, crop: CropSpec) -> Vector:
    """Say where the tracker would cut its crops out of wider ones.

    Args:
        landmarks_px: (N, 68, 2) in pixels of the wider crops; NaN, or lost, for the plain middle.
        source: What the wider crops show.
        crop: What is cut.

    Returns:
        (N, 2, 3) float32 matrices from the crop to the wider one, both -1 to 1 from edge to edge.
    """
    plain = np.column_stack([np.eye(2) * crop.span / source.span, np.zeros(2)])
    cuts = np.tile(plain.astype(np.float32), (len(landmarks_px), 1, 1))
    for row in np.flatnonzero(np.isfinite(landmarks_px).all(axis=(1, 2))):
        to_crop = _square(crop_matrix(landmarks_px[row], crop))
        between = _units(source.size) @ np.linalg.inv(to_crop) @ np.linalg.inv(_units(crop.size))
        if _is_near(between, plain):
            cuts[row] = between[:2]
    return cuts


def _is_near(cut: NDArray[np.float64], plain: NDArray[np.float64]) -> bool:
    """Say whether a cut shows about what the plain one shows."""
    along = complex(cut[0, 0], cut[1, 0]) / plain[0, 0]
    zoom, turn_deg = abs(along), np.degrees(np.angle(along))
    return bool(1 / MOST_ZOOM < zoom < MOST_ZOOM and abs(turn_deg) < MOST_TURN_DEG)


def _units(size: int) -> NDArray[np.float64]:
    """Return the (3, 3) matrix from pixels to -1 to 1 from edge to edge."""
    scale, shift = 2 / size, 1 / size - 1
    return np.array([[scale, 0, shift], [0, scale, shift], [0, 0, 1]])


def _square(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.vstack([matrix, [0, 0, 1]])
