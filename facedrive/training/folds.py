"""Who is trained on and who is only tested: splits by person, subject or video, never by frame."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

TEST_SHARE = 0.10
VALIDATION_SHARE = 0.05


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
        About 85 % of the people for training, 5 % to watch it, 10 % never seen.
    """
    people, row_person = np.unique(person, return_inverse=True)
    place = np.array([_place(int(number)) for number in people])[row_person]
    test = place < TEST_SHARE
    validation = ~test & (place < TEST_SHARE + VALIDATION_SHARE)
    return Split(~test & ~validation, validation, test)


def _place(number: int) -> float:
    """Return a number in [0, 1) that depends on the person alone."""
    digest = hashlib.sha256(f"facedrive person {number}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
