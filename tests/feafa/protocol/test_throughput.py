"""The measurement of training speed."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.feafa.protocol.machine import Machine  # noqa: E402
from facedrive.feafa.protocol.recipe import ProtocolRecipe  # noqa: E402
from facedrive.feafa.protocol.throughput import measure_throughput  # noqa: E402


def test_training_and_loading_have_a_rate_and_their_ratio(tiny: ProtocolRecipe) -> None:
    found = measure_throughput(tiny, Machine(torch.device("cpu")), 16)
    assert found.training > 0
    assert found.ratio == pytest.approx(found.loader / found.training)
