"""How a run ends: outputs closed, failures named, latency told."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from facedrive.cli.tables import table

if TYPE_CHECKING:
    from facedrive.outputs import Outputs
    from facedrive.timing import Timing

log = logging.getLogger(__name__)

SOME_FAILED = 3
"""Exit code of a run that went through although some of its outputs failed."""


def close_outputs(outputs: Outputs) -> None:
    """Close the outputs; one that fails to is logged, and counted by ``exit_code``."""
    from facedrive.errors import FacedriveError

    try:
        outputs.close()
    except FacedriveError as error:
        log.error("%s", error)


def exit_code(outputs: Outputs) -> int:
    """Name the outputs that failed, in one line, and return what the command shall end with."""
    from facedrive.outputs import describe

    if not outputs.failures:
        return 0
    failed = f"{len(outputs.failures)} of {outputs.count} outputs failed"
    print(f"facedrive: {failed}: {describe(outputs.failures)}", file=sys.stderr)
    return SOME_FAILED


def latency(timing: Timing) -> str:
    """Return a small table of stage times for people; nothing where no frame was read."""
    rows = [(name, each.median_ms, each.p95_ms, each.frames)
            for name, each in timing.summary().items()]  # fmt: skip
    return table(("<stage", "median ms", "p95 ms", "frames"), rows, digits=2) if rows else ""
