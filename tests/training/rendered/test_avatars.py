"""Avatars that do what they are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedrive.aus import AU_INDEX, AUS
from facedrive.errors import DataError
from facedrive.training.rendered.avatars import LEVELS, acts, find_avatars


def test_every_au_is_alone_at_every_level_and_one_act_looks_down() -> None:
    played = acts()
    levels = np.stack([act.aus for act in played])
    assert len(played) == 2 + len(AUS) * len(LEVELS)
    assert ((levels > 0).sum(axis=1) <= 1).all()
    assert levels[:, AU_INDEX["jaw_drop"]].max() == 1
    assert [bool((act.gaze < 0).any()) for act in played].count(True) == 1


def test_where_there_are_none_the_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"rigs/valid has no avatars"):
        find_avatars(tmp_path / "data")
