"""The AU model from its data: the part that trains."""

from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.training.distil import Workshop, train  # noqa: E402
from facedrive.training.engine import build_model, load_averaged  # noqa: E402

from .noise import TINY, every_kind  # noqa: E402


def test_a_second_rise_of_the_learning_rate_starts_where_the_first_ended(tmp_path: Path) -> None:
    shop, sets = Workshop(tmp_path, tmp_path, tmp_path / "out"), every_kind()
    cpu = torch.device("cpu")
    once = train(TINY, shop, cpu, sets, sets)
    barely = replace(TINY, again_epochs=1, again_learning_rate=1e-9)
    twice = train(barely, replace(shop, output=tmp_path / "twice"), cpu, sets, sets)
    for mine, theirs in zip(once.parameters(), twice.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5)
    kept = build_model(TINY)
    load_averaged(kept, TINY, tmp_path / "twice" / "again" / "checkpoint.pt")


def test_a_recipe_without_a_second_trains_once(tmp_path: Path) -> None:
    sets = every_kind()
    train(TINY, Workshop(tmp_path, tmp_path, tmp_path), torch.device("cpu"), sets, sets)
    assert not (tmp_path / "again").exists()
