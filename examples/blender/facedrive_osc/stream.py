"""Receive facedrive's OSC without waiting: what has come is read, and the newest value wins."""

from __future__ import annotations

import math
import socket
from collections import deque
from dataclasses import dataclass, field

from .names import mix
from .osc import MalformedPacketError, Message, read_packet
from .tables import AU_NAMES, EXTRAS, FULL_GAZE_DEG

MAX_PACKETS = 256
"""Packets read at a time, so that a flood cannot hold up the caller; the rest comes next time."""

FRAMES_WITHOUT = 30
"""Extras come in packets of their own, of which some may be lost; after so many frames without any,
the sender gives none."""

RATE_OVER_S = 1.0
"""The rate is counted over this long."""

RECEIVE_BUFFER = 262_144

SIZES = {"face": 1, "time": 1, "head/rotation": 4, "gaze/left": 2, "gaze/right": 2}
SIZES |= {f"au/{name}": 1 for name in AU_NAMES} | {f"extra/{name}": 1 for name in EXTRAS}
"""Addresses that are read, after the prefix, and how many numbers each has."""


@dataclass
class Values:
    """The newest of everything."""

    seen: bool = False
    """Whether there is a face; without one the values hold, then ease to neutral."""
    time: float = 0.0
    """Seconds since the sender's first frame."""
    inputs: dict[str, float] = field(default_factory=dict)
    """AUs and extras by name, and ``gaze_left_up`` to ``gaze_right_out``, 0 to 1."""
    gaze: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Pitch (up) and yaw (to the subject's left) of the ``left`` and the ``right`` eye, radians."""
    rotation: tuple[float, float, float, float] | None = None
    """The head's unit quaternion x, y, z, w: +x to the subject's left, +y up, +z out of the
    face."""


class Stream:
    """A UDP port and what has come on it.

    Raises:
        OSError: if the port is in use or the address is not this computer's.
    """

    def __init__(self, host: str, port: int, prefix: str = "/facedrive") -> None:
        self.values = Values()
        self.malformed = 0
        """Packets that were no OSC."""
        self._prefix = prefix.rstrip("/") + "/"
        self._frames: deque[float] = deque()
        self._frames_without_extras = FRAMES_WITHOUT
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            self._socket.bind((host, port))
        except (OSError, OverflowError):
            self._socket.close()
            raise
        self._socket.setblocking(False)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._socket.getsockname()[1])

    def poll(self, now: float) -> bool:
        """Read what has come; return whether anything of a face was in it.

        Args:
            now: seconds on any clock that does not go back.
        """
        news = False
        for _ in range(MAX_PACKETS):
            try:
                packet = self._socket.recv(65_536)
            except (BlockingIOError, ConnectionResetError):
                break
            news |= self._take_packet(packet, now)
        if news and self._frames_without_extras >= FRAMES_WITHOUT:
            inputs = self.values.inputs
            inputs |= {extra: mix(shares, inputs) for extra, shares in EXTRAS.items()}
        return news

    def rate(self, now: float) -> float:
        """Return the frames that came in the last second."""
        while self._frames and self._frames[0] <= now - RATE_OVER_S:
            self._frames.popleft()
        return len(self._frames) / RATE_OVER_S

    def close(self) -> None:
        """Free the port."""
        self._socket.close()

    def _take_packet(self, packet: bytes, now: float) -> bool:
        try:
            messages = read_packet(packet)
        except MalformedPacketError:
            self.malformed += 1
            return False
        # Not any(): every message is to be taken, not only those up to the first of ours.
        return sum([self._take(message, now) for message in messages]) > 0

    def _take(self, message: Message, now: float) -> bool:
        """Keep a message's numbers, if it is one of ours and they are numbers."""
        name = message.address.removeprefix(self._prefix)
        numbers = [float(each) for each in message.arguments if isinstance(each, int | float)]
        if name == message.address or len(numbers) != SIZES.get(name):
            return False
        if not all(map(math.isfinite, numbers)):
            return False
        self._keep(name, numbers)
        if name == "time":
            self._frames.append(now)
            self.rate(now)
        return True

    def _keep(self, name: str, numbers: list[float]) -> None:
        kind, _, rest = name.partition("/")
        if kind == "face":
            self.values.seen = numbers[0] != 0
            self._frames_without_extras += 1
        elif kind == "time":
            self.values.time = numbers[0]
        elif kind == "au":
            self.values.inputs[rest] = _clip(numbers[0])
        elif kind == "extra":
            self.values.inputs[rest] = _clip(numbers[0])
            self._frames_without_extras = 0
        elif kind == "gaze":
            self.values.gaze[rest] = (numbers[0], numbers[1])
            self.values.inputs |= _gaze_inputs(rest, *numbers)
        else:
            self.values.rotation = _unit(numbers) or self.values.rotation


def _gaze_inputs(side: str, pitch: float, yaw: float) -> dict[str, float]:
    """Split one eye's pitch (up) and yaw (to the subject's left) into four inputs, 0 to 1."""
    out = yaw if side == "left" else -yaw
    turns = {"up": pitch, "down": -pitch, "in": -out, "out": out}
    return {
        f"gaze_{side}_{way}": _clip(math.degrees(turn) / FULL_GAZE_DEG[way])
        for way, turn in turns.items()
    }


def _unit(numbers: list[float]) -> tuple[float, float, float, float] | None:
    """Return a quaternion at length one; None where it has no direction."""
    length = math.hypot(*numbers)
    if length < 1e-6:
        return None
    x, y, z, w = (number / length for number in numbers)
    return x, y, z, w


def _clip(value: float) -> float:
    return min(max(value, 0.0), 1.0)
