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
picture is measured, how far out of the face is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX
from facedrive.sinks.udp import UdpSender
from facedrive.trackers.landmarks import LEFT_EYE, RIGHT_EYE
from facedrive.types import Face, Frame, Head, Sample, Vector

Points = NDArray[np.float64]

RECORD = np.dtype(
    [
        ("time", "<f8"),
        ("id", "<i4"),
        ("size", "<f4", 2),
        ("open", "<f4", 2),
        ("success", "u1"),
        ("error", "<f4"),
        ("quaternion", "<f4", 4),
        ("euler", "<f4", 3),
        ("translation", "<f4", 3),
        ("confidence", "<f4", 68),
        ("points", "<f4", (68, 2)),
        ("points_3d", "<f4", (70, 3)),
        ("features", "<f4", 14),
    ]
)

UNIT_M = 0.16
NOSE_TIP_M = np.array([0.0, -0.032, 0.042])
"""In head coordinates, whose origin is between the eyes."""

TO_CAMERA = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
"""From our camera axes (right, up, back) to the tracker's places."""

BEHIND = np.diag([1.0, 1.0, -1.0])
"""Rotations are what they would be of a head before the camera."""

TO_MODEL = np.array([-1.0, 1.0, 1.0])
"""From our head axes (left, up, out) to the model's (right, up, out)."""

TO_WIRE = np.array([1.0, -1.0, -1.0])
"""What the tracker multiplies its 3D points with before it sends them."""

IBUG = np.array([*range(48), *range(49, 54), *range(55, 68)])
"""Where the tracker's 66 landmarks are among iBUG's 68."""

CORNERS = np.array([[eye.start, eye.start + 3] for eye in (RIGHT_EYE, LEFT_EYE)])
"""(2, 2) iBUG numbers of the right and the left eye's corners."""

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


@dataclass
class OpenSeeFaceSink:
    """Stands in for the OpenSeeFace tracker."""

    host: str = "127.0.0.1"
    port: int = 11573
    face_id: int = 0
    """Tells faces apart where several trackers send to one app."""

    def __post_init__(self) -> None:
        self._udp = UdpSender(self.host, self.port)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Send one sample, if it has a face."""
        if sample.face is None:
            return
        width, height = (640, 480) if frame is None else frame.image.shape[1::-1]
        packet = record(sample, sample.face, (width, height))
        packet["id"] = self.face_id
        self._udp.send(packet.tobytes())

    def close(self) -> None:
        """Close the socket."""
        self._udp.close()


def record(sample: Sample, face: Face, size: tuple[int, int]) -> NDArray[np.void]:
    """Return the () ``RECORD`` of a face in a picture of that width and height."""
    seen = bool(np.isfinite(face.landmarks_px).all())  # a replayed take has no landmarks
    rotation = _matrix(sample.head.rotation)
    packet = np.zeros((), RECORD)
    packet["time"], packet["size"], packet["success"] = sample.time, size, True
    closed = [sample.aus[AU_INDEX[name]] for name in ("right_eye_close", "left_eye_close")]
    packet["open"] = 1 - np.array(closed)
    packet["quaternion"], packet["euler"], packet["translation"] = pose(sample.head, rotation)
    if seen:
        landmarks = face.landmarks_px.astype(np.float64)
        packet["confidence"] = 1
        packet["points"] = np.concatenate([landmarks[IBUG], _eye_centres(landmarks)])
        packet["points_3d"] = points_3d(landmarks, rotation, sample.gaze) * TO_WIRE
    packet["features"] = features(sample)
    return packet


def pose(head: Head, rotation: Points) -> tuple[Points, Points, Points]:
    """Return the tracker's quaternion x y z w, Euler angles in degrees and translation.

    ``rotation`` is the head's as a (3, 3) matrix.
    """
    seen = BEHIND @ TO_CAMERA @ rotation @ np.diag(TO_MODEL)
    nose = head.translation + rotation @ NOSE_TIP_M
    return _quaternion(seen.T), _euler_deg(seen), TO_CAMERA @ nose / UNIT_M


def points_3d(landmarks_px: Points, rotation: Points, gaze: Vector) -> Points:
    """Return (70, 3) points of the model: 66 landmarks, pupils, centres of the eyeballs.

    Args:
        landmarks_px: (68, 2), x right and y down.
        rotation: (3, 3), from head to camera axes.
        gaze: (2, 2) radians, left and right eye, pitch and yaw.
    """
    landmarks = _unproject(landmarks_px, rotation)
    corners = landmarks[CORNERS]  # (2, 2, 3)
    widths = corners[:, 0] - corners[:, 1]
    radius = EYEBALL * np.sqrt((widths * widths).sum(axis=1, keepdims=True))
    eyeballs = corners.mean(axis=1) - radius * [0, 0, 1]
    pupils = eyeballs + radius * _ahead(gaze[::-1])
    metres = np.concatenate([landmarks[IBUG], pupils, eyeballs])
    model: Points = (metres - NOSE_TIP_M) * TO_MODEL / UNIT_M
    return model


def _ahead(gaze: Vector) -> Points:
    """Return (2, 3) where eyes look, in head coordinates."""
    pitch, yaw = gaze.T.astype(np.float64)
    return np.stack([np.cos(pitch) * np.sin(yaw), np.sin(pitch), np.cos(pitch) * np.cos(yaw)], 1)


def _unproject(landmarks_px: Points, rotation: Points) -> Points:
    """Return (68, 3) metres in head coordinates, as seen from far away."""
    picture = landmarks_px * [1, -1]
    # Across the face a turn hides width: past about 70 degrees nothing is left to divide by.
    across = rotation[:2, :2] + 1e-3 * np.eye(2)
    if np.linalg.det(across) < 0.3:
        across = np.eye(2)
    eyes = picture[CORNERS].mean(axis=1)
    origin = eyes.mean(axis=0)
    straighten = np.linalg.inv(across)
    spread = np.linalg.norm(straighten @ (eyes[1] - eyes[0]))
    metres = (picture - origin) * (0.062 / max(float(spread), 1e-6))  # adults' eyes are 62 mm apart
    flat = metres - np.outer(DEPTHS_M, rotation[:2, 2])
    return np.column_stack([flat @ straighten.T, DEPTHS_M])


def features(sample: Sample) -> Vector:
    """Return the tracker's 14 features, -1 to 1, 0 at rest."""
    au = dict(zip(AU_INDEX, sample.aus.tolist(), strict=True))
    sides = ("left", "right")
    eyes = [au[f"{side}_lid_raise"] - au[f"{side}_eye_close"] for side in sides]
    brows = [
        value
        for side in sides
        for value in (
            au[f"{side}_brow_lower"],
            au[f"{side}_brow_raise"] - au[f"{side}_brow_lower"],
            au[f"{side}_brow_raise"],
        )
    ]
    corners = [
        value
        for side in sides
        for value in (
            au[f"{side}_lip_corner_pull"],
            au["lip_pucker"] - au[f"{side}_lip_corner_stretch"],
        )
    ]
    wide = (au["left_lip_corner_stretch"] + au["right_lip_corner_stretch"]) / 2 - au["lip_pucker"]
    return np.array([*eyes, *brows, *corners, au["jaw_drop"], wide], np.float32)


def _eye_centres(landmarks_px: Points) -> Points:
    """Return (2, 2) pixels, right and left: where the pupils of eyes that look ahead are."""
    return np.array([landmarks_px[eye].mean(axis=0) for eye in (RIGHT_EYE, LEFT_EYE)])


def _matrix(rotation: Vector) -> Points:
    """Return the (3, 3) matrix of a quaternion x, y, z, w."""
    x, y, z, w = rotation.astype(np.float64)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def _euler_deg(matrix: Points) -> Points:
    """Return (3,) degrees about x, then y, then z; of the two answers that with |y| <= 90."""
    # As OpenCV's RQDecomp3x3, which picks the other answer where y is exactly 0.
    x = np.arctan2(matrix[2, 1], matrix[2, 2])
    y = -np.arcsin(np.clip(matrix[2, 0], -1, 1))
    z = np.arctan2(matrix[1, 0], matrix[0, 0])
    return np.degrees([x, y, z])


def _quaternion(matrix: Points) -> Points:
    """Return the quaternion x, y, z, w, x not negative, of a rotation matrix."""
    axis = cv2.Rodrigues(matrix)[0].ravel()
    angle = float(np.linalg.norm(axis))
    turned = np.append(axis * (np.sin(angle / 2) / max(angle, 1e-12)), np.cos(angle / 2))
    return turned if turned[0] >= 0 else -turned
