"""A GLB being made: its JSON grows by accessors, its binary part by what they hold.

Specification: Khronos glTF 2.0, sections 3.6 (binary data) and 4 (GLB).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from facedrive import __version__
from facedrive.errors import SinkError
from facedrive.rig.glb import BIN_CHUNK, JSON_CHUNK, MAGIC, WIDTHS, Object

FLOAT, UINT, UBYTE = 5126, 5125, 5121
COMPONENTS = {np.dtype(np.float32): FLOAT, np.dtype(np.uint32): UINT, np.dtype(np.uint8): UBYTE}
TYPES = {width: name for name, width in WIDTHS.items()}

VERTICES, INDICES = 34962, 34963
"""What a buffer view is for, in OpenGL's numbers."""

MAX_BYTES = 2**32 - 1
"""A GLB counts its bytes in 32 bits."""


class Glb:
    """Collects a glTF document; ``json`` is its top level, to be added to."""

    def __init__(self) -> None:
        self.json: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": f"facedrive {__version__}"}
        }
        self._blocks: list[Iterable[bytes | memoryview]] = []
        self._hollow: dict[tuple[tuple[int, ...], int | None], int] = {}
        self._length = 0

    def add(self, kind: str, item: Object) -> int:
        """Append to a top-level list such as ``nodes``; return its index there."""
        items = self.json.setdefault(kind, [])
        items.append(item)
        return len(items) - 1

    def add_view(self, data: bytes, target: int | None = None, stride: int = 0) -> int:
        """Append bytes; return their buffer view. One for several accessors must give a stride."""
        more = {"byteStride": stride} if stride else {}
        more |= {"target": target} if target else {}
        return self._add_view(len(data), [data], more)

    def _add_view(self, length: int, blocks: Iterable[bytes | memoryview], more: Object) -> int:
        padding = -length % 4
        view = {"buffer": 0, "byteOffset": self._length, "byteLength": length}
        self._blocks += [blocks, [bytes(padding)]]
        self._length += length + padding
        return self.add("bufferViews", view | more)

    def add_streamed(self, count: int, blocks: Iterable[NDArray[np.float32]]) -> int:
        """Append so many numbers, read when the file is written; return their accessor."""
        little = (np.ascontiguousarray(block, "<f4").data for block in blocks)
        view = self._add_view(4 * count, little, {})
        accessor = {"componentType": FLOAT, "count": count, "type": "SCALAR", "bufferView": view}
        return self.add("accessors", accessor)

    def add_accessor(
        self,
        values: NDArray[Any],
        target: int | None = None,
        *,
        bounds: bool = False,
        hollow: bool = False,
    ) -> int:
        """Append (n,) or (n, width) of float32, uint32 or uint8; return its accessor.

        ``bounds`` gives least and greatest, as positions and times need. Values that are all zero
        share their bytes with others where they are ``hollow``; to leave the bytes out, as glTF
        allows, makes Assimp refuse the file.
        """
        rows = values.reshape(len(values), -1)
        accessor: Object = {
            "componentType": COMPONENTS[values.dtype],
            "count": len(rows),
            "type": TYPES[rows.shape[1]],
        }
        shared = (rows.shape, target) if hollow and not rows.any() else None
        view = self._hollow.get(shared) if shared else None
        if view is None:
            little = rows.astype(rows.dtype.newbyteorder("<"), copy=False)
            view = self.add_view(
                little.tobytes(), target, little.itemsize * rows.shape[1] if shared else 0
            )
        if shared:
            self._hollow[shared] = view
        accessor["bufferView"] = view
        if bounds:
            accessor |= {"min": rows.min(axis=0).tolist(), "max": rows.max(axis=0).tolist()}
        return self.add("accessors", accessor)

    def write(self, file: BinaryIO) -> None:
        """Write the file.

        Raises:
            SinkError: if it is larger than a GLB can be.
        """
        text = json.dumps(
            self.json | {"buffers": [{"byteLength": self._length}]}, separators=(",", ":")
        ).encode()
        text += b" " * (-len(text) % 4)
        total = 12 + 8 + len(text) + 8 + self._length
        if total > MAX_BYTES:
            raise SinkError(
                f"the animation takes {total / 2**30:.1f} GiB and a GLB holds 4; "
                "give a lower fps, or cut the take."
            )
        file.write(struct.pack("<4sII", MAGIC, 2, total))
        file.write(struct.pack("<II", len(text), JSON_CHUNK) + text)
        file.write(struct.pack("<II", self._length, BIN_CHUNK))
        for blocks in self._blocks:
            file.writelines(blocks)
