"""Live Link Face over UDP: Unreal Engine (its Apple ARKit plug-in, MetaHumans) and what reads it.

One big-endian packet a frame, 306 bytes and the subject's name:

    u8 6, i32 36, 36 B device id, i32 N, N B subject, i32 frame, f32 subframe,
    i32 frames per second, i32 1, u8 61, f32 x 61

The 61 values are ARKit's 52 and nine angles in radians. Epic documents no signs; these are those
of iPhones' recordings: a head turned to the subject's left, up and tilted to the right shoulder is
positive, an eye turned to the subject's left or up is negative.

Frames are counted from local midnight, as timecode is.
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from facedrive.errors import SinkError
from facedrive.sinks.channels import load_channels
from facedrive.sinks.osc import NTP_EPOCH_S, TimeTags
from facedrive.sinks.udp import OverUdp, UdpSender
from facedrive.types import Frame, Sample, Vector

VERSION = 6
VALUES = 61
LAST_SUBFRAME = 1 - 2**-24
"""The largest float32 below 1: a subframe never counts as a frame."""

MAX_NAME = 255
MAX_FPS = 1000


@dataclass
class LiveLinkSink(OverUdp):
    """Sends to Unreal as an iPhone with Live Link Face does; pick the subject in Live Link."""

    host: str = "127.0.0.1"
    port: int = 11111
    subject: str = "facedrive"
    """The name that Unreal's Live Link window shows."""
    fps: int = 60
    """What frame numbers count; not how often packets go out."""
    device: str = ""
    """UUID that tells devices apart; one is made from the subject where it is empty."""
    mapping: str = "arkit"
    """arkit, or a TOML file with ARKit channels."""
    _tags: TimeTags = field(default_factory=TimeTags, init=False, repr=False)

    def __post_init__(self) -> None:
        self._check_fps()
        self._header = self._lay_out_header()
        self._mapping = load_channels(self.mapping, "arkit")
        self._udp = UdpSender(self.host, self.port)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Send one sample."""
        number, subframe = self._timecode(sample.time)
        values = np.concatenate(
            [self._mapping.apply(sample.aus, sample.gaze, sample.extras), angles(sample)]
        )
        clock = struct.pack(">ifiiB", number, subframe, self.fps, 1, VALUES)
        self._udp.send(self._header + clock + values.astype(">f4").tobytes())

    def of_person(self, number: int) -> LiveLinkSink:
        """Open the same output for another person, at the same port under a name of their own."""
        return replace(self, subject=f"{self.subject} {number}", device="")

    def _timecode(self, time: float) -> tuple[int, float]:
        """Return the frame since local midnight that a sample's time falls into, and the rest."""
        seconds = self._tags.tag(time) / 2**32 - NTP_EPOCH_S
        local = datetime.fromtimestamp(seconds)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        frames = (local - midnight).total_seconds() * self.fps
        return int(frames), min(frames % 1, LAST_SUBFRAME)

    def _check_fps(self) -> None:
        if not 0 < self.fps <= MAX_FPS:
            raise SinkError(f"livelink: fps is {self.fps}; it must be from 1 to {MAX_FPS}.")

    def _lay_out_header(self) -> bytes:
        name = self.subject.encode()
        if not 0 < len(name) <= MAX_NAME:
            raise SinkError(
                f"livelink: the subject's name has {len(name)} bytes; give it 1 to {MAX_NAME}."
            )
        device = _device(self.device, self.subject).encode()
        prefix = struct.pack(">Bi", VERSION, len(device)) + device
        return prefix + struct.pack(">i", len(name)) + name


def angles(sample: Sample) -> Vector:
    """Return (9,) radians: yaw, pitch and roll of the head, the left eye and the right eye."""
    pitch, yaw, roll = np.radians(sample.head.euler)
    (left_pitch, left_yaw), (right_pitch, right_yaw) = sample.gaze
    return np.array(
        [yaw, pitch, -roll, -left_yaw, -left_pitch, 0, -right_yaw, -right_pitch, 0], np.float32
    )


def _device(device: str, subject: str) -> str:
    if not device:
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, subject)).upper()
    try:
        return str(uuid.UUID(device)).upper()
    except ValueError as error:
        raise SinkError(
            f"livelink: device is '{device}'; it must be a UUID such as "
            "12345678-1234-1234-1234-123456789abc, or be left out."
        ) from error
