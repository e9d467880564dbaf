"""The measurement of training speed: how many images are timed, and by which clock."""

from __future__ import annotations

from itertools import count

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.feafa.protocol import throughput  # noqa: E402
from facedrive.feafa.protocol.loader import Draw, Loader  # noqa: E402
from facedrive.feafa.protocol.machine import Machine  # noqa: E402
from facedrive.feafa.protocol.recipe import ProtocolRecipe  # noqa: E402
from facedrive.feafa.protocol.trainer import Stepper  # noqa: E402

pytestmark = pytest.mark.slow


def test_rates_are_the_images_of_the_timed_steps_by_the_clock(
    tiny: ProtocolRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = count(0, 4)  # the clock is asked before and after: 4 s for loading, 4 s for training
    monkeypatch.setattr(throughput.time, "perf_counter", lambda: next(ticks))
    read: list[int] = []
    steps: list[int] = []
    real_read, real_step = Loader._read, Stepper.step

    def note_read(loader: Loader, draw: Draw) -> torch.Tensor:
        read.append(len(draw))
        return real_read(loader, draw)

    def note_step(stepper: Stepper, batches: list[object]) -> torch.Tensor:
        steps.append(len(batches))
        return real_step(stepper, batches)

    monkeypatch.setattr(Loader, "_read", note_read)
    monkeypatch.setattr(Stepper, "step", note_step)
    found = throughput.measure_throughput(tiny, Machine(torch.device("cpu")), 3 * tiny.batch - 1)
    assert found.loader == found.training == 3 * tiny.batch / 4
    assert found.ratio == 1
    assert len(steps) == throughput.WARM + 3
    assert sum(read) >= 2 * (throughput.WARM + 3) * tiny.batch
