"""Sections by name."""

from pathlib import Path

import pytest

from facedrive.errors import DataError
from facedrive.training.evaluation.exam import SECTIONS, Exam


def test_an_unknown_section_lists_those_there_are(model, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no section 'clip'; there are clips, cross_talk"):
        Exam(model, tmp_path, tmp_path).take(["clip"])


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_whose_data_is_missing_says_so(section: str, model, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"missing|no file|No such file"):
        Exam(model, tmp_path, tmp_path / "cache").take([section])
