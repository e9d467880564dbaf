"""The report's folder, and that its page needs no other file."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.errors import DataError
from facedrive.feafa.analysis.plots import COLUMN_IN, DPI, draw_all, render
from facedrive.feafa.analysis.report import write_report
from facedrive.feafa.analysis.statistics import Analysis, analyse
from facedrive.feafa.labels.video import Part, Video

pytestmark = pytest.mark.slow

FIGURES = {
    "table3_agreement", "figure2_occurrence", "figure3_distribution",
    "figure4_correlation_posed", "figure4_correlation_spontaneous",
}  # fmt: skip


def video(name: str, aus: NDArray[np.floating], part: Part) -> Video:
    frames = np.arange(1, len(aus) + 1, dtype=np.int32)
    return Video(name, name, part, frames, aus.astype(np.float32), (None,) * len(aus))


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    random = np.random.default_rng(0)
    true = np.clip(random.random((2, 60, 24)) * 2 - 1, 0, 1)
    true[:, :, 9] = 0
    true[1, :, 13] = np.nan
    versions = {}
    for coder in "ABC":
        heard = (np.nan_to_num(true) + 0.05 * random.random(true.shape) * (true > 0)).clip(0, 1)
        versions[coder] = [video(f"PV{i}", aus, "posed") for i, aus in enumerate(heard)]
    videos = [video("PV0", true[0], "posed"), video("SN1", true[1], "spontaneous")]
    return analyse("a <b> & c", videos, versions)


@pytest.fixture(scope="module")
def folder(analysis: Analysis, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "deep" / "er"
    write_report(analysis, folder)
    return folder


def test_every_figure_is_there_as_png_and_svg(folder: Path) -> None:
    for ending in ("png", "svg"):
        assert {path.stem for path in folder.glob(f"*.{ending}")} == FIGURES


def test_pictures_are_a_column_wide_and_not_blank(folder: Path) -> None:
    for path in folder.glob("*.png"):
        picture = cv2.imread(str(path))
        assert picture.shape[1] == COLUMN_IN * DPI
        assert picture.std() > 20


def test_the_same_analysis_gives_the_same_pictures(analysis: Analysis, folder: Path) -> None:
    again = draw_all(analysis)["figure4_correlation_posed"]
    assert render(again, "svg") == (folder / "figure4_correlation_posed.svg").read_bytes()


def test_what_is_not_there_is_not_drawn(analysis: Analysis) -> None:
    posed = Analysis("posed", {"posed": analysis.parts["posed"]}, None)
    names = {"figure2_occurrence", "figure3_distribution", "figure4_correlation_posed"}
    assert set(draw_all(posed)) == names
    assert set(draw_all(Analysis("coders", {}, analysis.agreement))) == {"table3_agreement"}


def test_the_page_needs_no_other_file(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    sources = re.findall(r'(?:src|href)="([^"]{0,30})', page)
    assert len(sources) == len(FIGURES)
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert "http" not in re.sub(r'src="[^"]*"', "", page)


class Page(HTMLParser):
    """The texts of a page; every tag that opens must close in turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_page_is_well_formed_and_names_every_au(folder: Path) -> None:
    page = Page((folder / "report.html").read_text())
    assert page.open == []
    assert {name.replace("_", " ") for name in AU_NAMES} <= set(page.texts)
    assert "Action units of a <b> & c" in page.texts


def test_the_numbers_are_beside_it_as_json(analysis: Analysis, folder: Path) -> None:
    assert json.loads((folder / "analysis.json").read_text()) == analysis.as_dict()


def test_a_folder_that_cannot_be_made_is_named(analysis: Analysis, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(DataError, match="report cannot be made"):
        write_report(analysis, tmp_path / "file" / "report")
