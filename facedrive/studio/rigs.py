"""Rigs for the browser: any that facedrive reads, as a plain GLB and a line of what moves it."""

from __future__ import annotations

import hashlib
import json
import tempfile
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from facedrive.assembly import load_rig
from facedrive.aus import AU_NAMES
from facedrive.errors import RigError
from facedrive.export.gltf import drawn, write_gltf
from facedrive.files import free_path, whole_path, write_whole
from facedrive.mappings import coverage, match_rig
from facedrive.picturesize import picture_size
from facedrive.registry import is_dotted
from facedrive.render.pose import head_box
from facedrive.rig import SUFFIXES
from facedrive.rig.model import Rig, Rules
from facedrive.studio.acts import posed

OURS = "basic"
"""What the rig that ships is called."""

MAX_UPLOAD = 200 * 2**20
"""Bytes of a rig that is dropped onto the page."""

MAX_PICTURE = 200 * 1024
"""Bytes of a rig's picture."""

KEPT = 4
"""Rigs whose GLB is kept in memory."""


@dataclass(frozen=True)
class Packed:
    """A rig as the browser gets it."""

    glb: bytes
    about: dict[str, Any]
    """How it is driven: its targets, their rows over the inputs, its head's box, its coverage."""

    @cached_property
    def json(self) -> str:
        """Return ``about`` as the browser reads it."""
        return json.dumps(self.about)


class RigName(NamedTuple):
    """A rig to choose."""

    name: str
    """As it stands in the page's address."""
    path: str
    """As it stands in the settings; empty for the one that ships."""


class Gallery:
    """The rigs to choose from: ours, those in the user's folder, and the one in the settings."""

    def __init__(self, folder: Path, more: Path | None = None) -> None:
        """Look into ``folder`` beside ours; it may not exist yet.

        Rigs of the folder ``more`` can be chosen too; nothing is written there.
        """
        self.folder, self.more = folder, more
        self._packed: dict[str, Packed] = {}
        self._lock = threading.Lock()

    def names(self, chosen: Path | None = None) -> list[RigName]:
        """Return what there is, ours first."""
        found = [RigName(OURS, "")]
        if self.folder.is_dir():
            found += [RigName(path.name, str(path)) for path in sorted(self.folder.iterdir())
                      if _is_rig(path)]  # fmt: skip
        if self.more is not None and self.more.is_dir():
            found += [RigName(f"{self.more.name}/{path.name}", str(path))
                      for path in sorted(self.more.iterdir()) if _is_rig(path)]  # fmt: skip
        if chosen is not None and str(chosen) not in [each.path for each in found]:
            found.append(RigName(str(chosen), str(chosen)))
        return found

    def find(self, name: str, chosen: Path | None = None) -> str:
        """Return the path of a rig by its name; empty for ours.

        Raises:
            RigError: if it is none of those to choose from.
        """
        for each in self.names(chosen):
            if name in (each.name, each.path):
                return each.path
        raise RigError(f"no rig '{name[:80]}' in {self.folder}; drop its file onto the page first.")

    def count(self, path: str) -> int | None:
        """Return how many AUs a rig shows; None until it was read."""
        known = [each for key, each in self._packed.items() if key.startswith(f"{path}:")]
        return len(known[-1].about["covered"]) if known else None

    def picture(self, path: str) -> Path | None:
        """Return where a rig's picture is; None where there is none yet.

        The page makes it of its own avatar, the first time that the rig is shown.
        """
        place = self._place(path)
        return place if place.is_file() else None

    def keep_picture(self, path: str, jpeg: bytes) -> None:
        """Keep a picture that a page made.

        Raises:
            RigError: if it is none, or too large.
        """
        size = picture_size(jpeg[:MAX_PICTURE])
        small = len(jpeg) <= MAX_PICTURE and size is not None and max(size[:2]) <= 1024
        if not small or cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) is None:
            raise RigError("a rig's picture must be a small JPEG.")
        write_whole(self._place(path), jpeg, RigError)

    def _place(self, path: str) -> Path:
        known = hashlib.sha256(f"{path}:{_changed(path)}".encode()).hexdigest()[:16]
        return self.folder / "pictures" / f"{known}.jpg"

    def pack(self, path: str, names: Path | None = None) -> Packed:
        """Read a rig and make its GLB; ours where the path is empty.

        ``names`` is the user's file of what the rig calls its targets.

        Raises:
            RigError: if it cannot be read, or moves nothing that facedrive knows.
        """
        with self._lock:
            key = f"{path}:{_changed(path)}:{names}"
            if key not in self._packed:
                if len(self._packed) >= KEPT:
                    self._packed.pop(next(iter(self._packed)))
                self._packed[key] = pack(load_rig(path or None), names)
            return self._packed[key]

    def keep(self, name: str, content: bytes) -> RigName:
        """Take a file that was dropped onto the page, if it is a rig.

        Raises:
            RigError: if it is none, or too large.
        """
        plain = Path(name).name[-80:]
        if Path(plain).suffix.lower() not in SUFFIXES or plain.startswith("."):
            raise RigError(f"{plain} is no rig; drop one of {', '.join(SUFFIXES)}.")
        if len(content) > MAX_UPLOAD:
            raise RigError(f"{plain} has {len(content) >> 20} MiB; {MAX_UPLOAD >> 20} are taken.")
        target = free_path(self.folder / plain)
        with whole_path(target, RigError) as part:
            part.write_bytes(content)
            try:
                pack(load_rig(part))
            except RigError as error:  # names the file as it was dropped
                raise RigError(
                    str(error).replace(str(part), plain).replace(part.name, plain)
                ) from error
        return RigName(target.name, str(target))


def pack(rig: Rig, names: Path | None = None) -> Packed:
    """Make a rig's GLB, and say how it is driven.

    Raises:
        RigError: if no target's name is known.
    """
    mapping = match_rig(rig, names)
    rest = posed(np.zeros(len(AU_NAMES), np.float32))
    with tempfile.TemporaryDirectory(prefix="facedrive-") as folder:
        path = Path(folder) / "rig.glb"
        write_gltf([rest], path, rig, mapping)
        glb = path.read_bytes()
    box, cover = head_box(rig), coverage(rig, names)
    about = {
        "name": rig.name,
        "stamp": hashlib.sha256(glb).hexdigest()[:16],
        "targets": list(rig.targets),
        "rows": [[round(float(weight), 5) for weight in row] for row in mapping.matrix],
        "low": box.low.tolist(),
        "high": box.high.tolist(),
        "paints": _paints(rig),
        "rules": None if rig.rules is None else _rules(rig.rules),
        "eyeGain": rig.eyes.gain if rig.eyes is not None else 0.0,
        "covered": list(cover.covered),
        "uncovered": list(cover.uncovered),
        "gaze": cover.gaze,
    }
    return Packed(glb, about)


def _paints(rig: Rig) -> list[dict[str, Any]]:
    """Say what targets do to the look of the GLB's primitives, for the page's ``paint.js``.

    Colours are added to those of all vertices alike: where a surface has vertices of several
    colours, by the mean of what is added to them.
    """
    shown = {part: primitive for primitive, part in enumerate(drawn(rig))}
    return [
        {
            "target": each.target,
            "surface": shown[each.part],
            "color": np.reshape(each.colors, (-1, 4)).mean(axis=0).tolist(),
            "emission": list(each.emission),
            "scale": each.uv_scale.tolist(),
            "offset": each.uv_offset.tolist(),
        }
        for each in rig.paints
        if each.part in shown
    ]


def _rules(rules: Rules) -> dict[str, Any]:
    """Say what holds between targets, by their numbers, for the page's ``rules.js``."""
    return {
        "binary": np.flatnonzero(rules.binary).tolist(),
        "blocks": np.argwhere(rules.blocks).tolist(),
        "blends": np.argwhere(rules.blends).tolist(),
    }


def _is_rig(path: Path) -> bool:
    """Tell by its name; what is still being written is none yet."""
    return path.suffix.lower() in SUFFIXES and not path.stem.endswith(".part")


def _changed(path: str) -> float:
    """Return when a rig's file was changed; 0 for ours and for plug-ins."""
    if not path or is_dotted(path.partition("?")[0]) or not Path(path).is_file():
        return 0.0
    return Path(path).stat().st_mtime
