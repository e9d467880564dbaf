"""A label keeps to its picture, whatever number either counts from."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from facedrive.aus import AU_INDEX
from facedrive.cli.main import main
from facedrive.errors import DataError
from facedrive.feafa.labels.dataset import read_dataset

CODED = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)


def write(root: Path, labels: range, pictures: range) -> None:
    """Every label is its place in the video, and every picture is as bright."""
    folder, images = root / "ActionUnit_Labels" / "SN001", root / "Images" / "SN001"
    folder.mkdir(parents=True)
    images.mkdir(parents=True)
    for au in CODED:
        lines = (f"{frame},{place}\n" for place, frame in enumerate(labels))
        (folder / f"SN001_au{au}.txt").write_text("".join(lines))
    for place, frame in enumerate(pictures):
        picture = np.full((8, 8), place, np.uint8)
        assert cv2.imwrite(str(images / f"frame{frame:03d}.png"), picture)


def pairs(root: Path, offset: int | None) -> list[tuple[int, int]]:
    """Each label with the brightness of its picture."""
    (video,) = read_dataset(root, offset=offset)
    smiles = video.aus[:, AU_INDEX["left_lip_corner_pull"]] * 5
    return [(round(float(smile)), int(gray[0, 0]))
            for smile, gray in zip(smiles, video.grays(), strict=True)
            if gray is not None and not np.isnan(smile)]  # fmt: skip


@pytest.mark.parametrize("pictures", [range(4), range(5)], ids=["as many", "one more"])
def test_pictures_from_0_beside_labels_from_1_are_asked_about(
    tmp_path: Path, pictures: range, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, range(1, 5), pictures)
    with pytest.raises(DataError, match=r"labels count from 1, pictures from 0.*--offset 1"):
        read_dataset(tmp_path, skip_bad=True)
    assert main(["data", "check", str(tmp_path), "--quick"]) == 1
    assert "labels count from 1, pictures from 0" in capsys.readouterr().out
    assert main(["data", "check", str(tmp_path), "--quick", "--offset", "1"]) == 0


def test_the_answer_keeps_labels_to_their_pictures(tmp_path: Path) -> None:
    write(tmp_path, range(1, 5), range(4))
    assert pairs(tmp_path, 1) == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert pairs(tmp_path, 0) == [(0, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize(
    ("labels", "pictures"),
    [(range(1, 5), range(1, 5)), (range(1, 5), range(2, 4)), (range(3), range(3))],
    ids=["from 1", "some", "from 0"],
)
def test_numbers_that_agree_are_not_asked_about(
    tmp_path: Path, labels: range, pictures: range
) -> None:
    write(tmp_path, labels, pictures)
    apart = pictures.start - labels.start
    assert all(label == bright + apart for label, bright in pairs(tmp_path, None))
