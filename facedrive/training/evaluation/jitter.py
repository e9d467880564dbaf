"""How much the answers tremble on a still picture under sensor noise."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from facedrive.aus import AUS
from facedrive.pipeline import Pipeline
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.smoothing import no_smoothing
from facedrive.sources.video import VideoFile
from facedrive.trackers.align import warp_crop
from facedrive.trackers.dlib import DlibTracker
from facedrive.training.data.photographs import Photographs
from facedrive.training.data.teacher import VideoTeacher
from facedrive.training.evaluation.comparison import mean, rounded
from facedrive.types import Frame, Image, Vector

SECONDS = 10.0
FPS = 30.0
KINDS = ("live", "fixed_crop", "teacher", "teacher_apart")
NOISE = 6.0
"""Standard deviation a colour channel, grey levels."""

PHOTOGRAPHS = 5
PHOTOGRAPH_PX = 512
"""Shorter side that a photograph is enlarged to."""


@dataclass(frozen=True)
class Still:
    """A picture that is held still."""

    name: str
    image: Image
    """(H, W, 3) uint8 RGB."""

    def noisy_frames(self) -> Iterator[Frame]:
        """Yield ten seconds of frames with fresh noise, the same every time."""
        random = np.random.default_rng(0)
        for index in range(round(SECONDS * FPS)):
            noise = random.standard_normal(self.image.shape, np.float32) * np.float32(NOISE)
            noisy = np.clip(np.rint(self.image + noise), 0, 255).astype(np.uint8)
            yield Frame(noisy, index / FPS, index)


def find_stills(clips: Sequence[Path], photographs: Photographs) -> list[Still]:
    """Take the first frame of each clip, and photographs of test people, enlarged."""
    first = [Still(clip.stem, next(VideoFile(clip).frames()).image) for clip in clips]
    return first + _choose(photographs)


def score_jitter(
    regressor: OnnxRegressor, teacher: VideoTeacher, stills: Sequence[Still]
) -> dict[str, Any]:
    """Return the mean absolute change a frame over all AUs, raw, and the teacher's beside it.

    Returns:
        ``live``: the tracker follows the noisy face; ``fixed_crop``: the crop stays where the
        tracker put it in the first frame; ``teacher``: MediaPipe in its video mode, which smooths;
        ``teacher_apart``: the same on single frames. Means over the stills, and each still's own.
        A still on which one of them finds no face is left out.
    """
    table = {still.name: _score_still(regressor, teacher, still) for still in stills}
    seen = [row for row in table.values() if None not in row.values()]
    means = {kind: mean(np.array([row[kind] for row in seen])) for kind in KINDS} if seen else {}
    return {"frames": round(SECONDS * FPS), "noise": NOISE} | means | {"stills": table}


def _score_still(
    regressor: OnnxRegressor, teacher: VideoTeacher, still: Still
) -> dict[str, float | None]:
    of = f"{SECONDS} {FPS} {NOISE} {still.image.shape}".encode() + still.image.tobytes()
    digest = hashlib.sha256(of).hexdigest()
    taught = (
        teacher.score_frames(still.noisy_frames(), digest, apart=apart) for apart in (False, True)
    )
    answers = (*_read_still(regressor, still), *(teacher.targets(each).aus for each in taught))
    return dict(zip(KINDS, map(_change, answers), strict=True))


def _read_still(regressor: OnnxRegressor, still: Still) -> tuple[Vector, Vector]:
    """Return (F, 24) raw AUs of the live path, and of the crop that stays; NaN unseen."""
    pipeline = Pipeline(DlibTracker(), regressor, profile=None, smoothing=no_smoothing())
    live = np.full((round(SECONDS * FPS), len(AUS)), np.nan, np.float32)
    fixed = live.copy()
    landmarks_px: Vector | None = None
    for frame in still.noisy_frames():
        sample = pipeline(frame)
        if sample.face:
            landmarks_px = sample.landmarks_px if landmarks_px is None else landmarks_px
            live[frame.index] = sample.aus
        if landmarks_px is not None:
            crop = warp_crop(frame.gray, landmarks_px, regressor.crop)
            fixed[frame.index] = regressor.estimate(crop).aus
    return live, fixed


def _change(aus: Vector) -> float | None:
    """Return the mean absolute change from a frame to the next; None without faces."""
    change = np.abs(np.diff(aus, axis=0))
    change = change[np.isfinite(change)]
    return rounded(change.mean()) if len(change) else None


def _choose(photographs: Photographs) -> list[Still]:
    """Take photographs spread evenly over the test people's, grey as they are."""
    rows = photographs.rows_of("test")
    chosen = rows[np.linspace(0, len(rows) - 1, PHOTOGRAPHS + 2).astype(np.intp)[1:-1]]
    return [Still(f"{row:05d}", _enlarge(photographs.read(int(row)))) for row in chosen]


def _enlarge(grey: Image) -> Image:
    picture = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    scale = PHOTOGRAPH_PX / min(picture.shape[:2])
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale), np.uint8)
