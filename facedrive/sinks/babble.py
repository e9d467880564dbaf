"""Project Babble's OSC over UDP: the Babble module of VRCFaceTracking, and what reads its stream.

Each channel is a message of its own, outside any bundle: ``/jawOpen f`` from 0 to 1. Names are
ARKit's, but cheeks have sides. Babble's cheekSuck and tongue channels are not sent: nothing that
facedrive sees drives them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from facedrive.sinks.channels import load_channels
from facedrive.sinks.osc import lay_out
from facedrive.sinks.udp import OverUdp, UdpSender
from facedrive.types import Frame, Sample

CHANNELS = (
    "cheekPuffLeft", "cheekPuffRight",
    "jawOpen", "jawForward", "jawLeft", "jawRight",
    "noseSneerLeft", "noseSneerRight",
    "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight",
    "mouthRollUpper", "mouthRollLower", "mouthShrugUpper", "mouthShrugLower", "mouthClose",
    "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight",
    "mouthStretchLeft", "mouthStretchRight",
)  # fmt: skip
"""Babble's channels in its order."""

BOTH_SIDES = {"cheekPuffLeft": "cheekPuff", "cheekPuffRight": "cheekPuff"}
"""Channels that are one in ARKit."""


MULTIPLIED = {"mouthFunnel": 4.0, "mouthPucker": 4.0, "mouthLeft": 2.0, "mouthRight": 2.0}
"""What VRCFaceTracking's Babble module multiplies channels by, as a Babble camera gives little of
them; so much less is sent, and the avatar does what the face does."""


@dataclass
class BabbleSink(OverUdp):
    """Stands in for a Babble mouth camera."""

    host: str = "127.0.0.1"
    port: int = 8888
    mapping: str = "arkit"
    """arkit, or a TOML file with ARKit channels."""

    def __post_init__(self) -> None:
        self._mapping = load_channels(self.mapping, "arkit")
        names = [BOTH_SIDES.get(name, name) for name in CHANNELS]
        self._rows = [self._mapping.channels.index(name) for name in names]
        self._shares = np.array([1 / MULTIPLIED.get(name, 1.0) for name in CHANNELS], np.float32)
        self._heads = [lay_out(f"/{name}", "f")[:-4] for name in CHANNELS]
        self._udp = UdpSender(self.host, self.port)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Send one sample, a datagram a channel."""
        values = self._mapping.apply(sample.aus, sample.gaze, sample.extras)[self._rows]
        values = values * self._shares
        for head, value in zip(self._heads, values.tolist(), strict=True):
            self._udp.send(head + struct.pack(">f", value))
