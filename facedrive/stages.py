"""The Protocols of the stages; anything with these methods can stand in for ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol, runtime_checkable

from facedrive.types import Face, Frame, Image, Sample, Vector


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
    """Finds and follows one face."""

    def track(self, frame: Frame) -> Face | None:
        """Return the face in this frame, or None."""
        ...

    def reset(self) -> None:
        """Forget the face that was followed."""
        ...


@runtime_checkable
class Guided(Protocol):
    """A tracker that knows a face better once it is told where the regressor sees it."""

    def guide(self, landmarks_px: Vector) -> Face:
        """Take the (68, 2) landmarks that were seen on the last face's crop, in its pixels.

        Returns:
            That face with these landmarks, and all that follows from them, but for its crop.
        """
        ...


class Estimate(NamedTuple):
    """What a regressor reads off one crop."""

    aus: Vector
    """(24,) float32, 0 to 1."""
    gaze: Vector
    """(2, 2) float32 radians, as ``Sample.gaze``."""
    landmarks_px: Vector | None = None
    """(68, 2) float32 in the crop's pixels, iBUG 300-W order; None of a model that has none."""


@runtime_checkable
class Closable(Protocol):
    """A stage that holds what must be given back."""

    def close(self) -> None:
        """Give it back; the stage is not used afterwards."""
        ...


@runtime_checkable
class Regressor(Protocol):
    """Turns an aligned crop into action units."""

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
    """Takes samples somewhere: a socket, a file, a window."""

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Take one sample; ``frame`` is its picture, None when replaying a recording."""
        ...

    def close(self) -> None:
        """Finish what was begun; called exactly once."""
        ...
