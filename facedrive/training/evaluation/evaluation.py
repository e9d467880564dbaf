"""An evaluation of one model: its sections, and the data that they share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from facedrive.errors import DataError, unknown
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.training.build import Workshop
from facedrive.training.data.faces import centre_crops, load_faces
from facedrive.training.data.labels import from_teacher
from facedrive.training.data.resting import fold_name, open_resting
from facedrive.training.data.teacher import VideoTeacher
from facedrive.training.evaluation import goals, report, tracking
from facedrive.training.evaluation.avatars import score_avatars
from facedrive.training.evaluation.clips import find_clips, score_clips
from facedrive.training.evaluation.comparison import Figures
from facedrive.training.evaluation.crosstalk import score_cross_talk
from facedrive.training.evaluation.goals import Goal
from facedrive.training.evaluation.jitter import find_stills, score_jitter
from facedrive.training.evaluation.landmarks import score_landmarks
from facedrive.training.evaluation.rest import score_rest
from facedrive.training.evaluation.sections import (
    SYNTHETIC,
    WARPED,
    measure_speed,
    score_converged,
    score_synthetic,
    score_warped,
)
from facedrive.training.evaluation.stills import Stills, load_stills, score_stills

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evaluation:
    """A model, and where the data lies that it is evaluated on."""

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
    folds: Path | None = None
    """Folder with a model for each fold of the people at rest and of the heads of another maker,
    taught without them."""

    @cached_property
    def shop(self) -> Workshop:
        """Makes faces of the test people."""
        return Workshop(self.data, self.cache, self.teacher_model, self.workers)

    @cached_property
    def stills(self) -> Stills:
        """The test people's photographs, answered."""
        return load_stills(self.regressor, self.shop.photographs, self.cache)

    @cached_property
    def teacher(self) -> VideoTeacher:
        """The teacher, for moving pictures."""
        return VideoTeacher(self.shop.teacher, self.shop.photographs.channels, self.cache)

    @cached_property
    def footage(self) -> tuple[Path, ...]:
        """The clips to score on."""
        return self.clips or find_clips(self.data)

    def regressor_of(self, fold: int) -> OnnxRegressor:
        """Return the model that was taught without a fold; where there are none, the model itself.

        Raises:
            ModelError: if the fold's model cannot be opened.
        """
        if self.folds is None:
            return self.regressor
        return OnnxRegressor(self.folds / fold_name(fold), "cpu")

    def run(self, sections: Iterable[str]) -> dict[str, Figures]:
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
            answers[name] = SECTIONS[name].score(self)
        return answers


def _converged(evaluation: Evaluation) -> Figures:
    stills, shop = evaluation.stills, evaluation.shop
    opinions = shop.photographs.ask(shop.teacher, shop.cache, shop.workers, stills.rows)
    converged = from_teacher(opinions.scores, shop.photographs.channels)
    return score_converged(stills, converged)


def _synthetic(evaluation: Evaluation) -> Figures:
    path, shop = evaluation.synthetic, evaluation.shop
    faces = load_faces(path) if path else shop.rendered(SYNTHETIC, "test")
    return score_synthetic(evaluation.regressor, faces)


def _cross_talk(evaluation: Evaluation) -> Figures:
    stills = evaluation.stills
    return score_cross_talk(stills.answers.aus, stills.faces.targets.aus)


def _jitter(evaluation: Evaluation) -> Figures:
    stills = find_stills(evaluation.footage, evaluation.shop.photographs)
    return score_jitter(evaluation.regressor, evaluation.teacher, stills)


def _tracking(evaluation: Evaluation) -> Figures:
    clips = evaluation.clips or tracking.find_clips(evaluation.data)
    peer = tracking.Peer(evaluation.shop.teacher, evaluation.cache)
    return tracking.score_tracking(evaluation.regressor, peer, clips)


def _finding(evaluation: Evaluation) -> Figures:
    from facedrive.training.evaluation import finding  # loads OpenGL

    shop = evaluation.shop
    return finding.score_finding(evaluation.regressor, shop.teacher, evaluation.data)


def _rest(evaluation: Evaluation) -> Figures:
    people = open_resting(evaluation.data)
    return score_rest(evaluation.regressor_of, people, held_out=evaluation.folds is not None)


def _avatars(evaluation: Evaluation) -> Figures:
    heads, held_out = evaluation.shop.avatars(), evaluation.folds is not None
    return score_avatars(evaluation.regressor_of, heads, held_out=held_out)


def _speed(evaluation: Evaluation) -> Figures:
    crops = centre_crops(evaluation.stills.faces, evaluation.regressor.crop)
    return measure_speed(evaluation.regressor, crops)


class Section(NamedTuple):
    """One part of an evaluation."""

    score: Callable[[Evaluation], Figures]
    lay_out: Callable[[Figures], list[str]]
    """Its table as lines of text."""
    goals: Callable[[Figures], Iterator[Goal]] = goals.no_goals


SECTIONS: dict[str, Section] = {
    "photographs": Section(
        lambda each: score_stills(each.stills), report.photographs, goals.photographs
    ),
    "converged": Section(_converged, report.converged),
    "landmarks": Section(
        lambda each: score_landmarks(each.regressor, each.stills.faces), report.landmarks
    ),
    "clips": Section(
        lambda each: score_clips(each.regressor, each.teacher, each.footage),
        report.clips, goals.clips,
    ),
    "synthetic": Section(_synthetic, report.synthetic, goals.synthetic),
    "cross_talk": Section(_cross_talk, report.cross_talk, goals.cross_talk),
    "warped": Section(
        lambda each: score_warped(each.regressor, each.shop.warped(WARPED, "test")),
        report.warped, goals.warped,
    ),
    "tracking": Section(_tracking, report.tracking, goals.tracking),
    "finding": Section(_finding, report.finding, goals.finding),
    "rest": Section(_rest, report.rest, goals.rest),
    "avatars": Section(_avatars, report.avatars, goals.avatars),
    "jitter": Section(_jitter, report.jitter, goals.jitter),
    "speed": Section(_speed, report.speed, goals.speed),
}  # fmt: skip
"""What can be asked for, in the order of the report: the one list of sections."""


def check_goals(figures: Mapping[str, Figures]) -> list[Goal]:
    """Hold the sections that there are against their goals."""
    return [
        goal
        for name, section in SECTIONS.items()
        if name in figures
        for goal in section.goals(figures[name])
    ]


def tables(whole: Mapping[str, Any]) -> str:
    """Lay out a report: what was evaluated, every section, the goals."""
    lines = [f"{whole['model']}, {report.crop(whole['crop'])}", f"on {whole['machine']}"]
    for name, section in SECTIONS.items():
        if name in whole:
            lines += ["", *section.lay_out(whole[name])]
    return "\n".join([*lines, "", *report.goals(whole["targets"])])
