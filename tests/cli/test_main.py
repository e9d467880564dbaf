"""The command line: help, and one line for each thing that can go wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from facedrive.cli import main as module
from facedrive.cli.main import COMMANDS, main
from facedrive.errors import DataError

ROOT = Path(__file__).resolve().parents[2]

HEAVY = ("torch", "dlib", "OpenGL", "pyrender", "onnxruntime", "mediapipe", "cv2")


def fails(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run a command that must fail; return its one line."""
    assert main(list(words)) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert error[-1].startswith("facedrive: ")
    assert not any("Traceback" in line for line in error)
    return error[-1]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert "usage: facedrive" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--help"], ["live", "--help"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys\nfrom facedrive.cli.main import main\n"
        f"try: main({words!r})\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.slow
def test_the_live_path_needs_no_torch() -> None:
    code = (
        "import sys\nimport facedrive.pipeline, facedrive.trackers.dlib\n"
        "import facedrive.regressors.onnx\n"
        "import facedrive.cli.live, facedrive.sinks.osc, facedrive.sources.video\n"
        "print('torch' in sys.modules, 'OpenGL' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"


def test_an_unknown_output_lists_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    line = fails(capsys, "live", "--source", "demo", "--no-view", "--out", "ocs://127.0.0.1:9000")
    assert "no sink 'ocs'; there are babble, camera, csv," in line


def test_a_missing_video_says_what_a_source_is(capsys: pytest.CaptureFixture[str]) -> None:
    line = fails(capsys, "extract", "none.mp4", "-o", "out.csv")
    assert "no file 'none.mp4'" in line


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"this is no video" * 100])
def test_a_file_that_is_no_video_leaves_an_older_output_alone(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, output = tmp_path / "clip.mp4", tmp_path / "out.csv"
    clip.write_bytes(content)
    output.write_text("kept")
    assert "clip.mp4" in fails(capsys, "extract", str(clip), "-o", str(output))
    assert output.read_text() == "kept"


def test_a_missing_model_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "none.onnx" in fails(capsys, "extract", "demo", "-o", "o.csv", "--model", "none.onnx")


def test_a_missing_rig_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "none.glb" in fails(capsys, "rig", "inspect", "none.glb")


def test_a_missing_profile_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "none.toml" in fails(capsys, "extract", "demo", "-o", "o.csv", "--profile", "none.toml")


def test_an_output_folder_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "gone" in fails(capsys, "extract", "demo", "-o", str(tmp_path / "gone" / "out.csv"))


def test_another_suffix_than_csv_or_parquet_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert ".csv or .parquet" in fails(capsys, "extract", "demo", "-o", "out.xls")


def test_debug_shows_the_traceback() -> None:
    with pytest.raises(Exception, match=r"none\.mp4"):
        main(["extract", "none.mp4", "-o", "out.csv", "--debug"])


def test_a_size_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "write it as 640x480" in fails(capsys, "live", "--size", "big")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lvie"], "no command 'lvie'. Did you mean live?"),
        (["live", "--mirorr"], "live has no option --mirorr. Did you mean --mirror?"),
        (["live", "--smoothing.aus.bata", "3"], "Did you mean --smoothing.aus.beta?"),
        (["data"], "facedrive data takes an action, check or prepare; none is given"),
        (["data", "chek"], "'chek' is none. Did you mean check?"),
        (["live", "stray"], "'stray' is one word too many"),
    ],
)
def test_a_slip_is_guessed_in_a_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in fails(capsys, *words)


def test_show_config_says_where_each_value_comes_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stage.toml"
    path.write_text("[lost]\nhold_s = 2\n")
    asked = ["live", "--config", str(path), "--no-user-config", "--mirror", "--show-config"]
    assert main(asked) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"lost.hold_s = 2   # {path}" in lines
    assert "view.mirror = yes   # the command line" in lines
    assert "lost.ease_s = 0.3   # default" in lines


def test_saved_options_are_taken_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, clip = tmp_path / "stage.toml", tmp_path / "gone.mp4"
    words = ["live", "--no-user-config", "--no-view", "--source", str(clip), "--lost.hold-s", "3"]
    assert "gone.mp4" in fails(capsys, *words, "--save-config", str(path))
    again = ["live", "--no-user-config", "--config", str(path), "--show-config"]
    assert main(again) == 0
    assert f"source.what = {clip}   # {path}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("odd\x1b[2J"), "did not expect, ValueError: odd\\x1b[2J; --debug shows where."),
        (RecursionError("deep"), "RecursionError: deep"),
        (MemoryError(), "out of memory;"),
        (OSError(24, "Too many open files", "take.csv"), "take.csv: Too many open files; close"),
        (DataError("x" * 5000), "xxx"),
    ],
)
def test_whatever_fails_is_one_short_line(
    error: Exception, said: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def fail(_: object) -> int:
        raise error

    monkeypatch.setattr(module, "_run", fail)
    line = fails(capsys, "live")
    assert said in line
    assert len(line) < 300


def test_debug_shows_where(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> int:
        raise KeyError("odd")

    monkeypatch.setattr(module, "_run", fail)
    with pytest.raises(KeyError):
        main(["live", "--debug"])


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run ``facedrive …`` in a shell, with its streams as the shell has them."""
    line = command.replace("facedrive", f"{sys.executable} -m facedrive", 1)
    return subprocess.run(["sh", "-c", line], capture_output=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT), **environment})  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_standard_output_is_one_line() -> None:
    done = shell("facedrive settings >/dev/full")
    assert (done.returncode, done.stderr) == (2, b"facedrive: No space left on device.\n")


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize("closed", ["facedrive settings >&-", "facedrive settings 2>&-"])
def test_closed_streams_are_no_error(closed: str) -> None:
    done = shell(closed)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
def test_a_reader_that_has_enough_is_no_error() -> None:
    done = shell("facedrive settings | head -n 1")
    assert done.stderr == b"" and done.stdout.count(b"\n") == 1


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
def test_an_ascii_terminal_and_a_name_that_is_no_utf_8_are_said(tmp_path: Path) -> None:
    done = shell("facedrive demo --help", PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert done.returncode == 0 and b"usage" in done.stdout
    done = shell(
        "facedrive extract \"$(printf 'caf\\351.mp4')\" -o x.csv", PYTHONIOENCODING="ascii"
    )
    assert done.returncode == 2
    assert done.stderr.startswith(b"facedrive: no file 'caf\\udce9.mp4'")
    done = shell(f"facedrive extract {'n' * 300}.mp4 -o x.csv")
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1
