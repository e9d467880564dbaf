"""The teacher on moving pictures: MediaPipe's scores of every frame, kept on disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facedrive.errors import DataError
from facedrive.sources.video import VideoFile
from facedrive.trackers.mediapipe import fetch_model, open_blendshapes
from facedrive.training.data.cache import digest, keep
from facedrive.training.data.labels import Targets, from_teacher
from facedrive.training.data.teacher import find_teacher
from facedrive.types import Frame, Image, Vector

NOBODY: Image = np.zeros((64, 64, 3), np.uint8)
"""A picture that makes the teacher forget the face before."""


@dataclass(frozen=True)
class Teacher:
    """MediaPipe's Face Landmarker with blendshapes."""

    model: Path
    names: tuple[str, ...]
    """(52,) of its scores, in its order."""
    cache: Path
    """Folder that keeps the scores."""

    def score_clip(self, clip: Path, *, apart: bool = False) -> Vector:
        """Return (F, 52) scores of a clip's frames, as ``score_frames``."""
        return self.score_frames(VideoFile(clip).frames(), clip.read_bytes(), apart=apart)

    def score_frames(self, frames: Iterable[Frame], key: bytes, *, apart: bool = False) -> Vector:
        """Return (F, 52) scores of frames in time order, NaN where there is no face.

        Args:
            frames: They are only looked at when their scores are not kept yet.
            key: What the frames are made of: the scores are kept under it.
            apart: Whether each is looked at as if there were no other.
        """
        look = self._look_apart if apart else self._look
        name = f"teacher-{'apart' if apart else 'video'}-{digest(key, self.model.read_bytes())}.npy"
        return np.asarray(
            np.load(keep(self.cache / name, lambda path: np.save(path, look(frames))))
        )

    def _look(self, frames: Iterable[Frame]) -> Vector:
        with closing(open_blendshapes(self.model)) as landmarker:
            return self._table([landmarker(frame) for frame in frames])

    def _look_apart(self, frames: Iterable[Frame]) -> Vector:
        rows = []
        with closing(open_blendshapes(self.model)) as landmarker:
            for frame in frames:
                landmarker(replace(frame, image=NOBODY))
                rows.append(landmarker(frame))
        return self._table(rows)

    def _table(self, rows: Sequence[Vector | None]) -> Vector:
        blind = np.full(len(self.names), np.nan, np.float32)
        return np.stack([blind if row is None else row for row in rows])

    def targets(self, scores: Vector) -> Targets:
        """Turn (N, 52) scores into AUs and gaze."""
        return from_teacher(scores, list(self.names))


def open_teacher(data: Path, cache: Path, model: Path | None = None) -> Teacher:
    """Find the teacher's model, by default in ``models`` beside the data folder, else fetched.

    Raises:
        DataError: if the file given is missing, or ``data`` has no teacher's scores.
        ModelError: if it cannot be fetched.
    """
    if model is not None and not model.is_file():
        raise DataError(f"no file {model}; --teacher-model names MediaPipe's face_landmarker.task.")
    labels = data / "faces_teacher.npz"
    if not labels.exists():
        raise DataError(f"{labels} is missing; --data names the folder that holds it.")
    with np.load(labels) as table:
        names = tuple(str(name) for name in table["blendshape_names"])
    return Teacher(find_teacher(data, model) or fetch_model(), names, cache)
