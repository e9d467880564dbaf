"""The teacher that scored the photographs, asked about one picture at a time."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.progress import track
from facedrive.trackers.mediapipe import open_landmarker
from facedrive.training.data.cache import digest, digest_code, keep
from facedrive.training.rendered.photographs import open_photographs
from facedrive.training.workers import run_jobs
from facedrive.types import Image, Vector

if TYPE_CHECKING:
    from mediapipe.tasks.python.vision import FaceLandmarkerResult


class Opinion(NamedTuple):
    """What the teacher says of one face."""

    scores: Vector
    """(52,) blendshape scores."""
    landmarks_px: NDArray[np.float32]
    """(478, 2)."""


class Opinions(NamedTuple):
    """What the teacher says of N pictures; NaN where it finds no face."""

    scores: Vector
    """(N, 52) blendshape scores in the model's own order, which is alphabetical."""
    landmarks_px: Vector
    """(N, 478, 2)."""


BLENDSHAPES = 52
"""That the teacher scores."""

LANDMARKS = 478
"""That it places, irises included."""

LOOKS = 3
"""Times that the teacher sees a picture: every time it looks where it found the face before."""

STEP_MS = 10_000
"""Between looks, as long as MediaPipe takes to forget where it saw the points before: within a
second it draws them back there, to the first look's."""

BLOCK = 250
"""Pictures that a process is given at a time."""


class Teacher:
    """MediaPipe's Face Landmarker on single pictures; ``close`` it when done.

    It is asked until its answer settles. Its first look at a face lies where its detector says,
    which is not where it looks on later frames of a video; it is noisier and sees raised brows,
    open jaws and bared teeth where later ones do not (``train/LOG.md`` has by how much).
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


def settled_opinions(
    data: Path,
    cache: Path,
    model: Path | None = None,
    workers: int = 1,
    rows: NDArray[np.intp] | None = None,
) -> Opinions:
    """Ask the teacher about photographs again; slow the first time, then read from a cache.

    Args:
        data: The folder with ``faces.zip``.
        cache: Folder that keeps the answers.
        model: As for ``Teacher``.
        workers: Processes that share the work.
        rows: (N,) which photographs; all if None.
    """
    photographs = open_photographs(data)
    asked = np.arange(len(photographs.person)) if rows is None else rows

    def write(path: Path) -> None:
        pictures = [photographs.read(int(row)) for row in asked]
        save_opinions(ask_all(pictures, model, workers), path)

    size = (data / "faces.zip").stat().st_size
    made_by = digest(asked.tobytes(), digest_code(sys.modules[__name__]).encode())
    return load_opinions(keep(cache / f"opinions-{size}-{made_by}.npz", write))


@dataclass(frozen=True)
class Asking:
    """What it takes to ask the teacher in another process."""

    model: Path | None

    def open(self) -> Asking:
        """Be ready: each block of pictures opens a teacher of its own."""
        return self

    def ask(self, pictures: Sequence[Image] | Image) -> Opinions:
        """Ask about a block of pictures, each as if it were the first."""
        said = Opinions(
            np.full((len(pictures), BLENDSHAPES), np.nan, np.float32),
            np.full((len(pictures), LANDMARKS, 2), np.nan, np.float32),
        )
        with closing(Teacher(self.model)) as teacher:
            for row, picture in enumerate(pictures):
                teacher.forget()
                opinion = teacher.ask(picture)
                if opinion is not None:
                    said.scores[row], said.landmarks_px[row] = opinion
        return said


def ask_all(
    pictures: Sequence[Image] | Image, model: Path | None = None, workers: int = 1
) -> Opinions:
    """Ask the teacher about (H, W) uint8 pictures; the answers do not depend on ``workers``."""
    blocks = [pictures[start : start + BLOCK] for start in range(0, len(pictures), BLOCK)]
    done = run_jobs(Asking(model), Asking.ask, blocks, workers)
    parts = dict(track(done, "block", "asking the teacher", len(blocks)))
    columns = zip(*(parts[number] for number in range(len(blocks))), strict=True)
    return Opinions(*map(np.concatenate, columns))


def save_opinions(opinions: Opinions, path: Path) -> None:
    """Write opinions to a file that ``load_opinions`` reads."""
    with path.open("wb") as file:
        np.savez(file, **opinions._asdict())


def load_opinions(path: Path) -> Opinions:
    """Read what ``save_opinions`` wrote."""
    with np.load(path) as table:
        return Opinions(**table)
