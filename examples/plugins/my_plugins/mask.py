"""A rig reader: a paper mask whose lower half falls as the jaw drops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedrive.rig import Part, Rig

CORNERS = [[-1, 1], [1, 1], [-1, 0], [1, 0], [-1, -1], [1, -1]]
"""Of the upper edge, the middle and the lower edge, in halves of the mask's width."""
TRIANGLES = [[0, 2, 1], [1, 2, 3], [2, 4, 3], [3, 4, 5]]


@dataclass
class MaskReader:
    """Makes the mask; there is no file to read."""

    width_m: float = 0.16
    """Its width, metres."""

    def read(self) -> Rig:
        """Return the mask with its one morph target."""
        vertices = np.pad(np.array(CORNERS, np.float32), ((0, 0), (0, 1))) * self.width_m / 2
        jaw_drop = np.zeros_like(vertices)
        jaw_drop[4:, 1] = -0.3 * self.width_m
        return Rig(
            name="mask",
            vertices=vertices,
            triangles=np.array(TRIANGLES, np.int32),
            colors=np.full((len(vertices), 4), 0.8, np.float32),
            targets=("jaw_drop",),
            offsets=jaw_drop[None],
            parts=(Part("paper", slice(0, len(TRIANGLES)), double_sided=True),),
            smooth=np.arange(len(vertices), dtype=np.int32),
        )
