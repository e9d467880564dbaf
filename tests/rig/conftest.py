"""Small rigs on disk: an OBJ with targets, and a GLB that a test may damage."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SQUARE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], dtype=np.float32)
RAISED = np.array([[0, 0, 0], [0, 0, 0], [0, 0, 1], [0, 0, 0.5]], dtype=np.float32)
CORNERS = np.array([0, 1, 2, 0, 2, 3], dtype=np.uint16)

GlbWriter = Callable[..., Path]


@pytest.fixture
def write_obj(tmp_path: Path) -> Callable[..., Path]:
    """Write ``head.obj`` and ``head/<name>.obj`` from the texts given; return the neutral."""

    def write(neutral: str, **targets: str) -> Path:
        folder = tmp_path / "head"
        folder.mkdir(exist_ok=True)
        for name, text in targets.items():
            (folder / f"{name}.obj").write_text(text)
        path = tmp_path / "head.obj"
        path.write_text(neutral)
        return path

    return write


def square_json() -> dict[str, Any]:
    """Return the JSON of a square whose one target, jawOpen, raises two corners."""
    views = [(0, 48), (48, 48), (96, 12)]
    return {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "Head", "mesh": 0}],
        "meshes": [
            {
                "name": "Head",
                "extras": {"targetNames": ["jawOpen"]},
                "primitives": [
                    {
                        "attributes": {"POSITION": 0},
                        "indices": 2,
                        "material": 0,
                        "targets": [{"POSITION": 1}],
                    }
                ],
            }
        ],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [1, 0.5, 0, 1]}}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5126, "count": 4, "type": "VEC3"},
            {"bufferView": 2, "componentType": 5123, "count": 6, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": first, "byteLength": length} for first, length in views
        ],
        "buffers": [{"byteLength": 108}],
    }


def square_binary() -> bytes:
    """Return the buffer that goes with ``square_json``."""
    return SQUARE.tobytes() + RAISED.tobytes() + CORNERS.tobytes()


def glb(document: dict[str, Any], binary: bytes) -> bytes:
    """Pack a GLB."""
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    body = struct.pack("<II", len(text), 0x4E4F534A) + text
    body += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


@pytest.fixture
def write_glb(tmp_path: Path) -> GlbWriter:
    """Write the square, after ``change(json)``, with ``binary`` or its own; return its path."""

    def write(
        change: Callable[[dict[str, Any]], object] = lambda document: None,
        binary: bytes | None = None,
        name: str = "head.glb",
    ) -> Path:
        document = square_json()
        change(document)
        path = tmp_path / name
        path.write_bytes(glb(document, square_binary() if binary is None else binary))
        return path

    return write
