"""Rigs compressed by Draco."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedrive.errors import RigError
from facedrive.rig import load

SQUARE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)


def _packed(write_glb: Callable[..., Path], data: bytes) -> Path:
    """Write the square with its corners and triangles in Draco data, its target as it was."""
    target = np.zeros((4, 3), "<f4")
    target[:, 2] = 1

    def change(document: dict[str, Any]) -> None:
        document["extensionsRequired"] = ["KHR_draco_mesh_compression"]
        document["buffers"][0]["byteLength"] = 48 + len(data)
        document["bufferViews"] = [
            {"buffer": 0, "byteOffset": 0, "byteLength": 48},
            {"buffer": 0, "byteOffset": 48, "byteLength": len(data)},
        ]
        document["accessors"][1]["bufferView"] = 0
        for number in (0, 2):
            del document["accessors"][number]["bufferView"]
        document["meshes"][0]["primitives"][0]["extensions"] = {
            "KHR_draco_mesh_compression": {"bufferView": 1, "attributes": {"POSITION": 0}}
        }

    return write_glb(change, target.tobytes() + data)


def test_a_mesh_packed_by_draco_is_the_same(write_glb: Callable[..., Path]) -> None:
    draco = pytest.importorskip("DracoPy")
    corners = np.array([[0, 1, 2], [0, 2, 3]], np.uint32)
    data = draco.encode(SQUARE, faces=corners, quantization_bits=14)
    rig = load(_packed(write_glb, data))
    order = [tuple(each) for each in np.round(rig.vertices).tolist()]
    assert sorted(order) == sorted(map(tuple, SQUARE.tolist()))
    assert len(rig.triangles) == 2
    np.testing.assert_array_equal(rig.offsets[0], [[0, 0, 1]] * 4)


def test_damaged_draco_data_is_named(write_glb: Callable[..., Path]) -> None:
    pytest.importorskip("DracoPy")
    with pytest.raises(RigError, match="Draco data cannot be decoded"):
        load(_packed(write_glb, b"DRACO" + bytes(40)))


def test_without_dracopy_the_extra_is_named(
    write_glb: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "DracoPy", None)
    with pytest.raises(RigError, match=r"pip install 'facedrive\[draco\]'"):
        load(_packed(write_glb, b"DRACO"))
