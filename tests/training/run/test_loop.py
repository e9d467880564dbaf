"""The training loop: it ends where an unbroken one ends, however it was stopped."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waiting import eventually

torch = pytest.importorskip("torch", reason="training needs the train extra")

from torch import Tensor, nn  # noqa: E402

from facedrive.errors import DataError  # noqa: E402
from facedrive.training.run import loop as module  # noqa: E402
from facedrive.training.run.checkpoint import Origin, load_checkpoint  # noqa: E402
from facedrive.training.run.loop import Loop, Stateful  # noqa: E402

ORIGIN = Origin("{}", 3, "noise")


class Line:
    """Fits a line to noise: its batches, its dropout and its inputs are all random."""

    def __init__(self, epochs: int = 3, rate: float = 0.002, step_s: float = 0.0) -> None:
        torch.manual_seed(0)
        self.epochs, self.steps, self.step_s = epochs, 4, step_s
        self.network = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5), nn.Linear(3, 1))
        self.optimiser = torch.optim.SGD(self.network.parameters(), rate, momentum=0.9)
        self.validated: list[int] = []

    @property
    def parts(self) -> dict[str, Stateful]:
        return {"network": self.network, "optimiser": self.optimiser}

    def batches(self, epoch: int, step: int, random: np.random.Generator) -> Iterator[Tensor]:
        for _ in range(step, self.steps):
            yield torch.from_numpy(random.normal(size=(5, 3))).float() + torch.randn(5, 3)

    def step(self, batch: Tensor, epoch: int, step: int) -> Tensor:
        time.sleep(self.step_s)
        self.optimiser.zero_grad()
        loss = (self.network(batch) - batch.sum(1, keepdim=True)).square().mean()
        loss.backward()
        self.optimiser.step()
        return loss.detach()

    def validate(self, epoch: int) -> dict[str, float]:
        self.validated.append(epoch)
        return {"size": float(self.network[0].weight.detach().norm())}


def weights(line: Line) -> np.ndarray:
    return np.concatenate([each.detach().numpy().ravel() for each in line.network.parameters()])


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "epochs.csv").open() as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("saves", [1, 2, 5, 6, 13])
def test_a_run_that_was_killed_ends_bit_for_bit_where_an_unbroken_one_ends(
    tmp_path: Path, saves: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken, again = Line(), Line(), Line()
    Loop(whole, tmp_path / "whole", ORIGIN).run()
    real, left = module.save_checkpoint, [saves]

    class KilledError(Exception):
        pass

    def save(*args: Any) -> None:
        real(*args)
        left[0] -= 1
        if not left[0]:
            raise KilledError

    monkeypatch.setattr(module, "save_checkpoint", save)
    with pytest.raises(KilledError):
        Loop(broken, tmp_path / "broken", ORIGIN, checkpoint_s=0).run()
    monkeypatch.undo()
    Loop(again, tmp_path / "broken", ORIGIN).run()
    assert (weights(whole) == weights(again)).all()
    assert rows(tmp_path / "whole") == rows(tmp_path / "broken")


@pytest.mark.skipif(os.name != "posix", reason="sends itself signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("where", ["step", "validate"])
def test_a_signal_loses_nothing(tmp_path: Path, number: signal.Signals, where: str) -> None:
    whole, stopped, again = Line(), Line(), Line()
    Loop(whole, tmp_path / "whole", ORIGIN).run()
    real, calls = getattr(stopped, where), []

    def signalled(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            os.kill(os.getpid(), number)
        return real(*args)

    setattr(stopped, where, signalled)
    with pytest.raises(KeyboardInterrupt):
        Loop(stopped, tmp_path / "stopped", ORIGIN).run()
    saved = load_checkpoint(tmp_path / "stopped" / "checkpoint.pt", ORIGIN)
    assert saved is not None
    assert (saved["progress"]["epoch"], saved["progress"]["step"]) == (
        (0, 2) if where == "step" else (1, 4)
    )
    Loop(again, tmp_path / "stopped", ORIGIN).run()
    assert (weights(whole) == weights(again)).all()


HERE = Path(__file__).parent

HANGING = """
import sys
from pathlib import Path
sys.path[:0] = {tests!r}
from test_loop import ORIGIN, Line
from facedrive.training.run.loop import Loop
try:
    Loop(Line(step_s=20), Path({folder!r}), ORIGIN).run()
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_a_step_that_does_not_end_is_broken_off(tmp_path: Path) -> None:
    code = HANGING.format(tests=[str(HERE), str(HERE.parents[1] / "support")], folder=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as run:
        assert eventually(lambda: list(tmp_path.glob("events*")), 60)
        time.sleep(0.5)
        asked = time.monotonic()
        run.send_signal(signal.SIGTERM)
        assert run.stdout is not None and run.stdout.readline() == b"stopped\n"
        assert time.monotonic() - asked < 6.0
    assert not (tmp_path / "checkpoint.pt").exists()


def test_a_run_that_is_done_is_not_trained_again(tmp_path: Path) -> None:
    Loop(Line(), tmp_path, ORIGIN).run()
    done = Line()
    Loop(done, tmp_path, ORIGIN).run()
    assert done.validated == []


def test_a_row_an_epoch_has_the_mean_loss_and_the_figures(tmp_path: Path) -> None:
    Loop(Line(), tmp_path, ORIGIN).run()
    table = rows(tmp_path)
    assert [row["epoch"] for row in table] == ["1", "2", "3"]
    assert set(table[0]) == {"epoch", "loss", "size"}
    assert list(tmp_path.glob("events.out.tfevents*"))


def test_one_process_of_several_writes(tmp_path: Path) -> None:
    line = Line()
    Loop(line, tmp_path, ORIGIN, leads=False).run()
    assert list(tmp_path.iterdir()) == []
    assert line.validated == []


def test_a_run_that_diverges_stops_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line diverged.*learning_rate"):
        Loop(Line(rate=1e30), tmp_path, ORIGIN, title="line").run()


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    Loop(Line(), tmp_path, ORIGIN).run()
    with pytest.raises(DataError, match="another data set"):
        Loop(Line(), tmp_path, Origin("{}", 3, "other"))
