"""``facedrive compare``: how far two extracts of the same clips agree, and each with the truth."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from facedrive.cli.packages import need_analyze
from facedrive.cli.tables import table
from facedrive.options import option

if TYPE_CHECKING:
    from facedrive.corpus.compare import Agreement


@dataclass(frozen=True, kw_only=True)
class Compare:
    """Tell how far two extracts of the same clips agree, action unit by action unit.

    Pearson's r, ICC(2,1), mean absolute error, and of Bland and Altman the mean difference (second
    less first) and its limits of agreement, with 95 % intervals over people, or over stretches of 5
    seconds where there are fewer than 8 people.
    """

    first: str = option(positional=True, metavar="A")
    """A folder of results of extract, a take, or a CSV with time_s and action units."""
    second: str = option(positional=True, metavar="B")
    """The same, of the same clips."""
    truth: str | None = option(None, metavar="LABELS")
    """What is known of the clips: the two are compared with it, each alone."""
    people: bool = False
    """Tell each person's mean figures as well."""
    json: bool = False
    """One JSON object, nothing else."""

    def run(self) -> int:
        """Compare, and print it."""
        need_analyze("scipy")
        from facedrive.corpus.compare import compare, read_tracks

        first, second = read_tracks(self.first), read_tracks(self.second)
        found = {f"{self.second} against {self.first}": compare(first, second)}
        if self.truth is not None:
            truth = read_tracks(self.truth)
            both = ((self.first, first), (self.second, second))
            known = {f"{name} against {self.truth}": compare(truth, each) for name, each in both}
            found = known | found
        if self.json:
            print(json.dumps({name: each.as_dict() for name, each in found.items()}))
            return 0
        for name, each in found.items():
            print(_told(name, each))
            if self.people:
                print(_people(each))
        return 0


COMMANDS = {"": Compare}


def _told(name: str, agreement: Agreement) -> str:
    from facedrive.aus import AU_NAMES
    from facedrive.stats.metrics import mean_of_known

    figures = agreement.figures
    rows: list[tuple[str | float, ...]] = []
    for index, au in enumerate(AU_NAMES):
        r, icc, mae = (figures[each] for each in ("r", "icc", "mae"))
        limits = _range(figures["low"].value[index], figures["high"].value[index])
        parts = [(each.value[index], _range(each.low[index], each.high[index]))
                 for each in (r, icc, mae)]  # fmt: skip
        rows.append((au, *chain.from_iterable(parts), figures["bias"].value[index], limits))
    means = [mean_of_known(figures[each].value) for each in ("r", "icc", "mae", "bias")]
    rows.append(("mean", means[0], "", means[1], "", means[2], "", means[3], ""))
    heads = ("<AU", "r", "95 %", "ICC(2,1)", "95 %", "MAE", "95 %", "bias", "limits")
    title = (f"{name}: {agreement.frames:,} frames of {agreement.tracks} people in clips; "
             f"intervals over {agreement.clusters} {agreement.by}")  # fmt: skip
    return f"{title}\n{table(heads, rows)}\n"


def _people(agreement: Agreement) -> str:
    from facedrive.stats.metrics import mean_of_known

    rows: list[tuple[str | int | float, ...]] = [
        (clip or "-", person, *(mean_of_known(own[each]) for each in ("r", "icc", "mae")))
        for (clip, person), own in agreement.people.items()
    ]
    return f"{table(('<clip', 'person', 'mean r', 'mean ICC', 'mean MAE'), rows)}\n"


def _range(low: float, high: float) -> str:
    return "-" if low != low else f"{low:.3f} {high:.3f}"
