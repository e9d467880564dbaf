"""What another thread (a window, a signal) may ask of a running loop."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass
class Controls:
    """The wishes, each an event that any thread may set."""

    stop: threading.Event = field(default_factory=threading.Event)
    paused: threading.Event = field(default_factory=threading.Event)
    neutral: threading.Event = field(default_factory=threading.Event)

    def wait_while_paused(self) -> None:
        """Return when the loop may go on."""
        while self.paused.is_set() and not self.stop.is_set():
            self.stop.wait(0.05)
