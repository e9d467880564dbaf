"""Labelled videos, read from a folder in FEAFA+'s layout, DISFA's own, or as takes."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from facedrive.errors import DataError
from facedrive.feafa.labels import auw, disfa, takes
from facedrive.feafa.labels.folders import CODERS, films_in, walk
from facedrive.feafa.labels.offset import line_up
from facedrive.feafa.labels.video import KINDS, OFFSET, FoundVideo, Left, Part, Video

log = logging.getLogger(__name__)


def read_dataset(
    root: Path,
    left: Left = "subject",
    part: Part = "posed",
    skip_bad: bool = False,
    offset: int | None = None,
) -> tuple[Video, ...]:
    """Read every labelled video under a folder.

    Args:
        root: The dataset's folder; ``coders`` in it is left out.
        left: Whose left the labels of FEAFA+ mean.
        part: Of a video whose path does not say whether it is posed or spontaneous.
        skip_bad: Whether an unusable label counts as missing, and is no error.
        offset: What to add to the numbers of pictures that count from another number than their
            labels; None where nobody has said.

    Returns:
        Videos by part and name, labels as they stand in the files.

    Raises:
        DataError: if there are none, or a label is unusable.
    """
    found = find_videos(root, left, part, offset)
    _refuse_problems(found, root, (OFFSET,) if skip_bad else KINDS)
    silent = sum(not each.part_is_known for each in found)
    if silent:
        log.info("%s: %d videos do not say if they are posed; taken as %s", root, silent, part)
    return tuple(each.video for each in found)


def read_coders(folder: Path, left: Left = "subject") -> dict[str, tuple[Video, ...]]:
    """Read what each coder said, by the coder's name: a folder per coder, laid out as a dataset.

    Raises:
        DataError: if there is no such folder, or a label is unusable.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder; it must hold one folder per coder.")
    coders = sorted(each for each in folder.iterdir() if each.is_dir())
    return {each.name: read_dataset(each, left) for each in coders}


def coders_folder(root: Path) -> Path | None:
    """Return a dataset's folder of coders, ``coders``; None if it has none."""
    return root / CODERS if (root / CODERS).is_dir() else None


def find_videos(
    root: Path, left: Left = "subject", part: Part = "posed", offset: int | None = None
) -> tuple[FoundVideo, ...]:
    """Find every labelled video under a folder, whatever is wrong with its labels.

    Raises:
        DataError: if there is no folder, or no label in it.
    """
    if not root.is_dir():
        raise DataError(f"{root} is no folder; give the one that the dataset lies in.")
    folders = list(walk(root))
    films = films_in(folders)
    found = [
        *auw.find_videos(folders, root, films, left, part),
        *disfa.find_videos(folders, root, films),
        *takes.find_videos(folders, root, films, part),
    ]
    if not found:
        raise DataError(
            f"{root} holds no labels: no .auw file, no DISFA ActionUnit_Labels, no CSV that "
            "facedrive extract wrote."
        )
    return _with_unique_names([line_up(each, offset) for each in found], root)


def _with_unique_names(found: Sequence[FoundVideo], root: Path) -> tuple[FoundVideo, ...]:
    """Give videos of one name their path for a name; sort by part and name."""
    times = Counter(each.video.name for each in found)
    named = [
        each
        if times[each.video.name] == 1
        else each._replace(video=replace(each.video, name=each.place.relative_to(root).as_posix()))
        for each in found
    ]
    return tuple(sorted(named, key=lambda each: (each.video.part, each.video.name)))


def _refuse_problems(found: Sequence[FoundVideo], root: Path, kinds: Sequence[str]) -> None:
    problems = [problem for each in found for problem in each.problems if problem.kind in kinds]
    if not problems:
        return
    more = f" {len(problems) - 1} more like it;" if len(problems) > 1 else ""
    raise DataError(f"{problems[0]}{more} list them with: facedrive data check {root}")
