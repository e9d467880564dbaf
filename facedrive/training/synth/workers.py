"""Shares rendering out over processes: each has a studio of its own, and jobs come in any order."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2

from facedrive.errors import RenderError
from facedrive.training.synth.studio import People, Studio

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True)
class StudioPlan:
    """What it takes to open a studio in another process."""

    data: Path
    people: People
    side_px: int

    def open(self) -> Studio:
        """Load everything."""
        return Studio(self.data, self.people, self.side_px)


def render_jobs(
    plan: StudioPlan, render: Callable[[Studio, Job], Result], jobs: Sequence[Job], workers: int
) -> Iterator[tuple[int, Result]]:
    """Render every job, and give its index and its result as soon as it is done.

    Args:
        plan: Of the studios.
        render: A function of a module, so that another process can find it.
        jobs: What to render; each must bring all randomness that it needs.
        workers: Processes; 1 renders in this one.

    Raises:
        RenderError: if a process died, as one does that runs out of memory.
    """
    if workers == 1:
        studio = plan.open()
        yield from ((index, render(studio, job)) for index, job in enumerate(jobs))
        return
    # OpenGL does not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(jobs)), context, _open_studio, (plan,)) as pool:
        futures = {pool.submit(_render, render, job): index for index, job in enumerate(jobs)}
        try:
            for future in as_completed(futures):
                yield futures[future], _result(future)
        finally:
            pool.shutdown(cancel_futures=True)


_studio: list[Studio] = []
"""The studio of a process that ``render_jobs`` started."""


def _open_studio(plan: StudioPlan) -> None:
    cv2.setNumThreads(1)
    _studio.append(plan.open())


def _render(render: Callable[[Studio, Job], Result], job: Job) -> Result:
    return render(_studio[0], job)


def _result(future: Future[Result]) -> Result:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise RenderError(
            "a rendering process died, perhaps for want of memory; ask for fewer --workers."
        ) from error
