"""What stands before any output: whose samples it gets, and whether it moves as in a mirror."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from facedrive.aus import MIRROR
from facedrive.extras import EXTRA_MIRROR
from facedrive.options import NumberOrAll
from facedrive.stages import Sink
from facedrive.trackers.landmarks import MIRROR_68
from facedrive.types import Frame, Head, Sample

TURN = np.array([1, -1, -1, 1], np.float32)
"""What a mirror does to a quaternion: turns about y and z go the other way."""

PLACE = np.array([-1, 1, 1], np.float32)
"""What it does to a place."""

LOOK = np.array([1, -1], np.float32)
"""What it does to pitch and yaw, beside changing the eyes."""


@dataclass(frozen=True)
class EveryOutput:
    """The options of every output, beside its own."""

    mirror: bool = False
    """Move as a mirror image does: what the subject's left does, the avatar's right does."""
    person: NumberOrAll | None = None
    """Whose samples go there, of several people; all: each person's to the next port, or under a
    name of their own. Where left out everybody's if the format tells people apart, else those of
    person 1."""


@runtime_checkable
class PersonalSink(Sink, Protocol):
    """A sink for one person, of a format that tells people apart by a port, name or number."""

    def of_person(self, number: int) -> Sink:
        """Open one for another person."""
        ...


@dataclass
class OnePersonSink:
    """Has another sink get the samples of one person, as if there were nobody else."""

    sink: Sink
    person: int

    def __getattr__(self, name: str) -> Any:
        if name == "sink":  # before there is one, as when copied
            raise AttributeError(name)
        return getattr(self.sink, name)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Send one sample, if it is this person's."""
        if sample.person == self.person:
            self.sink.send(replace(sample, person=1), frame)

    def close(self) -> None:
        """Close the sink."""
        self.sink.close()


@dataclass
class EachPersonSink:
    """Gives every person a sink like the first one's, opened when they first come."""

    first: PersonalSink

    everyone: ClassVar = True

    def __post_init__(self) -> None:
        self._sinks: dict[int, Sink] = {1: self.first}

    def __getattr__(self, name: str) -> Any:
        if name == "first":  # before there is one, as when copied
            raise AttributeError(name)
        return getattr(self.first, name)

    @property
    def trouble(self) -> str:
        """Why what is sent to one of them does not arrive; empty where it does."""
        troubles = (getattr(each, "trouble", "") for each in self._sinks.values())
        return next(filter(None, troubles), "")

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Send one sample to its person's sink, as if there were nobody else.

        Raises:
            SinkError: if there is no place for one more person.
        """
        if sample.person not in self._sinks:
            self._sinks[sample.person] = self.first.of_person(sample.person)
        self._sinks[sample.person].send(replace(sample, person=1), frame)

    def close(self) -> None:
        """Close all sinks."""
        for each in self._sinks.values():
            each.close()


@dataclass
class MirroredSink:
    """Gives another sink what a mirror shows."""

    sink: Sink

    def __getattr__(self, name: str) -> Any:
        if name == "sink":  # before there is one, as when copied
            raise AttributeError(name)
        return getattr(self.sink, name)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Mirror one sample, and its picture where there is one, and send them."""
        width = 0 if frame is None else frame.size[1]
        self.sink.send(mirrored(sample, width), None if frame is None else flipped(frame))

    def close(self) -> None:
        """Close the sink."""
        self.sink.close()


def mirrored(sample: Sample, width: int) -> Sample:
    """Return the sample of the mirrored face: AUs, gaze, head, landmarks and extras.

    ``width`` is the picture's, pixels; where it is not known, 0, the landmarks are left out.
    """
    head = Head(sample.head.rotation * TURN, sample.head.translation * PLACE)
    landmarks = None
    if sample.landmarks_px is not None and width:
        landmarks = sample.landmarks_px[MIRROR_68]
        landmarks[:, 0] = width - 1 - landmarks[:, 0]
    return replace(
        sample, aus=sample.aus[MIRROR], gaze=sample.gaze[::-1] * LOOK, head=head,
        landmarks_px=landmarks,
        extras=None if sample.extras is None else sample.extras[EXTRA_MIRROR],
    )  # fmt: skip


def flipped(frame: Frame) -> Frame:
    """Return the mirrored picture; it shares its pixels with the frame."""
    return Frame(frame.image[:, ::-1], frame.time, frame.index)
