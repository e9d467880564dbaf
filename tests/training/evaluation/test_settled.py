"""Photographs beside what the teacher says in the end."""

from dataclasses import replace

import numpy as np
import pytest

from facedrive.training.evaluation.comparison import answer
from facedrive.training.evaluation.settled import score_settled
from facedrive.training.evaluation.stills import Stills


def test_model_and_teacher_are_scored_where_the_teacher_still_finds_a_face(model, faces) -> None:
    answers = answer(model, faces.crops)
    level = np.zeros(60, np.float32)
    stills = Stills(faces, np.arange(60), level, level, answers)
    settled = faces.targets._replace(aus=np.clip(faces.targets.aus + 0.1, 0, 2))
    settled.aus[:5] = np.nan
    figures = score_settled(stills, settled)
    assert figures["faces"] == 55
    assert figures["mean_mae"] == pytest.approx(0.1, abs=0.01)
    assert figures["teacher_itself"]["mean_mae"] == pytest.approx(0.1, abs=0.001)
    mine = replace(stills, answers=answers._replace(aus=np.nan_to_num(settled.aus)))
    assert score_settled(mine, settled)["mean_mae"] == 0
