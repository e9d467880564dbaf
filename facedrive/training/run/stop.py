"""A run that a signal stops, but never while something is half done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType

from facedrive.ending import Ended, heard, stopping


class Stop:
    """Hears the signals while it is entered; outside the main thread it hears nothing.

    Half-done work that takes longer than ``ending.STOP_S`` is broken off, as soon as the operation
    of PyTorch returns that it is in.
    """

    def __init__(self) -> None:
        self.broken = False
        """Whether work that must not be interrupted was, or failed."""
        self._busy = False
        self._asked = 0
        self._hearing = ExitStack()

    def __enter__(self) -> Stop:
        self._hearing.enter_context(heard())
        self._hearing.enter_context(stopping(self._hear))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._hearing.close()

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Let a block end before a signal is obeyed.

        Raises:
            KeyboardInterrupt: after the block, or inside of it after ``ending.STOP_S`` or a second
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
            raise Ended(self._asked)

    def _hear(self, number: int) -> None:
        self._asked = number
        if not self._busy:
            raise Ended(number)
