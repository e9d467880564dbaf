"""The teacher on clips: MediaPipe's scores of every frame, in its video mode, kept on disk."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedrive.errors import DataError
from facedrive.sources.video import VideoFile
from facedrive.trackers.mediapipe import fetch_model, open_blendshapes
from facedrive.training.labels import Targets, from_teacher
from facedrive.types import Frame, Vector

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Teacher:
    """MediaPipe's Face Landmarker with blendshapes."""

    model: Path
    names: tuple[str, ...]
    """(52,) of its scores, in its order."""
    cache: Path
    """Folder that keeps the scores of clips."""

    def score_clip(self, clip: Path) -> Vector:
        """Return (F, 52) scores of a clip's frames, NaN where the teacher sees no face."""
        kept = self.cache / f"teacher-{_digest(clip, self.model)}.npy"
        if not kept.exists():
            log.info("the teacher looks at %s", clip.name)
            scores = self.score_frames(VideoFile(clip).frames())
            self.cache.mkdir(parents=True, exist_ok=True)
            part = kept.with_suffix(".part.npy")
            np.save(part, scores)
            part.replace(kept)
        return np.asarray(np.load(kept))

    def score_frames(self, frames: Iterable[Frame]) -> Vector:
        """Return (F, 52) scores of frames in time order, NaN where there is no face."""
        blind = np.full(len(self.names), np.nan, np.float32)
        with closing(open_blendshapes(self.model)) as landmarker:
            rows = [landmarker(frame) for frame in frames]
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
    beside = data.resolve().parent / "models" / "face_landmarker.task"
    found = model or (beside if beside.is_file() else fetch_model())
    return Teacher(found, names, cache)


def _digest(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
