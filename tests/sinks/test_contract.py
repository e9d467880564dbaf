"""What every network output promises, whatever its format."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle import OscBundle

from facedrive.aus import AU_NAMES
from facedrive.mappings import load_mapping
from facedrive.sinks import SINKS, describe, open_sink
from facedrive.sinks.livelink import LiveLinkSink
from facedrive.sinks.vmc import VmcSink
from facedrive.types import Head, Sample

from .conftest import MakeSample, datagrams, make

TROUBLES = {"nobody is listening", "nobody has asked for it yet", "nobody has connected yet",
            "connecting"}  # fmt: skip
"""What an output says that is not heard."""

NETWORK = sorted(scheme for scheme in SINKS if describe(scheme).port)


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


@pytest.fixture
def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("scheme", NETWORK)
def test_it_goes_on_where_nobody_is_there(
    scheme: str, free_port: int, make_sample: MakeSample
) -> None:
    sink = open_sink(f"{scheme}://127.0.0.1:{free_port}")
    for index in range(5):
        sink.send(make_sample(index, seen=index != 3), None)
    sink.close()


@pytest.mark.parametrize("scheme", [each for each in NETWORK if each not in ("vts", "ws")])
def test_a_receiver_that_comes_late_or_restarts_gets_the_next_frames(
    scheme: str, free_port: int, make_sample: MakeSample
) -> None:
    to = "?to=127.0.0.1" if scheme == "ifacialmocap" else ""
    sink = open_sink(f"{scheme}://127.0.0.1:{free_port}{to}")
    frames = iter(range(1000))
    for _ in range(2):
        for _ in range(5):  # nobody is there
            sink.send(make_sample(next(frames)), None)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
            receiving.bind(("127.0.0.1", free_port))
            receiving.settimeout(30)
            for _ in range(3):
                sink.send(make_sample(next(frames)), None)
                assert datagrams(receiving)
    sink.close()


@pytest.mark.parametrize("scheme", NETWORK)
def test_it_says_that_nobody_is_there(scheme: str, free_port: int, make_sample: MakeSample) -> None:
    sink: Any = open_sink(f"{scheme}://127.0.0.1:{free_port}?mirror=yes")
    for index in range(3):
        sink.send(make_sample(index), None)
    assert sink.trouble in TROUBLES
    sink.close()


@pytest.mark.parametrize("scheme", NETWORK)
def test_it_leaves_no_thread_behind(scheme: str, free_port: int, make_sample: MakeSample) -> None:
    before = set(threading.enumerate())
    sink = open_sink(f"{scheme}://127.0.0.1:{free_port}")
    sink.send(make_sample(), None)
    sink.close()
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("scheme", NETWORK)
def test_it_sends_takes_that_have_no_landmarks(
    scheme: str, free_port: int, make_sample: MakeSample
) -> None:
    sample = replace(make_sample(), landmarks_px=None)
    sink = open_sink(f"{scheme}://127.0.0.1:{free_port}")
    sink.send(sample, None)
    sink.close()


@pytest.mark.parametrize("scheme", NETWORK)
def test_nothing_reaches_beyond_this_computer_unless_asked_for(scheme: str) -> None:
    defaults = {option.name: option.default for option in describe(scheme).options}
    assert defaults["host"] == "127.0.0.1"


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    unit = st.floats(0, 1, width=32)
    angle = st.floats(-1.5, 1.5, width=32)
    quaternion = draw(st.lists(st.floats(-1, 1), min_size=4, max_size=4))
    rotation = np.array(quaternion, np.float32)
    size = float(np.linalg.norm(rotation))
    rotation = rotation / size if size > 1e-3 else np.array([0, 0, 0, 1], np.float32)
    sample = make(draw(st.integers(0, 10)))
    sample.aus[:] = draw(st.lists(unit, min_size=len(AU_NAMES), max_size=len(AU_NAMES)))
    sample.gaze[:] = np.reshape(draw(st.lists(angle, min_size=4, max_size=4)), (2, 2))
    head = Head(rotation.astype(np.float32), sample.head.translation)
    return replace(sample, head=head)


@pytest.fixture(scope="module")
def listening() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
        receiving.bind(("127.0.0.1", 0))
        receiving.settimeout(30)
        yield receiving


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(sample=samples())
def test_live_link_carries_any_face(listening: socket.socket, sample: Sample) -> None:
    sink = LiveLinkSink(*listening.getsockname())
    sink.send(sample, None)
    sink.close()
    (packet,) = datagrams(listening)
    values = np.array(struct.unpack(">61f", packet[-244:]))
    expected = load_mapping("arkit").apply(sample.aus, sample.gaze, sample.extras)
    np.testing.assert_array_equal(values[:52].astype(np.float32), expected)
    pitch, yaw, roll = np.radians(sample.head.euler)
    assert values[52:55] == pytest.approx([yaw, pitch, -roll], abs=1e-5)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(sample=samples())
def test_vmc_carries_any_face(listening: socket.socket, sample: Sample) -> None:
    sink = VmcSink(*listening.getsockname())
    sink.send(sample, None)
    sink.close()
    messages = [one for packet in datagrams(listening) for one in OscBundle(packet)]
    values = [one.params[1] for one in messages if one.address == "/VMC/Ext/Blend/Val"]
    expected = load_mapping("arkit").apply(sample.aus, sample.gaze, sample.extras)
    np.testing.assert_array_equal(np.float32(values), expected)
    for bone in (one.params for one in messages if one.address == "/VMC/Ext/Bone/Pos"):
        assert np.linalg.norm(bone[4:]) == pytest.approx(1, abs=1e-4)
