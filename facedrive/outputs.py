"""Several sinks as one: what fails is closed and named, and the others go on."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from itertools import zip_longest
from typing import NamedTuple

from facedrive.errors import FacedriveError
from facedrive.stages import Sink
from facedrive.threads import BackgroundSink
from facedrive.types import Frame, Sample

log = logging.getLogger(__name__)


class Failure(NamedTuple):
    """An output that is closed because it failed."""

    name: str
    error: FacedriveError


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
        self._open: list[tuple[Sink, str]] = []
        self.failures: list[Failure] = []
        self.count = 0
        """The outputs that there were, failed ones too."""
        for sink, name in zip_longest(sinks, names):
            self.add(sink, name)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Give one sample to every sink that still works.

        Raises:
            FacedriveError: when the last sink has failed.
        """
        for sink, name in list(self._open):
            try:
                sink.send(sample, frame)
            except FacedriveError as error:
                self._fail(sink, Failure(name, error))

    def add(self, sink: Sink, name: str | None = None) -> None:
        """Send to one more sink from the next sample on."""
        name = name or type(sink).__name__
        if self._live and getattr(sink, "slow", False):
            sink = BackgroundSink(sink, name)
        self._open.append((sink, name))
        self.count += 1

    def close(self) -> None:
        """Close every sink, each whether or not another fails to.

        Raises:
            FacedriveError: the first failure, after all are closed; ``failures`` has them all.
        """
        sinks, self._open = self._open, []
        before = len(self.failures)
        for sink, name in sinks:
            try:
                sink.close()
            except FacedriveError as error:
                self.failures.append(Failure(name, error))
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

    def _fail(self, sink: Sink, failure: Failure) -> None:
        self._open = [each for each in self._open if each[0] is not sink]
        self.failures.append(failure)
        try:
            sink.close()
        except FacedriveError as second:
            log.debug("closing after a failure: %s", second)
        if self._open:
            log.error("%s This output is closed; the others go on.", failure.error)
        elif self.count == 1:
            raise failure.error
        else:
            everything = describe(self.failures)
            raise FacedriveError(f"every output has failed: {everything}") from failure.error


def describe(failures: Iterable[Failure]) -> str:
    """Name the outputs that failed, each with its reason."""
    return "; ".join(f"{failure.name} ({failure.error})" for failure in failures)
