"""``facedrive rig inspect``: what a rig has, and which AUs it can show."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    inspect = actions.add_parser("inspect", help="tell vertices, targets and AU coverage")
    inspect.add_argument("file", type=Path, metavar="FILE", help=".obj, .gltf, .glb or .vrm")
    inspect.add_argument("--json", action="store_true", help="one JSON object, nothing else")


def run(args: argparse.Namespace) -> int:
    """Load the rig and describe it."""
    from facedrive.mappings import coverage
    from facedrive.rig import load

    rig = load(args.file)
    covered = coverage(rig)
    if args.json:
        print(json.dumps({"file": str(args.file), "vertices": len(rig.vertices),
                          "triangles": len(rig.triangles), "targets": list(rig.targets),
                          "covered": list(covered.covered),
                          "uncovered": list(covered.uncovered), "gaze": covered.gaze,
                          "unused": list(covered.unused)}))  # fmt: skip
        return 0
    print(f"{args.file}: {len(rig.vertices)} vertices, {len(rig.triangles)} triangles, "
          f"{len(rig.targets)} targets")  # fmt: skip
    print(f"targets: {', '.join(rig.targets)}")
    print(f"AUs covered ({len(covered.covered)}): {', '.join(covered.covered)}")
    print(f"AUs not covered ({len(covered.uncovered)}): {', '.join(covered.uncovered) or 'none'}")
    print(f"gaze: {covered.gaze or 'not shown'}")
    print(f"targets not used: {', '.join(covered.unused) or 'none'}")
    return 0
