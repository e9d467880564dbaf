"""Figures on real footage: the live path, raw, frame by frame, beside the teacher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facedrive.errors import DataError
from facedrive.pipeline import Pipeline
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.smoothing import no_smoothing
from facedrive.sources.video import VideoFile
from facedrive.trackers.dlib import DlibTracker
from facedrive.training.data.labels import Targets
from facedrive.training.data.teacher import VideoTeacher
from facedrive.training.evaluation.comparison import Answers, compare

TEST_CLIPS = ("d10", "d11", "d12", "d20", "single_face")
"""Of people who are in no training set."""


@dataclass(frozen=True)
class Reading:
    """What model and teacher say about the frames of a clip in which both see a face."""

    name: str
    frames: int
    """All of the clip's."""
    missed: int
    """Frames where the teacher sees a face and our tracker none."""
    answers: Answers
    targets: Targets

    def score(self) -> dict[str, Any]:
        """Return the figures, with means over the channels that vary in these frames."""
        figures = compare(self.answers, self.targets).as_dict()
        return {"frames": self.frames, "missed": self.missed} | figures


def find_clips(data: Path) -> tuple[Path, ...]:
    """Return where the test clips are.

    Raises:
        DataError: if one is missing.
    """
    paths = tuple(data / "clips" / f"{name}.mp4" for name in TEST_CLIPS)
    for path in paths:
        if not path.exists():
            raise DataError(f"{path} is missing; give other clips, or leave that "
                            "section out.")  # fmt: skip
    return paths


def score_clips(
    regressor: OnnxRegressor, teacher: VideoTeacher, clips: Sequence[Path]
) -> dict[str, Any]:
    """Return the figures of every clip, and of all their frames together.

    Beside them how the teacher agrees with itself, when each frame is looked at alone as the
    photographs were: a model that had learnt the photographs' labels perfectly would come so far.
    """
    readings = [read_clip(regressor, teacher, clip) for clip in clips]
    return {
        "pooled": pool(readings).score(),
        "clips": {each.name: each.score() for each in readings},
        "teacher_itself": pool([_read_teacher(teacher, clip) for clip in clips]).score(),
    }


def read_clip(regressor: OnnxRegressor, teacher: VideoTeacher, clip: Path) -> Reading:
    """Run the live path, without calibration and smoothing, over a clip."""
    pipeline = Pipeline(DlibTracker(), regressor, profile=None, smoothing=no_smoothing())
    samples = [pipeline(frame) for frame in VideoFile(clip).frames()]
    scores = teacher.score_clip(clip)
    taught = np.isfinite(scores).all(axis=1)
    tracked = np.array([sample.face for sample in samples])
    both = taught & tracked
    if not both.any():
        raise DataError(f"{clip} has no frame in which both tracker and teacher see a face.")
    answers = Answers(
        np.stack([sample.aus for sample in samples]),
        np.stack([sample.gaze.reshape(4) for sample in samples]),
    )
    missed = int((taught & ~tracked).sum())
    targets = teacher.targets(scores[both])
    return Reading(clip.stem, len(samples), missed, answers.select(both), targets)


def _read_teacher(teacher: VideoTeacher, clip: Path) -> Reading:
    """Take the teacher's scores of single frames for answers."""
    apart, together = teacher.score_clip(clip, apart=True), teacher.score_clip(clip)
    taught, seen = np.isfinite(together).all(axis=1), np.isfinite(apart).all(axis=1)
    both = taught & seen
    said = teacher.targets(apart[both])
    answers = Answers(said.aus, said.gaze.reshape(-1, 4))
    missed = int((taught & ~seen).sum())
    return Reading(clip.stem, len(apart), missed, answers, teacher.targets(together[both]))


def pool(readings: Sequence[Reading]) -> Reading:
    """Put the frames of all clips together."""
    return Reading(
        "pooled",
        sum(each.frames for each in readings),
        sum(each.missed for each in readings),
        Answers(*map(np.concatenate, zip(*(each.answers for each in readings), strict=True))),
        Targets(*map(np.concatenate, zip(*(each.targets for each in readings), strict=True))),
    )
