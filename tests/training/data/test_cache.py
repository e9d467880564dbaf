"""Files that are made once, under names that hold."""

from pathlib import Path

import pytest

from facedrive.training.data.cache import Made

MADE = Made("thing", 1, ("abc", b"rows", 7, 0.5, True))


def test_a_file_is_made_on_the_first_call_only(tmp_path: Path) -> None:
    path = MADE.keep(tmp_path / "new", ".txt", lambda part: part.write_text("first"))
    assert MADE.keep(tmp_path / "new", ".txt", lambda part: part.write_text("second")) == path
    assert path.read_text() == "first"
    assert path.name.startswith("thing-v1-") and path.suffix == ".txt"


def test_a_file_whose_making_fails_is_not_there(tmp_path: Path) -> None:
    def fail(part: Path) -> None:
        part.write_text("half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        MADE.keep(tmp_path, ".txt", fail)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "other",
    [
        MADE._replace(name="other"),
        MADE._replace(version=2),
        MADE._replace(of=("abd", b"rows", 7, 0.5, True)),
        MADE._replace(of=("abc", b"rowt", 7, 0.5, True)),
        MADE._replace(of=("abc", b"rows", 8, 0.5, True)),
        MADE._replace(of=("abc", b"rows", 7, 0.6, True)),
        MADE._replace(of=("abc", b"rows", 7, 0.5, False)),
        MADE._replace(of=("ab", "c", b"rows", 7, 0.5, True)),
        MADE._replace(of=("abc", "rows", 7, 0.5, True)),
        MADE._replace(of=("abc", b"rows", 7, 0.5)),
    ],
)
def test_whatever_decides_it_changes_the_name(tmp_path: Path, other: Made) -> None:
    first = MADE.keep(tmp_path, ".txt", lambda part: part.write_text("first"))
    assert other.keep(tmp_path, ".txt", lambda part: part.write_text("second")) != first
