"""Everything that runs beside the pipeline: background capture, background sinks, pacing, clocks.

Frames of live sources are stamped with ``now``. Apart from ``timing.py`` no other module reads
a clock.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Generic, NamedTuple, Protocol, TypeVar

from facedrive.errors import FacedriveError, SourceError
from facedrive.stages import Sink, Source
from facedrive.types import Frame, Sample, WallClock

log = logging.getLogger(__name__)

Clock = Callable[[], float]

now: Clock = time.monotonic
"""Seconds on the clock that live frames are stamped with."""

wall_clock: Clock = time.time
"""Seconds since 1970, for formats that carry absolute time."""


def clock_now() -> WallClock:
    """Return the time of now by the clock on the wall; its timecode is the local time of day."""
    seconds = wall_clock()
    local = time.localtime(seconds)
    since_midnight = local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec + seconds % 1
    return WallClock(seconds, since_midnight)


T = TypeVar("T")
R = TypeVar("R")


class ClosedError(Exception):
    """The mailbox is closed and empty: nothing more will come."""


class Mailbox(Generic[T]):
    """A few slots between two threads, one unless said otherwise: the newest items win."""

    def __init__(self, slots: int = 1) -> None:
        self.dropped = 0
        """Items that newer ones replaced before they were taken."""
        self._slots: deque[T] = deque(maxlen=slots)
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: T) -> None:
        """Leave an item, in place of the oldest where none is free; ignored once closed.

        Never waits.
        """
        with self._changed:
            if self._closed:
                return
            self.dropped += len(self._slots) == self._slots.maxlen
            self._slots.append(item)
            self._changed.notify()

    def get(self, timeout: float | None = None) -> T:
        """Take the oldest item, waiting for one.

        Raises:
            queue.Empty: if none came within ``timeout`` seconds.
            ClosedError: if none is left and none will come.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._slots or self._closed, timeout):
                raise queue.Empty
            if not self._slots:
                raise ClosedError
            return self._slots.popleft()

    def close(self) -> None:
        """Take no more items; one that is waiting can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class Stall(NamedTuple):
    """Stands where a frame was due and none came, so that the consumer can ease to neutral."""

    time: float
    """Seconds, on the frames' clock."""
    reason: str = ""
    """Why none came, in a line, where the source said."""


STALL_S = 0.25
"""Silence of a live source after which a frame was due; longer than a dim room's 10 fps."""


@contextmanager
def read_frames(
    source: Source, stall_s: float = STALL_S, stop: threading.Event | None = None
) -> Iterator[Iterator[Frame | Stall]]:
    """Open a source for a ``with`` block, and close it at the block's end.

    ``stop`` ends the frames of a live source even while it is being opened.

    From a file every frame comes, in order. A live source is read in the background: the newest
    frame is taken, and where none came for ``stall_s`` there is a ``Stall``.

    Raises:
        SourceError: in the block, if the source cannot be opened or read.
    """
    live = LiveCapture(source, stall_s, stop=stop or threading.Event())
    with _closed_at_end(live.frames() if source.live else source.frames()) as frames:
        yield frames


@contextmanager
def _closed_at_end(frames: Iterator[T]) -> Iterator[Iterator[T]]:
    try:
        yield frames
    finally:
        if isinstance(frames, Generator):
            frames.close()


@dataclass
class LiveCapture:
    """Reads a live source in a thread of its own and hands over the newest frame.

    A source that fails before its first frame is an error for the consumer, unless its ``wait`` is
    true. One that fails later is reopened until it is back; meanwhile the consumer gets ``Stall``s.
    So it does where no frame came for ``stall_s``, or for twice the source's own interval.
    """

    source: Source
    stall_s: float = STALL_S
    """Silence after which the first Stall is given; longer than a dim room's 10 fps."""
    tick_s: float = 1 / 30
    """Time between Stalls, short enough to ease smoothly."""
    backoff_s: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 5.0)
    """Waits before reopening; the last one repeats."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set, no more frames come, not even the first."""
    dropped: int = field(default=0, init=False)
    """Frames that were replaced by a newer one before they were taken."""

    def frames(self) -> Iterator[Frame | Stall]:
        """Yield the newest frame each time, stopping the thread when the generator is closed.

        Raises:
            SourceError: if the source cannot be opened or gives no first frame.
        """
        reader = _Reader(self.source, self.backoff_s)
        reader.start()
        try:
            yield from self._newest(reader)
        finally:
            reader.stop()

    def _newest(self, reader: _Reader) -> Iterator[Frame | Stall]:
        patience = self.tick_s
        begun = False  # opening a camera takes as long as it takes
        while not self.stop.is_set():
            newest: Frame | Stall
            try:
                newest, begun = reader.mailbox.get(patience), True
                patience = reader.patience(self.stall_s)
            except queue.Empty:
                if not begun:
                    continue
                newest, patience = Stall(now(), reader.trouble), self.tick_s
            except ClosedError:
                reader.raise_error()
                return
            self.dropped = reader.mailbox.dropped
            yield newest


class _Reader:
    """The thread behind LiveCapture: reads, and reopens what is lost."""

    STOP_S = 1.0
    """A driver that hangs in a read is left behind after this long."""

    DUE = 2.0
    """Intervals of the source after which a frame was due."""

    UNKNOWN_S = 1.0
    """Patience after the first frame, when the interval is not known."""

    LONGEST_S = 5.0

    def __init__(self, source: Source, backoff_s: tuple[float, ...]) -> None:
        self.mailbox: Mailbox[Frame] = Mailbox()
        self._source = source
        self._backoff_s = backoff_s
        self._next_index = 0
        self.waits = bool(getattr(source, "wait", False))
        """Whether a source that is not there yet is waited for."""
        self.trouble = ""
        """Why no frames come; empty while they do, or where the source does not say."""
        self._times: deque[float] = deque(maxlen=6)
        """Of the newest frames."""
        self._error: Exception | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(self.STOP_S)
        if self._thread.is_alive():
            log.warning("the source does not answer; leaving it behind")

    def patience(self, stall_s: float) -> float:
        """Return how long no frame may come before one was due."""
        times = list(self._times)
        steps = sorted(after - before for before, after in pairwise(times))
        usual = steps[len(steps) // 2] if steps else self.UNKNOWN_S / self.DUE
        return max(stall_s, min(self.DUE * usual, self.LONGEST_S))

    def raise_error(self) -> None:
        """Raise in the consumer's thread what ended this one."""
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._read_and_reopen()
        except Exception as error:  # whatever it is, the consumer's thread raises it
            self._error = error
        finally:
            self.mailbox.close()

    def _read_and_reopen(self) -> None:
        attempt = 0
        while True:
            first = self._next_index
            try:
                self._read(first)
                return
            except SourceError as error:
                if self._next_index == 0 and not self.waits:
                    raise
                self.trouble = str(error)
                attempt = 0 if self._next_index > first else attempt + 1
                if self._next_index == 0 and attempt == 1:
                    log.warning("%s Waiting for it.", error)
                if attempt == 0:
                    log.warning("%s Trying again until it is back.", error)
            if self._stopping.wait(self._backoff_s[min(attempt, len(self._backoff_s) - 1)]):
                return

    def _read(self, first: int) -> None:
        """Read until the source ends, numbering its frames from ``first``."""
        with _closed_at_end(self._source.frames()) as frames:
            for frame in frames:
                if self._next_index == first > 0:
                    log.info("the source is back")
                self._next_index, self.trouble = first + frame.index + 1, ""
                self._times.append(frame.time)
                self.mailbox.put(replace(frame, index=first + frame.index))
                if self._stopping.is_set():
                    return


class BackgroundSink:
    """Runs a slow sink in a thread of its own; ``send`` never waits, late samples are dropped.

    Its first exception ends it, and is raised by the next ``send`` or by ``close``.
    """

    CLOSE_S = 30.0
    """A sink that takes longer to finish is left behind."""

    WAITING = 8
    """Samples that may wait, so that a disk which stops for a moment costs none."""

    def __init__(self, sink: Sink, name: str | None = None) -> None:
        """Run ``sink`` from now on; ``name`` is what messages call it."""
        self._sink = sink
        self._name = name or type(sink).__name__
        self._sent = 0
        self._mailbox: Mailbox[tuple[Sample, Frame | None]] = Mailbox(self.WAITING)
        self._failure: FacedriveError | None = None
        self._thread = threading.Thread(target=self._run, name="sink", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Samples that were replaced by newer ones before the sink took them."""
        return self._mailbox.dropped

    @property
    def trouble(self) -> str:
        """Why what the sink sends does not arrive; empty where it does, or it does not say."""
        return str(getattr(self._sink, "trouble", ""))

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Leave a sample for the sink to take when it can.

        Raises:
            FacedriveError: if the sink has failed since.
        """
        self._tell_failure()
        self._sent += 1
        self._mailbox.put((sample, frame))

    def close(self) -> None:
        """Let the sink take what is waiting, close it, and say how much was dropped.

        Raises:
            FacedriveError: if the sink has failed.
        """
        self._mailbox.close()
        self._thread.join(self.CLOSE_S)
        if self._thread.is_alive():
            log.warning("%s does not finish; leaving it behind", self._name)
        if self.dropped:
            log.warning("%s was too slow: %d of %d samples were dropped",
                        self._name, self.dropped, self._sent)  # fmt: skip
        self._tell_failure()

    def _tell_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        self._keeping_failure(self._send_all)
        self._keeping_failure(self._sink.close)

    def _send_all(self) -> None:
        while True:
            try:
                sample, frame = self._mailbox.get()
            except ClosedError:
                return
            self._sink.send(sample, frame)

    def _keeping_failure(self, action: Callable[[], None]) -> None:
        try:
            action()
        except FacedriveError as error:
            self._failure = self._failure or error
        except Exception as error:  # a plug-in's bug ends its output, not the run
            log.debug("%s failed", self._name, exc_info=True)
            told = f"{self._name} failed with {type(error).__name__}: {error}."
            self._failure = self._failure or FacedriveError(told)


class Worker:
    """Runs ``work`` until it returns or is told to stop; a failure ends this output only."""

    STOP_S = 3.0
    """One that hangs is left behind after this long."""

    def __init__(self, name: str, work: Callable[[threading.Event], None]) -> None:
        """Start ``work`` with an event that is set when it shall return."""
        self._name = name
        self._work = work
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Tell the work to return, and wait for it."""
        self._stopping.set()
        self._thread.join(self.STOP_S)
        if self._thread.is_alive():
            log.warning("%s does not answer; leaving it behind", self._name)

    def _run(self) -> None:
        try:
            self._work(self._stopping)
        except FacedriveError as error:
            log.error("%s This output has stopped.", error)
        except Exception:  # a bug ends its output, not the run
            log.exception("%s failed; this output has stopped", self._name)


class Watchdog:
    """Acts once, from a thread of its own, when something that is waited for takes too long."""

    LOOKS = 20
    """How many times it looks within the limit."""

    def __init__(self, limit_s: float, act: Callable[[], None]) -> None:
        """Watch over waits of at most ``limit_s`` seconds, until closed."""
        self.bit = False
        """Whether it has acted."""
        self._limit_s, self._act = limit_s, act
        self._since: float | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
        self._thread.start()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Watch over a block."""
        self._since = now()
        try:
            yield
        finally:
            self._since = None

    def __enter__(self) -> Watchdog:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._limit_s / self.LOOKS):
            since = self._since
            if since is not None and now() - since > self._limit_s:
                self.bit = True
                self._act()
                return


class Places:
    """Places that another process gives back, a byte each; when it is gone, this one ends."""

    def __init__(
        self, count: int, given_back: Callable[[int], bytes], clean: Callable[[], None]
    ) -> None:
        """Start with ``count`` free places.

        Args:
            count: The places.
            given_back: Waits for up to so many bytes; none come when the other process is gone.
            clean: Takes away what that one can no longer.
        """
        self._free = threading.Semaphore(count)
        self._given_back, self._clean = given_back, clean
        threading.Thread(target=self._run, name="places", daemon=True).start()

    def take(self) -> None:
        """Wait for a free place."""
        self._free.acquire()

    def _run(self) -> None:
        while given := self._given_back(64):
            self._free.release(len(given))
        self._clean()
        os._exit(1)


class Task:
    """Runs ``work`` in a thread; ``join`` raises in the caller's thread what it raised."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        """Start it."""
        self._work = work
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def wait(self, timeout: float) -> None:
        """Wait until it is done, but no longer than so many seconds."""
        self._thread.join(timeout)

    def join(self) -> None:
        """Wait until it is done."""
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:  # whatever it is, the joining thread raises it
            self._error = error


class _Ask(Generic[T, R]):
    """What one thread asks for, and waits for."""

    def __init__(self, item: T) -> None:
        self.item = item
        self.taken = False
        self.answer: Future[R] = Future()


class Gathered(Generic[T, R]):
    """Does in one go what several threads ask for at about the same time, one go at a time.

    That is once all who take part have asked, or ``WAIT_S`` after the first: another may be at
    something that takes longer.
    """

    WAIT_S = 0.005

    def __init__(self, do: Callable[[list[T]], Sequence[R]], most: int) -> None:
        """Start with nobody who takes part.

        Args:
            do: Gives the answers to up to ``most`` items, in their order.
            most: Items at a go.
        """
        self._do, self._most = do, most
        self._part = 0
        self._asked: list[_Ask[T, R]] = []
        self._changed = threading.Condition()
        self._doing = threading.Lock()

    @contextmanager
    def taking_part(self) -> Generator[None, None, None]:
        """Be waited for within this block."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def ask(self, item: T) -> R:
        """Wait for the answer; an error of ``do`` is raised to all who asked with this one."""
        ask: _Ask[T, R] = _Ask(item)
        with self._changed:
            self._asked.append(ask)
            self._changed.notify_all()
            self._changed.wait_for(lambda: ask.taken or self._complete, self.WAIT_S)
            asks: list[_Ask[T, R]] = [] if ask.taken else self._take(ask)
        if asks:
            self._answer(asks)
        return ask.answer.result()

    def _count(self, change: int) -> None:
        with self._changed:
            self._part += change
            self._changed.notify_all()

    @property
    def _complete(self) -> bool:
        return len(self._asked) >= min(self._part, self._most)

    def _take(self, ask: _Ask[T, R]) -> list[_Ask[T, R]]:
        """Take what is asked, this one among it."""
        others = [each for each in self._asked if each is not ask]
        asks = [ask, *others[: self._most - 1]]
        self._asked = others[self._most - 1 :]
        for each in asks:
            each.taken = True
        self._changed.notify_all()
        return asks

    def _answer(self, asks: Sequence[_Ask[T, R]]) -> None:
        try:
            with self._doing:
                answers = self._do([each.item for each in asks])
        except Exception as error:  # whatever it is, all who wait raise it
            for each in asks:
                each.answer.set_exception(error)
            return
        for each, answer in zip(asks, answers, strict=True):
            each.answer.set_result(answer)


class Timed(Protocol):
    """Anything with a time in seconds: a Frame, a Sample."""

    @property
    def time(self) -> float:
        """Seconds."""
        ...


TimedT = TypeVar("TimedT", bound=Timed)


def pace(
    items: Iterable[TimedT],
    *,
    speed: float = 1.0,
    clock: Clock = now,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[TimedT]:
    """Yield each item when its time comes; none is dropped.

    A consumer more than ``HURRY_S`` late (it was paused, say) goes on from there instead of
    running through what it missed.
    """
    start: float | None = None
    for item in items:
        if start is None:
            start = clock() - item.time / speed
        early = start + item.time / speed - clock()
        if early > 0:
            sleep(early)
        elif early < -HURRY_S:
            start -= early
        yield item


HURRY_S = 0.5
"""How late ``pace`` may be and still catch up."""


@dataclass(frozen=True)
class Pace:
    """Gives a recorded source's frames at the speed they were recorded with, for viewing."""

    source: Source
    speed: float = 1.0
    """2 is twice as fast."""

    @property
    def live(self) -> bool:
        """As the source's."""
        return self.source.live

    def frames(self) -> Iterator[Frame]:
        """Yield every frame, none before its time."""
        with _closed_at_end(self.source.frames()) as frames:
            yield from pace(frames, speed=self.speed)
