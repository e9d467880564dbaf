"""Who is trained on and who is only tested: splits by person, subject or video, never by frame."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError

TEST_SHARE = 0.10
VALIDATION_SHARE = 0.05

People = Literal["train", "validation", "test"]
"""A part of ``Split``."""


class Split(NamedTuple):
    """Boolean masks, (N,), that no person shares."""

    train: NDArray[np.bool_]
    validation: NDArray[np.bool_]
    test: NDArray[np.bool_]


def split_people(person: NDArray[np.integer]) -> Split:
    """Split rows by a hash of their person's number: the same people wherever it is called.

    Args:
        person: (N,) the person that each row shows.

    Returns:
        About 85 % of the people for training, 5 % for validation, 10 % for tests.
    """
    people, row_person = np.unique(person, return_inverse=True)
    place = np.array([_place(int(number)) for number in people])[row_person]
    test = place < TEST_SHARE
    validation = ~test & (place < TEST_SHARE + VALIDATION_SHARE)
    return Split(~test & ~validation, validation, test)


def _place(number: int) -> float:
    """Return a number in [0, 1) that depends on the person alone."""
    return _digest(f"facedrive person {number}") / 2**64


def _digest(text: str) -> int:
    """Return 64 bits that depend on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


class Fold(NamedTuple):
    """Which videos a fold trains on and which it tests on, as indices."""

    train: NDArray[np.intp]
    test: NDArray[np.intp]


def make_folds(groups: Sequence[str], count: int = 3) -> tuple[Fold, ...]:
    """Deal videos into folds of about equal size, groups never divided.

    Args:
        groups: (V,) what may not be divided: the video's own name for folds by video sequence,
            its subject for folds by subject.
        count: How many folds.

    Returns:
        Folds whose test videos are together all videos, each once; the same wherever they are
        made of the same videos.

    Raises:
        DataError: if a fold would be empty.
    """
    names, sizes = np.unique(np.asarray(groups), return_counts=True)
    if len(names) < count:
        raise DataError(
            f"{len(names)} videos or subjects cannot fill {count} folds; {count} are needed."
        )
    load = np.zeros(count, np.intp)
    fold_of: dict[str, int] = {}
    order = sorted(range(len(names)), key=lambda at: (-sizes[at], _digest(f"fold {names[at]}")))
    for at in order:
        fold_of[names[at]] = int(np.argmin(load))
        load[fold_of[names[at]]] += sizes[at]
    place = np.array([fold_of[group] for group in groups])
    return tuple(
        Fold(np.flatnonzero(place != fold), np.flatnonzero(place == fold)) for fold in range(count)
    )


def refuse_shared_subjects(folds: Sequence[Fold], subjects: Sequence[str]) -> None:
    """Raise a DataError if a fold trains on a subject that it tests on."""
    for number, fold in enumerate(folds, 1):
        shared = {subjects[at] for at in fold.train} & {subjects[at] for at in fold.test}
        if shared:
            named = ", ".join(sorted(shared)[:5])
            raise DataError(
                f"fold {number} trains and tests on subject {named}; keep a subject's videos in "
                "one fold, or split by video (folds), as the paper does."
            )


def read_folds(path: Path, videos: Sequence[str]) -> tuple[Fold, ...]:
    """Read folds from a CSV of ``video,fold`` rows, folds numbered from 1.

    Raises:
        DataError: if the file is unreadable, misses a video, or a fold tests or trains on none.
    """
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            fold_of = {row["video"]: int(row["fold"]) for row in csv.DictReader(lines)}
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is no table of video,fold: {error!r}.") from error
    missing = [name for name in videos if name not in fold_of]
    if missing:
        raise DataError(f"{path} gives no fold to {missing[0]} and {len(missing) - 1} more.")
    place = np.array([fold_of[name] for name in videos])
    numbers = range(1, max(fold_of.values()) + 1)
    folds = tuple(Fold(np.flatnonzero(place != n), np.flatnonzero(place == n)) for n in numbers)
    for number, fold in enumerate(folds, 1):
        if not len(fold.train) or not len(fold.test):
            raise DataError(f"{path}: fold {number} is empty; each needs videos to train and test.")
    return folds
