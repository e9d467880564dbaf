"""``facedrive live``: drive an avatar and outputs from a camera or a video."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from facedrive.ending import stopping
from facedrive.settings import Settings


@dataclass(frozen=True, kw_only=True)
class LiveCommand:
    """Drive an avatar and outputs from a camera or a video.

    In the window: q quits, c recentres (n too), r records, p pauses, m mirrors. facedrive ctl
    steers a run from another terminal.
    """

    settings: Settings = Settings()

    def run(self) -> int:
        """Open everything, run until the end, a signal or q, and print the latency."""
        from facedrive.cli.outcome import exit_code, latency
        from facedrive.live import Live

        with Live.open(self.settings) as live:
            try:
                with stopping(lambda _: live.stop()):
                    live.run()
            finally:
                if told := latency(live.pipeline.timing):
                    print(told, file=sys.stderr)
        return exit_code(live.outputs)


COMMANDS = {"": LiveCommand}
