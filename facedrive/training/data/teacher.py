"""The teacher: MediaPipe's Face Landmarker with its blendshapes, on pictures and on videos.

Its first look at a face lies where its detector says, which is not where it looks on later frames
of a video; it is noisier and sees raised brows, open jaws and bared teeth where later ones do not
(``train/LOG.md`` has by how much). A single picture is therefore shown until the answer converges.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from facedrive.arrays import read_arrays
from facedrive.errors import DataError
from facedrive.files import file_hash
from facedrive.progress import track
from facedrive.sources.video import VideoFile
from facedrive.trackers.mediapipe import MODEL_SHA256, open_landmarker
from facedrive.training.data.cache import Made
from facedrive.training.data.labels import Targets, from_teacher
from facedrive.training.workers import run_jobs
from facedrive.types import Frame, Image, Vector

if TYPE_CHECKING:
    from mediapipe.tasks.python.vision import FaceLandmarkerResult

VERSION = 1
"""Of how the teacher is asked; raise it when that changes."""

BLENDSHAPES = 52
"""That the teacher scores."""

LANDMARKS = 478
"""That it places, irises included."""

MESH_POINTS = 468
"""Of these: the last ten are irises, which are no skin."""

LOOKS = 3
"""Times that the teacher sees a picture: every time it looks where it found the face before."""

STEP_MS = 10_000
"""Between looks, as long as MediaPipe takes to forget where it saw the points before: within a
second it draws them back there, to the first look's."""

BLOCK = 250
"""Pictures that a process is given at a time."""

NOBODY: Image = np.zeros((64, 64, 3), np.uint8)
"""A picture that makes the teacher forget the face before."""


class Opinion(NamedTuple):
    """What the teacher says of one face."""

    scores: Vector
    """(52,) blendshape scores."""
    landmarks_px: Vector
    """(478, 2)."""


class Opinions(NamedTuple):
    """What the teacher says of N pictures; NaN where it finds no face."""

    scores: Vector
    """(N, 52) blendshape scores in the model's own order, which is alphabetical."""
    landmarks_px: Vector
    """(N, 478, 2)."""

    def save(self, path: Path) -> None:
        """Write a file that ``load_opinions`` reads."""
        with path.open("wb") as file:
            np.savez(file, **self._asdict())


def load_opinions(path: Path) -> Opinions:
    """Read what ``Opinions.save`` wrote.

    Raises:
        DataError: if it is broken.
    """
    table = read_arrays(path, DataError, f"{path} is broken ({{error}}); delete it.")
    try:
        return Opinions(**table)
    except TypeError as error:
        raise DataError(f"{path} is broken ({error}); delete it.") from error


class Teacher:
    """MediaPipe's whole chain, opened; ``close`` it when done."""

    def __init__(self, model: Path | None = None) -> None:
        """Open the model file; None for the one that is fetched into the cache folder."""
        self._landmarker = open_landmarker(model, blendshapes=True)
        self._time_ms = -1

    def score(self, frame: Frame) -> Vector | None:
        """Return the (52,) scores of the face in a video's next frame, or None."""
        found = self._look(frame.image, max(self._time_ms + 1, round(frame.time * 1000)))
        return _scores(found) if found.face_blendshapes else None

    def ask(self, picture: Image) -> Opinion | None:
        """Look at an (H, W) uint8 picture until the answer converges; None without a face."""
        rgb = np.repeat(picture[..., None], 3, axis=2)
        for _ in range(LOOKS):
            found = self._look(rgb, max(self._time_ms, 0) + STEP_MS)
        if not found.face_blendshapes:
            return None
        height, width = picture.shape
        places = [(point.x * width, point.y * height) for point in found.face_landmarks[0]]
        return Opinion(_scores(found), np.array(places, np.float32))

    def forget(self) -> None:
        """Forget the last face, so that the next one is found without it."""
        self._look(NOBODY, max(self._time_ms, 0) + STEP_MS)

    def close(self) -> None:
        """Give the model's memory and threads back."""
        self._landmarker.close()

    def _look(self, rgb: Image, time_ms: int) -> FaceLandmarkerResult:
        import mediapipe

        image = mediapipe.Image(
            image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(rgb)
        )
        self._time_ms = time_ms
        return self._landmarker.detect_for_video(image, time_ms)


def _scores(found: FaceLandmarkerResult) -> Vector:
    return np.array([each.score for each in found.face_blendshapes[0]], np.float32)


@dataclass(frozen=True)
class TeacherFile:
    """The teacher's model file, and what it says of many pictures."""

    path: Path | None = None
    """None for the one that is fetched into the cache folder when it is needed."""

    @cached_property
    def digest(self) -> str:
        """Of the file."""
        return MODEL_SHA256 if self.path is None else file_hash(self.path)

    def open(self) -> TeacherFile:
        """Be ready to work in another process: each block of pictures opens a teacher."""
        return self

    def ask_block(self, pictures: Sequence[Image] | Image) -> Opinions:
        """Ask about a block of pictures, each as if it were the first."""
        said = Opinions(
            np.full((len(pictures), BLENDSHAPES), np.nan, np.float32),
            np.full((len(pictures), LANDMARKS, 2), np.nan, np.float32),
        )
        with closing(Teacher(self.path)) as teacher:
            for row, picture in enumerate(pictures):
                teacher.forget()
                opinion = teacher.ask(picture)
                if opinion is not None:
                    said.scores[row], said.landmarks_px[row] = opinion
        return said

    def ask_all(self, pictures: Sequence[Image] | Image, workers: int = 1) -> Opinions:
        """Ask about (H, W) uint8 pictures; the answers do not depend on ``workers``."""
        blocks = [pictures[start : start + BLOCK] for start in range(0, len(pictures), BLOCK)]
        done = run_jobs(self, TeacherFile.ask_block, blocks, workers)
        parts = dict(track(done, "block", "asking the teacher", len(blocks)))
        columns = zip(*(parts[number] for number in range(len(blocks))), strict=True)
        return Opinions(*map(np.concatenate, columns))


@dataclass(frozen=True)
class VideoTeacher:
    """The teacher on videos, which keeps its scores."""

    file: TeacherFile
    channels: tuple[str, ...]
    """(52,) names of its scores."""
    cache: Path
    """Folder that keeps them."""

    def targets(self, scores: Vector) -> Targets:
        """Turn (F, 52) scores into AUs and gaze."""
        return from_teacher(scores, self.channels)

    def score_clip(self, clip: Path, *, apart: bool = False) -> Vector:
        """Return (F, 52) scores of a clip's frames, as ``score_frames``."""
        return self.score_frames(VideoFile(clip).frames(), file_hash(clip), apart=apart)

    def score_frames(self, frames: Iterable[Frame], digest: str, *, apart: bool = False) -> Vector:
        """Return (F, 52) scores of frames in time order, NaN where there is no face.

        Args:
            frames: They are only looked at when their scores are not kept yet.
            digest: Of what the frames are made of.
            apart: Whether each is looked at as if there were no other.
        """

        def write(path: Path) -> None:
            with closing(Teacher(self.file.path)) as teacher:
                rows = [_score_apart(teacher, each) if apart else teacher.score(each)
                        for each in frames]  # fmt: skip
            blind = np.full(BLENDSHAPES, np.nan, np.float32)
            np.save(path, np.stack([blind if row is None else row for row in rows]))

        made = Made("teacher-frames", VERSION, (self.file.digest, digest, apart))
        return np.asarray(np.load(made.keep(self.cache, ".npy", write)))


def _score_apart(teacher: Teacher, frame: Frame) -> Vector | None:
    """Score a frame as if there were no other."""
    teacher.score(replace(frame, image=NOBODY))
    return teacher.score(frame)


def find_teacher(data: Path, asked: Path | None = None) -> TeacherFile:
    """Return the teacher that was asked for, else one in ``models`` beside the data folder.

    Where there is neither, it is fetched when it is needed.

    Raises:
        DataError: if the file asked for is missing.
    """
    if asked is not None and not asked.is_file():
        raise DataError(f"no file {asked}; teacher_model must be MediaPipe's face_landmarker.task.")
    beside = data.resolve().parent / "models" / "face_landmarker.task"
    return TeacherFile(asked or (beside if beside.is_file() else None))
