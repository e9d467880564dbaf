"""``facedrive annotate`` from videos to labels, without a page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from facedrive.annotate.keys import Key
from facedrive.annotate.project import Project
from facedrive.cli.main import main

from ..annotate.conftest import write_film


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two films, and a project of two coders who label both."""
    folder = tmp_path_factory.mktemp("made")
    films = [write_film(folder / f"{name}.mp4", 30) for name in ("a", "b")]
    words = ["--videos", *map(str, films), "--coders", "anna", "ben", "--per-video", "2"]
    assert main(["annotate", "add", str(folder / "study"), *words]) == 0
    with Project.open(folder / "study") as project:
        assert {each.coders for each in project.videos.values()} == {("anna", "ben")}
        for video in project.videos:
            for coder, value in (("anna", 0.2), ("ben", 0.6)):
                document = project.document(video, coder)
                keys = [Key(0, 0.0), Key(29, value)]
                document.edit("set", document.replace("jaw_drop", keys))
    return folder


@pytest.fixture
def study(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "all")
    return tmp_path / "all" / "study"


@pytest.mark.slow
def test_videos_become_labels(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = study.parent / "out"
    assert main(["annotate", "export", str(study), "-o", str(out)]) == 0
    assert "2 videos in the layout of FEAFA+" in capsys.readouterr().out
    assert main(["data", "check", str(out)]) == 0
    assert (out / "spontaneous" / "a" / "a" / "00030.auw").read_text().split()[8] == "0.400"


@pytest.mark.slow
def test_agreement_is_told(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["annotate", "agree", str(study), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["k"], report["frames"]) == (2, 60)
    assert 0 < report["aus"][8]["icc"] < 1
    assert report["apart"][0]["au"] == "jaw_drop"
    assert main(["annotate", "agree", str(study), "--video", "a"]) == 0
    assert "a frame 29: jaw_drop differs by 0.40 (anna least, ben most)" in capsys.readouterr().out


def test_a_check_tells_what_is_wrong(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study / "rules.toml").write_text('[[rule]]\nkind = "jump"\naus = ["*"]\nabove = 0.3\n')
    assert main(["annotate", "check", str(study)]) == 0
    (study / "rules.toml").write_text('[[rule]]\nkind = "unheld"\naus = ["chin_raise"]\n')
    (study.parent / "a.mp4").write_bytes(b"another")
    capsys.readouterr()
    assert main(["annotate", "check", str(study), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert list(report["changed"]) == ["a"]
    assert len(report["findings"]) == 4
    assert main(["annotate", "check", str(study)]) == 1
    assert "1 videos changed, 4 findings" in capsys.readouterr().out


def test_events_of_elan_go_out_and_come_in(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    eafs = study.parent / "eafs"
    assert main(["annotate", "export", str(study), "--to", "eaf", "-o", str(eafs)]) == 0
    words = ["--eaf", str(eafs / "a.eaf"), "--video", "b", "--coder", "ben"]
    assert main(["annotate", "import", str(study), *words]) == 0
    assert "b, ben: 1 events" in capsys.readouterr().out


def test_a_moved_video_and_a_dump(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moved = (study.parent / "a.mp4").rename(study.parent / "moved.mp4")
    assert main(["annotate", "check", str(study)]) == 1
    assert main(["annotate", "move", str(study), "--video", "a", "--to", str(moved)]) == 0
    words = ["annotate", "dump", str(study), "-o", str(study.parent / "study.zip")]
    assert main(words) == 0
    assert "study.zip: " in capsys.readouterr().out


@pytest.mark.slow
def test_a_video_without_a_face_is_told_in_a_line(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["annotate", "guess", str(study), "--video", "a"]) == 2
    assert "a: no frame shows a face" in capsys.readouterr().err
    assert main(["annotate", "guess", str(study), "--video", "c"]) == 2
    assert "no video 'c'; there are a, b." in capsys.readouterr().err


@pytest.mark.slow
def test_a_video_that_cannot_be_guessed_does_not_stop_the_others(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (study.parent / "a.mp4").unlink()
    assert main(["annotate", "guess", str(study)]) == 1
    said = capsys.readouterr().out
    assert "a.mp4 is gone" in said
    assert "b: no frame shows a face" in said
