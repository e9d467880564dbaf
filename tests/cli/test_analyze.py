"""``facedrive analyze`` end to end, and what it says when it cannot."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from facedrive.aus import AU_NAMES
from facedrive.cli.main import main

SHROUT_FLEISS = "a,b,c,d\n9,2,5,8\n6,1,3,2\n8,4,6,8\n7,1,2,6\n10,5,6,9\n6,2,4,7\n"


def write_video(folder: Path, seed: int, frames: int = 30) -> None:
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    for frame in range(1, frames + 1):
        values = np.clip(random.random(24) * 2 - 1, 0, 1)
        (folder / f"{frame:05d}.auw").write_text(" ".join(f"{value:.2f}" for value in values))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("feafa")
    for seed, place in enumerate(("posed/P01/PV001", "posed/P02/PV002", "spontaneous/S01/SN001")):
        write_video(root / place, seed)
        for coder in ("A", "B"):
            write_video(root / "coders" / coder / place, seed)
    return root


def test_json_is_one_object_with_every_part_and_the_agreement(
    dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyze", str(dataset), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["parts"]["posed"]["frames"] == 60
    assert report["parts"]["spontaneous"]["videos"] == 1
    assert report["agreement"]["coders"] == ["A", "B"]
    assert report["agreement"]["aus"]["jaw_drop"]["icc"] == 1


@pytest.mark.slow
def test_people_get_tables_and_where_the_report_is(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyze", str(dataset), "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "agreement of 2 coders (A, B) over 90 frames of 3 videos" in printed
    assert printed.count("nose_wrinkle") == 3
    assert "report.html" in printed
    assert (tmp_path / "out" / "report.html").exists()


def test_a_folder_of_coders_alone_gives_agreement_alone(
    dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyze", "--coders", str(dataset / "coders"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["parts"] == {}
    assert list(report["agreement"]["aus"]) == list(AU_NAMES)


def test_icc_gives_all_six_forms_of_a_csv(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(SHROUT_FLEISS + "1,,2,3\n")
    assert main(["analyze", "icc", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["n"], report["k"], report["left_out"]) == (6, 4, 1)
    assert report["MSR"] == pytest.approx(11.24, abs=0.005)
    values = {form: round(row["value"], 2) for form, row in report["forms"].items()}
    assert values == {"ICC(1,1)": 0.17, "ICC(2,1)": 0.29, "ICC(3,1)": 0.71,
                      "ICC(1,k)": 0.44, "ICC(2,k)": 0.62, "ICC(3,k)": 0.91}  # fmt: skip
    assert all(row["low"] < row["value"] < row["high"] for row in report["forms"].values())


def test_icc_prints_a_reason_where_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("a,b\n1,2\n1,2\n")
    assert main(["analyze", "icc", str(path)]) == 0
    assert capsys.readouterr().out.count("the subjects do not differ") == 6


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["analyze"], "no folder to analyze; give the dataset's, or --coders DIR"),
        (["analyze", "icc"], "arguments are required: RATINGS.csv"),
        (["analyze", "gone"], "gone is no folder"),
        (["analyze", "one", "two"], "'two' is one word too many for facedrive analyze"),
        (["analyze", "icc", "gone.csv"], "gone.csv cannot be read"),
        (["analyze", "--coders", "gone"], "gone is no folder"),
    ],
)
def test_what_cannot_be_analysed_is_said_in_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize("package", ["scipy", "matplotlib"])
def test_a_missing_package_is_named_with_its_extra(
    package: str,
    dataset: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == package else name)
    assert main(["analyze", str(dataset), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert f"{package} is not installed; analysing needs: pip install 'facedrive[analyze]'" in error
