"""What can be set about the trackers and the head's pose; imports none of them."""

from __future__ import annotations

from dataclasses import dataclass

FOV_DEG = 63.0
"""Vertical field of view of a camera that nobody has told us about; MediaPipe's for webcams."""


@dataclass(frozen=True)
class DlibOptions:
    """How dlib's detector finds a face, and how our shape predictor follows it."""

    find_score: float = 0.1
    """The detector's confidence that a new face needs, once it is upright in its patch."""
    keep_score: float = -0.6
    """The confidence below which the followed face counts as missed."""
    check_every: int = 3
    """Frames from one re-check to the next."""
    steadiness: float = 0.01
    """A landmark that seems to move by this in a frame, in outer-eye-corner distances, goes half
    the way; noise moves it less, and what moves more is hardly held back. 0 turns this off."""


@dataclass(frozen=True)
class PoseOptions:
    """What the head's pose is solved with."""

    fov_deg: float = FOV_DEG
    """Vertical field of view of the camera, degrees; only the head's distance hangs on it."""
