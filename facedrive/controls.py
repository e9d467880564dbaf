"""What any thread may ask of a running loop: wishes wait their turn between two frames."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from facedrive.errors import FacedriveError

log = logging.getLogger(__name__)

T = TypeVar("T")

ANSWER_S = 5.0
"""How long one waits for the loop; a source that hangs holds it up."""


class Controls:
    """Wishes from windows, signals, commands and pages, carried out by the loop that they steer.

    Between frames nothing else touches the stages, so a wish needs no lock. While no loop runs,
    a wish is carried out at once, in the thread that has it.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        """Set, the loop ends after the frame at hand."""
        self.paused = threading.Event()
        """Set, a file waits where it is, and a camera's frames are left out."""
        self.trouble = ""
        """Why no frames come, such as a camera that was unplugged; empty while they do."""
        self._wishes: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        self._loop: int | None = None

    def ask(self, wish: Callable[[], T]) -> T:
        """Have a wish carried out; return what comes of it, or raise what it raises.

        Raises:
            FacedriveError: if the loop does not come to it in time.
        """
        if self._loop in (None, threading.get_ident()):
            return wish()
        answer = self._put(wish)
        try:
            return answer.result(ANSWER_S)
        except TimeoutError as error:
            answer.cancel()
            raise FacedriveError(
                f"no answer for {ANSWER_S:g} s: is the source still connecting? Try again."
            ) from error

    def post(self, wish: Callable[[], object]) -> None:
        """Leave a wish without waiting; an error of it is logged."""
        if self._loop is None:
            _log_failure(wish)
        else:
            self._put(lambda: _log_failure(wish))

    def _put(self, wish: Callable[[], T]) -> Future[T]:
        answer: Future[T] = Future()
        self._wishes.put((wish, answer))
        return answer

    @contextmanager
    def looping(self) -> Iterator[None]:
        """Say that this thread carries wishes out, as long as the ``with`` block lasts."""
        self._loop = threading.get_ident()
        try:
            yield
        finally:
            self._loop = None
            self.carry_out()

    def carry_out(self) -> None:
        """Carry out every wish that waits; the loop calls it between frames.

        One that comes meanwhile is for after the next frame: a slider that is dragged would hold
        the frames up for as long as it moves.
        """
        for _ in range(self._wishes.qsize()):
            wish, answer = self._wishes.get()
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                answer.set_result(wish())
            except Exception as error:  # whatever it is, who asked gets it
                answer.set_exception(error)

    def wait_while_paused(self) -> None:
        """Return when the loop may go on; wishes are carried out meanwhile."""
        while self.paused.is_set() and not self.stop.is_set():
            self.stop.wait(0.05)
            self.carry_out()


def _log_failure(wish: Callable[[], object]) -> None:
    try:
        wish()
    except FacedriveError as error:
        log.error("%s", error)
