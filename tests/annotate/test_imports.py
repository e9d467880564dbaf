"""Labels of others become keys, and come out again as they went in."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from facedrive.annotate.elan import find_events, write_eaf
from facedrive.annotate.exports import auw_text, export
from facedrive.annotate.imports import import_dataset, import_eaf
from facedrive.annotate.project import Project
from facedrive.aus import AU_INDEX
from facedrive.errors import DataError

from .conftest import stamp


def dataset(root: Path, coder: str = "") -> Path:
    """Write 12 images with labels in FEAFA+'s layout; return the folder of the video."""
    rng = np.random.default_rng(len(coder))
    labels = rng.integers(0, 1001, (12, 24)) / 1000
    labels[:, 3:] = np.linspace(0, 1, 12).round(3)[:, None]
    folder = root / "posed" / "P07" / "PV003"
    folder.mkdir(parents=True)
    for number, row in enumerate(labels, 1):
        (folder / f"{number:05d}.auw").write_text(auw_text(row))
        if not coder:
            cv2.imwrite(str(folder / f"{number:05d}.jpg"), stamp(number))
    return folder


def test_feafas_files_come_out_bit_for_bit(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "in")
    with Project.create(tmp_path / "study") as project:
        assert import_dataset(project, tmp_path / "in") == ["PV003"]
        assert project.coders == ("labels",)
        tracks = project.document("PV003", "labels").tracks
        assert len(tracks["jaw_drop"]) < 12
        export(project, "feafa", tmp_path / "out")
    for path in sorted(folder.glob("*.auw")):
        written = tmp_path / "out" / path.relative_to(tmp_path / "in")
        assert written.read_bytes() == path.read_bytes()
        assert written.with_suffix(".jpg").read_bytes() == path.with_suffix(".jpg").read_bytes()


def test_what_each_coder_says_stays_theirs(tmp_path: Path) -> None:
    dataset(tmp_path / "in")
    for coder in ("anna", "ben"):
        dataset(tmp_path / "in" / "coders" / coder, coder)
    with Project.create(tmp_path / "study") as project:
        import_dataset(project, tmp_path / "in")
        assert project.coders == ("anna", "ben")
        assert project.video("PV003").coders == ("anna", "ben")
        export(project, "feafa", tmp_path / "out")
    for path in sorted((tmp_path / "in" / "coders").rglob("*.auw")):
        assert (tmp_path / "out" / path.relative_to(tmp_path / "in")).read_bytes() == (
            path.read_bytes())  # fmt: skip


def test_labels_without_pictures_cannot_be_labelled_on(tmp_path: Path) -> None:
    dataset(tmp_path / "in", "nobody")
    with (
        Project.create(tmp_path / "study") as project,
        pytest.raises(DataError, match=r"PV003 in .* has no pictures"),
    ):
        import_dataset(project, tmp_path / "in")


def test_elans_events_become_a_coders_keys(project: Project, tmp_path: Path) -> None:
    labels = np.zeros((120, 24))
    labels[30:60, AU_INDEX["jaw_drop"]] = 0.5
    times = project.clock("clip").times
    write_eaf(tmp_path / "clip.eaf", find_events(labels), times, Path("clip.mp4"))
    assert import_eaf(project, "clip", "ben", tmp_path / "clip.eaf") == 1
    document = project.document("clip", "ben")
    assert sorted(document.tracks["jaw_drop"]) == [29, 30, 59, 60]
    assert document.undoable == "import clip.eaf"
    shutil.copyfile(tmp_path / "clip.eaf", tmp_path / "empty.eaf")
    write_eaf(tmp_path / "empty.eaf", [], times, Path("clip.mp4"))
    with pytest.raises(DataError, match="has no tier that names an action unit"):
        import_eaf(project, "clip", "ben", tmp_path / "empty.eaf")
