"""Unpacks primitives that KHR_draco_mesh_compression packed, by Google's decoder (DracoPy).

Morph targets are not packed: their vertices are in the order in which Draco gives the others.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import numpy as np

from facedrive.errors import RigError
from facedrive.rig.glb import DRACO, MAX_UNPACKED, WIDTHS, Document, Object

TYPES = {width: kind for kind, width in WIDTHS.items()}


def unpacked(document: Document) -> Document:
    """Return the document with what Draco packed in buffers of its own; the same without any.

    Raises:
        RigError: if DracoPy is missing, or the data is damaged.
    """
    packed = [
        primitive
        for mesh in document.mappings(document.json, "meshes")
        for primitive in document.mappings(mesh, "primitives")
        if DRACO in document.child(primitive, "extensions")
    ]
    buffers = list(document.buffers)
    for primitive in packed:
        buffers.append(_unpack(document, primitive, len(buffers)))
        if sum(map(len, buffers)) > MAX_UNPACKED:
            raise RigError(f"{document.name} unpacks to too much; simplify the mesh.")
    return replace(document, buffers=tuple(buffers))


def _unpack(document: Document, primitive: Object, number: int) -> bytes:
    """Point a primitive's accessors into the buffer of this number; return that buffer."""
    how = document.child(document.child(primitive, "extensions"), DRACO)
    mesh = _decode(document, bytes(document.view(how.get("bufferView"))))
    attributes, buffer = document.child(primitive, "attributes"), bytearray()
    for name, unique in document.child(how, "attributes").items():
        found = [each["data"] for each in mesh.attributes if each["unique_id"] == unique]
        if not found or name not in attributes:
            raise document.broken(f"Draco data has no attribute {unique} for {name}")
        _point(document, attributes[name], np.asarray(found[0]), number, buffer)
    if "indices" in primitive:
        corners = np.asarray(mesh.faces, "<u4").reshape(-1, 1)
        document.item("accessors", primitive["indices"])["componentType"] = 5125
        _point(document, primitive["indices"], corners, number, buffer)
    return bytes(buffer)


def _decode(document: Document, data: bytes) -> Any:
    try:
        draco = importlib.import_module("DracoPy")
    except ImportError as error:
        raise RigError(
            f"{document.name} is compressed by Draco; pip install 'facedrive[draco]', or export it "
            "without Draco compression."
        ) from error
    try:
        return draco.decode(data)
    except (ValueError, RuntimeError, EOFError, draco.FileTypeException) as error:
        raise document.broken("its Draco data cannot be decoded") from error


def _point(
    document: Document, index: object, values: np.ndarray[Any, Any], number: int, buffer: bytearray
) -> None:
    """Append values to the buffer, in the accessor's own type, and make the accessor show them."""
    accessor = document.item("accessors", index)
    kind = document.dtype(accessor, f"accessors[{index}]")
    table = values.reshape(len(values), -1).astype(kind)
    views = document.sequence(document.json, "bufferViews")
    views.append({"buffer": number, "byteOffset": len(buffer), "byteLength": table.nbytes})
    accessor |= {"bufferView": len(views) - 1, "byteOffset": 0, "count": len(table)}
    accessor["type"] = TYPES.get(table.shape[1], "MAT4")
    buffer += table.tobytes()
