"""``facedrive export``: a take as a file that animation tools import."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from facedrive.errors import FacedriveError, SinkError
from facedrive.files import free_path, refuse_inputs
from facedrive.options import option

if TYPE_CHECKING:
    from facedrive.types import Sample


@dataclass(frozen=True, kw_only=True)
class Export:
    """Write a take as Live Link Face CSV, VMD, or as an animated GLB of the rig.

    A VMD has no more than its morphs' names allow: brows, wide eyes and a smile for both sides at
    once, and no jaw to the side, cheeks, chin or nose. BVH is not written: it holds joints but no
    face.
    """

    take: Path = option(positional=True)
    """A .csv or .parquet that facedrive extract or --out csv: wrote, or Live Link Face's .csv."""
    to: Literal["gltf", "livelink-csv", "vmd"] = option()
    """gltf: an animated GLB of the rig; livelink-csv: Live Link Face's table; vmd: MikuMikuDance's
    morphs."""
    output: Path = option(flag="--output -o", metavar="FILE")
    """Where it goes: .csv, .glb or .vmd."""
    rig: str | None = option(None, metavar="FILE")
    """For gltf: .obj, .gltf, .glb or .vrm; ours where left out."""
    rig_names: Path | None = option(None, metavar="TOML")
    """For gltf: what the rig calls its targets, before the names that facedrive knows."""
    mapping: str | None = option(None, metavar="TABLE")
    """TOML in place of arkit, or for vmd of mmd; for gltf its channels are the rig's targets."""
    fps: float | None = option(None, unit="rows or keys a second", low=1, high=240)
    """60 where left out for livelink-csv, the take's own times for gltf; 23.976, 29.97 and 59.94
    are exact; VMD has 30."""

    overwrite: bool = False
    """Replace a file that is there already; otherwise a number is added to its name."""

    def run(self) -> int:
        """Write the take in the format asked for."""
        self._check()
        writers = {"livelink-csv": self._livelink_csv, "gltf": self._gltf, "vmd": self._vmd}
        output = free_path(self.output, overwrite=self.overwrite)
        print(f"{output}: {writers[self.to](output)}")
        return 0

    def _check(self) -> None:
        """Refuse what cannot be meant, before anything is read or written."""
        from facedrive.export import SUFFIXES

        if self.output.suffix.lower() != SUFFIXES[self.to]:
            raise SinkError(f"--output {self.output}: {self.to} must end in {SUFFIXES[self.to]}.")
        refuse_inputs([self.output], [self.take, Path(self.rig or ""), Path(self.mapping or "")])
        if self.fps is not None and self.to == "vmd":
            raise FacedriveError(f"--fps {self.fps:g}: a VMD has 30 frames a second; leave it out.")
        if self.rig and self.to != "gltf":
            raise FacedriveError(f"--rig {self.rig}: {self.to} holds no rig; leave it out.")

    def _livelink_csv(self, output: Path) -> str:
        from facedrive.export.livelink_csv import write_livelink_csv
        from facedrive.takes.read import read_take
        from facedrive.takes.timecode import exact_rate, shown_rate

        fps = self.fps or 60
        mapping = self.mapping or "arkit"
        rows = write_livelink_csv(read_take(self.take), output, fps=fps, mapping=mapping)
        return f"{rows} rows at {shown_rate(exact_rate(fps))} fps"

    def _gltf(self, output: Path) -> str:
        from facedrive.assembly import load_rig
        from facedrive.export.gltf import write_gltf
        from facedrive.export.targets import target_mapping

        samples = self._keys()
        rig = load_rig(self.rig)
        keys = write_gltf(samples, output, rig, target_mapping(rig, self.mapping, self.rig_names))
        return f"{rig.name} with {len(rig.targets)} targets, {keys} keys"

    def _vmd(self, output: Path) -> str:
        from facedrive.export.vmd import write_vmd
        from facedrive.mappings import load_mapping
        from facedrive.takes.read import read_take

        mapping = load_mapping(self.mapping or "mmd")
        frames = write_vmd(read_take(self.take), output, mapping)
        return f"{frames} frames, {len(mapping.channels)} morphs"

    def _keys(self) -> Iterator[Sample]:
        from facedrive.takes.read import read_take
        from facedrive.takes.resample import resample

        samples = read_take(self.take)
        return resample(samples, self.fps) if self.fps else samples


COMMANDS = {"": Export}
