"""Every command that takes long ends on every signal: within 3 s, and with its workers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import psutil
import pytest
from clips import demo_frames
from waiting import eventually

from facedrive.ending import SIGNALS
from facedrive.errors import DataError
from facedrive.takes.journal import HEADER, WIDTH
from facedrive.takes.read import read_take

from ..sinks.screen import open_screen

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="sends signals"),
]

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"

COMMANDS = {
    "demo": ["demo"],
    "live": ["live", "--source", "demo", "--no-view", "--out", "parquet:take.parquet"],
    "extract": ["extract", "demo", "--output", "take.csv"],
    "calibrate": ["calibrate", "--source", "demo", "--extremes", "60"],
    "replay": ["replay", "SLOW.csv", "--out", "csv:take.csv"],
    "export": ["export", "LONG.csv", "--to", "vmd", "--output", "take.vmd"],
    "bench": ["bench", "demo", "--frames", "100000"],
    "bench outputs": ["bench", "outputs", "--seconds", "60"],
    "synth": ["synth", "faces", "--data", str(SHARED), "--output", "faces.npz", "--workers", "2"],
    "train": ["train", str(ROOT / "train/recipes/default.toml"), "--data", str(SHARED),
              "--workers", "2"],
    "train landmarks": ["train", "landmarks", "--data", str(SHARED), "--output", "shape.dat"],
    "evaluate": ["evaluate", "--data", str(SHARED)],
}  # fmt: skip
"""What takes long, such that it has not ended by itself when the signal comes."""

PAIRS = {("live", number) for number in SIGNALS} | set(zip(COMMANDS, SIGNALS * 4, strict=True))
"""Every signal on one command, and every command by one signal: all end in the same way."""

BUSY_S, LOADING_S = 1.5, 3.0
"""How long a command is left to itself, and one that first loads data to train on; on a computer
that is busy some are still importing then, and that must end too."""

LIMIT_S = 6.0
"""Three are promised on a computer that does nothing else; other tests run beside these."""


@dataclass
class Run:
    """A command in a process of its own."""

    process: subprocess.Popen[str]
    log: Path

    def end(self, number: signal.Signals) -> float:
        """Send a signal; return how long the command went on."""
        asked = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(20)
        return time.monotonic() - asked

    def says(self) -> str:
        return self.log.read_text(encoding="utf-8")


Start = Callable[..., Run]


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A take whose second row comes late, and one of two hundred thousand rows."""
    from facedrive.takes.columns import COLUMNS

    folder = tmp_path_factory.mktemp("takes")
    cells = ",0" * (len(COLUMNS) - 3)
    for name, step_s, count in (("SLOW", 60, 2), ("LONG", 1 / 30, 200_000)):
        rows = (f"{row},{row * step_s:.6f},1{cells}\n" for row in range(count))
        (folder / f"{name}.csv").write_text(",".join(COLUMNS) + "\n" + "".join(rows))
    return folder


@pytest.fixture
def start(takes: Path, tmp_path: Path) -> Iterator[Start]:
    """Start a command in an empty folder; what is left of it is ended after the test."""
    runs: list[subprocess.Popen[str]] = []

    def begin(words: list[str], environment: dict[str, str] | None = None) -> Run:
        named = [str(takes / word) if word in ("SLOW.csv", "LONG.csv") else word for word in words]
        log = tmp_path / "log.txt"
        with log.open("w") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "facedrive", *named], cwd=tmp_path, stdout=said, stderr=said,
                env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}, text=True,
            )  # fmt: skip
        runs.append(process)
        return Run(process, log)

    yield begin
    for each in runs:
        each.kill()
        each.wait()


def are_gone(processes: list[psutil.Process]) -> bool:
    return not any(
        each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes
    )


@pytest.mark.parametrize(("name", "number"), sorted(PAIRS))
def test_a_command_ends_soon_after_a_signal(
    start: Start, tmp_path: Path, name: str, number: signal.Signals
) -> None:
    if str(SHARED) in COMMANDS[name] and not SHARED.exists():
        pytest.skip("the training data is not there")
    run = start(COMMANDS[name])
    time.sleep(LOADING_S if str(SHARED) in COMMANDS[name] else BUSY_S)
    workers = psutil.Process(run.process.pid).children(recursive=True)
    assert run.end(number) < LIMIT_S, run.says()
    assert run.process.returncode in (0, 128 + number), run.says()
    assert "Traceback" not in run.says()
    assert not list(tmp_path.glob("*.part*"))
    assert eventually(lambda: are_gone(workers), 3)


def test_workers_end_with_a_parent_that_is_killed(start: Start) -> None:
    run = start(COMMANDS["bench outputs"])
    here = psutil.Process(run.process.pid)
    assert eventually(lambda: len(here.children()) == 2)
    time.sleep(1)
    workers = here.children(recursive=True)
    run.end(signal.SIGKILL)
    assert len(workers) == 2
    assert eventually(lambda: are_gone(workers), 10)


@pytest.mark.parametrize("count", [1, 2])
def test_a_stream_that_does_not_answer_holds_nothing_up(start: Start, count: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        run = start(["live", "--source", url, "--no-view", "--out", "csv:take.csv"])
        with silent.accept()[0]:
            time.sleep(0.5)
            for _ in range(count - 1):
                run.process.send_signal(signal.SIGINT)
            assert run.end(signal.SIGINT) < LIMIT_S
    assert run.process.returncode in (0, 130), run.says()


@pytest.mark.skipif(sys.platform != "linux", reason="needs Xvfb")
def test_a_screen_that_is_gone_ends_the_run_with_whole_outputs(
    start: Start, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    take = tmp_path / "take.parquet"
    with open_screen(tmp_path_factory.mktemp("screen")) as screen:
        run = start(
            ["live", "--source", "demo", "--out", f"parquet:{take}"],
            screen.environment,
        )
        assert eventually(lambda: "face found" in run.says())
        time.sleep(1)
    run.process.wait(60)
    assert "the screen is gone" in run.says()
    assert len(list(read_take(take))) > 5


def test_a_display_that_cannot_be_reached_is_said_and_the_run_goes_on(
    start: Start, tmp_path: Path
) -> None:
    stale = {"DISPLAY": ":987", "WAYLAND_DISPLAY": ""}
    for frame in islice(demo_frames(), 12):
        cv2.imwrite(str(tmp_path / f"{frame.index:02d}.bmp"), frame.image[..., ::-1])
    words = ["live", "--source", str(tmp_path), "--out", "csv:take.csv"]
    run = start(words, stale)
    assert run.process.wait(120) == 0
    assert "no display: DISPLAY=:987 cannot be reached; running without a window" in run.says()
    assert len(list(read_take(tmp_path / "take.csv"))) == 12


def test_what_extract_has_not_finished_is_said_to_be_partial(start: Start, tmp_path: Path) -> None:
    run = start(["extract", "demo", "--output", "take.csv"])
    take = tmp_path / "take.csv"
    assert eventually(lambda: take.exists() and take.stat().st_size > 3000)
    run.end(signal.SIGINT)
    assert f"{take.name} is partial: " in run.says()
    assert run.process.returncode == 130


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_parquet_take_of_a_killed_run_keeps_its_last_second_and_replaces_none(
    start: Start, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow")
    old = tmp_path / "take.parquet"
    old.write_bytes(b"mine")
    run = start(["extract", "demo", "--output", "take.parquet", "--overwrite"])
    take = tmp_path / "take.part.parquet"
    rows = tmp_path / "take.part.parquet.rows"
    assert eventually(lambda: rows.exists() and rows.stat().st_size > 10_000)
    with pytest.raises(DataError, match="is still being written"):
        list(read_take(take))
    run.process.send_signal(signal.SIGKILL)
    run.process.wait(60)
    written = (rows.stat().st_size - len(HEADER)) // WIDTH
    assert len(list(read_take(take))) == written > 5
    assert sorted(each.name for each in tmp_path.iterdir() if "take" in each.name) == [
        "take.parquet", "take.part.parquet",
    ]  # fmt: skip
    assert old.read_bytes() == b"mine"
