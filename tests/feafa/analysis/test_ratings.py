"""Ratings from CSV: what is read, and what is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedrive.errors import DataError
from facedrive.feafa.analysis.ratings import read_ratings


def test_a_column_is_a_rater_and_a_row_a_subject(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("\ufeffAnn,Bo, Cy\n0.1,0.2,0.3\n\n0.4,,1e0\n", encoding="utf-8")
    ratings = read_ratings(path)
    assert ratings.raters == ("Ann", "Bo", "Cy")
    np.testing.assert_array_equal(ratings.values, [[0.1, 0.2, 0.3], [0.4, np.nan, 1]])


REFUSED = {
    "": "is empty",
    "A,B\n": "no row below its header",
    "A\n1\n2\n": "1 column, 'A'; agreement needs at least 2 raters",
    "A;B\n0,1;0,2\n": "1 column, 'A;B'",
    "1,2\n3,4\n": "first line must name the raters",
    "A,B\n1,2\n0,5,0,6\n": "row 3 has 4 cells, the header has 2; numbers need a point",
    "subject,A,B\ns1,1,2\n": "row 2: 's1' by subject is no number",
    "A,B\n1,nan\n2,3\n": "'nan' by B is no number",
    'A,B\n"0,5","0,6"\n': "'0,5' by A is no number",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_table_of_ratings_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=REFUSED[text]):
        read_ratings(path)


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.csv cannot be read"):
        read_ratings(tmp_path / "gone.csv")
    (tmp_path / "picture.csv").write_bytes(b"\xff\xd8\xff\xe0" * 9)
    with pytest.raises(DataError, match=r"picture\.csv cannot be read"):
        read_ratings(tmp_path / "picture.csv")
