"""Has the C library keep the memory that a training step frees for the step after it."""

from __future__ import annotations

import ctypes
import sys

TRIM_THRESHOLD, TOP_PAD, MMAP_MAX = -1, -2, -4
"""Numbers of glibc's ``mallopt(3)`` options."""

KEPT = 1 << 30
"""Bytes at the end of the heap that stay with the process though nothing is in them."""


def keep_memory() -> None:
    """Stop glibc from giving large blocks back to the kernel.

    A step on a CPU frees what the next one needs again, and the kernel clears every page that it
    hands out: a twentieth of the time (``train/LOG.md``). Call it when the data are loaded, whose
    passing copies would be kept too. Elsewhere than on Linux with glibc nothing happens.
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return
    mallopt(MMAP_MAX, 0)
    mallopt(TRIM_THRESHOLD, KEPT)
    mallopt(TOP_PAD, KEPT // 16)
