"""Processes that do jobs, one core each; one that dies costs its job a try, and nothing else.

A job is tried ``TRIES`` times, each time by a new process, before it counts as what kills it. The
processes end with the one that started them.
"""

from __future__ import annotations

import logging
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from facedrive.ending import follow_parent
from facedrive.errors import FacedriveError
from facedrive.threads import now

Job = TypeVar("Job")
Result = TypeVar("Result")
StudioMade = TypeVar("StudioMade", covariant=True)

TRIES = 3

SILENCE_S = 120.0
"""A process that says nothing for so long hangs, and is ended; a decoder may, on a damaged file."""

LOOK_S = 1.0
"""How often it is looked whether one hangs."""


class Plan(Protocol[StudioMade]):
    """What it takes to open in another process what all jobs share; it is pickled."""

    def open(self) -> StudioMade:
        """Open it."""


class Progress(NamedTuple):
    """A process says that it is at work."""

    pictures: int
    """That it has read since it said so last."""


class Done(NamedTuple, Generic[Job, Result]):
    """A job that is done, or that killed every process which tried it."""

    job: Job
    result: Result | None
    killed: str = ""
    """How the processes ended, where they did."""


@dataclass
class _Worker(Generic[Job]):
    """One process, and what it is at."""

    process: BaseProcess
    pipe: Connection
    job: Job | None = None
    heard_s: float = field(default_factory=now)


class Pool(Generic[Job, Result]):
    """Does jobs in processes, in no order that holds."""

    def __init__(
        self, plan: Plan[Any], do: Callable[..., Result], count: int, silence_s: float = SILENCE_S
    ) -> None:
        """Start no process yet.

        Args:
            plan: Of what the jobs share.
            do: A function of a module, called with what the plan opened, the job, and a function
                that takes how much was done since it was called last.
            count: Processes.
            silence_s: How long one may say nothing.
        """
        self._plan, self._do, self._count, self._silence_s = plan, do, count, silence_s
        self._workers: list[_Worker[Job]] = []
        self._tries: dict[int, int] = {}
        self._context = multiprocessing.get_context("spawn")  # OpenGL and ONNX survive no fork

    def run(self, jobs: Sequence[Job]) -> Iterator[Progress | Done[Job, Result]]:
        """Do every job; say what is done, and meanwhile that it goes on.

        Raises:
            FacedriveError: that a job raised; the others are not done then.
        """
        waiting = deque(jobs)
        self._workers = [self._start() for _ in range(min(self._count, len(jobs)))]
        try:
            while waiting or any(each.job is not None for each in self._workers):
                self._hand_out(waiting)
                yield from self._hear(waiting)
        finally:
            self._end()

    def _start(self) -> _Worker[Job]:
        ours, theirs = self._context.Pipe()
        with closing(theirs):
            process = self._context.Process(
                target=_work, args=(self._plan, self._do, theirs), daemon=True
            )
            process.start()
        return _Worker(process, ours)

    def _hand_out(self, waiting: deque[Job]) -> None:
        for worker in self._workers:
            if worker.job is None and waiting:
                worker.job, worker.heard_s = waiting.popleft(), now()
                worker.pipe.send(worker.job)

    def _hear(self, waiting: deque[Job]) -> Iterator[Progress | Done[Job, Result]]:
        """Hear what the processes say, for a while."""
        busy = {each.pipe: each for each in self._workers if each.job is not None}
        for pipe in wait(list(busy), LOOK_S):
            worker = busy[pipe]  # pyrefly: ignore[bad-index]
            try:
                what, said = worker.pipe.recv()
            except (EOFError, OSError):
                yield from self._mourn(worker, waiting)
                continue
            worker.heard_s = now()
            match what:
                case "progress":
                    yield Progress(said)
                case "log":
                    logging.getLogger(said[0]).log(said[1], "%s", said[2])
                case "error":
                    raise said
                case "done":
                    job, worker.job = worker.job, None
                    yield Done(job, said)  # pyrefly: ignore[invalid-yield]
        for worker in busy.values():
            if worker.job is not None and now() - worker.heard_s > self._silence_s:
                worker.process.kill()

    def _mourn(self, worker: _Worker[Job], waiting: deque[Job]) -> Iterator[Done[Job, Result]]:
        """Put another process in the place of one that died, and have its job tried again."""
        worker.process.join()
        job, at = worker.job, self._workers.index(worker)
        worker.pipe.close()
        self._workers[at] = self._start()
        assert job is not None
        self._tries[id(job)] = self._tries.get(id(job), 0) + 1
        if self._tries[id(job)] < TRIES:
            waiting.appendleft(job)
        else:
            yield Done(job, None, _ending(worker.process.exitcode or 0))

    def _end(self) -> None:
        for worker in self._workers:
            worker.process.kill()
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join()


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


class _Teller(logging.Handler):
    """Hands the log on."""

    def __init__(self, pipe: Connection) -> None:
        super().__init__(logging.WARNING)
        self._pipe = pipe

    def emit(self, record: logging.LogRecord) -> None:
        self._pipe.send(("log", (record.name, record.levelno, record.getMessage())))


def _work(plan: Plan[Any], do: Callable[..., Any], pipe: Connection) -> None:
    """Do jobs until there are no more; what one process does."""
    import cv2

    follow_parent()
    cv2.setNumThreads(1)  # the other cores are the other processes'
    logging.getLogger("facedrive").addHandler(_Teller(pipe))
    logging.getLogger("facedrive").propagate = False
    try:
        studio = plan.open()
        while True:
            result = do(studio, pipe.recv(), lambda count: pipe.send(("progress", count)))
            pipe.send(("done", result))
    except FacedriveError as error:
        pipe.send(("error", error))
    except (EOFError, BrokenPipeError):
        return
