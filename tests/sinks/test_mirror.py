"""A mirrored output moves as a mirror image does, whatever its format."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from pythonosc.osc_bundle import OscBundle

from facedrive.assembly import open_outputs
from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.errors import SinkError
from facedrive.mappings import load_mapping
from facedrive.outputs import Outputs
from facedrive.rotations import EulerDegrees, quaternion_from_euler
from facedrive.sinks import SINKS, describe, open_sink
from facedrive.sinks.mirror import MirroredSink, OnePersonSink, flipped, mirrored
from facedrive.sinks.ws import Encoder
from facedrive.takes.read import read_take
from facedrive.types import Frame, Sample

from .conftest import MakeSample, datagrams


@pytest.fixture
def sample(make_sample: MakeSample) -> Sample:
    """A face that winks with its left eye, turned and looking to its left, on its right side."""
    turned = quaternion_from_euler(EulerDegrees(10, 20, 30))
    made = make_sample(turned=turned, left_eye_close=1.0, jaw_slide_left=0.5, jaw_drop=0.25)
    made.gaze[:] = [[0.1, 0.2], [0.3, 0.4]]
    made.head.translation[:] = [0.1, 0.2, -0.6]
    assert made.landmarks_px is not None
    made.landmarks_px[:] = np.arange(136).reshape(68, 2)
    return made


def test_left_and_right_change_and_up_stays_up(sample: Sample) -> None:
    other = mirrored(sample, 64)
    driven = {name: other.aus[AU_INDEX[name]] for name in AU_NAMES if other.aus[AU_INDEX[name]]}
    assert driven == {"right_eye_close": 1, "jaw_slide_right": 0.5, "jaw_drop": 0.25}
    assert other.gaze == pytest.approx(np.array([[0.3, -0.4], [0.1, -0.2]]))
    assert other.head.euler == pytest.approx((10, -20, -30), abs=1e-4)
    assert other.head.translation == pytest.approx((-0.1, 0.2, -0.6))
    assert (other.time, other.index, other.face, other.score) == (
        *(sample.time, sample.index, sample.face, sample.score),
    )


def test_landmarks_are_those_of_the_mirrored_picture(sample: Sample) -> None:
    assert sample.landmarks_px is not None
    other = mirrored(sample, 64).landmarks_px
    assert other is not None
    assert other[36].tolist() == [63 - sample.landmarks_px[45, 0], sample.landmarks_px[45, 1]]
    assert mirrored(sample, 0).landmarks_px is None


def test_twice_mirrored_is_as_before(sample: Sample) -> None:
    again = mirrored(mirrored(sample, 64), 64)
    for name in ("aus", "gaze", "landmarks_px"):
        np.testing.assert_array_equal(getattr(again, name), getattr(sample, name))
    np.testing.assert_array_equal(again.head.rotation, sample.head.rotation)
    np.testing.assert_array_equal(again.head.translation, sample.head.translation)


def test_the_picture_is_flipped_with_it(frame: Frame) -> None:
    frame.image[:, 0] = 0
    other = flipped(frame)
    assert not other.image[:, -1].any()
    assert other.image[:, 0].any()


@pytest.mark.parametrize("scheme", sorted(SINKS))
def test_every_output_says_that_it_can(scheme: str) -> None:
    (option,) = (each for each in describe(scheme).options if each.name == "mirror")
    assert "mirror image" in option.about


def sent(url: str, receiver: socket.socket, sample: Sample, *, mirror: bool = False) -> bytes:
    outputs = open_outputs([url], mirror=mirror)
    outputs.send(sample, None)
    outputs.close()
    return b"".join(datagrams(receiver))


@pytest.mark.parametrize(
    ("query", "mirror", "turned"),
    [
        ("", False, False),
        ("?mirror=yes", False, True),
        ("", True, True),
        ("?mirror=no", True, False),
    ],
)
def test_a_url_or_all_outputs_ask_for_it(
    receiver: socket.socket, sample: Sample, query: str, mirror: bool, turned: bool
) -> None:
    url = f"osc://127.0.0.1:{receiver.getsockname()[1]}{query}"
    found = {
        each.address: each.params for each in OscBundle(sent(url, receiver, sample, mirror=mirror))
    }
    assert found["/facedrive/au/right_eye_close"] == [float(turned)]
    assert found["/facedrive/head/position"][0] == pytest.approx(-0.1 if turned else 0.1)


@pytest.mark.parametrize(
    "scheme", ["vmc", "livelink", "vrchat", "babble", "openseeface", "ifacialmocap"]
)
def test_its_datagrams_are_those_of_the_mirrored_face(
    receiver: socket.socket, sample: Sample, scheme: str
) -> None:
    url = f"{scheme}://127.0.0.1:{receiver.getsockname()[1]}"
    url += "?to=127.0.0.1" if scheme == "ifacialmocap" else "?"
    before = sent(f"{url}&mirror=yes", receiver, sample)
    after = sent(url, receiver, mirrored(sample, 0))
    if scheme == "livelink":  # the time of day
        before, after = before[-245:], after[-245:]
    assert before == after != b""


def test_a_take_keeps_the_mirrored_face(tmp_path: Path, sample: Sample) -> None:
    sink = open_sink(f"csv:{tmp_path / 'take.csv'}?mirror=yes")
    sink.send(sample, None)
    sink.close()
    (row,) = read_take(tmp_path / "take.csv")
    assert row.head.translation == pytest.approx((-0.1, 0.2, -0.6), abs=1e-4)
    assert row.aus[AU_INDEX["right_eye_close"]] == 1


def test_pages_get_the_mirrored_face(sample: Sample) -> None:
    message = json.loads(Encoder(load_mapping("arkit")).encode(mirrored(sample, 0)))
    assert message["channels"]["eyeBlinkRight"] == 1
    assert message["gaze"]["left"] == pytest.approx([0.3, -0.4])


def test_a_slow_output_stays_slow_and_draws_the_flipped_picture(
    tmp_path: Path, sample: Sample, frame: Frame
) -> None:
    frame.image[:, :32] = 0
    sink = open_sink(f"video:{tmp_path / 'a.mp4'}?mirror=yes")
    assert isinstance(sink, MirroredSink)
    assert sink.slow
    sink.send(sample, frame)
    sink.close()
    with av.open(str(tmp_path / "a.mp4")) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert picture[:, :24].mean() > 80
    assert picture[:, -24:].mean() < 20


def test_what_is_neither_yes_nor_no_is_refused() -> None:
    with pytest.raises(SinkError, match="osc: mirror is 'maybe'; it must be yes or no"):
        open_sink("osc://127.0.0.1:9000?mirror=maybe")


def test_an_output_of_one_person_gets_their_samples_alone(
    tmp_path: Path, make_sample: MakeSample
) -> None:
    second, first = Noting(), Noting()
    outputs = Outputs([OnePersonSink(second, 2), first])
    for person in (1, 2):
        outputs.send(replace(make_sample(person), person=person), None)
    assert [(each.index, each.person) for each in second.sent] == [(2, 1)]
    assert [(each.index, each.person) for each in first.sent] == [(1, 1)]
    with closing(open_sink("osc://127.0.0.1:9000?person=2")) as opened:
        assert isinstance(opened, OnePersonSink)
    with pytest.raises(SinkError, match="person is '0'"):
        open_sink("osc://127.0.0.1:9000?person=0")


def test_each_person_gets_a_port_or_a_name_of_their_own(
    make_sample: MakeSample, receiver: socket.socket
) -> None:
    port = receiver.getsockname()[1]
    with closing(open_sink(f"vmc://127.0.0.1:{port - 1}?person=all&mirror=yes")) as vmc:
        outputs = Outputs([vmc])
        outputs.send(make_sample(left_eye_close=1.0), None)
        outputs.send(replace(make_sample(right_eye_close=1.0), person=2), None)
        winks = {
            message.params[0]: message.params[1]
            for datagram in datagrams(receiver)
            for message in OscBundle(datagram)
            if message.address == "/VMC/Ext/Blend/Val"
        }
    assert (winks["EyeBlinkLeft"], winks["EyeBlinkRight"]) == pytest.approx((1, 0))
    with closing(open_sink(f"livelink://127.0.0.1:{port}?person=all&subject=us")) as livelink:
        for person in (1, 2):
            livelink.send(replace(make_sample(), person=person), None)
    first, second = datagrams(receiver)
    assert b"us 2" in second and b"us 2" not in first
    with closing(open_sink(f"openseeface://127.0.0.1:{port}?person=all")) as openseeface:
        for person in (1, 2):
            openseeface.send(replace(make_sample(), person=person), None)
    assert [int.from_bytes(each[8:12], "little") for each in datagrams(receiver)] == [0, 1]


def test_all_people_of_an_output_for_one_are_refused(make_sample: MakeSample) -> None:
    with pytest.raises(SinkError, match="babble: person is all, and this output is for one person"):
        open_sink("babble://127.0.0.1:8888?person=all")
    with closing(open_sink("osc://127.0.0.1:9000?person=all")) as osc:
        assert getattr(osc, "everyone", False)  # the format has addresses for each
    with (
        closing(open_sink("vmc://127.0.0.1:65535?person=all")) as last,
        pytest.raises(SinkError, match="port"),
    ):
        last.send(replace(make_sample(), person=2), None)


class Noting:
    """A sink that notes what it is sent."""

    def __init__(self) -> None:
        self.sent: list[Sample] = []

    def send(self, sample: Sample, frame: Frame | None) -> None:
        self.sent.append(sample)

    def close(self) -> None:
        pass
