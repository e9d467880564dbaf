"""How a run ends: outputs closed, failures named, latency told."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

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


def latency_lines(timing: Timing) -> list[str]:
    """Return a small table of stage times for people."""
    lines = [f"{'stage':<18}{'median ms':>10}{'p95 ms':>10}{'frames':>9}"]
    for name, each in timing.summary().items():
        lines.append(f"{name:<18}{each.median_ms:>10.2f}{each.p95_ms:>10.2f}{each.frames:>9}")
    return lines
