"""``facedrive replay``: what arrives, what fails on the way, and the user's own tables."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pythonosc.osc_bundle import OscBundle

from facedrive.cli.main import main
from facedrive.errors import SinkError
from facedrive.takes.columns import COLUMNS
from facedrive.types import Frame, Sample


@dataclass
class Breaks:
    """An output that takes two samples."""

    left: int = 2

    def send(self, sample: Sample, frame: Frame | None) -> None:
        self.left -= 1
        if self.left < 0:
            raise SinkError("the disk is full.")

    def close(self) -> None:
        pass


BREAKS = f"{__name__}:Breaks"


@pytest.fixture
def take(tmp_path: Path) -> Path:
    """Five frames at 100 fps with half an open jaw."""
    path = tmp_path / "take.csv"
    lines = [",".join(COLUMNS)]
    for index in range(5):
        cells = {"frame": index, "time_s": f"{index / 100:.6f}", "face": 1, "jaw_drop": 0.5}
        lines.append(",".join(str(cells.get(name, 0)) for name in COLUMNS))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
        receiving.bind(("127.0.0.1", 0))
        receiving.settimeout(30)
        yield receiving


def channel(receiver: socket.socket, name: str) -> float:
    """Return a blend shape's value in the frame that came."""
    while True:
        for message in OscBundle(receiver.recv(65_536)):
            if message.params[:1] == [name]:
                return float(message.params[1])


def test_an_output_that_fails_is_named_last_and_the_others_get_all(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = tmp_path / "again.csv"
    assert main(["replay", str(take), "--out", BREAKS, "--out", f"csv:{again}"]) == 3
    assert len(again.read_text().splitlines()) == 6
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"facedrive: 1 of 2 outputs failed: {BREAKS} (the disk is full.)"


def test_when_the_only_output_fails_so_does_the_run(
    take: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(take), "--out", BREAKS]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "facedrive: the disk is full."


def test_the_users_table_moves_the_channels(
    take: Path, tmp_path: Path, receiver: socket.socket
) -> None:
    table = tmp_path / "my.toml"
    table.write_text("extends = 'arkit'\n[weights]\njawOpen = { jaw_drop = 0.5 }\n")
    port = receiver.getsockname()[1]
    words = ["replay", str(take), "--out", f"vmc://127.0.0.1:{port}", "--mapping", str(table)]
    assert main(words) == 0
    assert channel(receiver, "JawOpen") == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jawOpen = { jaw_dorp = 1 }", "no action unit 'jaw_dorp'"),
        ("jawOpne = { jaw_drop = 1 }", "no channel 'jawOpne' in arkit; did you mean jawOpen"),
        ("jawOpen = { jaw_drop = nan }", "jaw_drop = nan is no weight"),
        ("jawOpen = { jawOpen = 0.5 }", "jawOpen > jawOpen is a cycle"),
    ],
)
@pytest.mark.parametrize("command", ["replay", "live"])
def test_a_bad_table_is_one_line(
    command: str, text: str, message: str, take: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    table = tmp_path / "bad.toml"
    table.write_text(f"extends = 'arkit'\n[weights]\n{text}\n")
    source = [str(take)] if command == "replay" else ["--source", "demo", "--no-view"]
    words = [command, *source, "--out", "livelink://127.0.0.1:11111", "--mapping", str(table)]
    assert main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("facedrive: bad.toml: ")
    assert message in line


def test_a_take_is_never_its_own_output(take: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = take.read_bytes()
    for extra in ([], ["--overwrite"]):
        assert main(["replay", str(take), "--out", f"csv:{take}", *extra]) == 2
        assert "is an input of this run" in capsys.readouterr().err
    assert take.read_bytes() == before


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="has no /dev/stdin")
def test_a_take_is_read_once_from_standard_input(take: Path, tmp_path: Path) -> None:
    rows = take.read_text() + "".join(
        f"{index},{index / 100},0{',' * (len(COLUMNS) - 3)}\n" for index in range(5, 3000)
    )
    command = [sys.executable, "-m", "facedrive", "replay", "/dev/stdin", "--speed", "100"]
    done = subprocess.run(
        [*command, "--out", f"csv:{tmp_path / 'out.csv'}"],
        input=rows, text=True, capture_output=True, check=True,
    )  # fmt: skip
    assert "3000 samples sent" in done.stdout
    assert (tmp_path / "out.csv").read_text().count("\n") == 3001


def test_standard_input_cannot_be_played_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "/dev/stdin", "--loop", "--out", "csv:x.csv"]) == 2
    assert "can be read only once" in capsys.readouterr().err


def test_what_logs_in_is_not_printed(take: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = "osc://me:s3cret@127.0.0.1:9"
    main(["replay", str(take), "--speed", "100", "--out", url])
    main(["live", "--source", "rtsp://me:s3cret@camera/1", "--show-config"])
    out, err = capsys.readouterr()
    assert "s3cret" not in out + err
    assert "rtsp://…@camera/1" in out
