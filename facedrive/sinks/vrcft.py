"""VRCFaceTracking v5's parameters: unified shapes, and what it makes of them, of eyes and head.

Values and names are those of its ``UnifiedExpressionsParameters``, ``UnifiedSimpleExpressions`` and
``UnifiedHeadParameters``: sums and means of shapes, and the greater of two.
"""

from __future__ import annotations

import math

import numpy as np

from facedrive.calibration import EYELIDS
from facedrive.types import Sample, Vector

Shares = dict[str, float]
"""How much of each input; ``1`` is one."""

SIDES = ("Left", "Right")

GREATER: dict[str, tuple[str, str]] = {
    "MouthSadLeft": ("MouthFrownLeft", "MouthStretchLeft"),
    "MouthSadRight": ("MouthFrownRight", "MouthStretchRight"),
    "EyeWide": ("EyeWideLeft", "EyeWideRight"),
    "EyeSquint": ("EyeSquintLeft", "EyeSquintRight"),
}
"""Parameters that are the greater of two shapes."""

EYES = ("EyeClosedLeft", "EyeClosedRight", "EyeLeftX", "EyeLeftY", "EyeRightX", "EyeRightY")
"""Closed is 1; X is to the subject's right and Y up, tangents of the angle."""

HEAD = ("Head/Yaw", "Head/Pitch", "Head/Roll", "Head/PosX", "Head/PosY", "Head/PosZ")
"""To the right, down and to the left shoulder, 1 at 90 degrees; to the right, up and forward from
where a head at rest is, 1 at half a metre."""

NO_SOURCE = (
    "PupilDilation", "PupilDiameterLeft", "PupilDiameterRight", "PupilDiameter",
    "JawBackward", "JawClench", "JawMandibleRaise", "LipSuckCornerLeft", "LipSuckCornerRight",
    "TongueOut", "TongueUp", "TongueDown", "TongueRight", "TongueLeft", "TongueRoll",
    "TongueBendDown", "TongueCurlUp", "TongueSquish", "TongueFlat", "TongueTwistRight",
    "TongueTwistLeft", "TongueX", "TongueY", "TongueArchY", "TongueShape",
    "SoftPalateClose", "ThroatSwallow", "NeckFlexRight", "NeckFlexLeft",
)  # fmt: skip
"""Parameters that nothing we see could move; they are not sent."""


def _mean(*names: str) -> Shares:
    return dict.fromkeys(names, 1 / len(names))


def _pair(name: str) -> Shares:
    return _mean(*(f"{name}{side}" for side in SIDES))


def _sum(*parts: tuple[float, Shares]) -> Shares:
    total: Shares = {}
    for factor, shares in parts:
        for name, share in shares.items():
            total[name] = total.get(name, 0.0) + factor * share
    return total


def _less(plus: Shares, minus: Shares) -> Shares:
    return _sum((1, plus), (-1, minus))


def _one(name: str) -> Shares:
    return {name: 1.0}


PAIRS = (
    "BrowUp", "BrowDown", "BrowInnerUp", "BrowOuterUp", "CheekSquint", "CheekSuck", "NoseSneer",
    "LipSuckUpper", "LipSuckLower", "LipFunnelUpper", "LipFunnelLower", "LipPuckerUpper",
    "LipPuckerLower", "MouthUpperUp", "MouthLowerDown", "MouthStretch", "MouthTightener",
    "MouthPress", "MouthDimple", "EyeClosed",
)  # fmt: skip
"""Parameters that are the mean of the left one and the right one."""

BY_SIDE: dict[str, tuple[tuple[float, str], ...]] = {
    "EyeOpen": ((1, "1"), (-1, "EyeClosed*")),
    "EyeLid": ((0.75, "1"), (-0.75, "EyeClosed*"), (0.25, "EyeWide*")),
    "BrowExpression": ((0.5, "BrowInnerUp*"), (0.5, "BrowOuterUp*"), (-1, "BrowDown*")),
    "CheekPuffSuck": ((1, "CheekPuff*"), (-1, "CheekSuck*")),
    "LipSuckFunnelUpper": ((1, "LipSuckUpper*"), (-1, "LipFunnelUpper*")),
    "LipSuckFunnelLower": ((1, "LipSuckLower*"), (-1, "LipFunnelLower*")),
    "MouthTightenerStretch": ((1, "MouthTightener*"), (-1, "MouthStretch*")),
    "MouthCornerY": ((1, "MouthCornerSlant*"), (-1, "MouthFrown*")),
    "SmileFrown": ((1, "MouthSmile*"), (-1, "MouthFrown*")),
    "SmileSad": ((1, "MouthSmile*"), (-1, "MouthSad*")),
}
"""Parameters for a side each and for both, which is their mean; ``*`` is the side."""


def _of_side(name: str, side: str) -> Shares:
    return {shape.replace("*", side): share for share, shape in BY_SIDE[name]}


def _combined() -> dict[str, Shares]:
    found = {name: _pair(name) for name in PAIRS}
    for name in BY_SIDE:
        sides = {side: _of_side(name, side) for side in SIDES}
        found |= {f"{name}{side}": shares for side, shares in sides.items()}
        found[name] = _sum(*((0.5, shares) for shares in sides.values()))
    for name in ("LipSuck", "LipFunnel", "LipPucker"):
        found[name] = _sum((0.5, _pair(f"{name}Upper")), (0.5, _pair(f"{name}Lower")))
    for side in SIDES:
        found[f"LipPucker{side}"] = _mean(f"LipPuckerUpper{side}", f"LipPuckerLower{side}")
    mouth = {half: _less(_one(f"Mouth{half}Right"), _one(f"Mouth{half}Left"))
             for half in ("Upper", "Lower")}  # fmt: skip
    return found | {
        "EyeX": _mean("EyeLeftX", "EyeRightX"),
        "EyeY": _mean("EyeLeftY", "EyeRightY"),
        "EyesSquint": _one("EyeSquint"),
        "JawX": _less(_one("JawRight"), _one("JawLeft")),
        "JawZ": _one("JawForward"),
        "MouthUpperX": mouth["Upper"],
        "MouthLowerX": mouth["Lower"],
        "MouthX": _sum((0.5, mouth["Upper"]), (0.5, mouth["Lower"])),
        "MouthOpen": _sum((0.5, _pair("MouthUpperUp")), (0.5, _pair("MouthLowerDown"))),
    }


COMBINED: dict[str, Shares] = _combined()
"""Parameters that are sums of shapes and eyes."""

COMPUTED = (*EYES, *GREATER, *HEAD, *COMBINED)
"""What is sent beside the shapes of the table, in this order."""

ACTIVE = ("EyeTrackingActive", "ExpressionTrackingActive", "LipTrackingActive")
"""Whether there is a face; these have no ``v2/``."""


class Combine:
    """Computes all values from the shapes of a table: those, ``COMPUTED`` and ``ACTIVE``."""

    def __init__(self, channels: tuple[str, ...]) -> None:
        inputs = [*channels, *EYES, *GREATER]
        self._matrix = np.zeros((len(COMBINED), len(inputs)), np.float32)
        self._constant = np.array([each.get("1", 0.0) for each in COMBINED.values()], np.float32)
        for row, shares in enumerate(COMBINED.values()):
            for name in shares.keys() - {"1"}:
                self._matrix[row, inputs.index(name)] = shares[name]
        self._pairs = [[channels.index(name) for name in pair] for pair in GREATER.values()]
        self._values = np.zeros(len(channels) + len(COMPUTED) + len(ACTIVE), np.float32)
        self._shapes, self._inputs = self._values[: len(channels)], self._values[: len(inputs)]
        self._single = self._values[len(channels) : len(inputs) + len(HEAD)]
        self._combined = self._values[len(inputs) + len(HEAD) : -len(ACTIVE)]

    def __call__(self, shapes: Vector, sample: Sample) -> Vector:
        """Return the values, -1 to 1, valid until the next call."""
        # One array that is written over, and Python for what is few: half the time.
        shape = shapes.tolist()
        greater = [max(shape[one], shape[other]) for one, other in self._pairs]
        self._shapes[:] = shapes
        self._single[:] = (*sample.aus[EYELIDS].tolist(), *looks(sample), *greater, *head(sample))
        np.matmul(self._matrix, self._inputs, out=self._combined)
        self._combined += self._constant
        self._values[-len(ACTIVE) :] = sample.face
        return self._values


def looks(sample: Sample) -> list[float]:
    """Return X and Y of the left and the right eye, as ``EYES`` has them."""
    (left_up, left_left), (right_up, right_left) = sample.gaze.tolist()
    return [_tangent(angle) for angle in (-left_left, left_up, -right_left, right_up)]


def _tangent(angle: float) -> float:
    return math.tan(min(max(angle, -math.pi / 4), math.pi / 4))


def head(sample: Sample) -> list[float]:
    """Return the values of ``HEAD``."""
    pitch, yaw, roll = sample.head.euler
    x, y, z = sample.head.from_rest.tolist()
    turns, place = (-yaw / 90, -pitch / 90, roll / 90), (-2 * x, 2 * y, 2 * z)
    return [min(max(value, -1.0), 1.0) for value in (*turns, *place)]
