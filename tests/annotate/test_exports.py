"""Labels go out in every format, and what reads that format reads them unchanged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from facedrive.annotate.expert import final_labels
from facedrive.annotate.exports import EXPORTS, auw_text, export, key_frames
from facedrive.annotate.keys import Key
from facedrive.annotate.project import Project
from facedrive.aus import AU_INDEX
from facedrive.errors import DataError
from facedrive.feafa.analysis.statistics import analyse_folder
from facedrive.feafa.labels.auw import read_auw
from facedrive.feafa.labels.check import check
from facedrive.feafa.labels.dataset import read_dataset
from facedrive.takes.take import Take


@pytest.fixture
def coded(project: Project, say: Callable[..., None]) -> Project:
    for coder, top in (("anna", 0.8), ("ben", 0.9), ("cleo", 0.85)):
        say(coder, "jaw_drop", {0: 0.05, 33: top, 61: 0.1})
        say(coder, "left_lip_corner_pull", {0: 0.0, 50: 0.6})
    return project


@pytest.mark.slow
def test_feafas_layout_is_read_by_what_reads_feafa(coded: Project, tmp_path: Path) -> None:
    export(coded, "feafa", tmp_path / "out")
    folder = tmp_path / "out" / "spontaneous" / "P01" / "clip"
    assert sorted(path.name for path in folder.iterdir())[:2] == ["00001.auw", "00002.auw"]
    report = check(tmp_path / "out")
    assert report.sound
    (tally,) = report.tallies.values()
    assert (tally.labelled, tally.missing_pictures, tally.subjects) == (120, 0, 1)
    (video,) = read_dataset(tmp_path / "out")
    np.testing.assert_allclose(video.aus, final_labels(coded, "clip"), atol=1e-7)
    assert sum(gray is not None for gray in video.grays()) == 120
    agreement = analyse_folder(tmp_path / "out", None).agreement
    assert agreement is not None
    assert agreement.coders == ("anna", "ben", "cleo")
    assert agreement.icc.value[AU_INDEX["left_lip_corner_pull"]] == pytest.approx(1)


def test_exported_labels_are_the_interpolated_ones(coded: Project, tmp_path: Path) -> None:
    from facedrive.annotate.coders import coder_labels

    export(coded, "feafa", tmp_path / "out")
    drawn = np.mean([coder_labels(coded, "clip", name) for name in coded.coders], axis=0)
    folder = tmp_path / "out" / "spontaneous" / "P01" / "clip"
    written = np.array([read_auw(path) for path in sorted(folder.glob("*.auw"))])
    assert np.abs(written - drawn).max() <= 0.0005 + 1e-7


def test_a_label_file_is_24_numbers_of_three_decimals() -> None:
    text = auw_text(np.arange(24) / 23)
    assert text.startswith("0.000 0.043 0.087 ")
    assert text.endswith(" 1.000\n")
    assert len(text.split()) == 24


def test_takes_are_read_as_takes_and_as_labels(coded: Project, tmp_path: Path) -> None:
    export(coded, "csv", tmp_path)
    take = Take.read(tmp_path / "clip.csv")
    np.testing.assert_allclose(take.aus, final_labels(coded, "clip"), atol=1e-6)
    assert take.face.all()
    assert take.time[25] == pytest.approx(1.0)
    (video,) = read_dataset(tmp_path)
    assert video.frames.tolist() == list(range(120))


def test_extras_that_were_set_are_exported_and_the_others_go_along(
    coded: Project, say: Callable[..., None], tmp_path: Path
) -> None:
    say("anna", "lip_funnel", {0: 0.2})
    say("ben", "lip_funnel", {0: 0.4})
    export(coded, "csv", tmp_path)
    take = Take.read(tmp_path / "clip.csv")
    assert set(take["lip_funnel"].round(4).tolist()) == {0.3}
    np.testing.assert_allclose(take["left_eye_squint"], 0.3 * take["left_lip_corner_pull"],
                               atol=1e-4)  # fmt: skip


def test_disfas_levels_change_at_the_odd_tenths(coded: Project, tmp_path: Path) -> None:
    export(coded, "disfa", tmp_path)
    folder = tmp_path / "ActionUnit_Labels" / "clip"
    levels = dict(line.split(",") for line in (folder / "clip_au12.txt").read_text().split())
    smile = final_labels(coded, "clip")[:, AU_INDEX["left_lip_corner_pull"]]
    assert levels["1"] == "0"
    assert levels["51"] == "3"
    for label, value in zip(levels.values(), smile, strict=True):
        assert abs(int(label) / 5 - value) <= 0.1 + 1e-9
    (video,) = read_dataset(tmp_path)
    assert video.aus[50, AU_INDEX["right_lip_corner_pull"]] == pytest.approx(0.6)
    assert np.isnan(video.aus[:, AU_INDEX["lip_pucker"]]).all()


@pytest.mark.slow
def test_an_animation_has_a_key_at_every_key_frame(coded: Project, tmp_path: Path) -> None:
    assert key_frames(coded, "clip") == [0, 33, 50, 61, 119]
    document = coded.document("clip", "anna")
    document.edit("bend", [document.put("jaw_drop", Key(61, 0.1, "smooth"))])
    assert key_frames(coded, "clip") == [0, 33, 50, 61, 119]  # nothing comes after it
    document.edit("bend", [document.put("jaw_drop", Key(0, 0.05, "hold"))])
    assert key_frames(coded, "clip") == [*range(34), 50, 61, 119]
    said = export(coded, "glb", tmp_path)
    assert said == "1 animated GLBs, 37 keys"
    content = (tmp_path / "clip.glb").read_bytes()
    length = int.from_bytes(content[12:16], "little")
    about = json.loads(content[20 : 20 + length])
    times = about["accessors"][about["animations"][0]["samplers"][0]["input"]]
    assert times["count"] == 37
    assert times["max"] == [pytest.approx(119 / 25)]


@pytest.mark.slow
def test_an_unknown_format_and_nothing_to_write_are_told(project: Project, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no format 'xls'; there are csv, disfa, eaf, feafa, glb"):
        export(project, "xls", tmp_path)
    with pytest.raises(DataError, match="nobody has labelled a video"):
        export(project, "csv", tmp_path)
    for to in EXPORTS:
        with pytest.raises(DataError, match="nobody has labelled it"):
            export(project, to, tmp_path, ["clip"])
