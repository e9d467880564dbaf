"""Where the face is in a frame, and what the AU model says of it: one of the two leads.

The model leads where it can: it follows the face by the landmarks that it sees itself, for as long
as it says that there is one, and the tracker only finds faces for it. A tracker that follows by
itself, or a model that does not say whether it sees a face, has the tracker lead.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np

from facedrive.options import Region
from facedrive.stages import Estimate, Finder, Regressor, Tracker
from facedrive.timing import Timing
from facedrive.trackers.cutter import CropCutter
from facedrive.trackers.follow import Follower
from facedrive.trackers.scene import Change, Scene
from facedrive.types import Frame, Vector

FOUND = 0.8
"""Presence from which what was found is a face."""

HOPED = 0.2
"""Presence from which a crop that the tracker placed is worth a second look."""

KEPT = 0.35
"""Presence from which the face that is followed is still there."""

LOOKS = 3
"""Most crops that a face is placed with in one frame, where it has gone far or is new."""

CANDIDATES = 4
"""Most places in a frame that are asked about."""

WAITS = 15
"""Frames for which a face that is gone is looked for where it was, beside the finder's search."""

SUREST = 1e-4
"""Presence is told as if it were this far from 0 and 1, where its log odds end."""


class Seen(NamedTuple):
    """A face in a frame."""

    estimate: Estimate
    landmarks_px: Vector
    """(68, 2) float32 in the frame's pixels."""
    score: float
    """As ``Face.score``."""
    new: bool
    """Whether it is another face than that of the frame before."""


class Sight(Protocol):
    """Sees one face, frame after frame."""

    def look(self, frame: Frame) -> Seen | None:
        """Return the face in this frame, or None."""
        ...

    def forget(self) -> None:
        """Forget the face."""
        ...


class ByTracker:
    """The tracker says where the face is in every frame; the model puts its crops right."""

    def __init__(self, tracker: Tracker, regressor: Regressor, timing: Timing) -> None:
        self._tracker, self._regressor, self._timing = tracker, regressor, timing
        self._cutter = CropCutter(regressor.crop)
        self._scene = Scene()
        self._lost = True

    def look(self, frame: Frame) -> Seen | None:
        """Return the face in this frame, or None."""
        if self._scene.look(frame.gray) is not Change.NONE:
            self.forget()
        with self._timing.stage("track"):
            face = self._tracker.track(frame)
        if face is None:
            self._cutter.forget()
            self._lost = True
            return None
        with self._timing.stage("crop"):
            crop = self._cutter.cut(frame.gray, face.landmarks_px)
        with self._timing.stage("regress"):
            estimate = self._regressor.estimate(crop)
        landmarks_px = face.landmarks_px
        if estimate.landmarks_crop_px is not None:
            landmarks_px = self._cutter.learn(estimate.landmarks_crop_px)
        new, self._lost = self._lost, False
        return Seen(estimate, landmarks_px, face.score, new)

    def forget(self) -> None:
        """Forget the face."""
        self._tracker.reset()
        self._cutter.forget()
        self._lost = True


class ByModel:
    """The model follows the face, and the tracker finds it."""

    def __init__(self, finder: Finder, regressor: Regressor, timing: Timing) -> None:
        self._finder, self._regressor, self._timing = finder, regressor, timing
        self._follower: Follower | None = None
        self._waited = 0  # frames since the face was last seen
        self._scene = Scene()

    def look(self, frame: Frame) -> Seen | None:
        """Return the face in this frame, or None."""
        change = self._scene.look(frame.gray)
        if change is Change.CUT:
            self._finder.reset()  # nobody of the other scene is expected here
        goes_on = change is Change.NONE and not self._waited
        seen = self._go_on(frame, KEPT if goes_on else FOUND) or self._find(frame)
        if not self._finder.hold(None if seen is None else seen.landmarks_px) and seen:
            seen = self._follower = None  # it is another's
        self._waited = 0 if seen else self._waited + 1
        if self._waited > WAITS:
            self._follower = None
        return seen

    def forget(self) -> None:
        """Forget the face."""
        self._finder.reset()
        self._follower = None
        self._waited = 0

    def _go_on(self, frame: Frame, least: float) -> Seen | None:
        """Look for the face where it was, with this presence at least."""
        if self._follower is None:
            return None
        return see(self._follower, self._regressor, frame, least, self._timing, new=False)

    def _find(self, frame: Frame) -> Seen | None:
        """Ask the model about each place where the tracker sees something like a face."""
        with self._timing.stage("find"):
            faces = self._finder.find(frame)
        for face in faces[:CANDIDATES]:
            follower = Follower(self._regressor.crop)
            follower.begin(face.landmarks_px)
            seen = see(follower, self._regressor, frame, FOUND, self._timing, new=True)
            if seen is not None:
                self._follower = follower
                return seen
        return None


def see(
    follower: Follower, regressor: Regressor, frame: Frame, least: float, timing: Timing, *,
    new: bool,
) -> Seen | None:  # fmt: skip
    """Read the face of a follower, again while its crop turns out to lie off.

    Args:
        follower: Says where to cut, and learns from what the model sees.
        regressor: A model that follows.
        frame: Where to look.
        least: The presence from which there is a face.
        timing: What it takes is noted there.
        new: Whether the face was just found, and may lie a little off.
    """
    seen = None
    for look in range(LOOKS):
        with timing.stage("crop"):
            crop = follower.cut(frame.gray)
        with timing.stage("regress"):
            estimate = regressor.estimate(crop)
        presence, seen_px = estimate.presence, estimate.landmarks_crop_px
        assert presence is not None and seen_px is not None  # of a model that follows
        if presence < (HOPED if new and not look else least):
            return None
        seen = Seen(estimate, follower.learn(seen_px), _log_odds(presence), new)
        if not follower.astray and presence >= least:
            return seen
    return None if new else seen


class InRegion:
    """Sees a part of each picture as if it were the whole."""

    def __init__(self, sight: Sight, region: Region) -> None:
        self._sight, self._region = sight, region

    def look(self, frame: Frame) -> Seen | None:
        """Return the face in this part of the frame, or None."""
        height, width = frame.size
        left, top = round(self._region.left * width), round(self._region.top * height)
        right = max(round((self._region.left + self._region.width) * width), left + 1)
        bottom = max(round((self._region.top + self._region.height) * height), top + 1)
        part = replace(frame, image=frame.image[top:bottom, left:right])
        seen = self._sight.look(part)
        if seen is None:
            return None
        return seen._replace(landmarks_px=seen.landmarks_px + np.array([left, top], np.float32))

    def forget(self) -> None:
        """Forget the face."""
        self._sight.forget()


def _log_odds(presence: float) -> float:
    sure = min(max(presence, SUREST), 1 - SUREST)
    return math.log(sure / (1 - sure))


def sight(
    tracker: Tracker, regressor: Regressor, timing: Timing, region: Region | None = None
) -> Sight:
    """Have the model lead if it can follow a face and the tracker can find one.

    With a ``region``, faces are looked for and followed there only.
    """
    if isinstance(tracker, Finder) and getattr(regressor, "follows", False):
        whole: Sight = ByModel(tracker, regressor, timing)
    else:
        whole = ByTracker(tracker, regressor, timing)
    return whole if region is None else InRegion(whole, region)
