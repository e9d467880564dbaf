"""Agreement of coders: which frames count, and what is said where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.errors import DataError
from facedrive.feafa.analysis.agreement import compare_coders, level
from facedrive.feafa.labels.dataset import read_coders
from facedrive.feafa.labels.video import Part, Video
from facedrive.stats.icc import analyse_variance, icc

random = np.random.default_rng(0)
TRUE = random.random((3, 40, 24))
"""Three videos of 40 frames."""


def video(name: str, aus: NDArray[np.floating], first: int = 1, part: Part = "posed") -> Video:
    frames = np.arange(first, first + len(aus), dtype=np.int32)
    return Video(name, "P01", part, frames, aus.astype(np.float32), (None,) * len(aus))


def coded(noise: float, seed: int) -> NDArray[np.float32]:
    generator = np.random.default_rng(seed)
    return (TRUE + noise * generator.standard_normal(TRUE.shape)).clip(0, 1).astype(np.float32)


LABELS = {"A": coded(0.05, 1), "B": coded(0.1, 2), "C": coded(0.2, 3), "D": coded(0.1, 4)}


def coders(names: str) -> dict[str, list[Video]]:
    return {name: [video(f"PV{i}", aus) for i, aus in enumerate(LABELS[name])] for name in names}


@pytest.mark.parametrize("names", ["AB", "ABC", "ABCD"])
def test_any_number_of_coders_is_compared_over_all_their_frames(names: str) -> None:
    agreement = compare_coders(coders(names))
    ratings = np.stack([LABELS[name].reshape(-1, 24).T for name in names], -1).astype(float)
    expected = icc(analyse_variance(ratings), "2,k")
    assert (agreement.coders, agreement.frames) == (tuple(names), 120)
    assert agreement.icc.value == pytest.approx(expected.value)
    assert agreement.icc.low == pytest.approx(expected.low)
    assert agreement.icc.high == pytest.approx(expected.high)
    assert (agreement.over_videos[0] <= agreement.over_videos[1]).all()


def test_only_frames_and_videos_that_all_coders_labelled_count() -> None:
    late = LABELS["B"].copy()
    late[0, 20:25] = np.nan  # five frames without a label
    versions = {
        "A": [video("PV0", LABELS["A"][0]), video("PV1", LABELS["A"][1])],
        "B": [video("PV0", late[0], first=11)],  # its frames 11 to 50, of which A has to 40
    }
    agreement = compare_coders(versions)
    assert agreement.videos == ("PV0",)
    assert agreement.left_out == 1
    assert agreement.frames == 25
    pair = np.stack([LABELS["A"][0, 10:], late[0, :30]], -1).swapaxes(0, 1).astype(float)
    assert agreement.icc.value == pytest.approx(icc(analyse_variance(pair), "2,k").value)


def test_videos_of_one_name_in_two_parts_are_two_videos() -> None:
    versions = {
        name: [video("V1", LABELS[name][0]), video("V1", LABELS[name][1], part="spontaneous")]
        for name in "AB"
    }
    assert compare_coders(versions).frames == 80


def test_an_au_that_nobody_ever_saw_has_a_reason_and_no_number() -> None:
    versions = coders("AB")
    for videos in versions.values():
        for each in videos:
            each.aus[:, 3] = 0
    report = compare_coders(versions).as_dict()["aus"][AU_NAMES[3]]
    assert report["icc"] is None
    assert report["reason"] == "the subjects do not differ"
    assert report["level"] == "undefined"


def test_one_video_has_no_interval_over_videos() -> None:
    agreement = compare_coders({name: coders(name)[name][:1] for name in "AB"})
    assert np.isfinite(agreement.icc.low).all()
    assert np.isnan(agreement.over_videos).all()


@pytest.mark.parametrize(
    ("low", "name"),
    [(0.95, "excellent"), (0.9, "good"), (0.75, "moderate"), (0.5, "poor"), (-0.2, "poor"),
     (np.nan, "undefined")],
)  # fmt: skip
def test_levels_are_those_of_the_paper_by_the_lower_bound(low: float, name: str) -> None:
    assert level(low) == name


@pytest.mark.parametrize(
    ("versions", "message"),
    [
        ({}, "coders: none; agreement needs a folder each of at least 2"),
        ({"A": [video("PV1", TRUE[0])]}, "coders: A; agreement needs"),
        ({"A": [video("PV1", TRUE[0])], "B": [video("PV2", TRUE[0])]},
         "no video was labelled by all of A, B"),
        ({"A": [video("PV1", TRUE[0])], "B": [video("PV1", TRUE[0], first=100)]},
         "no frame was labelled by all of A, B"),
    ],
)  # fmt: skip
def test_coders_with_nothing_in_common_are_an_error(
    versions: dict[str, list[Video]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        compare_coders(versions)


def test_a_folder_of_coders_is_read_by_name(tmp_path: Path) -> None:
    for coder in ("Ann", "Bo"):
        folder = tmp_path / coder / "posed" / "P01" / "PV001"
        folder.mkdir(parents=True)
        for frame in (1, 2, 3):
            values = " ".join(f"{value:.3f}" for value in random.random(24))
            (folder / f"{frame:05d}.auw").write_text(values)
    versions = read_coders(tmp_path)
    assert list(versions) == ["Ann", "Bo"]
    agreement = compare_coders(versions)
    assert (agreement.frames, agreement.videos) == (3, ("PV001",))
    json.dumps(agreement.as_dict(), allow_nan=False)


def test_a_folder_of_coders_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone is no folder; it must hold one folder per coder"):
        read_coders(tmp_path / "gone")
