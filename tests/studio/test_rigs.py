"""Rigs for the browser: a GLB that is a rig again, and what drives it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("nicegui")

from facedrive.errors import RigError
from facedrive.mappings import INPUTS
from facedrive.rig import load
from facedrive.studio.rigs import OURS, Gallery


@pytest.mark.slow
def test_our_rig_is_packed_as_a_glb_that_is_the_same_rig(tmp_path: Path) -> None:
    packed = Gallery(tmp_path).pack("")
    path = tmp_path / "again.glb"
    path.write_bytes(packed.glb)
    again = load(path)
    assert list(again.targets) == packed.about["targets"]
    rows = np.array(packed.about["rows"])
    assert rows.shape == (len(again.targets), len(INPUTS))
    jaw = packed.about["targets"].index("jaw_drop")
    assert rows[jaw, INPUTS.index("jaw_drop")] == 1


@pytest.mark.parametrize("name", ["x.glb", "../x.glb", "x.exe", ".glb", "y" * 500 + ".glb"])
def test_rubbish_is_refused_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    gallery = Gallery(tmp_path / "rigs")
    with pytest.raises(RigError) as caught:
        gallery.keep(name, b"glTF" + bytes(100))
    assert str(caught.value).startswith(Path(name).name[-80:])
    assert not [each for each in tmp_path.rglob("*") if each.is_file()]
    assert [each.name for each in gallery.names()] == [OURS]


def test_only_rigs_of_the_folder_and_the_chosen_one_are_found(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    (tmp_path / "a.glb").write_bytes(b"")
    assert gallery.find("a.glb") == str(tmp_path / "a.glb")
    assert gallery.find(OURS) == ""
    with pytest.raises(RigError, match="drop its file"):
        gallery.find("/etc/passwd")
    assert gallery.find("/my/head.vrm", Path("/my/head.vrm")) == "/my/head.vrm"


def test_a_rigs_picture_is_a_small_jpeg_or_nothing(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    with pytest.raises(RigError):
        gallery.keep_picture("", b"no picture")
    assert gallery.picture("") is None
    _, jpeg = cv2.imencode(".jpg", np.zeros((24, 32, 3), np.uint8))
    gallery.keep_picture("", jpeg.tobytes())
    assert gallery.picture("") is not None


def test_rigs_of_another_folder_can_be_chosen_too(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "head.vrm").write_bytes(b"")
    (mine / "notes.txt").write_bytes(b"")
    gallery = Gallery(tmp_path / "rigs", mine)
    assert [each.name for each in gallery.names()] == [OURS, "mine/head.vrm"]
    assert gallery.find("mine/head.vrm") == str(mine / "head.vrm")


@pytest.mark.slow
def test_how_much_a_rig_shows_is_known_once_it_was_read(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    assert gallery.count("") is None
    gallery.pack("")
    assert gallery.count("") == 24
