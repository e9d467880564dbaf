"""A take in memory has the columns of its files, in the units of a sample."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from facedrive.aus import AU_NAMES
from facedrive.errors import DataError, DependencyError, SinkError
from facedrive.rotations import EulerDegrees, quaternion_from_euler
from facedrive.takes.columns import COLUMNS, KNOWN
from facedrive.takes.read import read_take
from facedrive.takes.take import Take
from facedrive.types import Head, Sample

GAZE_RAD = np.array([[0.1, -0.2], [0.15, -0.25]], np.float32)


def sample(index: int, *, face: bool = True) -> Sample:
    aus = np.linspace(0, 0.01 * index, 24, dtype=np.float32)
    turn = quaternion_from_euler(EulerDegrees(5.0, -20.0, 1.5))
    head = Head(turn, np.array([0.01, -0.02, -0.6], np.float32))
    return Sample(index / 30, index, aus, GAZE_RAD, head, face, 0.5)


@pytest.fixture
def take() -> Take:
    return Take.of([sample(0), sample(1), sample(2, face=False), sample(5)])


def test_it_holds_what_the_samples_held(take: Take) -> None:
    assert len(take) == 4
    assert take.frame.tolist() == [0, 1, 2, 5]
    assert take.time == pytest.approx([0, 1 / 30, 2 / 30, 5 / 30])
    assert take.face.tolist() == [True, True, False, True]
    for row in (0, 1, 3):
        meant = sample(int(take.frame[row]))
        np.testing.assert_allclose(take.aus[row], meant.aus)
        np.testing.assert_allclose(take.gaze[row], meant.gaze, atol=1e-6)
        np.testing.assert_allclose(take.head_rotation[row], meant.head.rotation, atol=1e-6)
        np.testing.assert_allclose(take.head_position[row], meant.head.translation)
        assert take.score[row] == meant.score


def test_without_a_face_there_are_no_values(take: Take) -> None:
    for values in (take.aus, take.gaze, take.head_rotation, take.head_position, take.score):
        assert np.isnan(values[2]).all()
        assert not np.isnan(values[3]).any()


def test_a_column_is_found_by_the_name_that_it_has_in_files(take: Take) -> None:
    jaw = take.aus[:, AU_NAMES.index("jaw_drop")]
    np.testing.assert_array_equal(take["jaw_drop"].astype(np.float32), jaw)
    assert tuple(take) == COLUMNS
    assert set(dict(take)) == set(COLUMNS)


def test_some_rows_are_a_take(take: Take) -> None:
    assert take[1:]["frame"].tolist() == take["frame"].tolist()[1:]
    seen = take[take.face]
    assert isinstance(seen, Take) and len(seen) == take.face.sum() < len(take)


def test_a_misspelt_column_is_guessed(take: Take) -> None:
    with pytest.raises(DataError, match=r"no column 'jaw_drp'.*Did you mean jaw_drop"):
        take["jaw_drp"]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_what_is_written_is_read_back(take: Take, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"take.{suffix}"
    getattr(take, f"to_{suffix}")(path)
    back = Take.read(path)
    np.testing.assert_allclose(back.rows, take.rows, atol=6e-4)
    assert [each.face for each in read_take(path)] == take.face.tolist()


def test_writing_again_what_was_read_gives_the_same_bytes(take: Take, tmp_path: Path) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    take.to_csv(first)
    Take.read(first).to_csv(second)
    assert second.read_bytes() == first.read_bytes()


def test_a_take_that_cannot_be_written_leaves_the_older_file(take: Take, tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("no folder")
    with pytest.raises(SinkError, match="cannot be written"):
        take.to_csv(tmp_path / "folder" / "take.csv")
    assert (tmp_path / "folder").read_text() == "no folder"


def test_an_empty_take_has_every_column(tmp_path: Path) -> None:
    Take.of([]).to_csv(tmp_path / "take.csv")
    take = Take.read(tmp_path / "take.csv")
    assert len(take) == 0
    assert take.aus.shape == (0, 24)
    assert take.head_rotation.shape == (0, 4)
    assert repr(take) == "Take(0 frames, 0 with a face, 0.0 s)"


def test_pandas_gets_the_same_table(take: Take) -> None:
    table = take.to_pandas()
    assert tuple(table.columns) == COLUMNS
    assert table["frame"].tolist() == [0, 1, 2, 5]
    assert table["face"].tolist() == [True, True, False, True]
    assert table.iloc[2, KNOWN:].isna().all()


def test_without_pandas_it_says_what_to_install(
    take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(DependencyError, match="pip install pandas"):
        take.to_pandas()


@pytest.mark.slow
def test_it_is_plotted_with_the_names_of_its_action_units(take: Take, tmp_path: Path) -> None:
    figure = take.plot(["jaw_drop", "lip_pucker"])
    figure.savefig(tmp_path / "plot.png")
    heat_map, head, _ = figure.axes
    assert [each.get_text() for each in heat_map.get_yticklabels()] == ["jaw_drop", "lip_pucker"]
    assert [line.get_label() for line in head.lines] == ["pitch", "yaw", "roll"]
    assert head.lines[1].get_ydata()[0] == pytest.approx(-20, abs=1e-4)


def test_nothing_is_not_plotted() -> None:
    with pytest.raises(DataError, match="nothing to plot"):
        Take.of([]).plot()
