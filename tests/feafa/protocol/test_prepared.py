"""A cache that is not whole is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedrive.errors import DataError
from facedrive.feafa.protocol.prepared import CROP, VERSION, Prepared, load_prepared


def write(folder: Path, crops: int = 2, labels: int = 2, version: int = VERSION) -> Path:
    np.save(folder / "crops.npy", np.zeros((crops, CROP.size, CROP.size), np.uint8))
    np.savez(
        folder / "labels.npz",
        aus=np.full((labels, 24), np.nan, np.float32),
        video=np.zeros(labels, np.int32),
        frame=np.arange(labels, dtype=np.int32),
    )
    videos = [{"name": "PV001", "subject": "P01", "part": "posed"}]
    crop = {"size": CROP.size, "padding": CROP.padding}
    manifest = {"version": version, "crop": crop, "videos": videos}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_crops_are_mapped_and_come_with_their_labels(tmp_path: Path) -> None:
    data = load_prepared(write(tmp_path))
    assert isinstance(data.crops, np.memmap) and data.crops.shape == (2, 256, 256)
    assert len(data) == 2 and data.spec == CROP
    assert (data.videos, data.subjects, data.parts) == (("PV001",), ("P01",), ("posed",))


def test_the_middle_224_pixels_show_what_the_live_crop_shows() -> None:
    assert CROP.span * 224 / CROP.size == pytest.approx(2.0, abs=1e-3)


def test_no_cache_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="make it with: facedrive data prepare DIR --cache"):
        load_prepared(tmp_path)


def test_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"version 0; facedrive needs {VERSION}"):
        load_prepared(write(tmp_path, version=0))


def test_crops_and_labels_of_different_number_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="for 3 labels"):
        load_prepared(write(tmp_path, labels=3))


@pytest.mark.parametrize("name", ["crops.npy", "labels.npz", "manifest.json"])
def test_a_broken_file_is_an_error(name: str, tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / name).write_bytes(b"broken")
    with pytest.raises(DataError):
        load_prepared(tmp_path)


def test_frames_without_any_label_are_left_out_and_the_rest_spread_evenly(
    faces: Callable[..., Prepared],
) -> None:
    data = faces()
    aus = data.aus.copy()
    aus[0] = np.nan
    data = replace(data, aus=aus)
    assert data.labelled_rows(np.array([0])).tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert data.labelled_rows(np.array([0, 1]), most=2).tolist() == [1, 7, 8, 15]
