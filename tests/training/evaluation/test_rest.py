"""Faces at rest, by group, beside their smiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from clips import demo_frames

from facedrive.aus import AU_INDEX, AUS
from facedrive.training.evaluation import rest
from facedrive.training.evaluation.evaluation import check_goals
from facedrive.training.evaluation.rest import Shown, resting_clip, score_rest

BLACK, WHITE = np.arange(10) < 4, np.arange(10) >= 4


class People:
    """Ten people, four of them black."""

    groups = {"black": BLACK, "white": WHITE}  # noqa: RUF012

    def __len__(self) -> int:
        return 10


@pytest.fixture
def shown() -> Shown:
    """All rest well; everybody smiles, one person hardly."""
    resting = np.zeros((10, len(AUS)), np.float32)
    smiling = resting.copy()
    smiling[:, [AU_INDEX["left_lip_corner_pull"], AU_INDEX["right_lip_corner_pull"]]] = 0.8
    smiling[3] = 0.2
    return Shown(resting, smiling, np.zeros((10, 5, len(AUS)), np.float32))


def score(shown: Shown, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    patch.setattr(rest, "read_people", lambda *_: shown)
    return score_rest(None, People(), held_out=True)


def test_groups_that_differ_at_rest_are_told_apart(shown: Shown, monkeypatch) -> None:
    shown.resting[BLACK, AU_INDEX["lip_pucker"]] = 0.3
    figures = score(shown, monkeypatch)
    assert figures["aus"]["lip_pucker"] == {
        "mean": 0.12, "p95": 0.3, "by_group": {"black": 0.3, "white": 0.0}, "difference": 0.3,
    }  # fmt: skip
    assert figures["aus"]["chin_raise"]["difference"] == 0
    missed = [goal.figure for goal in check_goals({"rest": figures}) if not goal.met]
    assert missed == ["highest mean at rest", "largest difference of groups",
                      "smiles 0.5 above rest"]  # fmt: skip


def test_a_lid_may_have_its_own_rest(shown: Shown, monkeypatch) -> None:
    shown.resting[:, AU_INDEX["left_eye_close"]] = 0.4
    shown.smiling[3] = 0.9
    assert all(goal.met for goal in check_goals({"rest": score(shown, monkeypatch)}))


def test_a_smile_counts_from_the_persons_own_rest(shown: Shown, monkeypatch) -> None:
    shown.resting[:3, AU_INDEX["left_lip_corner_pull"]] = 0.8
    smile = score(shown, monkeypatch)["smile"]
    assert smile == {"raised_share": 0.6, "least": 0.2}


def test_a_face_that_is_not_found_is_counted_and_left_out(shown: Shown, monkeypatch) -> None:
    shown.resting[0] = np.nan
    shown.resting[1, AU_INDEX["jaw_drop"]] = 0.9
    figures = score(shown, monkeypatch)
    assert figures["unseen"] == 1
    assert figures["groups"] == {"black": 3, "white": 6}
    assert figures["aus"]["jaw_drop"]["by_group"]["black"] == pytest.approx(0.3)


@pytest.mark.slow
def test_a_clip_moves_a_little_and_is_the_same_every_time() -> None:
    picture = next(iter(demo_frames())).image
    first, again = (list(resting_clip(picture)) for _ in range(2))
    assert first[-1].time < rest.SECONDS <= first[-1].time + 1 / rest.FPS + 1e-9
    assert (first[9].image == again[9].image).all()
    changed = np.abs(first[0].image.astype(int) - first[9].image)
    assert 2 < changed.mean() < 20
