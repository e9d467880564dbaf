"""What an AU model is trained on, and how it is made and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.training import build as workshop
from facedrive.training.build import PART, Workshop
from facedrive.training.data.faces import FaceSet, join_faces
from facedrive.training.recipe import Source
from facedrive.training.rendered.dataset import FACES_A_BLOCK
from facedrive.training.warped.dataset import BLOCK

from .noise import faces


def test_faces_that_were_made_before_a_run_was_stopped_are_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything, made = faces(24), []

    class StoppedError(Exception):
        pass

    def warped_set(
        data: Path, people: str, count: int, seed: int, *, first: int, **_: Any
    ) -> FaceSet:
        made.append(first)
        if made == [0, 10]:
            raise StoppedError
        return everything.select(np.arange(first, first + count))

    monkeypatch.setattr(workshop, "warped_set", warped_set)
    monkeypatch.setattr(workshop, "PART", 10)
    shop, source = Workshop(tmp_path, tmp_path), Source(24, 0.5, 1)
    with pytest.raises(StoppedError):
        shop.moved(source, "train")
    moved = shop.moved(source, "train")
    assert made == [0, 10, 10, 20]
    assert (moved.crops == everything.crops).all()
    assert (moved.person == everything.person).all()


def test_faces_in_other_skin_are_asked_for_and_kept_apart_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def warped_set(
        data: Path, people: str, count: int, seed: int, *, lent: bool, **_: Any
    ) -> FaceSet:
        asked.append(lent)
        return faces(count + lent)

    monkeypatch.setattr(workshop, "warped_set", warped_set)
    shop, source = Workshop(tmp_path, tmp_path), Source(8, 0.5, 1)
    moved, lent = (shop.moved(source, "train", lent=each) for each in (False, True))
    assert asked == [False, True]
    assert (len(moved), len(lent)) == (8, 9)


def test_parts_are_whole_blocks() -> None:
    assert PART % BLOCK == 0
    assert PART % FACES_A_BLOCK == 0


def test_joined_faces_keep_everything_in_order() -> None:
    whole = faces(24)
    parts = [whole.select(np.arange(0, 7)), whole.select(np.arange(7, 24))]
    joined = join_faces(parts)
    for name in ("crops", "inside", "points_px", "person"):
        assert (getattr(joined, name) == getattr(whole, name)).all(), name
    for ours, theirs in zip(joined.targets, whole.targets, strict=True):
        assert (ours == theirs).all()
    assert joined.spec == whole.spec
    assert joined.taught is None
