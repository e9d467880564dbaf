"""The teacher that scored the photographs, asked about one picture at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from facedrive.trackers.mediapipe import open_landmarker
from facedrive.training.kept import keep
from facedrive.training.synth.photographs import open_photographs
from facedrive.types import Image, Vector

if TYPE_CHECKING:
    from mediapipe.tasks.python.vision import FaceLandmarkerResult


class Opinion(NamedTuple):
    """What the teacher says of one face."""

    scores: Vector
    """(52,) blendshape scores."""
    landmarks_px: NDArray[np.float32]
    """(478, 2)."""


LOOKS = 3
"""Times that the teacher sees a picture: every time it looks where it found the face before."""

STEP_MS = 33


class Teacher:
    """MediaPipe's Face Landmarker on single pictures; ``close`` it when done.

    The frame of its face detector is noise: first looks at the same face correlate 0.94 with
    each other. Third looks correlate 0.997 with fourth: its frame then comes from the points.
    """

    def __init__(self, model: Path | None = None) -> None:
        """Open the model file; None for the one that is fetched into the cache folder."""
        self._landmarker = open_landmarker(model, blendshapes=True)
        self._time_ms = 0
        self.names: list[str] = []
        """(52,) channel names, known after the first face."""

    def forget(self) -> None:
        """Forget the last face, so that the next one is found without it."""
        self._look(np.zeros((64, 64), np.uint8))

    def ask(self, picture: Image) -> Opinion | None:
        """Score the face of an (H, W) uint8 picture, or give None where there is none."""
        for _ in range(LOOKS):
            seen = self._look(picture)
        if not seen.face_blendshapes:
            return None
        channels = seen.face_blendshapes[0]
        self.names = self.names or [each.category_name for each in channels]
        height, width = picture.shape
        places = [(point.x * width, point.y * height) for point in seen.face_landmarks[0]]
        scores = np.array([each.score for each in channels], np.float32)
        return Opinion(scores, np.array(places, np.float32))

    def close(self) -> None:
        """Give the model's memory and threads back."""
        self._landmarker.close()

    def _look(self, picture: Image) -> FaceLandmarkerResult:
        import mediapipe

        rgb = np.ascontiguousarray(np.repeat(picture[..., None], 3, axis=2))
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=rgb)
        self._time_ms += STEP_MS
        return self._landmarker.detect_for_video(image, self._time_ms)


def find_teacher(data: Path, asked: Path | None) -> Path | None:
    """Return the teacher's model file: the one asked for, or one kept beside the data folder."""
    beside = data.resolve().parent / "models" / "face_landmarker.task"
    return asked or (beside if beside.is_file() else None)


def second_opinions(data: Path, cache: Path, model: Path | None = None) -> Vector:
    """Ask the teacher about every photograph again; slow the first time, then read from a cache.

    Args:
        data: The folder with ``faces.zip``.
        cache: Folder that keeps the answers.
        model: As for ``Teacher``.

    Returns:
        (N, 52) scores; NaN where it finds no face.
    """
    path = cache / f"opinions-{(data / 'faces.zip').stat().st_size}.npy"
    kept = keep(path, lambda part: np.save(part, _ask_all(data, model)))
    return np.asarray(np.load(kept), np.float32)


def _ask_all(data: Path, model: Path | None) -> Vector:
    photographs = open_photographs(data)
    teacher, count = Teacher(model), len(photographs.person)
    scores = np.full((count, len(photographs.scores)), np.nan, np.float32)
    for row in tqdm(range(count), "asking the teacher again", unit="face"):
        teacher.forget()
        opinion = teacher.ask(photographs.read(row))
        if opinion is not None:
            scores[row] = opinion.scores
    teacher.close()
    return scores
