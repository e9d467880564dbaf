"""A thread of an output's own, for receivers that have to be waited for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from facedrive.errors import FacedriveError

log = logging.getLogger(__name__)


class Worker:
    """Runs ``work`` until it returns or is told to stop; a failure ends this output only."""

    STOP_S = 3.0
    """One that hangs is left behind after this long."""

    def __init__(self, name: str, work: Callable[[threading.Event], None]) -> None:
        """Start ``work`` with an event that is set when it shall return."""
        self._name = name
        self._work = work
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Tell the work to return, and wait for it."""
        self._stopping.set()
        self._thread.join(self.STOP_S)
        if self._thread.is_alive():
            log.warning("%s does not answer; leaving it behind", self._name)

    def _run(self) -> None:
        try:
            self._work(self._stopping)
        except FacedriveError as error:
            log.error("%s This output has stopped.", error)
        except Exception:  # a bug ends its output, not the run
            log.exception("%s failed; this output has stopped", self._name)
