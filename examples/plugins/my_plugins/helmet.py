"""A tracker for a camera on a helmet: the face stays where it was found."""

from __future__ import annotations

from dataclasses import dataclass, field

from facedrive.trackers.dlib import DlibTracker
from facedrive.types import Face, Frame


@dataclass
class HelmetTracker:
    """Looks for the face until it is found, and from then on takes it to be there.

    The pipeline still moves the crop with the landmarks that the model sees.
    """

    refresh: int = 0
    """Frames after which to look again; 0 is never."""
    _finder: DlibTracker = field(default_factory=DlibTracker, init=False, repr=False)
    _found: Face | None = field(default=None, init=False, repr=False)
    _age: int = field(default=0, init=False, repr=False)

    def track(self, frame: Frame) -> Face | None:
        """Return where the face is, or None."""
        self._age += 1
        if self._found is None or self._age == self.refresh:
            self._found, self._age = self._finder.track(frame), 0
        return self._found

    def reset(self) -> None:
        """Look for it anew."""
        self._finder.reset()
        self._found = None
