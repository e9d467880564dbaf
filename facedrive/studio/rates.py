"""How many samples a second each output is given, from counts that are looked at now and then."""

from __future__ import annotations

from collections.abc import Iterable

from facedrive.outputs import OutputState
from facedrive.threads import now

SPAN_S = 1.0
"""The least time over which a rate is told."""


class Rates:
    """Remembers the counts of the look before; several pages may look as often as they like."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._time = now()
        self._sent: dict[int, int] = {}
        self._rates: dict[int, float] = {}

    def look(self, states: Iterable[OutputState]) -> dict[int, float]:
        """Return the rate of each output by its number, Hz; one that is new has none yet."""
        passed = now() - self._time
        if passed >= SPAN_S:
            sent = {each.number: each.sent for each in states if each.number}
            self._rates = {number: (count - self._sent[number]) / passed
                           for number, count in sent.items() if number in self._sent}  # fmt: skip
            self._time, self._sent = now(), sent
        return self._rates
