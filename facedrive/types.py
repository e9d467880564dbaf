"""The values that flow between the stages: frozen, time-stamped, with their shapes and units.

Head coordinates (as glTF, MediaPipe and ICT-FaceKit): right-handed, +x to the subject's
left, +y up, +z out of the face. The camera looks along -z of the same axes, so a face that
looks straight into the camera has the identity rotation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.rotations import EulerDegrees, euler_from_quaternion

Image = NDArray[np.uint8]
Vector = NDArray[np.float32]


class WallClock(NamedTuple):
    """When something was, by the clock on the wall; NaN where nobody knows."""

    wall_s: float
    """Seconds since 1970, UTC."""
    timecode_s: float
    """Seconds since midnight, as the timecode of the camera or of the editing room counts them."""

    @property
    def known(self) -> bool:
        """Whether anybody knows either of them."""
        return not (math.isnan(self.wall_s) and math.isnan(self.timecode_s))

    def after(self, seconds: float) -> WallClock:
        """Return the clock some seconds later."""
        return WallClock(self.wall_s + seconds, self.timecode_s + seconds)


NO_CLOCK = WallClock(math.nan, math.nan)


@dataclass(frozen=True)
class Frame:
    """One picture from a source."""

    image: Image
    """(H, W, 3) uint8, RGB."""
    time: float
    """Seconds. Camera: capture time on the monotonic clock. File: its presentation time."""
    index: int
    """Counts up from 0; a dropped, damaged or missing frame leaves a gap."""
    clock: WallClock = NO_CLOCK
    """When the picture was taken."""

    @cached_property
    def gray(self) -> Image:
        """(H, W) uint8, computed once: tracker and crop share it."""
        import cv2

        return np.asarray(cv2.cvtColor(self.image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, pixels."""
        return self.image.shape[0], self.image.shape[1]


@dataclass(frozen=True, slots=True)
class Head:
    """Where the head is, in camera coordinates."""

    rotation: Vector
    """(4,) float32 unit quaternion x, y, z, w; identity looks into the camera from wherever in the
    frame the head is (relative to the line of sight, as MediaPipe)."""
    translation: Vector
    """(3,) float32 metres, of the point between the eyes; z is negative in front of the camera."""

    @property
    def euler(self) -> EulerDegrees:
        """Angles of the rotation applied roll first, then pitch, then yaw (R = Ry Rx Rz)."""
        return euler_from_quaternion(self.rotation)

    @property
    def from_rest(self) -> Vector:
        """How far it is from where a head at rest is, ``IDENTITY_HEAD``: (3,) float32 metres."""
        return self.translation - IDENTITY_HEAD.translation


@dataclass(frozen=True, slots=True)
class CropSpec:
    """How a model wants its crops."""

    size: int = 128
    """Side of the square crop, pixels."""
    padding: float = 0.3
    """Added on each side, as a fraction of the face box (dlib's meaning)."""

    @property
    def span(self) -> float:
        """Side of the crop in outer-eye-corner distances."""
        return FACE_SIDE * (1 + 2 * self.padding)


FACE_SIDE = 1.25
"""Side of the unpadded face box, brows to lower lip, in outer-eye-corner distances."""


@dataclass(frozen=True, slots=True)
class Face:
    """One tracked face in one frame."""

    landmarks_px: Vector
    """(68, 2) float32, x right and y down, in the frame's pixels; iBUG 300-W order."""
    score: float
    """The tracker's confidence; higher is surer, 0 is its threshold."""


class Reading(NamedTuple):
    """What one frame says about a face."""

    aus: Vector
    """(24,) float32, 0 to 1."""
    gaze: Vector
    """(2, 2) float32 radians, as ``Sample.gaze``."""
    head: Head
    extras: Vector | None = None
    """(E,) float32, as ``Sample.extras``."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one frame says about the face; one Sample serves every sink."""

    time: float
    """The frame's time, seconds."""
    index: int
    """The frame's index."""
    aus: Vector
    """(24,) float32, 0 to 1, in the order of ``facedrive.aus.AUS``."""
    gaze: Vector
    """(2, 2) float32 radians relative to the head: rows left and right eye, columns pitch
    (up positive) and yaw (towards the subject's left positive)."""
    head: Head
    face: bool
    """Whether there is a face; without one the other fields hold, then ease to neutral."""
    score: float = math.nan
    """The tracker's confidence, as ``Face.score``; NaN without a face."""
    landmarks_px: Vector | None = None
    """(68, 2) float32 in the frame's pixels, as ``Face.landmarks_px``, where the model sees them
    if it says so; None without a face, and in a take, which does not keep them."""
    extras: Vector | None = None
    """(E,) float32, 0 to 1, what no AU names, in the order of ``facedrive.extras.EXTRA_NAMES``;
    None of a model that does not see them."""
    clock: WallClock = NO_CLOCK
    """When it was, of a sample that was read from a take; else the frame knows."""
    person: int = 1
    """Which of the people in the picture, from 1."""


IDENTITY_HEAD = Head(
    rotation=np.array([0, 0, 0, 1], dtype=np.float32),
    translation=np.array([0, 0, -0.6], dtype=np.float32),
)
"""Looking straight into a camera 60 cm away."""
