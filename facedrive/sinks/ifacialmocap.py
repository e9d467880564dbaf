"""iFacialMocap over UDP: the apps that take an iPhone with that app, from this computer instead.

The phone waits on port 49983 for a fixed sentence and then sends to whoever said it, to port
49983 there, one line of ASCII a frame:

    trackingStatus-1|eyeBlink_L-INT|...|=head#rx,ry,rz,px,py,pz|rightEye#rx,ry,rz|leftEye#rx,ry,rz|

INT is 0 to 100 (after ``&`` instead of ``-`` if version 2 was asked for), places are metres, angles
degrees: down, to the subject's left and to the right shoulder are positive. The order of fields is
free, and a widely used receiver drops the first: it is one that nobody needs. So does this output.
An app on this computer that has the port for itself cannot be waited for: name it with ``to`` and
it is sent to without having asked.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedrive.mappings.arkit import ARKIT
from facedrive.sinks.channels import load_channels
from facedrive.sinks.udp import UdpReceiver, UdpSender
from facedrive.threads import now
from facedrive.types import Frame, Sample

log = logging.getLogger(__name__)

GREETING = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"
VERSION_2 = b"sendDataVersion=v2"

GONE_S = 5.0
"""A receiver that refuses what is sent, or cannot be reached, for this long has gone."""

UNPAIRED = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
"""ARKit names that end in a side and have no other half."""


@dataclass
class IFacialMocapSink:
    """Waits to be asked, as the phone does; host is where to wait (0.0.0.0: for the network)."""

    host: str = "127.0.0.1"
    port: int = 49983
    to: str = ""
    """A receiver to send to without being asked."""
    mapping: str = "arkit"
    """arkit, or a TOML file with ARKit channels."""
    forget_s: float = 900.0
    """Seconds after which a receiver that does not ask again is forgotten; 0: never."""

    def __post_init__(self) -> None:
        self._mapping = load_channels(self.mapping, "arkit")
        self._separator = "-"
        self._waiting: UdpReceiver | None = None
        self._answer: UdpSender | None = None
        self._asked = 0.0
        if self.to:
            self._answer = UdpSender(self.to, self.port)
        else:
            self._waiting = UdpReceiver(self.host, self.port)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Send one sample to who asked last, if anybody has."""
        if self._waiting is not None:
            self._take_requests(self._waiting)
            self._forget_who_is_silent()
        if self._answer is not None:
            values = self._mapping.apply(sample.aus, sample.gaze, sample.extras)
            weights = [round(100 * value) for value in values.tolist()]
            self._answer.send(line(sample, weights, self._separator))

    @property
    def trouble(self) -> str:
        """Why nothing arrives: nobody asked, or what is sent is not taken; empty where it is."""
        return "nobody has asked for it yet" if self._answer is None else self._answer.trouble

    def close(self) -> None:
        """Close the sockets."""
        if self._waiting is not None:
            self._waiting.close()
        if self._answer is not None:
            self._answer.close()

    def _take_requests(self, waiting: UdpReceiver) -> None:
        for datagram, host in waiting.take():
            if not datagram.startswith(GREETING):
                continue
            self._separator = "&" if VERSION_2 in datagram else "-"
            self._asked = now()
            if self._answer is None or self._answer.host != host:
                self._answer_to(host)

    def _forget_who_is_silent(self) -> None:
        """Send no more to who has gone, or has not asked again for long: it may not want it."""
        if self._answer is None:
            return
        silent = 0 < self.forget_s <= now() - self._asked
        if silent or self._answer.failing_s >= GONE_S:
            reason = "has not asked again" if silent else "takes nothing any more"
            log.info("ifacialmocap: %s %s; forgotten until it asks", self._answer.host, reason)
            self._answer.close()
            self._answer = None

    def _answer_to(self, host: str) -> None:
        if self._answer is not None:
            self._answer.close()
        self._answer = UdpSender(host, self.port)
        log.info("ifacialmocap: %s asked; sending there", host)


def line(sample: Sample, weights: Sequence[int], separator: str) -> bytes:
    """Return a frame's line; ``weights`` are 0 to 100 in ARKit's order."""
    fields = zip(("trackingStatus", *NAMES), (int(sample.face), *weights), strict=True)
    shapes = [f"{name}{separator}{value}" for name, value in fields]
    pitch, yaw, roll = sample.head.euler
    x, y, z = sample.head.translation.tolist()
    head = (-pitch, yaw, -roll, -x, y, z)
    left, right = np.degrees(sample.gaze).tolist()
    poses = (
        f"=head#{_numbers(*head)}",
        f"rightEye#{_numbers(-right[0], right[1], 0)}",
        f"leftEye#{_numbers(-left[0], left[1], 0)}",
    )
    return ("|".join((*shapes, *poses)) + "|").encode("ascii")


def _numbers(*values: float) -> str:
    return ",".join(f"{value:.5f}" for value in values)


def _spelt(name: str) -> str:
    """Spell an ARKit name as the app does: ``mouthSmile_L``."""
    for side in ("Left", "Right"):
        if name.endswith(side) and name not in UNPAIRED:
            return f"{name.removesuffix(side)}_{side[0]}"
    return name


NAMES = tuple(map(_spelt, ARKIT))
