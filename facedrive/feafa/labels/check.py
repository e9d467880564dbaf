"""What a dataset holds and what is wrong with it, beside the counts that the paper gives."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from facedrive.feafa.analysis.paper import CONTRADICTIONS, PAPER_COUNTS
from facedrive.feafa.labels.dataset import find_videos
from facedrive.feafa.labels.folders import walk
from facedrive.feafa.labels.pictures import decode_gray
from facedrive.feafa.labels.video import (
    BAD_LABEL,
    FRAME_TWICE,
    KINDS,
    OUT_OF_RANGE,
    FoundVideo,
    Layout,
    Left,
    Part,
    Problem,
    Video,
)
from facedrive.progress import Bar, bar

UNREADABLE, PICTURE_TWICE = "unreadable picture", "picture seen before"
NO_LABEL, NO_PICTURE, NO_VIDEO = "no label", "no picture", "pictures without labels"

Digest = bytes


@dataclass(frozen=True)
class Tally:
    """Counts of one dataset."""

    videos: int
    subjects: int
    frames: int
    """With a label, a picture or both."""
    labelled: int
    """Frames with a usable label: what the paper counts."""
    missing_labels: int
    """Frames without a usable label."""
    missing_pictures: int
    """Frames without a picture."""
    unusable_labels: int
    """Label files, or lines of them, that cannot be read as numbers."""
    out_of_range: int
    """Values below the least or above the most that they may be."""
    frames_twice: int
    duplicate_pictures: int
    """Images with the very bytes of an earlier one."""
    unreadable_pictures: int


@dataclass(frozen=True)
class Report:
    """What was found under a folder."""

    root: Path
    tallies: dict[tuple[Layout, Part], Tally]
    problems: tuple[Problem, ...]
    unused_pictures: int
    """Images in folders that hold no labels."""
    opened: bool
    """Whether pictures were opened."""
    contradictions: tuple[str, ...] = field(default=CONTRADICTIONS)

    @property
    def sound(self) -> bool:
        """Whether nothing stops training or is lost for it."""
        return not any(each.kind in (*KINDS, UNREADABLE) for each in self.problems)

    def as_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "root": str(self.root),
            "sound": self.sound,
            "opened_pictures": self.opened,
            "datasets": [
                {"layout": key[0], "part": key[1], **asdict(tally), "paper": _paper_counts(key)}
                for key, tally in self.tallies.items()
            ],
            "unused_pictures": self.unused_pictures,
            "problems": [each._asdict() | {"path": str(each.path)} for each in self.problems],
            "paper_contradicts_itself": list(self.contradictions),
        }


def _paper_counts(key: tuple[Layout, Part]) -> dict[str, tuple[int, ...]] | None:
    return PAPER_COUNTS[key]._asdict() if key in PAPER_COUNTS else None


def check(
    root: Path,
    left: Left = "subject",
    part: Part = "posed",
    open_pictures: bool = True,
    offset: int | None = None,
) -> Report:
    """Look at every label and picture under a folder.

    Args:
        root: The dataset's folder.
        left: Whose left the labels of FEAFA+ mean.
        part: Of a video whose path does not say.
        offset: As for ``read_dataset``.
        open_pictures: Whether to decode every picture, and compare it with the others.

    Raises:
        DataError: if there is no label at all.
    """
    found = find_videos(root, left, part, offset)
    problems = {id(each): list(_label_problems(each)) for each in found}
    if open_pictures:
        seen: dict[Digest, Path] = {}
        total = sum(int(each.video.pictured.sum()) for each in found)
        with bar(total, "picture", "opening pictures") as line, ThreadPoolExecutor() as pool:
            for each in found:
                problems[id(each)] += _picture_problems(each.video, pool, seen, line)
    groups: dict[tuple[Layout, Part], list[FoundVideo]] = {}
    for each in found:
        groups.setdefault((each.layout, each.video.part), []).append(each)
    tallies = {
        key: _tally(group, [problem for each in group for problem in problems[id(each)]])
        for key, group in groups.items()
    }
    unused = list(_unused_pictures(root, found))
    listed = [*(problem for each in found for problem in problems[id(each)]), *unused]
    return Report(root, tallies, tuple(listed), sum(each.values for each in unused), open_pictures)


def _tally(group: Sequence[FoundVideo], problems: Sequence[Problem]) -> Tally:
    videos = [each.video for each in group]
    labelled = sum(int(video.labelled.sum()) for video in videos)
    frames = sum(len(video.frames) for video in videos)

    def times(kind: str) -> int:
        return sum(each.values for each in problems if each.kind == kind)

    return Tally(
        videos=len(videos),
        subjects=len({video.subject for video in videos}),
        frames=frames,
        labelled=labelled,
        missing_labels=frames - labelled,
        missing_pictures=frames - sum(int(video.pictured.sum()) for video in videos),
        unusable_labels=sum(each.kind == BAD_LABEL for each in problems),
        out_of_range=times(OUT_OF_RANGE),
        frames_twice=times(FRAME_TWICE),
        duplicate_pictures=times(PICTURE_TWICE),
        unreadable_pictures=times(UNREADABLE),
    )


def _label_problems(found: FoundVideo) -> Iterator[Problem]:
    """Yield what reading found, and how many frames lack a label or a picture."""
    yield from found.problems
    video = found.video
    for kind, lacking in ((NO_LABEL, ~video.labelled), (NO_PICTURE, ~video.pictured)):
        count = int(lacking.sum())
        if count:
            first = video.frames[np.argmax(lacking)]
            what = "usable label" if kind == NO_LABEL else "picture"
            text = f"{video.name}: {count} frames without a {what}, first {first}."
            yield Problem(kind, found.place, text, count)


def _picture_problems(
    video: Video, pool: ThreadPoolExecutor, seen: dict[Digest, Path], line: Bar
) -> list[Problem]:
    """Open every picture of a video; return those that cannot be read or were seen before."""
    if video.film:
        return _film_problems(video, line)
    problems = []
    paths = [path for path in video.pictures if path]
    for path, (readable, digest) in zip(paths, pool.map(_open, paths), strict=True):
        line.advance()
        if not readable:
            problems.append(Problem(UNREADABLE, path, "is no whole image."))
        elif digest in seen:
            problems.append(Problem(PICTURE_TWICE, path, f"is the same file as {seen[digest]}."))
        seen.setdefault(digest, path)
    return problems


def _film_problems(video: Video, line: Bar) -> list[Problem]:
    film = video.film or Path()
    lacking = []
    for frame, gray in zip(video.frames, video.grays(), strict=True):
        line.advance()
        if gray is None:
            lacking.append(int(frame))
    if not lacking:
        return []
    text = f"has no readable picture of {len(lacking)} labelled frames, first {lacking[0]}."
    return [Problem(UNREADABLE, film, text, len(lacking))]


def _open(path: Path) -> tuple[bool, Digest]:
    """Say whether an image can be decoded, and name its bytes."""
    try:
        encoded = np.fromfile(path, dtype=np.uint8)
    except OSError:
        return False, str(path).encode()
    return decode_gray(encoded) is not None, hashlib.blake2b(encoded.data, digest_size=16).digest()


def _unused_pictures(root: Path, found: Iterable[FoundVideo]) -> Iterator[Problem]:
    """Yield the folders whose images no label refers to."""
    used = {path for each in found for path in each.video.pictures if path}
    for folder in walk(root):
        spare = [path for path in folder.images() if path not in used]
        if spare:
            text = f"holds {len(spare)} images that no label is for, first {spare[0].name}."
            yield Problem(NO_VIDEO, folder.path, text, len(spare))
