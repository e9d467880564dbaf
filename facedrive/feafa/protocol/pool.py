"""Faces cut on several cores: jobs go to processes, what comes of them comes back in order."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Generator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import TracebackType
from typing import cast

import cv2

from facedrive.errors import DataError, FacedriveError
from facedrive.feafa.protocol.cutting import Cut, Job, cut_faces

Task = tuple[Job, Path]
"""A job and the file that it writes to."""


def cut_in_order(todo: Sequence[Task], workers: int) -> Generator[Cut, None, None]:
    """Do jobs, each writing to its file, and yield what comes of them in their order.

    Args:
        todo: Jobs and their files.
        workers: Processes; 1 for none beside this one.

    Raises:
        DataError: if a worker was killed.
        OSError: if a file cannot be written.
    """
    if workers == 1:
        yield from (cut_faces(job, part) for job, part in todo)
        return
    with _Crew(min(workers, len(todo))) as crew:
        done: dict[int, Cut] = {}
        handed = 0
        for place in range(len(todo)):
            while place not in done:
                # No further ahead, so that few finished parts lie beside the cache.
                while crew.has_idle() and handed < min(place + 2 * workers, len(todo)):
                    crew.hand(handed, todo[handed])
                    handed += 1
                done.update(crew.wait())
            yield done.pop(place)


class _Crew:
    """Processes that each do one job at a time.

    A worker talks with this process alone over a pipe of its own, so that each side notices
    when the other was killed.
    """

    def __init__(self, workers: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        started = [self._start() for _ in range(workers)]
        self._processes = [process for process, _ in started]
        self._idle = [pipe for _, pipe in started]
        self._busy: dict[Connection, int] = {}

    def __enter__(self) -> _Crew:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes:
            process.terminate()
            process.join()

    def has_idle(self) -> bool:
        """Say whether a worker has nothing to do."""
        return bool(self._idle)

    def hand(self, place: int, task: Task) -> None:
        """Give a job to an idle worker."""
        pipe = self._idle.pop()
        self._busy[pipe] = place
        with suppress(BrokenPipeError):  # it was killed, as wait() will find
            pipe.send(task)

    def wait(self) -> dict[int, Cut]:
        """Wait until workers are done; return what came of their jobs, by place."""
        ready = [cast(Connection, pipe) for pipe in wait(list(self._busy))]
        return {self._busy.pop(pipe): self._take(pipe) for pipe in ready}

    def _take(self, pipe: Connection) -> Cut:
        try:
            answer = pipe.recv()
        except (EOFError, ConnectionResetError) as error:
            raise DataError(
                "a worker was killed, for want of memory perhaps. What is done is kept: run the "
                "same again, with fewer --workers."
            ) from error
        if isinstance(answer, Exception):
            raise answer
        self._idle.append(pipe)
        return cast(Cut, answer)

    def _start(self) -> tuple[SpawnProcess, Connection]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        return process, ours


def _work(pipe: Connection) -> None:
    """Do jobs until the parent hangs up or is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    cv2.setNumThreads(1)  # the other cores are the other workers'
    with suppress(EOFError, BrokenPipeError):
        while True:
            job, part = pipe.recv()
            try:
                pipe.send(cut_faces(job, part))
            except (OSError, FacedriveError) as error:
                pipe.send(error)
