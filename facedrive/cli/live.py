"""``facedrive live``: drive an avatar and outputs from a camera or a video."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facedrive.settings import Settings

if TYPE_CHECKING:
    from facedrive.live import Live


@dataclass(frozen=True, kw_only=True)
class LiveCommand:
    """Drive an avatar and outputs from a camera or a video.

    In the window: q quits, c recentres (n too), r records, p pauses, m mirrors. facedrive ctl
    steers a run from another terminal.
    """

    settings: Settings = Settings()

    def run(self) -> int:
        """Open everything, run until the end, Ctrl-C or q, and print the latency."""
        from facedrive.cli.outcome import exit_code, latency
        from facedrive.live import Live

        with Live.open(self.settings) as live:
            _stop_on_signals(live)
            try:
                live.run()
            finally:
                print(latency(live.pipeline.timing), file=sys.stderr)
        return exit_code(live.outputs)


COMMANDS = {"": LiveCommand}


def _stop_on_signals(live: Live) -> None:
    """Let Ctrl-C and a polite kill end the run cleanly; a second one ends it at once."""

    def stop(number: int, _: object) -> None:
        if live.controls.stop.is_set():
            raise KeyboardInterrupt
        live.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
