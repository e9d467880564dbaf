"""Finding: how many turned and tilted heads are found within a second, and what a search costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from facedrive.errors import DataError
from facedrive.pipeline import Pipeline
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.smoothing import no_smoothing
from facedrive.sources.video import VideoFile
from facedrive.timing import Timing
from facedrive.trackers.dlib import DlibTracker
from facedrive.training.data.teacher import TeacherFile
from facedrive.training.evaluation.comparison import Figures, rounded
from facedrive.training.rendered.avatars import find_avatars
from facedrive.training.rendered.studio import Studio
from facedrive.training.rendered.turned import (
    SIDE_PX,
    Standing,
    Turned,
    held_out,
    paint_grounds,
    place_somewhere,
    stand,
    turn_avatar,
    turn_person,
)
from facedrive.types import Frame, Image

YAWS_DEG = (-60.0, -40.0, -20.0, 0.0, 20.0, 40.0, 60.0)
TILTS_DEG = (-45.0, -30.0, -15.0, 0.0, 15.0, 30.0, 45.0)

SIZE = (640, 480)
SHARES = (0.1, 0.4)
"""Of the picture's width: the smallest and the largest face."""

FPS = 30
FRAMES = 30
"""In which a face is to be found, and for as many more it is to be held."""

NEAR = 0.3
"""Of the distance of the outer eye corners: landmarks that are off by less are on the face."""

ROOM = Path("clips") / "no_face.mp4"
"""Beside what is painted, the ground that heads stand before."""

PEOPLE = 4
"""Of the parametric face, in the skin of test people, beside as many avatars."""

GROUNDS = 24
EMPTY = 12
"""Of these that are searched without a head, for as many frames as a clip has."""

SEED = 60


class Outcome(NamedTuple):
    """What became of a head in a still clip."""

    frame: int | None
    """In which it was found, from 0; None where it was not."""
    held: bool
    """Whether it was then seen in every frame of another second."""


@dataclass(frozen=True)
class Grounds:
    """What heads of a test stand before."""

    data: Path

    def paint(self, rng: np.random.Generator) -> Iterator[Image]:
        """Give (480, 640) grounds without a face, for ever.

        Raises:
            DataError: if the clip without a face is missing.
        """
        path = self.data / ROOM
        if not path.exists():
            raise DataError(f"{path} is missing; heads are set before it.")
        rooms = [frame.gray for frame in islice(VideoFile(path).frames(), 0, None, 25)]
        return paint_grounds(rng, SIZE, rooms)


def cast_heads(data: Path, teacher: TeacherFile) -> Iterator[list[Turned | None]]:
    """Turn the heads that no detector is taught on, each by ``YAWS_DEG``.

    Raises:
        DataError: if data is missing.
        RenderError: if there is no OpenGL.
    """
    ordered = sorted(YAWS_DEG, key=abs)
    back = [ordered.index(yaw) for yaw in YAWS_DEG]
    rng = np.random.default_rng(SEED)
    for path in held_out(find_avatars(data))[::3]:
        heads = turn_avatar(path, ordered, teacher, rng)
        yield [heads[index] for index in back]
    studio = Studio(data, "test", SIDE_PX)
    for _ in range(PEOPLE):
        people = turn_person(studio, rng, ordered)
        yield [people[index] for index in back]


def score_finding(regressor: OnnxRegressor, teacher: TeacherFile, data: Path) -> Figures:
    """Find heads in still clips as ``facedrive live`` does.

    Returns:
        ``heads``: by yaw and tilt, as in ``"-60/45"``, how many ``heads`` there were, the share
        ``found`` within a second, the share ``held`` for another second, and the median ``frame``
        in which those were found; ``by_yaw``: the same over all tilts; ``clips``: how many.
        ``empty``: ms a frame of a search where there is no face, median and 95th percentile, how
        many ``network_runs`` a frame, and in how many frames a face was ``seen``.
    """
    rng = np.random.default_rng(SEED)
    grounds = list(islice(Grounds(data).paint(rng), GROUNDS))
    outcomes: dict[tuple[str, str], list[Outcome]] = {
        (f"{yaw:g}", f"{tilt:g}"): [] for yaw in YAWS_DEG for tilt in TILTS_DEG
    }
    for heads in cast_heads(data, teacher):
        for yaw, head in zip(YAWS_DEG, heads, strict=True):
            for tilt in TILTS_DEG:
                scene = _scene(rng, head, grounds[rng.integers(GROUNDS)], tilt)
                if scene is not None:
                    outcomes[f"{yaw:g}", f"{tilt:g}"].append(watch(regressor, scene))
    return {
        "clips": sum(map(len, outcomes.values())),
        "heads": {"/".join(pose): _summary(each) for pose, each in outcomes.items()},
        "by_yaw": {f"{yaw:g}": _summary([each for (turned, _), some in outcomes.items()
                                         if turned == f"{yaw:g}" for each in some])
                   for yaw in YAWS_DEG},
        "empty": score_empty(regressor, grounds[:EMPTY]),
    }  # fmt: skip


def score_empty(regressor: OnnxRegressor, grounds: Sequence[Image]) -> Figures:
    """Search (480, 640) pictures without a face; returns as ``score_finding``."""
    seen, runs, timing = 0, 0, Timing()
    for ground in grounds:
        pipeline = _open(regressor, timing)
        seen += pipeline(_frame(ground, 0)).face  # which is searched whole
        before = timing.count("regress")
        for index in range(1, FRAMES):
            with timing.stage("frame"):
                seen += pipeline(_frame(ground, index)).face
        runs += timing.count("regress") - before
    latency, frames = timing.summary()["frame"], timing.count("frame")
    return {
        "frames": frames + len(grounds), "seen": seen, "median_ms": rounded(latency.median_ms),
        "p95_ms": rounded(latency.p95_ms), "network_runs": rounded(runs / frames),
    }  # fmt: skip


def watch(regressor: OnnxRegressor, scene: Standing) -> Outcome:
    """Show a still clip of a head to a new pipeline."""
    pipeline = _open(regressor)
    found = next((index for index in range(FRAMES) if _sees(pipeline, scene, index)), None)
    if found is None:
        return Outcome(None, held=False)
    return Outcome(found, all(_sees(pipeline, scene, found + 1 + index) for index in range(FRAMES)))


def _sees(pipeline: Pipeline, scene: Standing, index: int) -> bool:
    """Say whether the face is seen, and where it is."""
    sample = pipeline(_frame(scene.picture, index))
    if not sample.face or sample.landmarks_px is None:
        return False
    off_px = np.linalg.norm(sample.landmarks_px - scene.landmarks_px, axis=1).mean()
    return bool(off_px < NEAR * scene.unit_px)


def _scene(
    rng: np.random.Generator, head: Turned | None, ground: Image, tilt_deg: float
) -> Standing | None:
    face_px = SIZE[0] * float(np.exp(rng.uniform(*np.log(SHARES))))
    placing = place_somewhere(rng, SIZE, face_px, tilt_deg)
    return None if head is None else stand(head, ground, placing)


def _open(regressor: OnnxRegressor, timing: Timing | None = None) -> Pipeline:
    return Pipeline(DlibTracker(), regressor, profile=None, smoothing=no_smoothing(),
                    timing=timing or Timing())  # fmt: skip


def _frame(gray: Image, index: int) -> Frame:
    return Frame(np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), np.uint8), index / FPS, index)


def _summary(outcomes: Sequence[Outcome]) -> Figures:
    frames = [each.frame for each in outcomes if each.frame is not None]
    return {
        "heads": len(outcomes),
        "found": rounded(len(frames) / max(len(outcomes), 1)),
        "held": rounded(sum(each.held for each in outcomes) / max(len(outcomes), 1)),
        "frame": float(np.median(frames)) if frames else None,
    }
