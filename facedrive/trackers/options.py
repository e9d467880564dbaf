"""What can be set about the trackers and the head's pose; imports none of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facedrive.options import NumberOrAll, Region, option

FOV_DEG = 63.0
"""Vertical field of view of a camera that nobody has told us about; MediaPipe's for webcams."""


@dataclass(frozen=True)
class DlibOptions:
    """How dlib's detector finds a face, and how our shape predictor follows it.

    Only for a model that does not say where the face is: one that does follows it by itself, and
    has the detector only look for it.
    """

    find_score: float = option(0.1, low=-2, high=5)
    """The detector's confidence that a new face needs, where the model does not follow it."""
    keep_score: float = option(-0.6, low=-2, high=5)
    """The confidence below which a face that the tracker follows counts as missed."""
    check_every: int = option(3, unit="frames", low=1, high=1000)
    """Frames from one re-check to the next, where the tracker follows the face."""
    steadiness: float = option(0.01, low=0, high=1)
    """A landmark that seems to move by this in a frame, in outer-eye-corner distances, goes half
    the way; noise moves it less, and what moves more is hardly held back. 0 turns this off."""
    remember_s: float = option(2.0, flag="--remember", unit="s", low=0, high=86_400)
    """For how long after a loss only the same person, by place and size, is taken up again; then
    whoever is nearest to the camera is."""


@dataclass(frozen=True)
class PoseOptions:
    """What the head's pose is solved with."""

    fov_deg: float = option(FOV_DEG, unit="degrees", low=5, high=170)
    """Vertical field of view of the camera, degrees; only the head's distance hangs on it."""


def _names() -> tuple[str, ...]:
    from facedrive.trackers import TRACKERS

    return tuple(TRACKERS)


@dataclass(frozen=True)
class TrackerOptions:
    """How the face is found and followed."""

    use: str = option("dlib", flag="--tracker", metavar="NAME", choices=_names)
    """The tracker: dlib, mediapipe, or a plug-in, package.module:Class."""
    model: Path | None = option(None, flag="--tracker-model", metavar="FILE")
    """Landmark model in place of the tracker's own."""
    region: Region | None = option(None, flag="--region", metavar="L,T,W,H")
    """The part of the picture to watch, such as a seat: left, top, width and height from 0 to 1."""
    faces: NumberOrAll = option(NumberOrAll(1), flag="--faces", metavar="N|all", low=0, high=1000)
    """People that are followed at a time, each with a number that stays theirs; or all."""
    dlib: DlibOptions = DlibOptions()
    pose: PoseOptions = PoseOptions()
