"""Reports as text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from facedrive.aus import AU_NAMES
from facedrive.training.evaluation.comparison import Answers, answer, compare
from facedrive.training.evaluation.crosstalk import score_cross_talk
from facedrive.training.evaluation.evaluation import SECTIONS, check_goals, tables
from facedrive.training.evaluation.jitter import KINDS
from facedrive.training.evaluation.sections import score_converged, score_warped
from facedrive.training.evaluation.stills import Stills, mean_grey, score_stills


@pytest.fixture
def sections(model, faces) -> dict[str, Any]:
    answers = answer(model, faces.crops)
    stills = Stills(
        faces, np.arange(60), np.zeros(60, np.float32), mean_grey(faces, model.crop), answers
    )
    figures = compare(answers, faces.targets).as_dict()
    clip = {"frames": 60, "missed": 0} | figures
    blank = Answers(np.zeros_like(answers.aus), answers.gaze)
    flat = {"frames": 60, "missed": 0} | compare(blank, faces.targets).as_dict()
    row = dict.fromkeys(KINDS, 0.001)
    level = {"mean": 0.01, "p95": 0.02}
    apart = {"by_group": {"black": 0.01, "white": 0.02}, "difference": 0.01}
    seen = {"frames": 72, "peer": 72, "seen": 72, "missed": 0, "alone": 0}
    shares = {"heads": 5, "found": 0.8, "held": 0.6, "frame": 0.0}
    near = {"mean": 1.5, "p99": 2.5, "most": 3.0, "beyond": 0.0}
    return {
        "photographs": score_stills(stills),
        "converged": score_converged(stills, faces.targets),
        "landmarks": {"faces": 60, "predictor": {"all": 3.25, "without_jaw": 2.5}, "model": None},
        "clips": {"pooled": clip, "clips": {"calm": flat}, "teacher_itself": clip},
        "finding": {
            "clips": 10,
            "heads": {"-60/0": shares, "0/0": shares},
            "by_yaw": {"-60": shares, "0": shares},
            "empty": {
                "frames": 30,
                "seen": 0,
                "median_ms": 5.0,
                "p95_ms": 7.0,
                "network_runs": 0.1,
            },
        },
        "synthetic": {"identities": 20} | figures,
        "cross_talk": score_cross_talk(answers.aus, faces.targets.aus),
        "warped": score_warped(model, faces),
        "tracking": {
            "clips": {
                "calm": seen | {"share": 1.0, "landmarks": near},
                "wall": seen | {"peer": 0, "seen": 0, "share": None, "landmarks": None},
            }
        },
        "rest": {
            "people": 10,
            "unseen": 0,
            "held_out": True,
            "groups": {"black": 4, "white": 6},
            "aus": dict.fromkeys(AU_NAMES, level | apart),
            "smile": {"raised_share": 0.9, "least": 0.4},
            "automatic": dict.fromkeys(AU_NAMES, level),
        },
        "avatars": {
            "heads": 2,
            "held_out": False,
            "mean_pearson": 0.9,
            "answered": 20,
            "wink": level,
            "down": level,
            "aus": {name: {"pearson": 0.9, "response": 0.7} for name in AU_NAMES},
        },
        "jitter": {"frames": 300, "noise": 6.0} | row | {"stills": {"calm": row}},
        "speed": {"faces": 60, "median_ms": 1.0, "p95_ms": 1.5},
    }


def whole(sections: dict[str, Any]) -> dict[str, Any]:
    head = {"model": "some.onnx", "crop": {"size": 32, "padding": 0.3}, "machine": "a machine"}
    return head | sections | {"targets": [goal.as_dict() for goal in check_goals(sections)]}


def test_every_section_has_a_table(sections: dict[str, Any]) -> None:
    assert set(sections) == set(SECTIONS)
    text = tables(whole(sections))
    for title in ("photographs:", "clips:", "synthetic:", "cross-talk:", "warped", "jitter:",
                  "converged scores:", "landmarks:", "speed:", "head yaw", "mean grey",
                  "teacher on single frames", "tracking:", "rest:",
                  "who were not taught", "avatars:"):  # fmt: skip
        assert title in text


def test_every_goal_has_a_line_and_the_count_comes_last(sections: dict[str, Any]) -> None:
    report = whole(sections)
    lines = tables(report).splitlines()
    met = sum(goal["met"] for goal in report["targets"])
    assert lines[-1] == f"{met} of {len(report['targets'])} met"
    for goal in report["targets"]:
        assert any(f"{goal['section']}: {goal['figure']}" in line for line in lines)


def test_lines_fit_a_terminal(sections: dict[str, Any]) -> None:
    assert max(map(len, tables(whole(sections)).splitlines())) <= 120


def test_one_section_alone_is_a_report(sections: dict[str, Any]) -> None:
    text = tables(whole({"speed": sections["speed"]}))
    assert "speed: 1.00 ms a face" in text
    assert "1 of 1 met" in text
