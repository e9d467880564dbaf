"""Figures on the test people's photographs by a teacher that has looked until its answer settled.

The labels that the photographs came with are its first looks. It looks on from where it saw the
face, as it does in a video, and then says something else: what is to be learnt for live use.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from facedrive.training.data.labels import Targets, from_teacher
from facedrive.training.data.teacher import settled_opinions
from facedrive.training.evaluation.comparison import Answers, compare
from facedrive.training.evaluation.stills import Stills
from facedrive.training.rendered.photographs import open_photographs


def settle(stills: Stills, data: Path, cache: Path, teacher: Path, workers: int = 1) -> Targets:
    """Return what the teacher says of the photographs in the end; NaN where it finds no face.

    Args:
        stills: The photographs.
        data: The folder that they are from.
        cache: Folder that keeps the answers.
        teacher: Its model file.
        workers: Processes that share the work.
    """
    opinions = settled_opinions(data, cache, teacher, workers, stills.rows)
    return from_teacher(opinions.scores, list(open_photographs(data).scores))


def score_settled(stills: Stills, settled: Targets) -> dict[str, Any]:
    """Return the model's figures, and under ``teacher_itself`` the teacher's own on first looks.

    A model that says exactly what the teacher says in the end has the latter on photographs.
    """
    seen = np.flatnonzero(np.isfinite(settled.aus).all(axis=1))
    meant = settled.select(seen)
    itself = Answers(meant.aus, meant.gaze.reshape(-1, 4))
    return compare(stills.answers.select(seen), meant).as_dict() | {
        "teacher_itself": compare(itself, stills.faces.targets.select(seen)).as_dict()
    }
