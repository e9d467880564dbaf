"""A picture of a take: action units over time as a heat map, the head's angles below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError, DependencyError
from facedrive.takes.columns import ANGLES

try:
    from matplotlib.figure import Figure
except ImportError as error:
    raise DependencyError(
        "plotting needs matplotlib; install it with: pip install 'facedrive[analyze]'."
    ) from error

ROW_IN = 0.22
"""Height of an action unit's row, inches."""


class Columns(Protocol):
    """What is drawn of a take."""

    @property
    def time(self) -> NDArray[np.float64]:
        """(n,) seconds."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, name: str, /) -> NDArray[np.generic]: ...


def plot_take(take: Columns, aus: Sequence[str]) -> Figure:
    """Draw a take; frames without a face stay grey.

    Raises:
        DataError: if an action unit is unknown, or there is nothing to draw.
    """
    if not len(take) or not aus:
        raise DataError("nothing to plot: the take has no frames, or aus names none.")
    figure = Figure(figsize=(10, 2.5 + ROW_IN * len(aus)), layout="constrained")
    upper, lower = figure.subplots(2, sharex=True, height_ratios=[ROW_IN * len(aus), 1.5])
    # Edges of the frames' cells; the last one is as long as the one before.
    last_s = take.time[-1] - take.time[-2] if len(take) > 1 else 1 / 30
    ends = np.append(take.time, take.time[-1] + last_s)
    values = np.stack([take[name] for name in aus])
    upper.set_facecolor("0.85")
    cells = upper.pcolormesh(ends, np.arange(len(aus) + 1), values, vmin=0, vmax=1)
    upper.set_yticks(np.arange(len(aus)) + 0.5, aus, fontsize=8)
    upper.invert_yaxis()
    figure.colorbar(cells, ax=upper, label="intensity")
    for name in ANGLES:
        lower.plot(take.time, take[name], label=name.removeprefix("head_").removesuffix("_deg"))
    lower.set(xlabel="time, s", ylabel="head, degrees")
    lower.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=8)
    return figure
