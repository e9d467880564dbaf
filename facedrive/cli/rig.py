"""``facedrive rig inspect``: what a rig has, and which AUs it can show."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from facedrive.options import option


@dataclass(frozen=True, kw_only=True)
class Inspect:
    """Tell a rig's vertices, its targets, and the AUs that they cover."""

    file: str = option(positional=True)
    """A .obj, .gltf, .glb or .vrm, or a plug-in."""
    rig_names: Path | None = option(None, metavar="FILE")
    """A TOML table of names that comes before facedrive's own."""
    json: bool = False
    """One JSON object, nothing else."""

    def run(self) -> int:
        """Load the rig and describe it."""
        from facedrive.mappings import coverage
        from facedrive.rig import load

        rig = load(self.file)
        if self.json:
            covered = coverage(rig, self.rig_names)
            print(json.dumps({"file": self.file, "vertices": len(rig.vertices),
                              "triangles": len(rig.triangles), "targets": list(rig.targets),
                              "undrawn": list(rig.undrawn), **asdict(covered)}))  # fmt: skip
            return 0
        print(f"{self.file}: {len(rig.vertices)} vertices, {len(rig.triangles)} triangles, "
              f"{len(rig.targets)} targets")  # fmt: skip
        # Before the coverage: where no name is known, this list is what a table of names needs.
        print(f"targets: {', '.join(rig.targets)}", flush=True)
        covered = coverage(rig, self.rig_names)
        uncovered = ", ".join(covered.uncovered) or "none"
        print(f"AUs covered ({len(covered.covered)}): {', '.join(covered.covered)}")
        print(f"AUs not covered ({len(covered.uncovered)}): {uncovered}")
        print(f"gaze: {covered.gaze or 'not shown'}")
        for title, targets in covered.tables.items():
            print(f"by names of {title} ({len(targets)}): {', '.join(targets)}")
        if covered.empty:
            print(f"targets that move nothing: {', '.join(covered.empty)}")
        if rig.undrawn:
            print(f"changed by expressions and not drawn: {', '.join(rig.undrawn)}")
        print(f"targets not used: {', '.join(covered.unused) or 'none'}")
        return 0


COMMANDS = {"inspect": Inspect}
