"""A guided minute that learns a face: what to do, whether it was caught, and the profile of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.calibration import SMALLEST_RANGE, Profile, build_profile, median_reading
from facedrive.types import Reading, Vector

READY_S, HOLD_S = 2.0, 2.5
"""How long one prepares for a step, and does it."""


class Step(NamedTuple):
    """One thing to do."""

    text: str
    """Which text of the table says it; the avatar shows it."""
    aus: tuple[str, ...]
    """What it is to move; none at rest."""


STEPS: tuple[Step, ...] = (
    Step("step_rest", ()),
    Step("step_blink", ("left_eye_close", "right_eye_close")),
    Step("step_lids", ("left_lid_raise", "right_lid_raise")),
    Step("step_brows_up", ("left_brow_raise", "right_brow_raise")),
    Step("step_brows_down", ("left_brow_lower", "right_brow_lower")),
    Step("step_jaw", ("jaw_drop",)),
    Step("step_smile", ("left_lip_corner_pull", "right_lip_corner_pull")),
    Step("step_pucker", ("lip_pucker",)),
    Step("step_cheeks", ("cheeks_puff",)),
    Step("step_nose", ("nose_wrinkle",)),
)


@dataclass
class Coach:
    """Leads through the steps on a clock that it is given, and keeps what the face did."""

    number: int = 0
    """Which step it is."""
    _start: float | None = None
    _passed: float = 0.0
    _rest: list[Reading] = field(default_factory=list)
    _peaks: dict[int, Vector] = field(default_factory=dict)

    @property
    def step(self) -> Step | None:
        """What is to be done; None when all is."""
        return STEPS[self.number] if self.number < len(STEPS) else None

    @property
    def phase(self) -> Literal["get_ready", "hold"]:
        """Whether one still prepares."""
        return "get_ready" if self._passed < READY_S else "hold"

    @property
    def left_s(self) -> float:
        """Seconds to the end of the phase."""
        end = READY_S if self.phase == "get_ready" else READY_S + HOLD_S
        return max(0.0, end - self._passed)

    @property
    def neutral(self) -> Vector | None:
        """(24,) raw AUs of the resting face; None before the first step is done."""
        return median_reading(self._rest).aus if self._rest else None

    def see(self, raw: Reading, time: float) -> None:
        """Take one frame's raw reading at ``time`` seconds, and go on where a step is over."""
        self._start = time if self._start is None else self._start
        self._passed = time - self._start
        step = self.step
        if step is None or self._passed < READY_S:
            return
        if step.aus:
            before = self._peaks.get(self.number, np.zeros(len(AU_NAMES), np.float32))
            self._peaks[self.number] = np.maximum(before, raw.aus)
        else:
            self._rest.append(raw)
        if self._passed >= READY_S + HOLD_S and (not step.aus or self.is_caught):
            self.skip()

    @property
    def level(self) -> float:
        """How far the step was done so far, 0 to 1; 1 is caught."""
        step, neutral = self.step, self.neutral
        if step is None or not step.aus or neutral is None or self.number not in self._peaks:
            return 0.0
        rows = [AU_INDEX[name] for name in step.aus]
        reached = float((self._peaks[self.number] - neutral)[rows].min())
        return min(max(reached / SMALLEST_RANGE, 0.0), 1.0)

    @property
    def is_caught(self) -> bool:
        """Whether the movement was seen well enough to learn from."""
        return self.level >= 1.0

    def skip(self) -> None:
        """Go on to the next step."""
        self.number += 1
        self._restart()

    def repeat(self) -> None:
        """Do the step again, or the last one where all are done."""
        self.number = min(self.number, len(STEPS) - 1)
        self._peaks.pop(self.number, None)
        if not STEPS[self.number].aus:
            self._rest.clear()
        self._restart()

    def profile(self) -> Profile | None:
        """Return what was learnt; None without a resting face."""
        neutral = self.neutral
        if neutral is None:
            return None
        extreme = neutral.copy()
        for number, peak in self._peaks.items():
            rows = [AU_INDEX[name] for name in STEPS[number].aus]
            extreme[rows] = np.maximum(extreme[rows], peak[rows])
        return build_profile(neutral, extreme).with_neutral(median_reading(self._rest))

    def results(self, before: Profile) -> list[tuple[str, float, float]]:
        """Return each AU that was moved: its strongest movement before and after."""
        after = self.profile()
        rows = []
        for number, peak in sorted(self._peaks.items()):
            old, new = before.apply(peak), (after or before).apply(peak)
            for name in STEPS[number].aus:
                place = AU_INDEX[name]
                rows.append((name, float(old[place]), float(new[place])))
        return rows

    def _restart(self) -> None:
        self._start, self._passed = None, 0.0
