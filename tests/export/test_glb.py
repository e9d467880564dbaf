"""The container, read back by the reader of rigs."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from facedrive.errors import SinkError
from facedrive.export import glb
from facedrive.export.glb import Glb
from facedrive.rig.glb import read_document


def test_what_is_added_is_read_back(tmp_path: Path) -> None:
    points = np.arange(15, dtype=np.float32).reshape(5, 3)
    joints = np.arange(20, dtype=np.uint8).reshape(5, 4)
    made = Glb()
    assert made.add_view(b"odd") == 0
    kept = [
        made.add_accessor(points, bounds=True),
        made.add_accessor(joints),
        made.add_accessor(np.arange(3, dtype=np.uint32)),
        made.add_accessor(np.zeros((4, 3), np.float32), hollow=True),
        made.add_accessor(np.zeros((4, 3), np.float32), hollow=True),
    ]
    with (tmp_path / "made.glb").open("wb") as file:
        made.write(file)
    read = read_document(tmp_path / "made.glb")
    np.testing.assert_array_equal(read.accessor(kept[0], 3), points)
    np.testing.assert_array_equal(read.integers(kept[1], 4), joints)
    assert read.integers(kept[2], 1).ravel().tolist() == [0, 1, 2]
    np.testing.assert_array_equal(read.accessor(kept[3], 3), np.zeros((4, 3)))
    assert read.json["accessors"][0]["max"] == [12, 13, 14]
    assert read.json["bufferViews"][read.json["accessors"][3]["bufferView"]]["byteStride"] == 12
    assert not any("byteStride" in view for view in read.json["bufferViews"][:4])
    # Assimp opens no accessor without a view; zeros are kept once.
    assert read.json["accessors"][3]["bufferView"] == read.json["accessors"][4]["bufferView"]
    assert read.view(0) == b"odd"


def test_more_than_a_glb_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Glb()
    made.add_accessor(np.zeros(1000, np.float32))
    monkeypatch.setattr(glb, "MAX_BYTES", 2000)
    with pytest.raises(SinkError, match="lower fps"):
        made.write(io.BytesIO())
