"""VRChat's OSC over UDP, as VRCFaceTracking speaks it; Blender add-ons that read that, too.

Of each frame only what changed goes out, as bundles; everything does every few seconds and when
the avatar changes, so that a receiver that starts late has it all:

    /avatar/parameters/v2/<name> f                  0 to 1, combined ones, gaze and head -1 to 1
    /avatar/parameters/<Eye|Expression|Lip>TrackingActive T or F
    /tracking/eye/EyesClosedAmount f                0 to 1
    /tracking/eye/LeftRightPitchYaw ffff            degrees: down, the subject's right

VRChat is asked over OSCQuery which parameters the avatar has, and it gets those only, in the type
that it declares: float, int, bool, or bits (``JawOpen1 JawOpen2 JawOpen4`` and ``JawXNegative``),
under any prefix (``FT/v2/JawOpen``). VRChat's own eye tracking is left to the avatar's parameters
where it has them. Until VRChat answers, all parameters are sent as floats.
"""

from __future__ import annotations

import itertools
import logging
import math
import queue
import re
import struct
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.calibration import EYELIDS
from facedrive.sinks.channels import load_channels
from facedrive.sinks.osc import IMMEDIATELY, MAX_DATAGRAM, lay_out
from facedrive.sinks.oscquery import AvatarWatch, Parameters, check_address
from facedrive.sinks.udp import OverUdp, UdpReceiver, UdpSender, is_loopback, resolve
from facedrive.sinks.vrcft import ACTIVE, COMPUTED, Combine
from facedrive.threads import ClosedError
from facedrive.types import Frame, Sample, Vector

log = logging.getLogger(__name__)

PARAMETERS = "/avatar/parameters/"
AVATAR_CHANGE = b"/avatar/change\0"

REFRESH_S = 5.0
"""Everything goes out this often; VRChat lets go of eyes that it heard nothing of for 10 s."""

STEP = 1 / 254
"""Half of what VRChat's 8-bit floats tell apart; a smaller change is none."""

STEP_DEG = 0.1

ALL_BITS = np.float32(0.99999)
"""From here on all bits are set."""

MAX_TARGETS = 1000
"""An avatar has some 100 to 300; one that claims to have more gets these."""

BITS = re.compile(r"(?P<name>[A-Za-z/]+?)(?P<bit>[0-9]+|Negative)")

OWN_LOOK = re.compile(r"(Left|Right)Eye[XY]|Eyes?(Left|Right)?[XY]")
OWN_LIDS = re.compile(r"(Left|Right|Combined)?Eyes?(Lid|Open|Closed)\w*")
"""An avatar's own eye parameters, in VRCFaceTracking's names and those from before it."""

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
    signed: bool = False
    """Whether a bit of its own has the sign; without one, what is negative is 0."""


@dataclass
class VrchatSink(OverUdp):
    """Drives face-tracked VRChat avatars; OSC must be enabled in VRChat's action menu."""

    host: str = "127.0.0.1"
    port: int = 9000
    mapping: str = "unified"
    """unified, or a TOML file with its channels."""
    eyes: bool = True
    """Send VRChat's native eye tracking where the avatar has no eye parameters of its own."""
    query: str = "auto"
    """Whom to ask what the avatar takes: auto looks for VRChat on this computer, or on the network
    if host is elsewhere; host:port; no sends all parameters."""
    listen: int = 0
    """Port, usually 9001, to hear of avatar changes on; 0: do not."""

    def __post_init__(self) -> None:
        asks = self.query not in ("", "no")
        if asks:
            check_address(self.query)
        self._mapping = load_channels(self.mapping, "unified")
        self._native = frozenset((CLOSED, LOOK) if self.eyes else ())
        self._combine = Combine(self._mapping.channels)
        self._names = (*self._mapping.channels, *COMPUTED, *ACTIVE)
        self._changes = Changes(all_targets(self._names))
        self._eyes_sent: dict[str, object] = {}
        self._refreshed: float | None = None
        self._avatar_changes = UdpReceiver(self.host, self.listen) if self.listen else None
        self._udp = UdpSender(self.host, self.port)
        here = is_loopback(resolve(self.host, self.port).address[0])
        self._watch = AvatarWatch(self.query, here) if asks else None

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Send what changed since the last sample."""
        self._forget_what_was_sent(sample.time)
        shapes = self._mapping.apply(sample.aus, sample.gaze, sample.extras)
        values = self._combine(shapes, sample)
        elements = [*self._changes.take(values), *self._changed_eyes(sample)]
        for datagram in bundles(elements):
            self._udp.send(datagram)

    def close(self) -> None:
        """Ask and send no more."""
        if self._watch is not None:
            self._watch.stop()
        if self._avatar_changes is not None:
            self._avatar_changes.close()
        super().close()

    def _forget_what_was_sent(self, time: float) -> None:
        """Let everything be sent again where it is due, or the avatar is another."""
        due = self._refreshed is None or not 0 <= time - self._refreshed < REFRESH_S
        if self._is_avatar_new() or due:
            self._changes.forget()
            self._eyes_sent.clear()
            self._refreshed = time

    def _is_avatar_new(self) -> bool:
        new = False
        for datagram, _ in self._avatar_changes.take() if self._avatar_changes else ():
            new |= datagram.startswith(AVATAR_CHANGE)
        if self._watch is not None:
            try:
                parameters = self._watch.found.get(0)
            except (queue.Empty, ClosedError):
                return new
            taken = matching_targets(self._names, parameters)
            self._changes = Changes(itertools.islice(taken, MAX_TARGETS))
            self._native = frozenset(native_eyes(parameters) if self.eyes else ())
            log.info("vrchat: the avatar takes %d of our parameters", self._changes.count)
            return True
        return new

    def _changed_eyes(self, sample: Sample) -> Iterator[bytes]:
        closed = sum(sample.aus[EYELIDS].tolist()) / 2
        if CLOSED in self._native and self._is_new(CLOSED, round(closed / STEP)):
            yield element(CLOSED, "f", closed)
        if LOOK not in self._native:
            return
        angles = [-math.degrees(angle) for angle in sample.gaze.ravel().tolist()]
        if self._is_new(LOOK, tuple(round(angle / STEP_DEG) for angle in angles)):
            yield element(LOOK, "ffff", *angles)

    def _is_new(self, address: str, key: object) -> bool:
        if self._eyes_sent.get(address) == key:
            return False
        self._eyes_sent[address] = key
        return True


CLOSED = "/tracking/eye/EyesClosedAmount"
LOOK = "/tracking/eye/LeftRightPitchYaw"


class Changes:
    """The avatar's parameters, and what each was last sent as.

    Where a new value is the same to the avatar as the last one, nothing has changed.
    """

    def __init__(self, targets: Iterable[Target]) -> None:
        self._targets = list(targets)
        self._channels = np.array([each.channel for each in self._targets], np.intp)
        self._shifts = np.array([each.shift for each in self._targets], np.int64)
        self._steps = np.array([2.0**each.bits for each in self._targets])
        self._signed = np.array([each.signed for each in self._targets], bool)
        kinds = np.array([each.kind for each in self._targets], str)
        self._of_kind = {kind: np.flatnonzero(kinds == kind) for kind in np.unique(kinds).tolist()}
        zeros = [element(each.address, TYPES[each.kind], 0) for each in self._targets]
        self._heads = [zero[:-4] for zero in zeros]
        self._flags = [
            (zero, element(each.address, "T"))
            for zero, each in zip(zeros, self._targets, strict=True)
        ]
        self._integers = kinds == "i"
        self._numbers = ((kinds == "f") | self._integers).tolist()
        self._sent = np.full(len(self._targets), UNSENT)

    @property
    def count(self) -> int:
        """How many parameters there are."""
        return len(self._targets)

    def forget(self) -> None:
        """Let everything count as changed."""
        self._sent = np.full(self.count, UNSENT)

    def take(self, values: Vector) -> list[bytes]:
        """Return what has changed, as elements of a bundle; it counts as sent."""
        chosen = values[self._channels]
        keys = self._keys(chosen)
        changed = np.flatnonzero(keys != self._sent).tolist()
        self._sent = keys
        words = chosen.astype(">f4").view(">i4")
        words[self._integers] = keys[self._integers]
        heads, packed = self._heads, words.tobytes()
        return [
            heads[i] + packed[4 * i : 4 * i + 4] if self._numbers[i] else self._flags[i][keys[i]]
            for i in changed
        ]

    def _keys(self, values: Vector) -> NDArray[np.int64]:
        """Return (n,) what the values are to the avatar."""
        keys = np.zeros(self.count, np.int64)
        for kind, those in self._of_kind.items():
            if kind == "bit":
                keys[those] = self._bits(values[those], those)
            else:
                keys[those] = READ[kind](values[those])
        return keys

    def _bits(self, values: Vector, those: NDArray[np.intp]) -> NDArray[np.int64]:
        """Return (n,) 0 or 1 as VRCFaceTracking computes bits: cut off, and all set near 1."""
        sizes = np.where(self._signed[those], np.abs(values), np.maximum(values, 0))
        whole = (sizes * self._steps[those]).astype(np.int64)
        bits: NDArray[np.int64] = whole >> self._shifts[those] & 1
        return np.where(sizes >= ALL_BITS, 1, bits)


READ: dict[str, Callable[[Vector], NDArray[Any]]] = {
    "f": lambda values: np.rint(values / STEP),
    "i": np.rint,
    "bool": lambda values: values > 0.5,
    "negative": lambda values: values < 0,
}
TYPES: dict[Kind, str] = {"f": "f", "i": "i", "bool": "F", "bit": "F", "negative": "F"}

UNSENT = -(2**62)


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
        if not address.startswith(PARAMETERS):
            continue
        tail = _name(address)
        if tail in channels and types in KINDS:
            yield Target(address, channels[tail], KINDS[types])
        elif types in ("T", "F") and (bit := BITS.fullmatch(tail.removeprefix("v2/"))):
            channel = channels.get(f"v2/{bit['name']}")
            if channel is not None:
                yield from _bit_target(address, channel, bit, parameters)


def native_eyes(parameters: Parameters) -> Iterator[str]:
    """Yield the native addresses that do what none of the avatar's own parameters does."""
    names = [_name(each).removeprefix("v2/") for each in parameters if each.startswith(PARAMETERS)]
    bare = [bit["name"] if (bit := BITS.fullmatch(name)) else name for name in names]
    for address, own in ((CLOSED, OWN_LIDS), (LOOK, OWN_LOOK)):
        if not any(map(own.fullmatch, bare)):
            yield address


def _name(address: str) -> str:
    """Return a parameter's name without its prefix: from ``v2/`` on, or what is last."""
    _, v2, name = address.rpartition("/v2/")
    return f"v2/{name}" if v2 else address.rpartition("/")[2]


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
        signed = f"{base}Negative" in parameters
        yield Target(address, channel, "bit", place, bits, signed)


def element(address: str, types: str, *floats: float) -> bytes:
    """Return a message with the size that it has in a bundle; ``i`` is 0."""
    if types in ("T", "F"):
        message = lay_out(address, "")[:-4] + f",{types}\0\0".encode()
    else:
        message = lay_out(address, types)[: -4 * len(floats)] + struct.pack(
            f">{len(floats)}f", *floats
        )
    return struct.pack(">i", len(message)) + message


def bundles(elements: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the elements in bundles that each fit one datagram."""
    ends = list(itertools.accumulate(map(len, elements)))
    first = sent = 0
    while first < len(elements):
        last = max(bisect_right(ends, sent + MAX_DATAGRAM - len(HEADER)), first + 1)
        yield b"".join((HEADER, *elements[first:last]))
        first, sent = last, ends[last - 1]


HEADER = b"#bundle\0" + struct.pack(">Q", IMMEDIATELY)
