"""The folder of takes: what is in it, and what is done to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("nicegui")

from facedrive.errors import DataError, SinkError
from facedrive.export.livelink_csv import write_livelink_csv
from facedrive.studio.acts import posed
from facedrive.studio.library import MAX_NAME, Library, Recording, tidy
from facedrive.types import Frame


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """A library with one take of a second, called first."""
    library = Library(tmp_path / "takes")
    recording = Recording(library.free("first"))
    image = np.full((48, 64, 3), 90, np.uint8)
    for index in range(31):
        sample = posed(np.full(24, index / 30, np.float32), index)
        object.__setattr__(sample, "time", 500 + index / 30)
        recording.send(sample, Frame(image, sample.time, index))
    recording.close()
    return library


def test_a_recording_is_a_take_that_starts_at_0_with_a_picture(library: Library) -> None:
    (entry,) = library.entries()
    assert (entry.name, entry.rows) == ("first", 31)
    assert entry.seconds == pytest.approx(1.0, abs=1e-5)
    assert entry.thumbnail.read_bytes()[:2] == b"\xff\xd8"
    assert library.samples("first")[0].time == 0


def test_a_part_is_kept_as_a_take_of_its_own(library: Library) -> None:
    name = library.trim("first", 0.5, 0.7)
    assert name == "first cut"
    assert len(library.samples(name)) == 7
    with pytest.raises(DataError, match="nothing from"):
        library.trim("first", 5, 6)


def test_a_take_is_renamed_with_all_that_belongs_to_it(library: Library) -> None:
    library.note("first", "a good one")
    assert library.rename("first", "a/b: c") == "a b c"
    (entry,) = library.entries()
    assert (entry.name, entry.notes) == ("a b c", "a good one")
    assert entry.thumbnail.exists()
    library.delete("a b c")
    assert not list(library.folder.iterdir())


def test_a_take_that_is_gone_or_broken_is_said(library: Library) -> None:
    with pytest.raises(DataError, match="was it deleted"):
        library.samples("second")
    (library.folder / "bad.csv").write_text("rubbish\n")
    (bad,) = [each for each in library.entries() if each.name == "bad"]
    assert "no take" in bad.error


@pytest.mark.slow
@pytest.mark.parametrize("to", ["gltf", "livelink-csv", "vmd"])
def test_a_take_is_exported_to_every_format(library: Library, to: str) -> None:
    path = library.export("first", to)
    assert path.parent == library.folder / "exports"
    assert path.stat().st_size > 100


@pytest.mark.parametrize("name", ["../../etc/passwd", "x" * 10_000, "", "con\0trol", "...."])
def test_a_name_never_leaves_the_folder(name: str) -> None:
    plain = tidy(name)
    assert 0 < len(plain) <= MAX_NAME
    assert Path(plain).name == plain
    assert plain not in (".", "..")


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="cannot be made"):
        Recording(tmp_path / "file" / "takes" / "a.csv")


def test_a_phones_take_that_is_dropped_is_kept_as_ours(library: Library, tmp_path: Path) -> None:
    phone = tmp_path / "phone.csv"
    aus = np.linspace(0, 1, 24, dtype=np.float32)
    write_livelink_csv([replace(posed(aus, i), time=i / 30) for i in range(60)], phone, fps=30)
    assert library.keep("C:\\My Slate.csv", phone.read_bytes()) == "C My Slate"
    samples = library.samples("C My Slate")
    assert len(samples) == 60
    np.testing.assert_allclose(samples[0].aus, aus, atol=1e-5)
    assert library.keep("first.csv", phone.read_bytes()) == "first-2"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.exe", b"", "x.exe is no take; drop one of .csv, .parquet"),
        ("x" * 10_000 + ".csv", b"rubbish\n", "is no take: column 1"),
        ("x.parquet", b"PAR1", "cannot be read as Parquet"),
        ("../x.csv", b"Timecode,BlendShapeCount\n", "^x.csv lacks the column"),
    ],
)
def test_what_is_no_take_is_refused_in_a_line(
    library: Library, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(DataError, match=said) as raised:
        library.keep(name, content)
    assert len(str(raised.value)) < 400
    assert [entry.name for entry in library.entries()] == ["first"]


def test_an_export_tells_how_far_it_is(library: Library) -> None:
    told: list[float] = []
    library.export("first", "livelink-csv", "", told.append)
    assert told == sorted(told)
    assert (len(told), told[-1]) == (31, 1.0)
