"""Automatic neutral: the resting level of each AU, learnt while the face is watched.

A face at rest is not 0 to a model: full lips read as puckered, high brows as raised. What an AU is
at its lowest for most of a minute is where it rests. The level is learnt in the first seconds and
followed slowly afterwards, so that an expression that is held for ten seconds stays one. A lid has
its own rule: its rest is a closure that is often met, since a blink is short and eyes are rarely
wide.
"""

from __future__ import annotations

import numpy as np

from facedrive.aus import AUS
from facedrive.calibration import EYELIDS, Profile, default_profile
from facedrive.types import Reading, Vector

WINDOW_S = 60.0
"""How far back the level is looked for."""

STEP_S = 0.2
"""Between two readings that are kept."""

KEPT = round(WINDOW_S / STEP_S)

LOWEST = 0.1
"""Quantile of an AU that is its resting level."""

LID = 0.35
"""The same of a lid's closure."""

FIRST_S = 2.5
"""Of a face for which the level is learnt at once."""

RISE_PER_S = 0.004
"""How fast the level then rises: by 0.04 while an expression is held for ten seconds."""

FALL_PER_S = 0.4
"""How fast it falls: an expression that it began with is soon found out."""

FORGOTTEN_S = 5.0
"""Of no face after which whoever comes is learnt anew."""

MOST_TURNED_DEG = 25.0
"""Of yaw or pitch; a face that is turned further tells nothing of its rest."""

_MOST: dict[str, float] = {
    "chin_raise": 0.6, "lip_pucker": 0.5,
    "left_brow_raise": 0.5, "right_brow_raise": 0.5,
    "left_brow_lower": 0.5, "right_brow_lower": 0.5,
    "left_eye_close": 0.4, "right_eye_close": 0.4,
    "upper_lip_suck": 0.4, "lower_lip_suck": 0.4,
    "jaw_drop": 0.15,
}  # fmt: skip
MOST: Vector = np.array([_MOST.get(au.name, 0.3) for au in AUS], np.float32)
"""(24,) the highest level: more than that is no rest but an expression that never ends."""

_QUANTILE = np.full(len(AUS), LOWEST)
_QUANTILE[EYELIDS] = LID


class RestingLevel:
    """What is known of one face's rest."""

    def __init__(self) -> None:
        # The levels change a few times a second: the profile with them is made as often.
        self._of = self._made = default_profile()
        self._with: Vector | None = None
        self.forget()

    def forget(self) -> None:
        """Learn another face's rest from the start."""
        self._ring: Vector = np.zeros((KEPT, len(AUS)), np.float32)
        self._kept = 0
        self._level: Vector = np.zeros(len(AUS), np.float32)
        self._begun, self._last = 0.0, -np.inf

    @property
    def known(self) -> bool:
        """Whether the face was watched for long enough to know its rest."""
        return bool(self._last - self._begun >= FIRST_S)

    def take_into(self, profile: Profile, reading: Reading, time: float) -> Profile:
        """Watch one raw reading, and return a profile with the levels that are known by then."""
        level = self.watch(reading, time)
        if self._of is not profile or self._with is not level:
            self._of, self._with, self._made = profile, level, profile.with_rest(level)
        return self._made

    def watch(self, reading: Reading, time: float) -> Vector:
        """Take one raw reading, and return the (24,) levels as they are known by then.

        It is the same array until they change.
        """
        if not 0 <= time - self._last <= FORGOTTEN_S:
            self.forget()
            self._begun = self._last = time
            self._keep(reading, time, first=True)
        elif time - self._last >= STEP_S and not _is_turned(reading):
            self._keep(reading, time, first=time - self._begun < FIRST_S)
        return self._level

    def _keep(self, reading: Reading, time: float, *, first: bool) -> None:
        passed, self._last = time - self._last, time
        self._ring[self._kept % KEPT] = reading.aus
        self._kept += 1
        rows = np.sort(self._ring[: self._kept], axis=0)
        place = np.round(_QUANTILE * (len(rows) - 1)).astype(int)
        wanted = np.minimum(rows[place, np.arange(len(AUS))], MOST)
        if first:
            self._level = wanted
            return
        step = np.clip(wanted - self._level, -FALL_PER_S * passed, RISE_PER_S * passed)
        self._level = (self._level + step).astype(np.float32)


def _is_turned(reading: Reading) -> bool:
    angles = reading.head.euler
    return max(abs(angles.yaw), abs(angles.pitch)) > MOST_TURNED_DEG
