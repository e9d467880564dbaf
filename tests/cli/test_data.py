"""Checking and preparing a dataset from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest
from clips import demo_frames

from facedrive.cli.main import main
from facedrive.feafa.protocol.prepared import load_prepared


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Three frames of the demo clip, the last without a label."""
    folder = tmp_path / "data" / "posed" / "P01" / "PV001"
    folder.mkdir(parents=True)
    for frame, number in zip(demo_frames(), range(1, 4), strict=False):
        picture = cv2.imencode(".jpg", frame.image[..., ::-1])[1]
        (folder / f"{number:05d}.jpg").write_bytes(picture.tobytes())
        if number < 3:
            (folder / f"{number:05d}.auw").write_text("0 " * 24)
    return tmp_path / "data"


@pytest.mark.slow
def test_check_shows_counts_beside_the_papers(
    dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "check", str(dataset)]) == 0
    shown = capsys.readouterr().out
    assert "FEAFA+ posed" in shown and "99,356 (-99,354)" in shown
    assert "no label (1):" in shown and "230,184" in shown
    assert shown.rstrip().endswith("Fit to train on.")


def test_check_prints_one_json_object(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(dataset), "--json", "--quick"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["sound"] and report["datasets"][0]["labelled"] == 2


@pytest.mark.slow
def test_a_bad_label_fails_the_check_and_stops_preparing_unless_skipped(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = dataset / "posed" / "P01" / "PV001" / "00001.auw"
    bad.write_text("0,5 " * 24)
    assert main(["data", "check", str(dataset)]) == 1
    assert "unusable label (1):" in capsys.readouterr().out
    words = ["data", "prepare", str(dataset), "--cache", str(tmp_path / "cache"), "--workers", "1"]
    assert main(words) == 2
    assert "00001.auw: has commas; write points" in capsys.readouterr().err
    assert main([*words, "--skip-bad"]) == 0
    assert load_prepared(tmp_path / "cache").frame.tolist() == [2]


@pytest.mark.slow
def test_prepare_tells_what_was_kept_and_left_out(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["data", "prepare", str(dataset), "--cache", str(tmp_path / "cache"), "--workers", "1"]
    assert main(words) == 0
    assert "2 of 3 frames kept, of 1 subjects" in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert counts["PV001"]["unlabelled"] == 1 and counts["PV001"]["kept"] == 2


@pytest.mark.parametrize("workers", ["0", "-1", "two"])
def test_a_number_of_workers_that_is_none_is_refused(
    workers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "prepare", ".", "--cache", "c", "--workers", workers]) == 2
    assert "it must be a whole number of at least 1" in capsys.readouterr().err
