"""Whose skin is worn."""

from __future__ import annotations

import pytest

pytest.importorskip("scipy")

from facedrive.training.data.photographs import Photographs
from facedrive.training.rendered.skins import best_rows

pytestmark = pytest.mark.slow


def test_skin_comes_from_calm_people_once_each(photographs: Photographs) -> None:
    rows = best_rows(photographs)
    assert len(rows) > 1000
    assert len(set(photographs.person[rows])) == len(rows)
    assert photographs.score("jawOpen")[rows].max() < 0.1
