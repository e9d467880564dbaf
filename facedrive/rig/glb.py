"""The glTF 2.0 container and its accessors, trusting no length, offset or index in the file.

Specification: Khronos glTF 2.0, sections 3.6 (binary data) and 4 (GLB), and the extensions
KHR_mesh_quantization and EXT_meshopt_compression.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from facedrive.errors import RigError
from facedrive.rig.files import read_bytes
from facedrive.rig.meshopt import Layout, StreamError, decode

Object = dict[str, Any]

MAGIC = b"glTF"
JSON_CHUNK = 0x4E4F534A
BIN_CHUNK = 0x004E4942

COMPONENTS: dict[object, type[np.generic]] = {
    5120: np.int8,
    5121: np.uint8,
    5122: np.int16,
    5123: np.uint16,
    5125: np.uint32,
    5126: np.float32,
}
WIDTHS: dict[object, int] = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}

MAX_COUNT = 4_000_000
"""Elements of an accessor without data (all zeros), which no buffer's length bounds."""

MESHOPT = "EXT_meshopt_compression"
DRACO = "KHR_draco_mesh_compression"

MAX_UNPACKED = 256 << 20
"""Bytes that the compressed views of one file may grow to; a head of 100,000 vertices with 100
targets has 80 MB."""

UNDERSTOOD = {
    "KHR_mesh_quantization",
    "KHR_lights_punctual",
    "KHR_texture_basisu",
    "KHR_texture_transform",
    "EXT_texture_webp",
    MESHOPT,
    DRACO,
    "VRM",
    "VRMC_vrm",
}
"""Required extensions that are read, or change nothing here; so do KHR_materials_*."""


@dataclass(frozen=True, slots=True)
class Document:
    """A glTF file: its JSON and its buffers."""

    name: str
    json: Object
    buffers: tuple[bytes, ...]
    unpacked: dict[int, memoryview] = field(default_factory=dict)
    """Views that were compressed, by their index; filled as they are met."""

    def broken(self, what: str) -> RigError:
        """Make the error for something in the file that cannot be."""
        return RigError(f"{self.name}: {what}; the file is damaged, export it again.")

    def item(self, kind: str, index: object) -> Object:
        """Return one object of a top-level list such as ``nodes``."""
        items = self.json.get(kind, [])
        if not isinstance(items, list) or type(index) is not int or not 0 <= index < len(items):
            count = len(items) if isinstance(items, list) else "no"
            raise self.broken(f"something refers to {kind}[{index}], there are {count} {kind}")
        return self.mapping(items[index], f"{kind}[{index}]")

    def mapping(self, value: object, what: str) -> Object:
        """Return ``value`` if it is a JSON object."""
        if not isinstance(value, dict):
            raise self.broken(f"{what} is no object")
        return value

    def child(self, parent: Object, key: str) -> Object:
        """Return the object under ``key``, empty where there is none."""
        return self.mapping(parent.get(key, {}), f"'{key}'")

    def mappings(self, parent: Object, key: str) -> list[Object]:
        """Return the list of objects under ``key``, empty where there is none."""
        return [self.mapping(value, key) for value in self.sequence(parent, key)]

    def sequence(self, parent: Object, key: str) -> list[Any]:
        """Return the list under ``key``, empty where there is none."""
        value = parent.get(key, [])
        if not isinstance(value, list):
            raise self.broken(f"'{key}' is no list")
        return value

    def integer(self, parent: Object, key: str, default: int = 0) -> int:
        """Return the non-negative integer under ``key``."""
        value = parent.get(key, default)
        if type(value) is not int or value < 0:
            raise self.broken(f"'{key}' is {value!r}, not a count")
        return value

    def floats(self, parent: Object, key: str, default: tuple[float, ...]) -> NDArray[np.float64]:
        """Return the list of numbers under ``key``, as long as its default."""
        value = parent.get(key, default)
        numbers = isinstance(value, (list, tuple)) and all(
            type(number) in (int, float) for number in value
        )
        if not numbers or len(value) != len(default):
            raise self.broken(f"'{key}' is not {len(default)} numbers")
        try:
            array = np.array(value, dtype=np.float64)
        except OverflowError as error:
            raise self.broken(f"'{key}' holds a number out of range") from error
        if not np.isfinite(array).all():
            raise self.broken(f"'{key}' holds a number that is not finite")
        return array

    def number(self, parent: Object, key: str, default: float) -> float:
        """Return the finite number under ``key``."""
        return float(self.floats({key: [parent.get(key, default)]}, key, (default,))[0])

    def accessor(self, index: object, width: int) -> NDArray[np.float32]:
        """Read an accessor as numbers: (count, width) float32, normalised ones decoded."""
        accessor = self.item("accessors", index)
        raw = self._raw(accessor, width, f"accessors[{index}]")
        if not accessor.get("normalized", False) or raw.dtype == np.float32:
            return raw.astype(np.float32)
        scale = np.iinfo(raw.dtype).max
        return np.maximum(raw.astype(np.float32) / scale, -1.0)

    def integers(self, index: object, width: int) -> NDArray[np.int64]:
        """Read an accessor of unsigned integers: (count, width) int64."""
        raw = self._raw(self.item("accessors", index), width, f"accessors[{index}]")
        if raw.dtype.kind != "u":
            raise self.broken(f"accessors[{index}] holds indices that are no unsigned integers")
        return raw.astype(np.int64)

    def dtype(self, typed: Object, what: str) -> np.dtype[Any]:
        """Return the type of an accessor's components; ``what`` names it in an error."""
        component = typed.get("componentType")
        if type(component) is not int or component not in COMPONENTS:
            raise self.broken(f"{what} has the component type {component!r}")
        return np.dtype(COMPONENTS[component]).newbyteorder("<")

    def view(self, index: object) -> memoryview:
        """Return the bytes of a buffer view, unpacked if it is compressed."""
        view = self.item("bufferViews", index)
        packed = self.child(view, "extensions").get(MESHOPT)
        if packed is None:
            return self._slice(view, f"bufferViews[{index}]")
        assert isinstance(index, int)
        if index not in self.unpacked:
            layout = self.mapping(packed, f"bufferViews[{index}] of {MESHOPT}")
            self.unpacked[index] = self._unpack(layout, f"bufferViews[{index}]")
        return self.unpacked[index]

    def _slice(self, view: Object, what: str) -> memoryview:
        number = self.integer(view, "buffer")
        if number >= len(self.buffers):
            raise self.broken(f"{what} is in buffer {number}, which is missing")
        first, length = self.integer(view, "byteOffset"), self.integer(view, "byteLength")
        data = self.buffers[number]
        if first + length > len(data):
            raise self.broken(f"{what} ends at byte {first + length} of a buffer of {len(data)}")
        return memoryview(data)[first : first + length]

    def _unpack(self, view: Object, what: str) -> memoryview:
        count, stride = self.integer(view, "count"), self.integer(view, "byteStride")
        layout = Layout(str(view.get("mode")), count, stride, str(view.get("filter", "NONE")))
        size = count * stride + sum(map(len, self.unpacked.values()))
        if size > MAX_UNPACKED:
            raise RigError(
                f"{self.name} unpacks to {size / 2**20:.0f} MiB; facedrive takes up to "
                f"{MAX_UNPACKED >> 20}: simplify the mesh."
            )
        try:
            return memoryview(decode(self._slice(view, what), layout).data)
        except StreamError as error:
            raise self.broken(f"{what} is no meshopt data ({error})") from error

    def _raw(self, accessor: Object, width: int, what: str) -> NDArray[Any]:
        """Read an accessor in its own type: (count, width)."""
        count = self.integer(accessor, "count")
        kind = accessor.get("type")
        if not isinstance(kind, str) or WIDTHS.get(kind) != width:
            raise self.broken(f"{what} is {kind!r}, {width} numbers an element were expected")
        if "bufferView" in accessor:
            values = self._elements(accessor, accessor, count, width, what)
        elif count <= MAX_COUNT:
            values = np.zeros((count, width), self.dtype(accessor, what))
        else:
            raise self.broken(f"{what} claims {count} elements and has no data")
        return self._with_sparse(accessor, values, what) if "sparse" in accessor else values

    def _with_sparse(self, accessor: Object, values: NDArray[Any], what: str) -> NDArray[Any]:
        sparse = self.mapping(accessor["sparse"], f"{what}.sparse")
        count = self.integer(sparse, "count")
        places = self.mapping(sparse.get("indices"), f"{what}.sparse.indices")
        rows = self._elements(places, places, count, 1, what)[:, 0]
        if rows.dtype.kind != "u" or (count and int(rows.max()) >= len(values)):
            raise self.broken(f"{what} has a sparse index beyond its {len(values)} elements")
        source = self.mapping(sparse.get("values"), f"{what}.sparse.values")
        changed = values.copy()
        changed[rows] = self._elements(source, accessor, count, values.shape[1], what)
        return changed

    def _elements(
        self, place: Object, typed: Object, count: int, width: int, what: str
    ) -> NDArray[Any]:
        """View ``count`` elements where ``place`` says, of the type that ``typed`` says."""
        dtype = self.dtype(typed, what)
        data = self.view(place.get("bufferView"))
        first = self.integer(place, "byteOffset")
        size = dtype.itemsize * width
        stride = self.integer(self.item("bufferViews", place["bufferView"]), "byteStride") or size
        if stride < size or (count and first + (count - 1) * stride + size > len(data)):
            raise self.broken(
                f"{what} claims {count} elements of {size} bytes, its buffer view has {len(data)}"
            )
        if not count:
            return np.zeros((0, width), dtype)
        return np.ndarray((count, width), dtype, data, first, (stride, dtype.itemsize))


def read_document(path: Path) -> Document:
    """Read a .gltf, .glb or .vrm file and its buffers.

    Raises:
        RigError: if it is no glTF 2.0, truncated, or needs an extension that is not read here.
    """
    data = read_bytes(path)
    text, binary = _chunks(path.name, data) if data.startswith(MAGIC) else (data, None)
    document = Document(path.name, _parse(path.name, text), ())
    _check_version(document)
    buffers = [
        _buffer(document, path.parent, number, binary)
        for number, _ in enumerate(document.sequence(document.json, "buffers"))
    ]
    return Document(path.name, document.json, tuple(buffers))


def _chunks(name: str, data: bytes) -> tuple[bytes, bytes | None]:
    """Split a GLB into its JSON and its binary chunk."""
    chunks: dict[int, bytes] = {}
    if len(data) < 12:
        raise RigError(f"{name} ends within its header; it is truncated, copy it again.")
    version, length = struct.unpack_from("<II", data, 4)
    if version != 2:
        raise RigError(f"{name} is GLB version {version}; facedrive reads version 2: convert it.")
    if length > len(data):
        raise RigError(
            f"{name} claims {length} bytes and has {len(data)}; it is truncated, copy it again."
        )
    offset = 12
    while offset + 8 <= length:
        size, kind = struct.unpack_from("<II", data, offset)
        if offset + 8 + size > length:
            raise RigError(
                f"{name} has a chunk of {size} bytes with {length - offset - 8} left; "
                "it is damaged, export it again."
            )
        chunks.setdefault(kind, data[offset + 8 : offset + 8 + size])
        offset += 8 + size
    if JSON_CHUNK not in chunks:
        raise RigError(f"{name} has no JSON chunk; it is damaged, export it again.")
    return chunks[JSON_CHUNK], chunks.get(BIN_CHUNK)


def _parse(name: str, text: bytes) -> Object:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RigError(f"{name} is no glTF: its JSON does not parse ({error}).") from error
    if not isinstance(document, dict):
        raise RigError(f"{name} is no glTF: its JSON is no object; export the rig again.")
    return document


def _check_version(document: Document) -> None:
    asset = document.mapping(document.json.get("asset"), "'asset'")
    if not str(asset.get("version", "")).startswith("2."):
        raise RigError(
            f"{document.name} is glTF version {asset.get('version')}; facedrive reads version 2: "
            "convert it."
        )
    for extension in document.sequence(document.json, "extensionsRequired"):
        known = str(extension).startswith("KHR_materials_") or str(extension) in UNDERSTOOD
        if not known:
            raise RigError(
                f"{document.name} needs the extension {extension}, which facedrive does not read; "
                "export it without it."
            )


def _buffer(document: Document, folder: Path, number: int, binary: bytes | None) -> bytes:
    buffer = document.item("buffers", number)
    length = document.integer(buffer, "byteLength")
    uri = buffer.get("uri")
    if uri is None and (number or binary is None):
        return b""  # where compressed views would be without their compression
    data = binary or b"" if uri is None else resource(document, folder, uri)
    if len(data) < length:
        raise document.broken(f"buffers[{number}] claims {length} bytes and has {len(data)}")
    return data[:length]


def resource(document: Document, folder: Path, uri: object) -> bytes:
    """Read what a data URI holds, or a file inside the rig's own folder."""
    if not isinstance(uri, str):
        raise document.broken("a URI is no text")
    if uri.startswith("data:"):
        try:
            return base64.b64decode(uri.partition(",")[2], validate=True)
        except (binascii.Error, ValueError) as error:
            raise document.broken("a data URI is no base64") from error
    try:
        file = (folder / unquote(uri)).resolve()
        if not file.is_relative_to(folder.resolve()):
            raise RigError(f"{document.name} refers to {uri!r}, outside its folder; move it there.")
        return file.read_bytes()
    except (OSError, ValueError) as error:
        raise RigError(
            f"{document.name} needs {uri!r}, which cannot be read; put it beside the rig."
        ) from error
