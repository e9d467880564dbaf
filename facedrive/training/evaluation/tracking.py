"""Tracking: in how many frames of clips a face is seen, and where, beside MediaPipe."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.files import file_hash
from facedrive.pipeline import Pipeline
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.smoothing import no_smoothing
from facedrive.sources.video import VideoFile
from facedrive.trackers.dlib import DlibTracker
from facedrive.trackers.landmarks import interocular_px
from facedrive.trackers.mediapipe import MediaPipeTracker
from facedrive.training.data.cache import Made
from facedrive.training.data.teacher import TeacherFile
from facedrive.training.evaluation.comparison import Figures, rounded
from facedrive.types import Vector

CLIPS = ("d10.mp4", "d11.mp4", "d12.mp4", "d20.mp4", "single_face.mp4", "x1.mp4", "x2.mp4",
         "x3.mp4", "x4.mp4", "face_noface.mov", "noface_face.mov", "no_face.mp4")  # fmt: skip
"""With turns, grimaces, blur, faces that come and go, and none."""

NEAR = 0.04
"""Of the outer eye corners' distance: landmarks nearer than this are at the same place."""

VERSION = 1
"""Of how the peer is asked; raise it when that changes."""


@dataclass(frozen=True)
class Peer:
    """MediaPipe as a tracker, which keeps where it saw faces."""

    teacher: TeacherFile
    cache: Path

    def track(self, clip: Path) -> Vector:
        """Return (F, 68, 2) landmarks of a clip's frames in pixels, NaN where it sees no face."""

        def write(path: Path) -> None:
            nowhere = np.full((68, 2), np.nan, np.float32)
            with closing(MediaPipeTracker(self.teacher.path)) as tracker:
                faces = [tracker.track(frame) for frame in VideoFile(clip).frames()]
            np.save(path, np.stack([nowhere if each is None else each.landmarks_px
                                    for each in faces]))  # fmt: skip

        made = Made("peer-landmarks", VERSION, (self.teacher.digest, file_hash(clip)))
        return np.asarray(np.load(made.keep(self.cache, ".npy", write)))


def find_clips(data: Path) -> tuple[Path, ...]:
    """Return where the clips to track are.

    Raises:
        DataError: if one is missing.
    """
    paths = tuple(data / "clips" / name for name in CLIPS)
    for path in paths:
        if not path.exists():
            raise DataError(f"{path} is missing; give other clips, or leave that section out.")
    return paths


def score_tracking(regressor: OnnxRegressor, peer: Peer, clips: Sequence[Path]) -> Figures:
    """Follow the face through each clip as ``facedrive live`` does, beside the peer.

    Returns:
        Of each clip its ``frames``, in how many of them the peer sees a face (``peer``), we see one
        (``seen``), only it does (``missed``) and only we do (``alone``), the ``share`` of its
        frames that are ours too, and ``landmarks``: the distance to the peer's in percent of the
        outer eye corners', its mean, 99th percentile and most, and the share of frames that are
        ``beyond`` ``NEAR``.
    """
    return {"clips": {clip.stem: _compare(_track(regressor, clip), peer.track(clip))
                      for clip in clips}}  # fmt: skip


def _track(regressor: OnnxRegressor, clip: Path) -> Vector:
    """Return our (F, 68, 2) landmarks, NaN where we see no face."""
    pipeline = Pipeline(DlibTracker(), regressor, profile=None, smoothing=no_smoothing())
    nowhere = np.full((68, 2), np.nan, np.float32)
    samples = [pipeline(frame) for frame in VideoFile(clip).frames()]
    return np.stack([each.landmarks_px if each.face and each.landmarks_px is not None else nowhere
                     for each in samples])  # fmt: skip


def _compare(ours_px: Vector, theirs_px: Vector) -> Figures:
    """Compare (F, 68, 2) landmarks of the same frames."""
    frames = min(len(ours_px), len(theirs_px))
    ours_px, theirs_px = ours_px[:frames], theirs_px[:frames]
    ours, theirs = _seen(ours_px), _seen(theirs_px)
    both = ours & theirs
    off_px = np.linalg.norm(ours_px[both] - theirs_px[both], axis=2).mean(axis=1)
    off = off_px / interocular_px(theirs_px[both])
    return {
        "frames": frames, "peer": int(theirs.sum()), "seen": int(ours.sum()),
        "missed": int((theirs & ~ours).sum()), "alone": int((ours & ~theirs).sum()),
        "share": rounded(both.sum() / theirs.sum()) if theirs.any() else None,
        "landmarks": _distance(off) if both.any() else None,
    }  # fmt: skip


def _seen(landmarks_px: Vector) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(landmarks_px).all(axis=(1, 2)))


def _distance(off: NDArray[np.floating]) -> Figures:
    return {
        "mean": rounded(100 * off.mean()), "p99": rounded(100 * np.percentile(off, 99)),
        "most": rounded(100 * off.max()), "beyond": rounded((off > NEAR).mean()),
    }  # fmt: skip
