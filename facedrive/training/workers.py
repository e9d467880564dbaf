"""Shares jobs out over processes: each opens a studio of its own, results come in order."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Protocol, TypeVar

import cv2

from facedrive.ending import follow_parent
from facedrive.errors import DataError

Job = TypeVar("Job")
Result = TypeVar("Result")
Studio = TypeVar("Studio")
StudioMade = TypeVar("StudioMade", covariant=True)

AHEAD = 2
"""Jobs a process that are begun or done before the first one's result is taken."""


class Plan(Protocol[StudioMade]):
    """What it takes to open a studio in another process; it is pickled."""

    def open(self) -> StudioMade:
        """Load everything that the jobs share."""


def run_jobs(
    plan: Plan[Studio], do: Callable[[Studio, Job], Result], jobs: Sequence[Job], workers: int
) -> Generator[tuple[int, Result], None, None]:
    """Do every job, and give its index and its result, in the jobs' order.

    Processes end when this one does, whatever ends it, and when the generator is closed.

    Args:
        plan: Of the studios.
        do: A function of a module, so that another process can find it.
        jobs: What to do; each must bring all randomness that it needs.
        workers: Processes; 1 works in this one.

    Raises:
        DataError: if a process died, as one does that runs out of memory.
    """
    if not jobs:
        return
    if workers == 1:
        studio = plan.open()
        yield from ((index, do(studio, job)) for index, job in enumerate(jobs))
        return
    waiting: deque[tuple[int, Future[Result]]] = deque()
    with _open_pool(plan, min(workers, len(jobs))) as pool:
        for index, job in enumerate(jobs):
            waiting.append((index, pool.submit(_do_here, do, job)))
            if len(waiting) >= AHEAD * workers:
                yield _take(waiting)
        while waiting:
            yield _take(waiting)


@contextmanager
def _open_pool(plan: Plan[Any], workers: int) -> Iterator[ProcessPoolExecutor]:
    # Neither OpenGL nor MediaPipe survives a fork.
    context = multiprocessing.get_context("spawn")
    # Only this process can write to the pipe: its other end closes when this process is gone.
    theirs, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, _open_studio, (plan, theirs))
    try:
        yield pool
        pool.shutdown()
    finally:
        ours.close()
        pool.shutdown(cancel_futures=True)
        theirs.close()


_studio: list[Any] = []
"""The studio of a process that ``run_jobs`` started."""


def _open_studio(plan: Plan[Any], parent: Connection) -> None:
    follow_parent()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    cv2.setNumThreads(1)  # the other cores are the other processes'
    _studio.append(plan.open())


def _end_with(parent: Connection) -> None:
    """End this process at once when the parent has closed its end of the pipe, or was killed."""
    try:
        parent.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


def _do_here(do: Callable[[Any, Job], Result], job: Job) -> Result:
    return do(_studio[0], job)


def _take(waiting: deque[tuple[int, Future[Result]]]) -> tuple[int, Result]:
    """Wait for the first job's result."""
    index, future = waiting.popleft()
    try:
        return index, future.result()
    except BrokenProcessPool as error:
        raise DataError(
            "a working process died, perhaps for want of memory; what is done is kept: run the "
            "same again, with fewer workers."
        ) from error
