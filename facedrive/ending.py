"""One way to end, for every command: on a signal, or with the screen, whole and within seconds.

The first signal asks: a run that said how it is stopped (``stopping``) is stopped, any other work
is broken off by ``Ended``, whose way up through ``with`` and ``finally`` closes what is open. A
thread watches that it does: Python hears a signal only between two of its own instructions, and
what opens a stream or a model may stay away from them for long.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from facedrive.errors import FacedriveError

STOP_S = 1.2
"""How long a run may take from being stopped until its loop has ended; then it is broken off."""

AGAIN_S = 0.4
"""How often work is broken off again that did not hear it the first time."""

LIMIT_S = 2.6
"""From the first signal on; then the process ends, whatever it does."""

LOST_SCREEN = 129
"""Exit code where the screen is gone: that of a terminal which hung up."""

SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
)

Stop = Callable[[int], object]
"""Is given the signal's number."""


class Ended(KeyboardInterrupt):
    """A signal asks the program to end; nothing but ``cli/main.py`` may keep it."""

    def __init__(self, number: int) -> None:
        """Keep which."""
        super().__init__(number)
        self.number = number

    @property
    def exit_code(self) -> int:
        """What a shell gives for a program that this signal ended."""
        return 128 + self.number

    @property
    def name(self) -> str:
        """Such as ``SIGTERM``."""
        return signal.Signals(self.number).name


_stops: list[Stop] = []
"""How the work at hand is stopped; empty where it is broken off."""

_parts: set[Path] = set()
"""Files that are being written under another name."""


@contextmanager
def heard() -> Iterator[None]:
    """Hear the signals that ask a program to end, for a ``with`` block in the main thread.

    Raises:
        Ended: in the block, when one came; from it, when what was broken off made another error of
            that than one of ours, or was an import.
    """
    elsewhere = threading.current_thread() is not threading.main_thread()
    if elsewhere or isinstance(getattr(signal.getsignal(signal.SIGINT), "__self__", None), _Watch):
        yield  # somebody hears already
        return
    heard_at, told = socket.socketpair()
    told.setblocking(False)
    watch = _Watch(heard_at)
    # What was ignored stays so: nohup means it.
    before = {each: signal.getsignal(each) for each in SIGNALS}
    for each in SIGNALS:
        if before[each] is not signal.SIG_IGN:
            signal.signal(each, watch.hear)
    wakeup = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    try:
        yield
    except Exception as error:  # an import that is broken off may raise anything
        if watch.broke_off is None or (
            isinstance(error, FacedriveError) and not _comes_of(error, ImportError, "__cause__")
        ):
            raise
        raise Ended(watch.broke_off) from error
    finally:
        signal.set_wakeup_fd(wakeup)
        watch.over.set()
        told.close()
        watch.thread.join()  # before the handlers go: it may be about to send a signal once more
        heard_at.close()
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stopping(stop: Stop) -> Iterator[None]:
    """Have the first signal call ``stop`` instead of breaking off the ``with`` block."""
    _stops.append(stop)
    try:
        yield
    finally:
        _stops.remove(stop)


@contextmanager
def unfinished(path: Path) -> Iterator[None]:
    """Take a half-written file away if the process must end before the ``with`` block does."""
    _parts.add(path)
    try:
        yield
    finally:
        _parts.discard(path)


def leave(code: int, *, at_once: bool = False) -> NoReturn:
    """End the process with its outputs flushed; threads that hang in a driver do not keep it."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # it is ending
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except (OSError, ValueError):  # full, or closed: Python would try again, and complain
            at_once = True
    if at_once or threading.active_count() > 1:
        os._exit(code)  # taking an interpreter down around a thread in C crashes
    sys.exit(code)


def follow_parent() -> None:
    """End this process with the one that started it, and leave a terminal's Ctrl-C to that one."""
    for number in (signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


PARENT_S = 0.3
"""How often a process looks whether its parent is there."""


def _end_with(parent: int) -> None:
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(PARENT_S)
    os._exit(1)


class _Watch:
    """Hears signals in the main thread, and watches from another that they are obeyed."""

    def __init__(self, heard_at: socket.socket) -> None:
        self.over = threading.Event()
        """Nothing is watched any more."""
        self.broke_off: int | None = None
        """The signal that broke the work off; None as long as none has."""
        self._number = 0
        self._stopped = False
        self._heard_at = heard_at
        self._main = threading.get_ident()
        self.thread = threading.Thread(target=self._watch, name="ending", daemon=True)
        self.thread.start()

    def hear(self, number: int, _: object) -> None:
        """Stop the run, or break off what is being done, but not what closes it."""
        if self.over.is_set():
            return
        self._number = self._number or number
        if _stops and not self._stopped:
            self._stopped = True
            _stops[-1](number)
        elif not _comes_of(sys.exception(), Ended, "__context__"):  # something is being closed
            self.broke_off = self._number
            raise Ended(self._number)

    def _watch(self) -> None:
        number = next(iter(self._heard_at.recv(1)), None)
        if number is None:  # its other end is closed
            return
        pauses = [STOP_S if _stops else AGAIN_S]
        pauses += [AGAIN_S] * int((LIMIT_S - pauses[0]) / AGAIN_S)
        for pause in pauses:
            if self.over.wait(pause):
                return
            self._again(number)
        self.over.wait(LIMIT_S - sum(pauses))
        if not self.over.is_set():
            _end_by_force(number)

    def _again(self, number: int) -> None:
        """Interrupt the main thread, out of a system call too where there are POSIX signals.

        By the same signal: of two that wait to be heard, the second would break off what closes.
        """
        if sys.platform != "win32" and not (self._stopped and not _stops):
            signal.pthread_kill(self._main, number)


def _comes_of(error: BaseException | None, kind: type[BaseException], link: str) -> bool:
    """Say whether an error is of a kind, or one that led to it is, by ``link`` of each."""
    while error is not None and not isinstance(error, kind):
        error = getattr(error, link)
    return error is not None


def _end_by_force(number: int) -> NoReturn:
    for part in list(_parts):
        with contextlib.suppress(OSError):
            part.unlink()
    said = f"facedrive: {signal.Signals(number).name}: not ended after {LIMIT_S:g} s; broken off, "
    with contextlib.suppress(OSError):
        os.write(2, (said + "what was being written may be partial.\n").encode())
    os._exit(128 + number)


@contextmanager
def outliving_the_screen(rescue: Callable[[], object]) -> Iterator[None]:
    """Call ``rescue`` if the window's library ends the process during a ``with`` block.

    Qt does so when the connection to the X server breaks: it calls C's ``exit`` in the middle of
    a call. There is no way back then; ``rescue`` closes what is open, and the process ends.
    """
    if not sys.platform.startswith("linux"):
        yield
        return
    c, mine = ctypes.CDLL(None), ctypes.c_int()
    armed = [True]

    def exiting(_: Any) -> None:
        if armed:
            armed.clear()
            rescue()
            leave(LOST_SCREEN, at_once=True)

    kept = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(exiting)
    # Under a handle of its own, so that it can be taken back before Python is gone.
    c.__cxa_atexit(kept, None, ctypes.byref(mine))
    try:
        yield
    finally:
        armed.clear()
        c.__cxa_finalize(ctypes.byref(mine))
