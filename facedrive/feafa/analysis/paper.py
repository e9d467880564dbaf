"""How many frames, subjects and videos the FEAFA+ paper says there are, and where it disagrees."""

from __future__ import annotations

from typing import NamedTuple

from facedrive.feafa.labels.video import Layout, Part


class PaperCounts(NamedTuple):
    """Counts of one dataset, the one first that the paper gives most often."""

    frames: tuple[int, ...]
    subjects: tuple[int, ...]
    videos: tuple[int, ...]


def nearest(count: int, counts: tuple[int, ...]) -> int:
    """Return the paper's count that comes nearest to a count."""
    return min(counts, key=lambda each: abs(each - count))


PAPER_COUNTS: dict[tuple[Layout, Part], PaperCounts] = {
    ("FEAFA+", "posed"): PaperCounts((99_356,), (122,), (123, 127)),
    ("FEAFA+", "spontaneous"): PaperCounts((130_807,), (27,), (27,)),
    ("DISFA", "spontaneous"): PaperCounts((130_815, 130_000), (27,), (27, 53, 54)),
}
"""Layout and part → what sections 1 to 3 and Table 1 say. DISFA's frames are 27 x 4,845."""

CONTRADICTIONS = (
    "FEAFA+ has 230,163 frames in section 3.3 and Table 1 (99,356 + 130,807), but 230,184 in the "
    "abstract and in section 1.",
    "FEAFA has 123 videos in section 3.1 and Table 1 (with DISFA's 27 the 150 of the abstract), "
    "but 127 in section 1.",
    "Relabelled DISFA has 130,807 frames in section 3.3, but 27 videos of 4,845 frames would be "
    "130,815.",
    "Of SN005 and SN009, 9,690 frames, labels may come without pictures (sections 1 and 3.1).",
)
