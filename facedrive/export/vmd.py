"""VMD: morph and bone keys for MikuMikuDance and what imports its motions.

Little-endian, as its readers (mmd-parser, Blender's mmd_tools) have it; names in Shift JIS:

    30 B "Vocaloid Motion Data 0002", 20 B model
    u32 count, then 15 B bone, u32 frame, f32 x 3 place, f32 x 4 rotation x y z w, 64 B curves
    u32 count, then 15 B morph, u32 frame, f32 weight
    u32 0 three times: cameras, lights, shadows

Frames are 30 a second. Axes are left-handed with z into the face: ours with z mirrored. A key is
left out where it is the same as those around it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from facedrive.errors import MappingError
from facedrive.export.animation import Animation, Floats, animate
from facedrive.files import whole_file
from facedrive.mappings.table import Mapping
from facedrive.takes.resample import resample
from facedrive.types import Sample

FPS = 30
MAGIC = b"Vocaloid Motion Data 0002"
NAME_BYTES = 15
HEAD_BONE, LEFT_EYE_BONE, RIGHT_EYE_BONE = "頭", "左目", "右目"

STEP = 1e-3
"""A weight or quaternion that differs by less is the same."""

MIRROR_Z = np.array([-1, -1, 1, 1], np.float32)

STRAIGHT = bytes([20] * 8 + [107] * 8)
"""A straight curve between two keys, for x, y, z and the rotation; three copies are shifted."""
CURVES = STRAIGHT + b"".join(STRAIGHT[by:] + b"\x01" + bytes(by - 1) for by in (1, 2, 3))


def write_vmd(samples: Iterable[Sample], path: Path, mapping: Mapping) -> int:
    """Write the head, the eyes and the mapping's channels as morphs; return how many frames.

    Raises:
        MappingError: if a channel's name does not fit into a VMD.
        SinkError: if the file cannot be written.
        DataError: if there are no samples.
    """
    names = [shift_jis(name, mapping.name) for name in mapping.channels]
    with whole_file(path) as file:
        animation = animate(resample(samples, FPS), mapping)
        file.write(MAGIC.ljust(30, b"\0") + b"facedrive".ljust(20, b"\0"))
        _write_counted(file, _bone_keys(animation))
        _write_counted(file, _morph_keys(animation, names))
        file.write(struct.pack("<III", 0, 0, 0))
    return len(animation.times)


def _write_counted(file: BinaryIO, keys: Iterable[bytes]) -> None:
    """Write keys after their number, which is known when they are written."""
    start, count = file.tell(), 0
    file.write(struct.pack("<I", 0))
    for key in keys:
        file.write(key)
        count += 1
    end = file.tell()
    file.seek(start)
    file.write(struct.pack("<I", count))
    file.seek(end)


def shift_jis(name: str, table: str) -> bytes:
    """Encode a morph's or bone's name, zeros after it.

    Raises:
        MappingError: if it has other letters, or too many.
    """
    try:
        encoded = name.encode("cp932")
    except UnicodeEncodeError as error:
        raise MappingError(f"{table}: '{name}' has letters that a VMD cannot hold.") from error
    if not 0 < len(encoded) <= NAME_BYTES:
        raise MappingError(
            f"{table}: '{name}' takes {len(encoded)} bytes; a VMD's names have 1 to {NAME_BYTES}."
        )
    return encoded.ljust(NAME_BYTES, b"\0")


def _bone_keys(animation: Animation) -> Iterator[bytes]:
    turns = {
        HEAD_BONE: animation.head,
        LEFT_EYE_BONE: animation.left_eye,
        RIGHT_EYE_BONE: animation.right_eye,
    }
    for name, turn in turns.items():
        bone, mirrored = shift_jis(name, "vmd"), turn * MIRROR_Z
        for frame in _kept(mirrored):
            place_and_turn = struct.pack("<7f", 0, 0, 0, *mirrored[frame].tolist())
            yield bone + struct.pack("<I", frame) + place_and_turn + CURVES


def _morph_keys(animation: Animation, names: list[bytes]) -> Iterator[bytes]:
    for name, weights in zip(names, animation.weights.columns(), strict=True):
        for frame in _kept(weights[:, None]):
            yield name + struct.pack("<If", frame, weights[frame])


def _kept(values: Floats) -> NDArray[np.intp]:
    """Return the rows of (n, width) that differ from the one before or after; the first too."""
    steps: NDArray[np.float32] = np.rint(values / STEP)
    changes = (steps[1:] != steps[:-1]).any(axis=1)
    before, after = np.append(True, changes), np.append(changes, False)
    return np.flatnonzero(before | after)
