"""One label file: 24 numbers, or one line that says what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedrive.aus import AUS
from facedrive.feafa.labels.auw import read_auw
from facedrive.feafa.labels.video import BAD_LABEL, OUT_OF_RANGE, Problem

GOOD = ["0.5"] * len(AUS)


def wrong(path: Path, text: str) -> Problem:
    path.write_text(text)
    problem = read_auw(path)
    assert isinstance(problem, Problem)
    assert problem.path == path and "\n" not in str(problem)
    return problem


@given(st.lists(st.floats(0, 1, width=32), min_size=len(AUS), max_size=len(AUS)))
def test_values_come_back_in_their_order(
    tmp_path_factory: pytest.TempPathFactory, values: list[float]
) -> None:
    path = tmp_path_factory.mktemp("label") / "1.auw"
    path.write_text("\ufeff" + "\t ".join(map(repr, values)) + "\r\n", encoding="utf-8")
    np.testing.assert_array_equal(read_auw(path), np.array(values, np.float32))


@pytest.mark.parametrize("count", [0, 1, len(AUS) - 1, len(AUS) + 1])
def test_another_number_of_values_is_said(count: int, tmp_path: Path) -> None:
    problem = wrong(tmp_path / "1.auw", " ".join(["0"] * count))
    assert problem.kind == BAD_LABEL
    assert f"holds {count} values; it must be 24" in problem.text


@pytest.mark.parametrize("text", [" ".join(["0,5"] * 24), ",".join(GOOD), ", ".join(GOOD)])
def test_commas_are_said(text: str, tmp_path: Path) -> None:
    problem = wrong(tmp_path / "1.auw", text)
    assert problem.kind == BAD_LABEL and "commas; write points" in problem.text


@pytest.mark.parametrize("value", ["-0.01", "1.001", "3"])
def test_a_value_out_of_range_is_named(value: str, tmp_path: Path) -> None:
    problem = wrong(tmp_path / "1.auw", " ".join([*GOOD[:8], value, value, *GOOD[10:]]))
    assert problem.kind == OUT_OF_RANGE and problem.values == 2
    assert f"value 9 (jaw_drop) is {value}" in problem.text


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_no_finite_number_is_unusable(value: str, tmp_path: Path) -> None:
    problem = wrong(tmp_path / "1.auw", " ".join([value, *GOOD[1:]]))
    assert problem.kind == BAD_LABEL and f"is {value}; it must be from 0 to 1" in problem.text


def test_what_is_no_number_is_unusable(tmp_path: Path) -> None:
    assert "not a number" in wrong(tmp_path / "1.auw", " ".join([*GOOD[1:], "x"])).text


def test_any_bytes_are_a_label_or_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "1.auw"
    path.write_bytes(bytes(range(256)))
    assert isinstance(read_auw(path), Problem)
    assert isinstance(read_auw(tmp_path / "gone.auw"), Problem)
