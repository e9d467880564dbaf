"""What a rig costs: weights to vertices, vertices to a picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from facedrive.bench.clip import percentiles
from facedrive.timing import perf_seconds
from facedrive.types import IDENTITY_HEAD

STRAIGHT = np.zeros((2, 2), np.float32)


def measure_rig(path: str) -> dict[str, Any]:
    """Time weights to vertices, and an off-screen frame of 512 by 512."""
    from facedrive.render.morph import Morpher
    from facedrive.render.scene import AvatarRenderer
    from facedrive.rig import load

    rig = load(path)
    morpher = Morpher(rig)
    random = np.random.default_rng(0)
    weights = random.random((200, len(rig.targets)), dtype=np.float32)
    morph_s: list[float] = []
    draw_s: list[float] = []
    for row in weights:
        start = perf_seconds()
        morpher.vertices(row)
        morph_s.append(perf_seconds() - start)
    with AvatarRenderer(rig, size=(512, 512)) as renderer:
        for row in weights[:60]:
            start = perf_seconds()
            renderer.render(row, STRAIGHT, IDENTITY_HEAD.rotation)
            draw_s.append(perf_seconds() - start)
    return (
        {"rig_vertices": len(rig.vertices)}
        | percentiles(morph_s, "morph_")
        | percentiles(draw_s[5:], "draw_512_")
    )
