"""A mapping: three channels of a hand puppet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedrive.mappings import INPUTS, Mapping

CHANNELS = {
    "Mouth": {"jaw_drop": 1.0, "lower_lip_depress": 0.3},
    "Brows": {"left_brow_raise": 0.5, "right_brow_raise": 0.5},
    "Blink": {"left_eye_close": 0.5, "right_eye_close": 0.5},
}


@dataclass
class PuppetMapping:
    """Weights for the puppet's mouth, brows and lids."""

    mouth: float = 1.0
    """How far the mouth opens for a jaw that is open."""

    def read(self) -> Mapping:
        """Return the weights."""
        matrix = np.zeros((len(CHANNELS), len(INPUTS)), np.float32)
        for row, weights in zip(matrix, CHANNELS.values(), strict=True):
            for name, weight in weights.items():
                row[INPUTS.index(name)] = weight
        matrix[0] *= self.mouth
        return Mapping("puppet", tuple(CHANNELS), matrix)
