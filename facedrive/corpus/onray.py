"""Extraction on a Ray cluster: an actor a core, wherever it is; one that dies costs a try.

Where there is a GPU, an actor reads several clips at a time, and the model their crops in one call.
"""

from __future__ import annotations

import logging
import socket
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, NamedTuple

from facedrive import __version__
from facedrive.corpus.clip import Asked
from facedrive.corpus.inputs import Clip
from facedrive.corpus.manifest import Notes
from facedrive.corpus.pool import TRIES, Done, Progress
from facedrive.corpus.run import Said, WorkPlan, extract_one
from facedrive.corpus.store import Store
from facedrive.errors import DataError, DependencyError, FacedriveError

log = logging.getLogger(__name__)

ANSWER_S = 10.0
"""How long a cluster may take to answer."""

WAIT_S = 1.0

ON_GPU = 4
"""Streams of an actor that has a GPU: their crops are one call, and Python keeps up with them."""


class Extractor:
    """What an actor is: one model, a tracker for each of its streams, and clip after clip."""

    def __init__(self, plan: WorkPlan, streams: int = 1) -> None:
        """Note what to do.

        Args:
            plan: Of what all clips share.
            streams: Clips that are read at a time, by threads; their crops are read in one call.
        """
        self._plan, self._streams = plan, streams
        self._batched: Any = None
        self._free: SimpleQueue[Any] = SimpleQueue()

    def start(self, version: str) -> str:
        """Open everything, if this version is installed here too; return the one that is.

        Each stream has one core, as every worker does.
        """
        if version == __version__:
            self._open()
        return __version__

    def _open(self) -> None:
        import cv2

        from facedrive.assembly import open_regressor
        from facedrive.regressors.batched import BatchedRegressor

        cv2.setNumThreads(1)
        regressor = open_regressor(self._plan.asked.settings)
        if self._streams > 1:
            self._batched = BatchedRegressor(regressor, self._streams)
        for _ in range(self._streams):
            self._free.put(self._plan.open(self._batched or regressor))

    def extract(self, clip: Clip) -> Notes:
        """Extract a clip, and leave its file in the store; as many at a time as it has streams."""
        studio = self._free.get()
        try:
            with self._batched.stream() if self._batched else nullcontext():
                return extract_one(studio, clip, lambda count: None)
        finally:
            self._free.put(studio)


@dataclass
class RayEngine:
    """Extracts clips on a Ray cluster; results go to a store that all its machines see."""

    address: str | None = None
    """Of the cluster, such as 10.0.0.1:6379 or auto; None starts one on this computer."""
    jobs: int | None = None
    """Clips at a time; one for each core of the cluster where left out."""
    batch: int | None = None
    """Clips that one actor reads, whose crops are one call of the model; ``ON_GPU`` where left out
    and the cluster has a GPU that may be used, else 1."""
    exact: bool = field(default=True, init=False)
    """Whether crops were read one at a time in the run before, with the same bits each time."""

    def __call__(self, asked: Asked, store: Store, clips: Sequence[Clip]) -> Iterator[Said]:
        """Extract every clip; say what is done.

        Raises:
            DependencyError: if Ray is not installed.
            DataError: if the cluster does not answer, has another version of facedrive, or has no
                worker that can begin.
        """
        with _cluster(self.address, self.jobs) as ray:
            share = _share(ray, asked, self.jobs, self.batch, len(clips))
            self.exact = share.streams == 1
            yield from _Actors(ray, WorkPlan(asked, store.where), share).run(clips)


class _Share(NamedTuple):
    """How a cluster is shared out."""

    actors: int
    streams: int
    """Of each actor; it has as many cores."""
    gpus: float
    """Of each actor."""


def _share(ray: Any, asked: Asked, jobs: int | None, batch: int | None, clips: int) -> _Share:
    """Share a cluster out among so many clips; an actor has to fit onto one machine.

    Where GPUs may be used, only the machines that have one are: a processor's values differ from
    theirs in the last digits.
    """
    machines = [(int(has.get("CPU", 0)), has.get("GPU", 0.0)) for has in _machines(ray)]
    if asked.settings.regressor.device == "cpu":
        machines = [(cores, 0.0) for cores, _ in machines]
    with_gpu = [each for each in machines if each[1]]
    if with_gpu and len(with_gpu) < len(machines):
        log.info("%d of the cluster's %d machines have a GPU, and are used; device cpu uses all",
                 len(with_gpu), len(machines))  # fmt: skip
    used = with_gpu or machines
    at_a_time = max(min(jobs or sum(cores for cores, _ in used), clips), 1)
    most = max((cores for cores, _ in used), default=1)
    streams = max(min(batch or (ON_GPU if with_gpu else 1), at_a_time, most), 1)
    fit = [(cores // streams, gpus) for cores, gpus in used if cores >= streams]
    actors = max(min(sum(count for count, _ in fit), at_a_time // streams), 1)
    gpus = min((gpus / count for count, gpus in fit), default=0.0)
    return _Share(actors, streams, min(gpus, 1.0))


def _machines(ray: Any) -> list[dict[str, float]]:
    return [each["Resources"] for each in ray.nodes() if each["Alive"]]


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


@dataclass(eq=False)
class _Actor:
    """An actor, and what it is at."""

    handle: Any
    clips: list[Clip] = field(default_factory=list)
    alone: bool = False
    """It is at a clip that may have killed another, and is given none beside it."""
    ready: bool = False
    """It has started, and has our version."""


class _Actors:
    """The actors of one run."""

    def __init__(self, ray: Any, plan: WorkPlan, share: _Share) -> None:
        self._ray, self._plan, self._share = ray, plan, share
        self._class = ray.remote(
            num_cpus=share.streams, num_gpus=share.gpus, max_concurrency=share.streams
        )(Extractor)
        self._tries: dict[str, int] = {}
        self._actors: list[_Actor] = []
        self._busy: dict[Any, tuple[_Actor, Clip]] = {}
        """By what is waited for."""
        self._starting: dict[Any, _Actor] = {}
        """By what says their version; all start at once, and who is first begins."""

    def run(self, clips: Sequence[Clip]) -> Iterator[Said]:
        waiting = deque(clips)
        self._actors = [self._start() for _ in range(self._share.actors)]
        while waiting or self._busy:
            while waiting and (actor := self._free_for(waiting[0])):
                self._hand(actor, waiting.popleft())
            ready, _ = self._ray.wait([*self._starting, *self._busy], timeout=WAIT_S)
            for each in ready:
                if each in self._starting:
                    self._welcome(each)
                else:
                    yield from self._take(each, waiting)

    def _start(self) -> _Actor:
        actor = _Actor(self._class.remote(self._plan, self._share.streams))
        self._starting[actor.handle.start.remote(__version__)] = actor
        return actor

    def _welcome(self, each: Any) -> None:
        """Let an actor that has started have clips, if its version is ours."""
        actor = self._starting.pop(each)
        try:
            theirs = self._get(each)
        except self._ray.exceptions.RayActorError as error:
            self._go_without(actor, error)
            return
        if theirs != __version__:
            raise DataError(
                f"a worker of the cluster has facedrive {theirs}, this computer has {__version__}; "
                "their rows are not mixed: install one version everywhere."
            )
        actor.ready = True

    def _go_without(self, actor: _Actor, error: Exception) -> None:
        """Leave the work of an actor that died as it started to the others, if there are any."""
        self._actors.remove(actor)
        log.warning("a worker of the cluster died as it started; %d are left", len(self._actors))
        if not self._actors:
            raise DataError(
                "every worker of the cluster died before it could begin: their machines may lack "
                "memory, or facedrive; see Ray's own log there."
            ) from error

    def _free_for(self, clip: Clip) -> _Actor | None:
        """Return who may take a clip: the least busy; nobody else's actor, after a death."""
        most = 1 if clip.output in self._tries else self._share.streams
        able = [each for each in self._actors
                if each.ready and len(each.clips) < most and not each.alone]  # fmt: skip
        return min(able, key=lambda each: len(each.clips), default=None)

    def _hand(self, actor: _Actor, clip: Clip) -> None:
        actor.alone = clip.output in self._tries
        actor.clips.append(clip)
        self._busy[actor.handle.extract.remote(clip)] = actor, clip

    def _take(self, each: Any, waiting: deque[Clip]) -> Iterator[Said]:
        actor, clip = self._busy.pop(each)
        actor.clips.remove(clip)
        actor.alone = False
        try:
            notes: Notes = self._get(each)
        except (self._ray.exceptions.RayActorError, self._ray.exceptions.RaySystemError) as error:
            yield from self._mourn(actor, clip, waiting, error)
            return
        yield Progress(sum(record.frames for record in notes.records))
        yield Done(clip, notes)

    def _get(self, each: Any) -> Any:
        """Return what an actor answered; raise an error of ours that it raised as it is."""
        try:
            return self._ray.get(each)
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, FacedriveError):
                raise error.cause from error
            raise

    def _mourn(
        self, actor: _Actor, clip: Clip, waiting: deque[Clip], error: Exception
    ) -> Iterator[Said]:
        """Put another actor in the place of one that died, and have a clip of its tried again."""
        if actor in self._actors:
            self._actors[self._actors.index(actor)] = self._start()
        self._tries[clip.output] = self._tries.get(clip.output, 0) + 1
        if self._tries[clip.output] < TRIES:
            waiting.appendleft(clip)
        else:
            yield Done(clip, None, f"a worker that died, {type(error).__name__}")
