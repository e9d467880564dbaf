"""Writes the groups as Wavefront OBJ: the neutral head, its materials, one file for each AU.

Colours are sRGB, 0 to 1, after x y z on each ``v`` line (a common extension of the format).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .colours import MATERIALS
from .part import Array, Part

METRES = 0.001
MATT = 12
"""Blinn's exponent (Ns) of skin and cloth."""
GLOSS = {"left_eye": 900, "right_eye": 900, "teeth_upper": 90, "teeth_lower": 90, "tongue": 40}


def write_rig(parts: list[Part], aus: tuple[str, ...], folder: Path) -> None:
    """Write basic.obj, basic.mtl and basic/<au>.obj into ``folder``."""
    targets = folder / "basic"
    targets.mkdir(parents=True, exist_ok=True)
    neutral = [part.vertices for part in parts]
    head = "# facedrive basic rig: metres, +x to the subject's left, +y up, +z forward\n"
    write_text(
        folder / "basic.obj",
        head + "mtllib basic.mtl\n" + _groups(parts, neutral, True),
    )
    write_text(folder / "basic.mtl", _materials(parts))
    for au in aus:
        moved = [part.vertices + part.offsets.get(au, 0.0) for part in parts]
        write_text(
            targets / f"{au}.obj",
            f"# basic rig, {au} at 1\n{_groups(parts, moved, False)}",
        )


def write_text(path: Path, text: str) -> None:
    """Write with the same line ends on every system, so that builds can be compared."""
    path.write_text(text, encoding="utf-8", newline="\n")


def _groups(parts: list[Part], vertices: list[Array], coloured: bool) -> str:
    lines: list[str] = []
    first = 1
    for part, positions in zip(parts, vertices, strict=True):
        lines += [f"o {part.name}", f"g {part.name}"]
        lines += _vertex_lines(positions * METRES, part.colours if coloured else None)
        lines += [f"usemtl {part.name}", "s 1"]
        lines += ["f " + " ".join(str(v + first) for v in face) for face in part.faces]
        first += len(positions)
    return "\n".join(lines) + "\n"


def _vertex_lines(positions: Array, colours: Array | None) -> list[str]:
    clean = np.round(positions, 5) + 0.0  # no negative zeros
    rows = [f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in clean]
    if colours is None:
        return rows
    return [f"{row} {r:.3f} {g:.3f} {b:.3f}" for row, (r, g, b) in zip(rows, colours, strict=True)]


def _materials(parts: list[Part]) -> str:
    lines = ["# Kd for programs that do not read the colours of vertices; sRGB"]
    for part in parts:
        red, green, blue = MATERIALS[part.name]
        lines += [
            f"newmtl {part.name}",
            f"Kd {red:.3f} {green:.3f} {blue:.3f}",
            "illum 1",
        ]
    return "\n".join(lines) + "\n"
