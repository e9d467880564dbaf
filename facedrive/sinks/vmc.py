"""VMC protocol over UDP: VSeeFace, Warudo, VNyan, VirtualMotionCapture and other VRM avatars.

Specification: "VMC Protocol specification" 3.x, performer to marionette. A frame's messages:

    /VMC/Ext/OK iiii           loaded, calibrated (3), normal mode (0), 1 with a face
    /VMC/Ext/T f               seconds since this output's first frame, from 0 again after 4096
    /VMC/Ext/Root/Pos s f x 7  root: how far the head has moved from its rest, no rotation
    /VMC/Ext/Bone/Pos s f x 7  Neck, Head, LeftEye, RightEye: place, local rotation x y z w
    /VMC/Ext/Blend/Val sf      each channel of the mapping
    /VMC/Ext/Blend/Apply       last

in as many bundles as fit one Ethernet frame each. Channels with ARKit names are spelt in
PascalCase, as Perfect Sync avatars want them; all others go out as the mapping spells them.

A face says nothing of the avatar's proportions: the bones' places come from the avatar's file
(``rig``), and are 0 without one. Receivers that apply places as they are (EVMC4U with
BonePositionSynchronize) then need ``bones=no`` or that box unticked. The root comes before all
bones, because a receiver takes the first of them for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facedrive.errors import SinkError
from facedrive.mappings.arkit import ARKIT, pascal_case
from facedrive.mappings.table import Mapping, load_mapping
from facedrive.rig.humanoid import bone_places
from facedrive.rotations import part_rotation, quaternion, quaternion_to_unity
from facedrive.sinks.osc import IMMEDIATELY, Bundles, Message, lap
from facedrive.sinks.udp import OverUdp, UdpSender
from facedrive.types import Frame, Sample

LOADED, CALIBRATED, NORMAL_MODE = 1, 3, 0

BONES = ("Neck", "Head", "LeftEye", "RightEye")

FALLBACK = ("A", "I", "U", "E", "O", "Blink_L", "Blink_R")
"""VRM 0 presets that give avatars without Perfect Sync a mouth and eyelids."""


@dataclass
class VmcSink(OverUdp):
    """Drives a VRM avatar; port 39540 reaches assistants' input, 39539 an avatar app directly."""

    host: str = "127.0.0.1"
    port: int = 39540
    mapping: str = "arkit"
    """arkit (Perfect Sync), vrm0, vrm1, or a TOML file."""
    fallback: bool = False
    """Send A, I, U, E, O and blinks too, for avatars without Perfect Sync."""
    bones: bool = True
    """Send neck, head and eyes."""
    rig: Path | None = None
    """The avatar's .vrm: bones have its places, and those that it lacks are not sent."""
    move: float = 1.0
    """How much of the head's way from its rest moves the avatar; 0: none."""
    neck: float = 0.3
    """The neck's share of the head's rotation."""

    def __post_init__(self) -> None:
        if not 0 <= self.neck <= 1:
            raise SinkError(f"vmc: neck is {self.neck:g}; it must be a share from 0 to 1.")
        self._places = places(self.rig)
        self._mappings = [load_mapping(self.mapping)]
        if self.fallback:
            self._mappings.append(_fallback(self._mappings[0]))
        self._bundles = Bundles(messages(self._mappings, tuple(self._places) if self.bones else ()))
        self._start: float | None = None
        self._udp = UdpSender(self.host, self.port)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Send one sample."""
        if self._start is None:
            self._start = sample.time
        bones = self._bone_values(sample) if self.bones else []
        head = np.array([lap(sample.time - self._start), *bones], np.float32)
        channels = [
            mapping.apply(sample.aus, sample.gaze, sample.extras) for mapping in self._mappings
        ]
        status = (LOADED, CALIBRATED, NORMAL_MODE, int(sample.face))
        for datagram in self._bundles.fill(IMMEDIATELY, status, np.concatenate([head, *channels])):
            self._udp.send(datagram)

    def of_person(self, number: int) -> VmcSink:
        """Open the same output for another person: the protocol tells avatars apart by the port.

        Raises:
            SinkError: if there is no such port.
        """
        return replace(self, port=self.port + number - 1)

    def _bone_values(self, sample: Sample) -> list[float]:
        """Return the numbers of the places and rotations of the root and the bones."""
        x, y, z, w = sample.head.rotation.tolist()
        neck = self.neck if "Neck" in self._places else 0.0
        left, right = (quaternion(pitch, yaw) for pitch, yaw in sample.gaze.tolist())
        rotations = {
            "Neck": part_rotation((x, y, z, w), neck),
            "Head": part_rotation((x, y, z, w), 1 - neck),
            "LeftEye": left,
            "RightEye": right,
        }
        x, y, z = (self.move * sample.head.from_rest).tolist()
        values = [-x, y, z, 0.0, 0.0, 0.0, 1.0]
        for bone, place in self._places.items():
            values += (*place, *quaternion_to_unity(rotations[bone]))
        return values


def places(rig: Path | None) -> dict[str, tuple[float, float, float]]:
    """Return the places of those of ``BONES`` that an avatar has, in their order; 0 of none."""
    if rig is None:
        return dict.fromkeys(BONES, (0.0, 0.0, 0.0))
    found = bone_places(rig)
    return {bone: found[bone] for bone in BONES if bone in found}


def messages(mappings: list[Mapping], bones: tuple[str, ...]) -> list[Message]:
    """Return a frame's messages in the order they are sent; without bones there is no root."""
    names = [name for mapping in mappings for name in mapping.channels]
    return [
        ("/VMC/Ext/OK", "iiii"),
        ("/VMC/Ext/T", "f"),
        *(("/VMC/Ext/Root/Pos", "sfffffff", "root") for _ in bones[:1]),
        *(("/VMC/Ext/Bone/Pos", "sfffffff", bone) for bone in bones),
        *(("/VMC/Ext/Blend/Val", "sf", _spelt(name)) for name in names),
        ("/VMC/Ext/Blend/Apply", ""),
    ]


def _fallback(mapping: Mapping) -> Mapping:
    """Return the rows of the VRM 0 table that make up for a missing Perfect Sync."""
    presets = load_mapping("vrm0")
    names = tuple(name for name in FALLBACK if name not in mapping.channels)
    rows = [presets.channels.index(name) for name in names]
    return Mapping("fallback", names, presets.matrix[rows])


def _spelt(name: str) -> str:
    return pascal_case(name) if name in ARKIT else name
