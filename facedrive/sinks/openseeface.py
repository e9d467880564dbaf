"""OpenSeeFace over UDP: VSeeFace, VTube Studio, VNyan and what else reads that tracker.

One little-endian record of 1,785 bytes a face; nothing is sent while no face is seen, as the
tracker does.

    f64 time, i32 id, f32 width height, f32 right and left eye open, u8 success, f32 error,
    f32 x 4 quaternion, f32 x 3 euler, f32 x 3 translation, f32 x 68 confidence,
    f32 x 136 points, f32 x 210 points in 3D, f32 x 14 features

The tracker's model of a head has x to the subject's right, y up, z out of the face, the tip of
the nose at 0 and a unit of about 16 cm. Its solver puts that head behind the camera, upside down,
in axes whose x is up and whose y is to the picture's left, and receivers undo that; its quaternion
is the inverse rotation's. So it is here.

Its 66 landmarks are iBUG's 68 without the outer corners of the mouth (48 and 54); pupils follow,
in 3D the eyeballs' centres too. 3D points come from a mean head's depths: the place in the
picture is measured, how far out of the face is not. A take keeps no landmarks: those of a mean
head are sent, which lids, brows, lips and jaw move, seen from where the take's head is.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.calibration import EYELIDS
from facedrive.rotations import (
    Turn,
    euler_to_openseeface,
    quaternion_to_openseeface,
    turn_from_quaternion,
)
from facedrive.sinks.udp import OverUdp, UdpSender
from facedrive.trackers.options import FOV_DEG
from facedrive.trackers.patch import MEAN_SHAPE
from facedrive.types import Frame, Head, Sample, Vector

Points = NDArray[np.float64]

SIZE = 1785
HEAD = struct.Struct("<di2f2fBf4f3f3f")
"""Everything before the confidences."""

CONFIDENCE_AT, POINTS_AT, POINTS_3D_AT, FEATURES_AT = 73, 345, 889, 1729
"""Bytes from the record's start."""

UNIT_M = 0.16
NOSE_UP_M, NOSE_OUT_M = -0.032, 0.042
"""The tip of the nose in head coordinates, whose origin is between the eyes."""

IBUG = np.array([*range(48), *range(49, 54), *range(55, 68)])
"""Where the tracker's 66 landmarks are among iBUG's 68."""

CORNERS = ((36, 39), (42, 45))
"""iBUG numbers of the right and the left eye's corners."""

EYES_M = 0.062
"""Adults' eyes are 62 mm apart."""

EYEBALL = 0.385
"""An eyeball's radius, as a share of the distance between its eye's corners."""

# fmt: off
DEPTHS_M = np.array([
    -0.080, -0.080, -0.078, -0.074, -0.066, -0.052, -0.034, -0.016, -0.008,  # jaw: right ear
    -0.016, -0.034, -0.052, -0.066, -0.074, -0.078, -0.080, -0.080,          # over chin to left
    -0.012, 0.000, 0.007, 0.010, 0.010, 0.010, 0.010, 0.007, 0.000, -0.012,  # brows
    0.019, 0.029, 0.040, 0.042, 0.020, 0.022, 0.024, 0.022, 0.020,           # nose
    -0.002, 0.003, 0.003, 0.002, 0.003, 0.003,                               # right eye
    0.002, 0.003, 0.003, -0.002, 0.003, 0.003,                               # left eye
    0.008, 0.018, 0.026, 0.027, 0.026, 0.018, 0.008, 0.016, 0.023, 0.025, 0.023, 0.016,  # lips
    0.010, 0.020, 0.023, 0.020, 0.010, 0.019, 0.021, 0.019,                  # their inner edge
])
# fmt: on
"""(68,) metres out of the face from between the eyes: a mean head's, by iBUG number, rounded."""


FEATURES: tuple[dict[str, float], ...] = (
    {"left_lid_raise": 1, "left_eye_close": -1},
    {"right_lid_raise": 1, "right_eye_close": -1},
    {"left_brow_lower": 1},
    {"left_brow_raise": 1, "left_brow_lower": -1},
    {"left_brow_raise": 1},
    {"right_brow_lower": 1},
    {"right_brow_raise": 1, "right_brow_lower": -1},
    {"right_brow_raise": 1},
    {"left_lip_corner_pull": -1},
    {"left_lip_corner_stretch": 1, "lip_pucker": -1},
    {"right_lip_corner_pull": -1},
    {"right_lip_corner_stretch": 1, "lip_pucker": -1},
    {"jaw_drop": 1},
    {"left_lip_corner_stretch": 0.5, "right_lip_corner_stretch": 0.5, "lip_pucker": -1},
)
"""The tracker's features, -1 to 1 and 0 at rest: eyes; steepness, height and quirk of brows; how
far the mouth's corners are down and out, left before right; mouth open, mouth wide."""

FEATURE_MATRIX = np.array(
    [[shares.get(name, 0) for name in AU_NAMES] for shares in FEATURES], np.float32
)

MEAN_M = np.column_stack([(MEAN_SHAPE - MEAN_SHAPE[[36, 39, 42, 45]].mean(0)) * [0.089, -0.089],
                          DEPTHS_M])  # fmt: skip
"""(68, 3) metres in head coordinates: a mean face at rest, 89 mm between its outer eye corners."""

MOVES_M: dict[str, tuple[tuple[int, ...], float, float]] = {
    "jaw_drop": ((*range(5, 12), *range(55, 60), 65, 66, 67), 0.0, -0.022),
    "lower_lip_depress": ((56, 57, 58, 65, 66, 67), 0.0, -0.007),
    "upper_lip_raise": ((50, 51, 52, 61, 62, 63), 0.0, 0.006),
    "left_eye_close": ((43, 44), 0.0, -0.006),
    "right_eye_close": ((37, 38), 0.0, -0.006),
    "left_lid_raise": ((43, 44), 0.0, 0.002),
    "right_lid_raise": ((37, 38), 0.0, 0.002),
    "left_brow_raise": ((22, 23, 24, 25, 26), 0.0, 0.008),
    "right_brow_raise": ((17, 18, 19, 20, 21), 0.0, 0.008),
    "left_brow_lower": ((22, 23, 24), -0.002, -0.005),
    "right_brow_lower": ((19, 20, 21), 0.002, -0.005),
    "left_lip_corner_pull": ((54, 64), 0.007, 0.007),
    "right_lip_corner_pull": ((48, 60), -0.007, 0.007),
    "left_lip_corner_stretch": ((54, 64), 0.008, -0.001),
    "right_lip_corner_stretch": ((48, 60), -0.008, -0.001),
}
"""Which landmarks an AU of 1 moves in a mean face, metres to the subject's left and up."""

MOVES = np.zeros((68 * 2, len(AU_NAMES)))
for _name, (_points, *_metres) in MOVES_M.items():
    MOVES.reshape(68, 2, -1)[list(_points), :, AU_INDEX[_name]] = _metres
"""(136, 24): from AUs to what they add to the x and y of ``MEAN_M``."""

SELECT = np.zeros((68, 68))
"""From iBUG's 68 landmarks to what is sent: the tracker's 66, and the middle of both eyes."""
SELECT[np.arange(66), IBUG] = 1
SELECT[66, 36:42] = SELECT[67, 42:48] = 1 / 6


@dataclass
class OpenSeeFaceSink(OverUdp):
    """Stands in for the OpenSeeFace tracker."""

    host: str = "127.0.0.1"
    port: int = 11573
    face_id: int = 0
    """Tells faces apart where several trackers send to one app."""

    def __post_init__(self) -> None:
        self._record = Record(self.face_id)
        self._udp = UdpSender(self.host, self.port)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Send one sample, if it has a face."""
        if not sample.face:
            return
        width, height = (640, 480) if frame is None else frame.image.shape[1::-1]
        self._udp.send(self._record.fill(sample, (width, height)))

    def of_person(self, number: int) -> OpenSeeFaceSink:
        """Open the same output for another person, who has a face's number of their own."""
        return replace(self, face_id=self.face_id + number - 1)


class Record:
    """A face's bytes, written over for each frame; small arrays cost numpy more than Python."""

    def __init__(self, face_id: int) -> None:
        self._id = face_id
        self._bytes = bytearray(SIZE)

        def floats(at: int, count: int) -> NDArray[np.float32]:
            return np.frombuffer(self._bytes, "<f4", count, at)

        self._confidence = floats(CONFIDENCE_AT, 68)
        self._points = floats(POINTS_AT, 136).reshape(68, 2)
        self._points_3d = floats(POINTS_3D_AT, 210).reshape(70, 3)
        self._features = floats(FEATURES_AT, 14)
        self._seen = np.ones((66, 4))  # x and y in the picture, depth, 1
        self._seen[:, 2] = DEPTHS_M[IBUG]
        self._depths = (NOSE_OUT_M - DEPTHS_M[IBUG]) / UNIT_M

    def fill(self, sample: Sample, size: tuple[int, int]) -> bytearray:
        """Return the record of a face in a picture of that width and height."""
        rotation = sample.head.rotation.tolist()
        turn = turn_from_quaternion(*rotation)
        closed_left, closed_right = sample.aus[EYELIDS].tolist()
        HEAD.pack_into(
            self._bytes, 0, sample.time, self._id, *size, 1 - closed_right, 1 - closed_left, 1, 0,
            *quaternion_to_openseeface(*rotation), *euler_to_openseeface(turn),
            *nose(sample.head, turn),
        )  # fmt: skip
        self._features[:] = FEATURE_MATRIX @ sample.aus
        self._confidence[:] = 1
        landmarks_px = sample.landmarks_px  # a replayed take has none
        points = SELECT @ (mean_face(sample, turn, size) if landmarks_px is None else landmarks_px)
        self._points[:] = points
        self._place(points, turn, sample.gaze)
        return self._bytes

    def _place(self, points: Points, turn: Turn, gaze: Vector) -> None:
        """Write 66 landmarks, pupils and centres of the eyeballs, in the tracker's axes."""
        out = self._points_3d
        self._seen[:, :2] = points[:66]
        out[:66, :2] = self._seen @ _unprojection(points, turn)
        out[:66, 2] = self._depths
        left, right = gaze.tolist()
        for eye, (corners, (pitch, yaw)) in enumerate(zip(CORNERS, (right, left), strict=True)):
            (ax, ay, az), (bx, by, bz) = out[corners, :].tolist()
            radius = EYEBALL * math.hypot(ax - bx, ay - by, az - bz)
            x, y, z = (ax + bx) / 2, (ay + by) / 2, (az + bz) / 2 + radius
            out[68 + eye] = x, y, z
            out[66 + eye] = (
                x - radius * math.cos(pitch) * math.sin(yaw),
                y - radius * math.sin(pitch),
                z - radius * math.cos(pitch) * math.cos(yaw),
            )


def mean_face(sample: Sample, turn: Turn, size: tuple[int, int]) -> Points:
    """Return (68, 2) where a mean head's landmarks are in a picture of that width and height."""
    face = MEAN_M.copy()
    face[:, :2] += (MOVES @ sample.aus).reshape(68, 2)
    seen = face @ np.array(turn).reshape(3, 3).T
    x, y, z = sample.head.translation.tolist()
    width, height = size
    focal_px = height / 2 / math.tan(math.radians(FOV_DEG) / 2)
    depth = max(-z, 0.05)
    # The head's rotation is the one along the line of sight: so is its perspective.
    near = focal_px / np.maximum(depth - seen[:, 2:], 0.05)
    middle = np.array([(width - 1) / 2 + focal_px * x / depth,
                       (height - 1) / 2 - focal_px * y / depth])  # fmt: skip
    points: Points = middle + seen[:, :2] * [1, -1] * near
    return points


def _unprojection(points: Points, turn: Turn) -> Points:
    """Return (4, 2), from x and y in the picture, depth and 1 to the tracker's x and y.

    Those are to the subject's right and down from the nose's tip, ours turned around, in
    ``UNIT_M``. The head is taken for seen from far away.
    """
    xx, xy, yx, yy = turn.xx + 1e-3, turn.xy, turn.yx, turn.yy + 1e-3
    # Across the face a turn hides width: past about 70 degrees nothing is left to divide by.
    if (area := xx * yy - xy * yx) < 0.3:
        xx, xy, yx, yy, area = 1.0, 0.0, 0.0, 1.0, 1.0
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points[[36, 39, 42, 45]].tolist()
    across, down = (cx + dx - ax - bx) / 2, (cy + dy - ay - by) / 2
    origin_x, origin_y = (ax + bx + cx + dx) / 4, (ay + by + cy + dy) / 4
    wide = (yy * across + xy * down) / area, (-yx * across - xx * down) / area
    metres = EYES_M / max(math.hypot(*wide), 1e-6)  # a pixel
    # What undoes the turn, from picture (y down) to ours divided by -UNIT_M.
    unit = -1 / (area * UNIT_M)
    x_x, x_y = yy * metres * unit, xy * metres * unit
    y_x, y_y = -yx * metres * unit, -xx * metres * unit
    return np.array(
        [
            [x_x, y_x],
            [x_y, y_y],
            [(xy * turn.yz - yy * turn.xz) * unit, (yx * turn.xz - xx * turn.yz) * unit],
            [
                -origin_x * x_x - origin_y * x_y,
                NOSE_UP_M / UNIT_M - origin_x * y_x - origin_y * y_y,
            ],
        ]
    )


def nose(head: Head, turn: Turn) -> tuple[float, float, float]:
    """Return where the tracker puts the tip of the nose: up, to the left in the picture, back."""
    x, y, z = head.translation.tolist()
    return (
        (y + turn.yy * NOSE_UP_M + turn.yz * NOSE_OUT_M) / UNIT_M,
        -(x + turn.xy * NOSE_UP_M + turn.xz * NOSE_OUT_M) / UNIT_M,
        (z + turn.zy * NOSE_UP_M + turn.zz * NOSE_OUT_M) / UNIT_M,
    )
