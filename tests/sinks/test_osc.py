"""A frame is one bundle, byte for byte what other implementations build and understand."""

from __future__ import annotations

import itertools
import re
import select
import shutil
import socket
import subprocess
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from facedrive.aus import AU_NAMES
from facedrive.errors import SinkError
from facedrive.sinks.osc import MAX_DATAGRAM, MAX_PREFIX, Bundles, OscSink, TimeTags, messages
from facedrive.types import Sample

from .conftest import MakeSample, datagrams


def osc_sink(receiver: socket.socket, prefix: str = "/facedrive") -> OscSink:
    host, port = receiver.getsockname()
    return OscSink(host, port, prefix, extras=False)


def sent(receiver: socket.socket, sample: Sample, prefix: str = "/facedrive") -> bytes:
    sink = osc_sink(receiver, prefix)
    sink.send(sample, None)
    sink.close()
    return receiver.recv(65_536)


def arguments(sample: Sample) -> list[list[int | float]]:
    """The arguments of a first frame's messages, in order."""
    return [
        [int(sample.face)],
        [0.0],
        *([float(au)] for au in sample.aus),
        [float(value) for value in sample.head.rotation],
        [float(value) for value in sample.head.translation],
        [float(value) for value in sample.gaze[0]],
        [float(value) for value in sample.gaze[1]],
    ]


def built_by_python_osc(sample: Sample) -> bytes:
    bundle = OscBundleBuilder(0)
    for (address, types), values in zip(messages("/facedrive"), arguments(sample), strict=True):
        message = OscMessageBuilder(address)
        for kind, value in zip(types, values, strict=True):
            message.add_arg(value, kind)
        bundle.add_content(message.build())
    return bytes(bundle.build().dgram)


@pytest.mark.parametrize("seen", [True, False])
def test_bytes_are_those_that_python_osc_builds(
    receiver: socket.socket, make_sample: MakeSample, seen: bool
) -> None:
    sample = make_sample(3, seen=seen)
    ours, theirs = sent(receiver, sample), built_by_python_osc(sample)
    assert ours[:8] == theirs[:8] == b"#bundle\0"
    assert ours[16:] == theirs[16:]  # between them is the time tag


def test_addresses_come_in_the_documented_order(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    bundle = OscBundle(sent(receiver, make_sample(1), prefix="/me"))
    assert [message.address for message in bundle] == [
        "/me/face",
        "/me/time",
        *(f"/me/au/{name}" for name in AU_NAMES),
        "/me/head/rotation",
        "/me/head/position",
        "/me/gaze/left",
        "/me/gaze/right",
    ]


def test_a_frame_fits_one_ethernet_frame(receiver: socket.socket, make_sample: MakeSample) -> None:
    assert len(sent(receiver, make_sample())) == 1312 <= MAX_DATAGRAM


def test_a_long_prefix_splits_the_frame_with_face_and_time_first(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    prefix = "/" + "p" * 100
    sink = osc_sink(receiver, prefix)
    sink.send(make_sample(), None)
    datagrams: list[bytes] = []
    while not datagrams or b"/gaze/right" not in datagrams[-1]:
        datagrams.append(receiver.recv(65_536))
    sink.close()
    assert len(datagrams) > 1
    assert all(len(datagram) <= MAX_DATAGRAM for datagram in datagrams)
    assert len({datagram[8:16] for datagram in datagrams}) == 1
    addresses = [message.address for datagram in datagrams for message in OscBundle(datagram)]
    assert addresses == [address for address, _ in messages(prefix)]


def test_time_counts_from_the_first_frame(receiver: socket.socket, make_sample: MakeSample) -> None:
    sink = osc_sink(receiver)
    times = []
    for index in range(3):
        sink.send(make_sample(index, time=9e5 + index / 30), None)
        times.append(OscBundle(receiver.recv(65_536)).content(1).params[0])
    sink.close()
    assert times == pytest.approx([0, 1 / 30, 2 / 30], abs=1e-6)


def test_frames_do_not_leak_into_each_other(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    sink = osc_sink(receiver)
    for index in range(3):
        sample = make_sample(index)
        sink.send(sample, None)
        bundle = list(OscBundle(receiver.recv(65_536)))
        received = [message.params for message in bundle[2:]]
        for ours, theirs in zip(arguments(sample)[2:], received, strict=True):
            assert theirs == pytest.approx(ours)
    sink.close()


@pytest.mark.parametrize("prefix", ["facedrive", "/face drive", "/a/", "/a//b", "/f#", "/né"])
def test_prefix_that_is_no_address_is_an_error(prefix: str) -> None:
    with pytest.raises(SinkError, match=f"prefix '{re.escape(prefix)}' is no OSC address"):
        OscSink(prefix=prefix)


def test_prefix_has_a_longest_length_and_may_be_empty(receiver: socket.socket) -> None:
    osc_sink(receiver, "/" + "p" * (MAX_PREFIX - 1)).close()
    osc_sink(receiver, "").close()
    with pytest.raises(SinkError, match=f"at most {MAX_PREFIX}"):
        osc_sink(receiver, "/" + "p" * MAX_PREFIX)


class TestTimeTags:
    """Time tags count from 1900 in 2^-32 s."""

    @staticmethod
    def seconds(tag: int) -> float:
        return tag / 2**32 - 2_208_988_800

    def tags(self, *pairs: tuple[float, float]) -> list[float]:
        """Tags, in seconds since 1970, of (wall clock, frame time) pairs."""
        wall = iter([wall for wall, _ in pairs])
        tags = TimeTags(clock=lambda: next(wall))
        return [self.seconds(tags.tag(time)) for _, time in pairs]

    def test_first_frame_is_now(self) -> None:
        assert self.tags((1.7e9, 5.0)) == pytest.approx([1.7e9], abs=1e-6)

    def test_spacing_is_that_of_the_frames_however_late_they_come(self) -> None:
        tags = self.tags((1e9, 5.0), (1e9 + 0.9, 5.1), (1e9 + 0.95, 5.2))
        assert tags == pytest.approx([1e9, 1e9 + 0.1, 1e9 + 0.2], abs=1e-6)

    def test_no_frame_is_in_the_future(self) -> None:
        tags = self.tags((1e9, 0.0), (1e9 + 0.001, 1.0), (1e9 + 0.101, 1.1))
        assert tags == pytest.approx([1e9, 1e9 + 0.001, 1e9 + 0.101], abs=1e-6)

    def test_after_a_pause_or_a_loop_frames_are_now_again(self) -> None:
        tags = self.tags((1e9, 0.0), (1e9 + 60, 0.1), (1e9 + 60.1, 0.2), (1e9 + 62, -9.0))
        assert tags == pytest.approx([1e9, 1e9 + 60, 1e9 + 60.1, 1e9 + 62], abs=1e-6)

    def test_a_tag_is_what_python_osc_makes_of_the_time(self) -> None:
        tag = TimeTags(clock=lambda: 1.7e9 + 0.25).tag(3.0)
        now: Any = 1.7e9 + 0.25  # a float, whatever python-osc's annotation says
        theirs = OscBundleBuilder(now).build().dgram[8:16]
        assert tag.to_bytes(8, "big") == theirs


def test_bundles_take_integers_and_floats_wherever_they_stand() -> None:
    bundles = Bundles([("/a", "if"), ("/bcd", ""), ("/e", "fi")])
    (datagram,) = bundles.fill(7, [1, -2], [0.5, 2.0])
    packed = [(message.address, message.params) for message in OscBundle(bytes(datagram))]
    assert packed == [("/a", [1, 0.5]), ("/bcd", []), ("/e", [2.0, -2])]
    assert datagram[8:16] == bytes([0, 0, 0, 0, 0, 0, 0, 7])


@pytest.mark.skipif(shutil.which("oscdump") is None, reason="oscdump (liblo-tools) is absent")
def test_liblo_understands_a_frame(receiver: socket.socket, make_sample: MakeSample) -> None:
    host, port = receiver.getsockname()
    receiver.close()
    sample = make_sample(4)
    sink = OscSink(host, port, extras=False)
    with subprocess.Popen(
        ["oscdump", "-L", str(port)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = _received_frame(sink, sample, process)
        process.terminate()
    sink.close()
    wanted = zip(messages("/facedrive"), arguments(sample), strict=True)
    for line, ((address, types), values) in zip(lines, wanted, strict=True):
        _tag, heard_address, heard_types, *heard = line.split()
        assert (heard_address, heard_types) == (address, types)
        np.testing.assert_allclose([float(text) for text in heard], values, atol=1e-5)


def _received_frame(sink: OscSink, sample: Sample, process: subprocess.Popen[str]) -> list[str]:
    """Send until the receiver is up and prints, then return one frame's lines."""
    assert process.stdout is not None
    for _ in range(600):
        sink.send(sample, None)
        if select.select([process.stdout], [], [], 0.05)[0]:
            return list(itertools.islice(process.stdout, len(messages("/facedrive"))))
    pytest.fail("oscdump printed nothing")


def test_without_bundles_each_message_is_a_datagram(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    sample = make_sample(4)
    sinks = [
        OscSink(*receiver.getsockname(), bundle=bundle, extras=False) for bundle in (True, False)
    ]
    for sink in sinks:
        sink.send(sample, None)
        sink.close()
    bundled, *plain = datagrams(receiver)
    assert len(plain) == len(messages("/facedrive")) == 30
    assert [OscMessage(each).address for each in plain][:3] == [
        *("/facedrive/face", "/facedrive/time", f"/facedrive/au/{AU_NAMES[0]}"),
    ]
    for alone, inside in zip(map(OscMessage, plain), OscBundle(bundled), strict=True):
        assert (alone.address, alone.params) == (inside.address, inside.params)


@pytest.mark.parametrize("days", [0, 1, 3, 30])
def test_time_keeps_a_millisecond_for_days(
    receiver: socket.socket, make_sample: MakeSample, days: int
) -> None:
    sink = OscSink(*receiver.getsockname(), extras=False)
    start = 86_400.0 * days
    sink.send(make_sample(time=7.0), None)
    datagrams(receiver)
    heard = []
    for step in range(3):
        sink.send(make_sample(time=7.0 + start + step / 60), None)
        (packet,) = datagrams(receiver)
        (time,) = (each.params[0] for each in OscBundle(packet) if each.address.endswith("/time"))
        heard.append(time)
    sink.close()
    assert np.diff(heard) == pytest.approx([1 / 60, 1 / 60], abs=5e-4)


def test_the_second_person_has_addresses_of_their_own(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    sink = OscSink(port=receiver.getsockname()[1], extras=False)
    for person in (1, 2):
        sink.send(replace(make_sample(0), person=person), None)
        (datagram,) = datagrams(receiver)
        prefix = b"/facedrive/2" if person == 2 else b"/facedrive"
        assert prefix + b"/au/jaw_drop\0" in datagram
        assert (b"/facedrive/2/face\0" in datagram) == (person == 2)
    sink.close()
