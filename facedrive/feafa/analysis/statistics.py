"""What a dataset's labels look like: section 3 of the paper, as numbers.

Occurrence (Figure 2), distribution of intensities (Figure 3) and correlation (Figure 4) of the
AUs, for each part; agreement of coders (Table 3). Labels are rounded to three decimals first, as
section 4.1 does: an AU occurs in a frame where its label is then above 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.errors import DataError
from facedrive.feafa.analysis.agreement import Agreement, compare_coders
from facedrive.feafa.labels.dataset import coders_folder, read_coders, read_dataset
from facedrive.feafa.labels.video import Left, Part, Video
from facedrive.stats.metrics import FLAT, number

THOUSANDTHS = 1000
"""Labels are counted in these, so that 0.2 lies on an interval's edge and not beside it."""

INTERVALS = 5
"""Equal parts of (0, 1]. (The paper's text speaks of (0.75, 1], its Figure 3 of five.)"""

INTERVAL_NAMES = tuple(
    f"({low / INTERVALS:g}, {(low + 1) / INTERVALS:g}]" for low in range(INTERVALS)
)

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class PartStatistics:
    """The labels of one part of a dataset."""

    videos: int
    subjects: int
    frames: int
    """Frames with a label."""
    labelled: NDArray[np.int64]
    """(24,) frames in which the AU is labelled."""
    counts: NDArray[np.int64]
    """(24, 5) frames in which the AU's intensity lies in each interval of (0, 1]."""
    correlation: Shares
    """(24, 24) Pearson's r over the frames in which both AUs are labelled; NaN where one of them
    does not vary."""

    @property
    def occurrence(self) -> Shares:
        """(24,) share of its labelled frames in which the AU is above 0; NaN without labels."""
        return _share(self.counts.sum(1), self.labelled)

    @property
    def distribution(self) -> Shares:
        """(24, 5) share of the frames in which the AU occurs; NaN where it never does."""
        return _share(self.counts, self.counts.sum(1)[:, None])

    def as_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON; None for NaN."""
        return {
            "videos": self.videos,
            "subjects": self.subjects,
            "frames": self.frames,
            "aus": {name: self._au(index) for index, name in enumerate(AU_NAMES)},
            "correlation": [[number(r) for r in row] for row in self.correlation],
        }

    def _au(self, index: int) -> dict[str, Any]:
        return {
            "labelled": int(self.labelled[index]),
            "occurrence": number(self.occurrence[index]),
            "counts": self.counts[index].tolist(),
            "distribution": [number(share) for share in self.distribution[index]],
        }


@dataclass(frozen=True)
class Analysis:
    """Section 3 of the paper for one dataset."""

    name: str
    parts: dict[Part, PartStatistics]
    """Of the parts that there are, posed first."""
    agreement: Agreement | None
    """None without coders."""

    def as_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON; None for NaN."""
        return {
            "name": self.name,
            "au_names": list(AU_NAMES),
            "intervals": list(INTERVAL_NAMES),
            "parts": {part: each.as_dict() for part, each in self.parts.items()},
            "agreement": self.agreement.as_dict() if self.agreement else None,
        }


def analyse_folder(
    data: Path | None, coders: Path | None, left: Left = "subject", part: Part = "posed"
) -> Analysis:
    """Read a dataset, or what coders said, and analyse it.

    Args:
        data: The dataset's folder; None where there are only coders.
        coders: Holds a folder per coder; by default ``coders`` in the dataset, if it is there.
        left: Whose left the labels of FEAFA+ mean.
        part: Of a video whose path does not say.

    Raises:
        DataError: if neither is given, a label is unusable, or the coders cannot be compared.
    """
    named = data or coders
    if named is None:
        raise DataError("no folder to analyse; give the dataset's, or that of its coders.")
    videos = read_dataset(data, left, part) if data else ()
    folder = coders or (coders_folder(data) if data else None)
    return analyse(named.resolve().name, videos, read_coders(folder, left) if folder else {})


def analyse(name: str, videos: Sequence[Video], coders: Mapping[str, Sequence[Video]]) -> Analysis:
    """Analyse labels by part, and the coders' agreement where there are coders.

    Raises:
        DataError: if there is neither a label nor a coder, or the coders cannot be compared.
    """
    by_part = {
        part: [video for video in videos if video.part == part and video.labelled.any()]
        for part in get_args(Part)
    }
    if not coders and not any(by_part.values()):
        raise DataError(f"{name} has no labelled frame and no coders; there is nothing to analyse.")
    return Analysis(
        name,
        {part: describe(own) for part, own in by_part.items() if own},
        compare_coders(coders) if coders else None,
    )


def describe(videos: Sequence[Video]) -> PartStatistics:
    """Count and correlate the labels of some videos."""
    aus = np.concatenate([video.aus[video.labelled] for video in videos])  # (N, 24)
    known = np.isfinite(aus)
    intensity = np.rint(np.where(known, aus, 0) * THOUSANDTHS).astype(np.int64)
    interval = -(-intensity * INTERVALS // THOUSANDTHS)  # 0 for none, then 1 to 5
    counts = [(interval == each).sum(0) for each in range(1, INTERVALS + 1)]
    return PartStatistics(
        len(videos),
        len({video.subject for video in videos}),
        len(aus),
        known.sum(0),
        np.stack(counts, axis=1),
        correlate(np.where(known, intensity / THOUSANDTHS, np.nan)),
    )


def correlate(aus: Shares) -> Shares:
    """Return Pearson's r (equation 2) of each pair of (N, C) columns, NaN where missing: (C, C).

    A pair is correlated over the rows that have both.
    """
    known = np.isfinite(aus).astype(np.float64)
    count = known.sum(0)
    x = np.where(known > 0, aus - np.where(known > 0, aus, 0).sum(0) / np.maximum(count, 1), 0)
    pairs, total, square = known.T @ known, x.T @ known, (x * x).T @ known
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = x.T @ x / pairs - (total / pairs) * (total / pairs).T
        variance = square / pairs - (total / pairs) ** 2  # of the row's AU, over the pair's rows
        varied = (variance > FLAT) & (variance.T > FLAT)
        return np.where(varied, covariance / np.sqrt(variance * variance.T), np.nan)


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> Shares:
    with np.errstate(invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
