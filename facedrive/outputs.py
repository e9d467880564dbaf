"""Several sinks as one: what fails is closed and named, and the others go on."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, NamedTuple

from facedrive.errors import FacedriveError, SinkError, unknown
from facedrive.stages import Sink
from facedrive.threads import BackgroundSink
from facedrive.types import Frame, Sample

log = logging.getLogger(__name__)


class Failure(NamedTuple):
    """An output that is closed because it failed."""

    name: str
    error: FacedriveError


class OutputState(NamedTuple):
    """How one output stands."""

    number: int
    """From 1, in the order in which they were added; it stays the same while others go."""
    name: str
    state: Literal["sending", "off", "failed"]
    error: str
    """Why it failed; empty where it did not."""
    trouble: str = ""
    """Why what it sends does not arrive, such as nobody listening; empty where it does."""
    sent: int = 0
    """Samples that it was given."""


@dataclass
class _Opened:
    """A sink that is sent to."""

    number: int
    sink: Sink
    name: str
    person: int | None = 1
    """Whose samples it gets; None: everybody's."""
    on: bool = True
    sent: int = 0

    @property
    def state(self) -> OutputState:
        """How it stands."""
        trouble = getattr(self.sink, "trouble", "") if self.on else ""
        state: Literal["sending", "off"] = "sending" if self.on else "off"
        return OutputState(self.number, self.name, state, "", trouble, self.sent)


class Outputs:
    """Several sinks as one: a sink that fails is closed and said so, and the others go on.

    ``with Outputs(…) as outputs:`` closes them at the end.
    """

    def __init__(
        self, sinks: Iterable[Sink] = (), names: Iterable[str] = (), *, live: bool = False
    ) -> None:
        """Send to these sinks.

        Args:
            sinks: They are closed with the outputs.
            names: What failures call them, in the same order.
            live: The samples come from a source that does not wait: a slow sink then runs in a
                thread of its own, and drops what it has no time for.
        """
        self._live = live
        self._opened: list[_Opened] = []
        self.failures: list[Failure] = []
        self.count = 0
        """The outputs that there were, failed ones too."""
        for sink, name in zip_longest(sinks, names):
            self.add(sink, name)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Give one sample to every sink that still works and is not off.

        Raises:
            FacedriveError: when the last sink has failed.
        """
        for each in list(self._opened):
            if each.on and each.person in (None, sample.person):
                try:
                    each.sink.send(sample, frame)
                    each.sent += 1
                except FacedriveError as error:
                    self._fail(each, error)

    def add(self, sink: Sink, name: str | None = None) -> None:
        """Send to one more sink from the next sample on."""
        name = name or type(sink).__name__
        person = getattr(sink, "person", None if getattr(sink, "everyone", False) else 1)
        if self._live and getattr(sink, "slow", False):
            sink = BackgroundSink(sink, name)
        self.count += 1
        self._opened.append(_Opened(self.count, sink, name, person))

    def remove(self, name: str) -> None:
        """Close the output of this name or number, and send to it no more.

        Raises:
            SinkError: if there is none.
            FacedriveError: if it fails to close.
        """
        each = self._find(name)
        self._opened.remove(each)
        each.sink.close()

    def enable(self, name: str, on: bool | None = None) -> None:
        """Send to the output of this name or number, or not for now; None is the other of the two.

        Raises:
            SinkError: if there is none.
        """
        each = self._find(name)
        each.on = not each.on if on is None else on

    def states(self) -> tuple[OutputState, ...]:
        """Tell how every output stands; those that failed come last."""
        opened = (each.state for each in self._opened)
        failed = (OutputState(0, each.name, "failed", str(each.error)) for each in self.failures)
        return (*opened, *failed)

    def close(self) -> None:
        """Close every sink, each whether or not another fails to.

        Raises:
            FacedriveError: the first failure, after all are closed; ``failures`` has them all.
        """
        opened = self._opened
        self._opened = []
        before = len(self.failures)
        for each in opened:
            try:
                each.sink.close()
            except FacedriveError as error:
                self.failures.append(Failure(each.name, error))
        if len(self.failures) > before:
            raise self.failures[before].error

    def __enter__(self) -> Outputs:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.close()
        except FacedriveError as error:
            if kind is None:
                raise
            log.error("%s", error)  # what ended the block says more

    def _find(self, name: str) -> _Opened:
        for each in self._opened:
            if name in (each.name, str(each.number)):
                return each
        raise SinkError(unknown("output", name, (each.name for each in self._opened)))

    def _fail(self, opened: _Opened, error: FacedriveError) -> None:
        self._opened.remove(opened)
        self.failures.append(Failure(opened.name, error))
        try:
            opened.sink.close()
        except FacedriveError as second:
            log.debug("closing after a failure: %s", second)
        if self._opened:
            log.error("%s This output is closed; the others go on.", error)
        elif self.count == 1:
            raise error
        else:
            everything = describe(self.failures)
            raise FacedriveError(f"every output has failed: {everything}") from error


def describe(failures: Iterable[Failure]) -> str:
    """Name the outputs that failed, each with its reason."""
    return "; ".join(f"{failure.name} ({failure.error})" for failure in failures)
