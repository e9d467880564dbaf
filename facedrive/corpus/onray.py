"""Extraction on a Ray cluster: an actor a core, wherever it is; one that dies costs a try."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from facedrive import __version__
from facedrive.corpus.clip import Asked
from facedrive.corpus.inputs import Clip
from facedrive.corpus.manifest import Notes
from facedrive.corpus.pool import TRIES, Done, Progress
from facedrive.corpus.run import Said, WorkPlan, extract_one
from facedrive.corpus.store import Store
from facedrive.errors import DataError, DependencyError, FacedriveError

ANSWER_S = 10.0
"""How long a cluster may take to answer."""

WAIT_S = 1.0


class Extractor:
    """What an actor is: tracker and model, opened once, and one clip after another."""

    def __init__(self, plan: WorkPlan) -> None:
        """Open everything; on one core, as every worker does."""
        import cv2

        cv2.setNumThreads(1)
        self._studio = plan.open()

    def version(self) -> str:
        """Return the version that is installed where it runs."""
        return __version__

    def extract(self, clip: Clip) -> Notes:
        """Extract a clip, and leave its file in the store."""
        return extract_one(self._studio, clip, lambda count: None)


@dataclass(frozen=True)
class RayEngine:
    """Extracts clips on a Ray cluster; results go to a store that all its machines see."""

    address: str | None = None
    """Of the cluster, such as 10.0.0.1:6379 or auto; None starts one on this computer."""
    jobs: int | None = None
    """Actors; one for each core of the cluster where left out."""

    def __call__(self, asked: Asked, store: Store, clips: Sequence[Clip]) -> Iterator[Said]:
        """Extract every clip; say what is done.

        Raises:
            DependencyError: if Ray is not installed.
            DataError: if the cluster does not answer, or has another version of facedrive.
        """
        with _cluster(self.address, self.jobs) as ray:
            yield from _Actors(ray, WorkPlan(asked, store.where), self.jobs, len(clips)).run(clips)


@contextmanager
def _cluster(address: str | None, jobs: int | None) -> Iterator[Any]:
    """Connect to a cluster, or start one; leave it at the block's end."""
    try:
        import ray
    except ImportError as error:
        raise DependencyError(
            "the engine ray needs ray; install it with: pip install 'facedrive[ray]'."
        ) from error
    if ray.is_initialized():  # a program has connected already
        yield ray
        return
    if address not in (None, "auto", "local"):
        _knock(address)
    try:
        ray.init(
            address, num_cpus=jobs if address is None else None, include_dashboard=None,
            log_to_driver=False, configure_logging=False,
        )  # fmt: skip
    except (ConnectionError, RuntimeError, TimeoutError, ValueError) as error:
        raise DataError(f"the Ray cluster {address} cannot be used: {error}.") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Refuse an address at which nobody answers; Ray itself would try for minutes."""
    place = address.removeprefix("ray://")
    host, _, port = place.rpartition(":")
    try:
        socket.create_connection((host, int(port)), ANSWER_S).close()
    except (OSError, ValueError) as error:
        raise DataError(
            f"no Ray cluster answers at {address} ({error}); start one with: ray start --head."
        ) from error


class _Actors:
    """The actors of one run, and what each is at."""

    def __init__(self, ray: Any, plan: WorkPlan, jobs: int | None, most: int) -> None:
        self._ray, self._plan = ray, plan
        resources = ray.cluster_resources()
        self._count = max(min(jobs or int(resources.get("CPU", 1)), most), 1)
        gpus = resources.get("GPU", 0) if plan.asked.settings.regressor.device != "cpu" else 0
        share = min(gpus / self._count, 1.0)
        self._class = ray.remote(num_cpus=1, num_gpus=share)(Extractor)
        self._tries: dict[str, int] = {}
        self._busy: dict[Any, tuple[Any, Clip]] = {}
        """By what is waited for."""

    def run(self, clips: Sequence[Clip]) -> Iterator[Said]:
        waiting = deque(clips)
        idle = [self._start() for _ in range(self._count)]
        while waiting or self._busy:
            while waiting and idle:
                actor, clip = idle.pop(), waiting.popleft()
                self._busy[actor.extract.remote(clip)] = actor, clip
            ready, _ = self._ray.wait(list(self._busy), timeout=WAIT_S)
            for each in ready:
                yield from self._take(each, waiting, idle)

    def _start(self) -> Any:
        actor = self._class.remote(self._plan)
        theirs = self._ray.get(actor.version.remote())
        if theirs != __version__:
            raise DataError(
                f"a worker of the cluster has facedrive {theirs}, this computer has {__version__}; "
                "their rows are not mixed: install one version everywhere."
            )
        return actor

    def _take(self, each: Any, waiting: deque[Clip], idle: list[Any]) -> Iterator[Said]:
        actor, clip = self._busy.pop(each)
        try:
            notes: Notes = self._ray.get(each)
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, FacedriveError):
                raise error.cause from error
            raise
        except (self._ray.exceptions.RayActorError, self._ray.exceptions.RaySystemError) as error:
            idle.append(self._start())
            self._tries[clip.output] = self._tries.get(clip.output, 0) + 1
            if self._tries[clip.output] < TRIES:
                waiting.appendleft(clip)
            else:
                yield Done(clip, None, f"a worker that died, {type(error).__name__}")
            return
        idle.append(actor)
        yield Progress(sum(record.frames for record in notes.records))
        yield Done(clip, notes)
