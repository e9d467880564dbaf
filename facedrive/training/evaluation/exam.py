"""An examination of one model: its sections, and the data that they share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from facedrive.errors import DataError, unknown
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.training.data.faces import load_faces
from facedrive.training.evaluation.clips import find_clips, score_clips
from facedrive.training.evaluation.crops import centre_crops
from facedrive.training.evaluation.crosstalk import score_cross_talk
from facedrive.training.evaluation.jitter import find_stills, score_jitter
from facedrive.training.evaluation.landmarks import score_landmarks
from facedrive.training.evaluation.rendered import open_rendered, score_rendered
from facedrive.training.evaluation.settled import score_settled, settle
from facedrive.training.evaluation.speed import measure_speed
from facedrive.training.evaluation.stills import Stills, load_stills, score_stills
from facedrive.training.evaluation.teacher import Teacher, open_teacher
from facedrive.training.evaluation.warped import open_warped, score_warped

log = logging.getLogger(__name__)

Section = dict[str, Any]


@dataclass(frozen=True)
class Exam:
    """A model, and where the data lies that it is examined on."""

    regressor: OnnxRegressor
    data: Path
    """Folder with ``faces.zip``, ``faces_teacher.npz``, ``ict`` and ``clips``."""
    cache: Path
    """Folder that keeps crops, the teacher's scores and synthetic faces between calls."""
    teacher_model: Path | None = None
    clips: tuple[Path, ...] = ()
    """In place of the test clips."""
    synthetic: Path | None = None
    """A set of synthetic faces in place of those that are rendered for the test."""
    workers: int = 1
    """Processes that make test faces."""

    @cached_property
    def stills(self) -> Stills:
        """The test people's photographs, answered."""
        return load_stills(self.regressor, self.data, self.cache)

    @cached_property
    def teacher(self) -> Teacher:
        """The teacher, for moving pictures."""
        return open_teacher(self.data, self.cache, self.teacher_model)

    @cached_property
    def footage(self) -> tuple[Path, ...]:
        """The clips to score on."""
        return self.clips or find_clips(self.data)

    def take(self, sections: Iterable[str]) -> dict[str, Section]:
        """Run the sections named; return each one's figures.

        Raises:
            DataError: if there is no such section, or its data is missing.
        """
        chosen = list(sections)
        for name in chosen:
            if name not in SECTIONS:
                raise DataError(unknown("section", name, SECTIONS))
        answers = {}
        for name in chosen:
            log.info("evaluating: %s", name)
            answers[name] = SECTIONS[name](self)
        return answers


def _photographs(exam: Exam) -> Section:
    return score_stills(exam.stills)


def _settled(exam: Exam) -> Section:
    settled = settle(exam.stills, exam.data, exam.cache, exam.teacher.model, exam.workers)
    return score_settled(exam.stills, settled)


def _landmarks(exam: Exam) -> Section:
    return score_landmarks(exam.regressor, exam.stills.faces)


def _clips(exam: Exam) -> Section:
    return score_clips(exam.regressor, exam.teacher, exam.footage)


def _synthetic(exam: Exam) -> Section:
    path = exam.synthetic
    faces = load_faces(path) if path else open_rendered(exam.data, exam.cache, exam.workers)
    return score_rendered(exam.regressor, faces)


def _cross_talk(exam: Exam) -> Section:
    stills = exam.stills
    return score_cross_talk(stills.answers.aus, stills.faces.targets.aus)


def _warped(exam: Exam) -> Section:
    faces = open_warped(exam.data, exam.cache, exam.teacher.model, exam.workers)
    return score_warped(exam.regressor, faces)


def _jitter(exam: Exam) -> Section:
    stills = find_stills(exam.footage, exam.data)
    return score_jitter(exam.regressor, exam.teacher, stills)


def _speed(exam: Exam) -> Section:
    return measure_speed(exam.regressor, centre_crops(exam.stills.faces, exam.regressor.crop))


SECTIONS: dict[str, Callable[[Exam], Section]] = {
    "photographs": _photographs,
    "settled": _settled,
    "landmarks": _landmarks,
    "clips": _clips,
    "synthetic": _synthetic,
    "cross_talk": _cross_talk,
    "warped": _warped,
    "jitter": _jitter,
    "speed": _speed,
}
"""What can be asked for, in the order of the report."""
