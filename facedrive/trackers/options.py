"""What can be set about the trackers and the head's pose; imports them only to open them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facedrive.trackers.dlib import DlibTracker
    from facedrive.trackers.mediapipe import MediaPipeTracker
    from facedrive.trackers.pose import PoseSolver

FOV_DEG = 63.0
"""Vertical field of view of a camera that nobody has told us about; MediaPipe's for webcams."""


@dataclass(frozen=True)
class DlibOptions:
    """How dlib's detector finds a face, and how our shape predictor follows it."""

    model: Path | None = None
    """A shape predictor that facedrive trained; None for the one that comes with it."""
    find_score: float = 0.1
    """The detector's confidence that a new face needs, once it is upright in its patch."""
    keep_score: float = -0.6
    """The confidence below which the followed face counts as missed."""
    check_every: int = 3
    """Frames from one re-check to the next."""
    steadiness: float = 0.01
    """A landmark that seems to move by this in a frame, in outer-eye-corner distances, goes half
    the way; noise moves it less, and what moves more is hardly held back. 0 turns this off."""

    def tracker(self) -> DlibTracker:
        """Open the tracker.

        Raises:
            ModelError: as ``DlibTracker``.
        """
        from facedrive.trackers.dlib import DlibTracker

        return DlibTracker(self)


@dataclass(frozen=True)
class MediaPipeOptions:
    """How MediaPipe's Face Landmarker follows a face."""

    model: Path | None = None
    """The Face Landmarker's model file; None for the one that is fetched into the cache folder."""

    def tracker(self) -> MediaPipeTracker:
        """Open the tracker.

        Raises:
            DependencyError, ModelError: as ``MediaPipeTracker``.
        """
        from facedrive.trackers.mediapipe import MediaPipeTracker

        return MediaPipeTracker(self)


@dataclass(frozen=True)
class PoseOptions:
    """What the head's pose is solved with."""

    fov_deg: float = FOV_DEG
    """Vertical field of view of the camera, degrees; only the head's distance hangs on it."""

    def solver(self) -> PoseSolver:
        """Return a solver without a past."""
        from facedrive.trackers.pose import PoseSolver

        return PoseSolver(self.fov_deg)
