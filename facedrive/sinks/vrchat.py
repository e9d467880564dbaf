"""VRChat's OSC over UDP, as VRCFaceTracking speaks it; Blender add-ons that read that, too.

Of each frame only what changed goes out, as bundles; everything does every few seconds and when
the avatar changes, so that a receiver that starts late has it all:

    /avatar/parameters/v2/<name> f                  0 to 1, combined ones -1 to 1
    /avatar/parameters/<Eye|Expression|Lip>TrackingActive T or F
    /tracking/eye/EyesClosedAmount f                0 to 1
    /tracking/eye/LeftRightPitchYaw ffff            degrees: down, the subject's right

With ``query``, VRChat is asked over OSCQuery which parameters the avatar has, and it gets those
only, in the type that it declares: float, int, bool, or bits (``JawOpen1 JawOpen2 JawOpen4`` and
``JawXNegative``), under any prefix (``FT/v2/JawOpen``).
"""

from __future__ import annotations

import itertools
import logging
import queue
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from facedrive.aus import AU_INDEX
from facedrive.sinks.channels import load_channels
from facedrive.sinks.osc import IMMEDIATELY, MAX_DATAGRAM, lay_out
from facedrive.sinks.oscquery import AvatarWatch, Parameters
from facedrive.sinks.udp import UdpReceiver, UdpSender
from facedrive.threads import ClosedError
from facedrive.types import Frame, Sample, Vector

log = logging.getLogger(__name__)

PARAMETERS = "/avatar/parameters/"
ACTIVE = ("EyeTrackingActive", "ExpressionTrackingActive", "LipTrackingActive")
AVATAR_CHANGE = b"/avatar/change\0"

REFRESH_S = 5.0
"""Everything goes out this often; VRChat lets go of eyes that it heard nothing of for 10 s."""

STEP = 1 / 254
"""Half of what VRChat's 8-bit floats tell apart; a smaller change is none."""

STEP_DEG = 0.1

MAX_TARGETS = 1000
"""An avatar has some 100 to 300; one that claims to have more gets these."""

SIGNED: dict[str, dict[str, float]] = {
    "JawX": {"JawRight": 1, "JawLeft": -1},
    "JawZ": {"JawForward": 1},
    "MouthX": {
        "MouthUpperRight": 0.5,
        "MouthLowerRight": 0.5,
        "MouthUpperLeft": -0.5,
        "MouthLowerLeft": -0.5,
    },
    "SmileFrownLeft": {"MouthSmileLeft": 1, "MouthFrownLeft": -1},
    "SmileFrownRight": {"MouthSmileRight": 1, "MouthFrownRight": -1},
    "BrowExpressionLeft": {"BrowUpLeft": 1, "BrowDownLeft": -1},
    "BrowExpressionRight": {"BrowUpRight": 1, "BrowDownRight": -1},
}
"""Combined parameters that are sums of the table's."""

SIDES = ("Left", "Right")
COMPUTED = (*SIGNED, *(f"SmileSad{side}" for side in SIDES), *(f"EyeLid{side}" for side in SIDES))
"""What the sender adds to the table's channels, in this order."""

BITS = re.compile(r"(?P<name>[A-Za-z]+?)(?P<bit>[0-9]+|Negative)")

Kind = Literal["f", "i", "bool", "bit", "negative"]


class Target(NamedTuple):
    """A parameter of the avatar."""

    address: str
    channel: int
    """Which of the sender's values it takes."""
    kind: Kind = "f"
    shift: int = 0
    """Which bit."""
    bits: int = 1
    """How many there are."""

    def key(self, value: float) -> int:
        """Return what the value is to the avatar; where two are the same, nothing has changed."""
        match self.kind:
            case "f":
                return round(value / STEP)
            case "i":
                return round(value)
            case "bool":
                return int(value > 0.5)
            case "negative":
                return int(value < 0)
            case "bit":
                return int(abs(value) * (2**self.bits - 1) + 1e-6) >> self.shift & 1

    def message(self, value: float) -> bytes:
        """Return the OSC message that sets it."""
        if self.kind == "f":
            return lay_out(self.address, "f")[:-4] + struct.pack(">f", value)
        if self.kind == "i":
            return lay_out(self.address, "i")[:-4] + struct.pack(">i", self.key(value))
        return lay_out(self.address, "")[:-4] + (b",T\0\0" if self.key(value) else b",F\0\0")


@dataclass
class VrchatSink:
    """Drives face-tracked VRChat avatars; OSC must be enabled in VRChat's action menu."""

    host: str = "127.0.0.1"
    port: int = 9000
    mapping: str = "unified"
    """unified, or a TOML file with its channels."""
    eyes: bool = True
    """Send VRChat's native eye tracking too."""
    query: str = ""
    """auto or host:port: ask what the avatar takes. Left out: all parameters are sent."""
    listen: int = 0
    """Port, usually 9001, to hear of avatar changes on; 0: do not."""

    def __post_init__(self) -> None:
        self._mapping = load_channels(self.mapping, "unified")
        self._combine = Combine(self._mapping.channels)
        self._names = (*self._mapping.channels, *COMPUTED, *ACTIVE)
        self._targets = list(all_targets(self._names))
        self._keys: dict[str, object] = {}
        self._refreshed: float | None = None
        self._changes = UdpReceiver(self.host, self.listen) if self.listen else None
        self._udp = UdpSender(self.host, self.port)
        self._watch = AvatarWatch(self.query) if self.query else None

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Send what changed since the last sample."""
        self._forget_what_was_sent(sample.time)
        shapes = self._mapping.apply(sample.aus, sample.gaze)
        active = [sample.face is not None] * len(ACTIVE)
        values = np.concatenate([shapes, self._combine(shapes, sample), active]).tolist()
        messages = [*self._changed_targets(values)]
        if self.eyes:
            messages += self._changed_eyes(sample)
        for datagram in bundles(messages):
            self._udp.send(datagram)

    def close(self) -> None:
        """Ask and send no more."""
        if self._watch is not None:
            self._watch.stop()
        if self._changes is not None:
            self._changes.close()
        self._udp.close()

    def _forget_what_was_sent(self, time: float) -> None:
        """Let everything be sent again where it is due, or the avatar is another."""
        due = self._refreshed is None or not 0 <= time - self._refreshed < REFRESH_S
        if self._is_avatar_new() or due:
            self._keys.clear()
            self._refreshed = time

    def _is_avatar_new(self) -> bool:
        new = False
        for datagram, _ in self._changes.take() if self._changes else ():
            new |= datagram.startswith(AVATAR_CHANGE)
        if self._watch is not None:
            try:
                taken = matching_targets(self._names, self._watch.found.get(0))
                self._targets = list(itertools.islice(taken, MAX_TARGETS))
            except (queue.Empty, ClosedError):
                return new
            log.info("vrchat: the avatar takes %d of our parameters", len(self._targets))
            return True
        return new

    def _changed_targets(self, values: list[float]) -> Iterator[bytes]:
        for target in self._targets:
            value = values[target.channel]
            if self._is_new(target.address, target.key(value)):
                yield target.message(value)

    def _changed_eyes(self, sample: Sample) -> Iterator[bytes]:
        closed = float(np.mean(_closed(sample)))
        if self._is_new(CLOSED, round(closed / STEP)):
            yield lay_out(CLOSED, "f")[:-4] + struct.pack(">f", closed)
        angles = (-np.degrees(sample.gaze)).ravel().tolist()
        if self._is_new(LOOK, tuple(round(angle / STEP_DEG) for angle in angles)):
            yield lay_out(LOOK, "ffff")[:-16] + struct.pack(">4f", *angles)

    def _is_new(self, address: str, key: object) -> bool:
        if self._keys.get(address) == key:
            return False
        self._keys[address] = key
        return True


CLOSED = "/tracking/eye/EyesClosedAmount"
LOOK = "/tracking/eye/LeftRightPitchYaw"


class Combine:
    """Computes ``COMPUTED`` from the table's channels."""

    def __init__(self, channels: tuple[str, ...]) -> None:
        self._matrix = np.zeros((len(SIGNED), len(channels)), np.float32)
        for row, shares in enumerate(SIGNED.values()):
            for name, share in shares.items():
                self._matrix[row, channels.index(name)] = share

        def rows(name: str) -> list[int]:
            return [channels.index(f"{name}{side}") for side in SIDES]

        self._smile, self._wide = rows("MouthSmile"), rows("EyeWide")
        self._sad = [rows("MouthFrown"), rows("MouthStretch")]

    def __call__(self, shapes: Vector, sample: Sample) -> Vector:
        """Return the values of ``COMPUTED``, -1 to 1."""
        smile_sad = shapes[self._smile] - shapes[self._sad].max(axis=0)
        lids = 0.75 * (1 - _closed(sample)) + 0.25 * shapes[self._wide]
        return np.concatenate([self._matrix @ shapes, smile_sad, lids])


def all_targets(names: Iterable[str]) -> Iterator[Target]:
    """Yield the parameter of each value, for an avatar that nobody asked."""
    for channel, name in enumerate(names):
        if name in ACTIVE:
            yield Target(f"{PARAMETERS}{name}", channel, "bool")
        else:
            yield Target(f"{PARAMETERS}v2/{name}", channel)


def matching_targets(names: tuple[str, ...], parameters: Parameters) -> Iterator[Target]:
    """Yield the avatar's parameters that take one of our values, with the avatar's types."""
    channels = {(name if name in ACTIVE else f"v2/{name}"): i for i, name in enumerate(names)}
    for address, types in parameters.items():
        head, _, tail = address.rpartition("/")
        if head.endswith("/v2"):
            head, tail = head.removesuffix("/v2"), f"v2/{tail}"
        if not f"{head}/".startswith(PARAMETERS):
            continue
        if tail in channels and types in KINDS:
            yield Target(address, channels[tail], KINDS[types])
        elif types in ("T", "F") and (bit := BITS.fullmatch(tail.removeprefix("v2/"))):
            channel = channels.get(f"v2/{bit['name']}")
            if channel is not None:
                yield from _bit_target(address, channel, bit, parameters)


KINDS: dict[str, Kind] = {"f": "f", "i": "i", "T": "bool", "F": "bool"}


def _bit_target(
    address: str, channel: int, bit: re.Match[str], parameters: Parameters
) -> Iterator[Target]:
    if bit["bit"] == "Negative":
        yield Target(address, channel, "negative")
        return
    base = address.removesuffix(bit["bit"])
    bits = next(count for count in range(32) if f"{base}{2**count}" not in parameters)
    place = int(bit["bit"]).bit_length() - 1
    if int(bit["bit"]) == 2**place and place < bits:
        yield Target(address, channel, "bit", place, bits)


def bundles(messages: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the messages in bundles that each fit one datagram."""
    header = b"#bundle\0" + struct.pack(">Q", IMMEDIATELY)
    bundle = header
    for message in messages:
        element = struct.pack(">i", len(message)) + message
        if len(bundle) + len(element) > MAX_DATAGRAM:
            yield bundle
            bundle = header
        bundle += element
    if bundle != header:
        yield bundle


def _closed(sample: Sample) -> Vector:
    """Return (2,) how far the left and the right eye are closed."""
    return sample.aus[[AU_INDEX["left_eye_close"], AU_INDEX["right_eye_close"]]]
