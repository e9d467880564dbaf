"""The Protocols of the stages; anything with these methods can stand in for ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from facedrive.types import CropSpec, Face, Frame, Image, Sample, Vector


@runtime_checkable
class Source(Protocol):
    """Gives frames in time order."""

    @property
    def live(self) -> bool:
        """True where frames come whether read or not (camera, stream): late ones are dropped."""
        ...

    def frames(self) -> Iterator[Frame]:
        """Yield frames until the end, closing what was opened when the generator is closed.

        Raises:
            SourceError: if it cannot be opened or read at all.
        """
        ...


@runtime_checkable
class Tracker(Protocol):
    """Finds one face, and follows it from frame to frame."""

    def track(self, frame: Frame) -> Face | None:
        """Return where the face is in this frame, or None."""
        ...

    def reset(self) -> None:
        """Forget the face that was followed."""
        ...


@runtime_checkable
class Finder(Tracker, Protocol):
    """A tracker that can leave the following to an AU model, and then only looks for faces."""

    def find(self, frame: Frame) -> Sequence[Face]:
        """Return what may be faces that no one follows, the likeliest first."""
        ...

    def hold(self, landmarks_px: Vector | None) -> bool:
        """Note where the face that is followed is, (68, 2) in the frame's pixels; None: lost.

        Returns:
            Whether it may be followed: another may follow it already.
        """
        ...


class Estimate(NamedTuple):
    """What a regressor reads off one crop."""

    aus: Vector
    """(24,) float32, 0 to 1."""
    gaze: Vector
    """(2, 2) float32 radians, as ``Sample.gaze``."""
    landmarks_crop_px: Vector | None = None
    """(68, 2) float32 in the crop's pixels, iBUG 300-W order; None of a model that has none."""
    presence: float | None = None
    """How surely the crop shows a face that is placed well, 0 to 1; None of a model that does not
    say."""
    extras: Vector | None = None
    """(E,) float32, 0 to 1, as ``Sample.extras``; None of a model that has none."""


@runtime_checkable
class Closable(Protocol):
    """A stage that holds what must be given back."""

    def close(self) -> None:
        """Give it back; the stage is not used afterwards."""
        ...


@runtime_checkable
class Regressor(Protocol):
    """Turns an aligned crop into action units."""

    @property
    def crop(self) -> CropSpec:
        """How it wants its crops."""
        ...

    def estimate(self, crop: Image) -> Estimate:
        """Read AUs and gaze off a (S, S) uint8 crop."""
        ...


@runtime_checkable
class Filter(Protocol):
    """Smooths a vector over frame time."""

    def filter(self, values: Vector, time: float) -> Vector:
        """Return the smoothed values at ``time`` (seconds, not decreasing)."""
        ...

    def reset(self) -> None:
        """Forget the past."""
        ...


@runtime_checkable
class Sink(Protocol):
    """Takes samples somewhere: a socket, a file, a window.

    One with an attribute ``slow`` that is true takes longer than a camera's frame; behind a live
    source it runs in a thread of its own. One with an attribute ``trouble`` says there why what it
    sends does not arrive; it is empty where it does.
    """

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Take one sample; ``frame`` is its picture, None when replaying a recording."""
        ...

    def close(self) -> None:
        """Finish what was begun; called exactly once."""
        ...
