"""``facedrive export``: a take as a file that animation tools import."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facedrive.types import Sample

MAX_FPS = 240


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    from facedrive.export import FORMATS

    formats = "; ".join(f"{name}: {about}" for name, about in FORMATS.items())
    parser.add_argument("take", type=Path, metavar="TAKE", help="a .csv or .parquet that "
                        "facedrive extract or --out csv: wrote")  # fmt: skip
    parser.add_argument("--to", required=True, metavar="FORMAT", help=formats)
    parser.add_argument("--output", "-o", type=Path, required=True, metavar="FILE",
                        help="where it goes: .csv, .glb or .vmd")  # fmt: skip
    parser.add_argument("--rig", type=Path, metavar="FILE",
                        help="gltf: .obj, .gltf, .glb or .vrm; default: ours")  # fmt: skip
    parser.add_argument("--mapping", metavar="TABLE", help="TOML in place of arkit, or for vmd "
                        "of mmd; for gltf its channels are the rig's targets")  # fmt: skip
    parser.add_argument("--fps", type=int, metavar="N", help="rows or keys a second; default: "
                        "60 for livelink-csv, the take's own times for gltf; "
                        "VMD has 30")  # fmt: skip
    parser.epilog = ("A VMD has no more than its morphs' names allow: brows, wide eyes and a smile "
                     "for both sides at once, and no jaw to the side, cheeks, chin or nose. BVH is "
                     "not written: it holds joints but no face.")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Write the take in the format asked for."""
    _check(args)
    writers = {"livelink-csv": _write_livelink_csv, "gltf": _write_gltf, "vmd": _write_vmd}
    print(f"{args.output}: {writers[args.to](args)}")
    return 0


def _check(args: argparse.Namespace) -> None:
    """Refuse what cannot be meant, before anything is read or written."""
    from facedrive.errors import FacedriveError, SinkError, unknown
    from facedrive.export import FORMATS, SUFFIXES

    if args.to not in FORMATS:
        raise FacedriveError(unknown("export format", args.to, FORMATS))
    if args.output.suffix.lower() != SUFFIXES[args.to]:
        raise SinkError(f"--output {args.output}: {args.to} must end in {SUFFIXES[args.to]}.")
    if args.output.resolve() == args.take.resolve():
        raise SinkError(f"--output {args.output} is the take itself; give another name.")
    if args.fps is not None and not 1 <= args.fps <= MAX_FPS:
        raise FacedriveError(f"--fps {args.fps}: it must be from 1 to {MAX_FPS}.")
    if args.fps is not None and args.to == "vmd":
        raise FacedriveError(f"--fps {args.fps}: a VMD has 30 frames a second; leave it out.")
    if args.rig and args.to != "gltf":
        raise FacedriveError(f"--rig {args.rig}: {args.to} holds no rig; leave it out.")


def _write_livelink_csv(args: argparse.Namespace) -> str:
    from facedrive.export.livelink_csv import write_livelink_csv
    from facedrive.takes.read import read_take

    fps = args.fps or 60
    mapping = args.mapping or "arkit"
    rows = write_livelink_csv(read_take(args.take), args.output, fps=fps, mapping=mapping)
    return f"{rows} rows at {fps} fps"


def _write_gltf(args: argparse.Namespace) -> str:
    from facedrive.cli.live import default_rig
    from facedrive.export.gltf import write_gltf
    from facedrive.export.targets import target_mapping
    from facedrive.rig import load

    samples = _keys(args)
    rig = load(args.rig or default_rig())
    keys = write_gltf(samples, args.output, rig, target_mapping(rig, args.mapping))
    return f"{rig.name} with {len(rig.targets)} targets, {keys} keys"


def _write_vmd(args: argparse.Namespace) -> str:
    from facedrive.export.vmd import write_vmd
    from facedrive.mappings import load_mapping
    from facedrive.takes.read import read_take

    mapping = load_mapping(args.mapping or "mmd")
    frames = write_vmd(read_take(args.take), args.output, mapping)
    return f"{frames} frames, {len(mapping.channels)} morphs"


def _keys(args: argparse.Namespace) -> Iterator[Sample]:
    from facedrive.takes.read import read_take
    from facedrive.takes.resample import resample

    samples = read_take(args.take)
    return resample(samples, args.fps) if args.fps else samples
