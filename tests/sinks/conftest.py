"""Samples to send."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from facedrive.aus import AU_NAMES, AUS
from facedrive.types import Frame, Head, Sample

MakeSample = Callable[..., Sample]


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    """A UDP socket on a port of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
        receiving.bind(("127.0.0.1", 0))
        receiving.settimeout(30)
        yield receiving


def datagrams(receiver: socket.socket) -> list[bytes]:
    """Wait for a datagram; return it and all that came with it."""
    received = [receiver.recv(65_536)]
    receiver.setblocking(False)
    try:
        while True:
            received.append(receiver.recv(65_536))
    except BlockingIOError:
        return received
    finally:
        receiver.settimeout(30)


def turn(axis: int, degrees: float) -> np.ndarray:
    """Quaternion x, y, z, w of a right-handed turn about x, y or z."""
    half = np.radians(degrees) / 2
    quaternion = np.zeros(4)
    quaternion[axis], quaternion[3] = np.sin(half), np.cos(half)
    return quaternion.astype(np.float32)


def rotate(quaternion: np.ndarray, vector: tuple[float, float, float]) -> np.ndarray:
    """Turn a vector: the formula is the same for left- and right-handed axes."""
    axis, w = np.asarray(quaternion[:3], float), float(quaternion[3])
    v = np.array(vector)
    return v + 2 * np.cross(axis, np.cross(axis, v) + w * v)


def make(
    index: int = 0,
    *,
    time: float | None = None,
    seen: bool = True,
    turned: np.ndarray | None = None,
    **aus: float,
) -> Sample:
    """A sample, the same one for the same index; AUs that are named, or else random ones."""
    rng = np.random.default_rng(index)
    rotation = rng.normal(size=4) + np.array([0, 0, 0, 5])
    rotation /= np.linalg.norm(rotation)
    rotation = rotation if turned is None else turned
    head = Head(rotation.astype(np.float32), rng.normal(size=3).astype(np.float32))
    values = rng.random(len(AUS), dtype=np.float32)
    if aus:
        values = np.array([aus.get(name, 0) for name in AU_NAMES], np.float32)
    gaze = rng.normal(size=(2, 2), scale=0.2).astype(np.float32)
    at = index / 30 if time is None else time
    if not seen:
        return Sample(at, index, values, gaze, head, False)
    return Sample(at, index, values, gaze, head, True, 1.25, np.zeros((68, 2), np.float32))


@pytest.fixture
def make_sample() -> MakeSample:
    """Return the function that makes a sample."""
    return make


@pytest.fixture
def frame() -> Frame:
    """A small picture."""
    return Frame(np.full((48, 64, 3), (200, 60, 30), np.uint8), 0.0, 0)
