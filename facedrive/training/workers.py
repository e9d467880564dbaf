"""Shares jobs out over processes: each opens a studio of its own, and jobs end in any order."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol, TypeVar

import cv2

from facedrive.errors import DataError

Job = TypeVar("Job")
Result = TypeVar("Result")
Studio = TypeVar("Studio")
StudioMade = TypeVar("StudioMade", covariant=True)


class Plan(Protocol[StudioMade]):
    """What it takes to open a studio in another process; it is pickled."""

    def open(self) -> StudioMade:
        """Load everything that the jobs share."""


def run_jobs(
    plan: Plan[Studio], do: Callable[[Studio, Job], Result], jobs: Sequence[Job], workers: int
) -> Iterator[tuple[int, Result]]:
    """Do every job, and give its index and its result as soon as it is done.

    Args:
        plan: Of the studios.
        do: A function of a module, so that another process can find it.
        jobs: What to do; each must bring all randomness that it needs.
        workers: Processes; 1 works in this one.

    Raises:
        DataError: if a process died, as one does that runs out of memory.
    """
    if workers == 1:
        studio = plan.open()
        yield from ((index, do(studio, job)) for index, job in enumerate(jobs))
        return
    # Neither OpenGL nor MediaPipe survives a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(jobs)), context, _open_studio, (plan,)) as pool:
        futures = {pool.submit(_do_here, do, job): index for index, job in enumerate(jobs)}
        try:
            for future in as_completed(futures):
                yield futures[future], _result(future)
        finally:
            pool.shutdown(cancel_futures=True)


_studio: list[Any] = []
"""The studio of a process that ``run_jobs`` started."""


def _open_studio(plan: Plan[Any]) -> None:
    cv2.setNumThreads(1)
    _studio.append(plan.open())


def _do_here(do: Callable[[Any, Job], Result], job: Job) -> Result:
    return do(_studio[0], job)


def _result(future: Future[Result]) -> Result:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise DataError(
            "a working process died, perhaps for want of memory; ask for fewer --workers."
        ) from error
