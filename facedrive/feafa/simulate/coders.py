"""Simulated coders: people who label key frames, each with a bias, and let lines join them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.types import Vector

KEY_STEP = 6.0
"""Frames between the key frames of a coder, on average, where nothing turns."""

MISPLACED = 1
"""Frames by which a coder takes a value too early or too late, at most."""

ACTIVE = 0.02
"""Intensity that a coder sees."""

UNCERTAINTY: dict[str, float] = {
    "left_eye_close": 0.2, "right_eye_close": 0.2, "left_lid_raise": 0.22, "right_lid_raise": 0.22,
    "left_brow_lower": 0.3, "right_brow_lower": 0.3, "left_brow_raise": 0.22,
    "right_brow_raise": 0.22, "jaw_drop": 0.1, "jaw_slide_left": 0.33, "jaw_slide_right": 0.33,
    "left_lip_corner_pull": 0.33, "right_lip_corner_pull": 0.33, "left_lip_corner_stretch": 0.8,
    "right_lip_corner_stretch": 0.75, "upper_lip_suck": 0.32, "lower_lip_suck": 0.28,
    "jaw_thrust": 0.45, "upper_lip_raise": 0.22, "lower_lip_depress": 0.2, "chin_raise": 0.3,
    "lip_pucker": 0.33, "cheeks_puff": 0.1, "nose_wrinkle": 0.5,
}  # fmt: skip
"""Deviation of a coder's judgement relative to the intensity: what the paper's Table 3 finds hard
(lip corner stretch, nose wrinkle, jaw thrust) is hard here."""


class Coder:
    """One simulated person; labels videos one after the other, and drifts while at it."""

    def __init__(self, rng: np.random.Generator) -> None:
        """Draw what kind of coder it is."""
        self._rng = rng
        self._doubt = np.array([UNCERTAINTY[name] for name in AU_NAMES])
        self._bias = rng.uniform(-1.7, 1.7, len(AU_NAMES)) * self._doubt

    def label(self, truth: Vector) -> Vector:
        """Label a video.

        Args:
            truth: (F, 24) what the face does.

        Returns:
            (F, 24) float32, 0 to 1, with two decimals at the key frames.
        """
        labels = np.empty_like(truth)
        drift = self._rng.normal(0, 0.6, len(AU_NAMES)) * self._doubt
        for au in range(truth.shape[1]):
            keys = self._key_frames(truth[:, au])
            late = keys + self._rng.integers(-MISPLACED, MISPLACED + 1, len(keys))
            seen = truth[late.clip(0, len(truth) - 1), au]
            said = self._judge(seen, keys, au, drift[au])
            labels[:, au] = np.interp(np.arange(len(truth)), keys, said)
        return labels.astype(np.float32)

    def _key_frames(self, track: Vector) -> NDArray[np.intp]:
        """Choose (K,) frames: the ends, near each turn of the track, and some between."""
        slope = np.sign(np.round(np.diff(track), 3))
        turns = np.flatnonzero(np.diff(slope)) + 1
        turns = turns + self._rng.integers(-1, 2, len(turns))
        others = self._rng.integers(0, len(track), round(len(track) / KEY_STEP))
        keys = np.concatenate([[0, len(track) - 1], turns, others]).clip(0, len(track) - 1)
        return np.unique(keys)

    def _judge(self, seen: Vector, keys: NDArray[np.intp], au: int, drift: float) -> Vector:
        """Say the intensities at the key frames; what is not there is not seen."""
        noise = self._rng.normal(0, 0.7, len(keys)) * self._doubt[au]
        factor = 1 + self._bias[au] + drift * keys / keys[-1] + noise
        return np.where(seen > ACTIVE, np.round(np.clip(seen * factor, 0, 1), 2), 0)
