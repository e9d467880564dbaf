"""The command line: help, and one line for each thing that can go wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from facedrive.cli.main import COMMANDS, main

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


@pytest.mark.parametrize("words", [["--help"], ["live", "--help"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys\nfrom facedrive.cli.main import main\n"
        f"try: main({words!r})\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


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
    assert "no sink 'ocs'; there are babble, csv," in line


def test_a_missing_video_says_what_a_source_is(capsys: pytest.CaptureFixture[str]) -> None:
    line = fails(capsys, "extract", "none.mp4", "-o", "out.csv")
    assert "no file 'none.mp4'" in line


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
