"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable


def eventually(promise: Callable[[], object], seconds: float = 30, *, every: float = 0.02) -> bool:
    """Say whether it comes true in time, looking ``every`` so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if promise():
            return True
        time.sleep(every)
    return False
