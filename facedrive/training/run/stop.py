"""Ctrl-C and SIGTERM as ``KeyboardInterrupt``, but never while something is half done."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

PATIENCE_S = 1.0
"""How long half-done work may take to end after it was asked to; then it is broken off, as soon as
the operation of PyTorch returns that it is in."""


class Stop:
    """Listens to both signals while it is entered; outside the main thread it hears nothing."""

    def __init__(self) -> None:
        self.broken = False
        """Whether work that must not be interrupted was, or failed."""
        self._busy = self._asked = False
        self._timer = threading.Timer(PATIENCE_S, _interrupt_main)
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._timer.cancel()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Let a block end before a signal is obeyed.

        Raises:
            KeyboardInterrupt: after the block, or inside of it after ``PATIENCE_S`` or a second
                signal.
        """
        self._busy = True
        try:
            yield
        except BaseException:
            self.broken = True
            raise
        finally:
            self._busy = False
        if self._asked:
            raise KeyboardInterrupt

    def _hear(self, number: int, frame: object) -> None:
        if not self._busy or self._asked:
            raise KeyboardInterrupt
        self._asked = True
        self._timer.daemon = True
        self._timer.start()


def _interrupt_main() -> None:
    """Interrupt the main thread, out of a system call too where there are POSIX signals."""
    main = threading.main_thread().ident
    if sys.platform == "win32" or main is None:
        _thread.interrupt_main()
    else:
        signal.pthread_kill(main, signal.SIGINT)
