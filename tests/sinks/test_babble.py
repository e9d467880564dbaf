"""Babble: one message a channel, unbundled, 0 to 1."""

from __future__ import annotations

import socket

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage

from facedrive.errors import MappingError
from facedrive.mappings import load_mapping
from facedrive.sinks.babble import CHANNELS, BabbleSink
from facedrive.types import Sample

from .conftest import MakeSample, datagrams


def sent(receiver: socket.socket, sample: Sample) -> list[bytes]:
    sink = BabbleSink(*receiver.getsockname())
    sink.send(sample, None)
    sink.close()
    return datagrams(receiver)


def test_golden_bytes(receiver: socket.socket, make_sample: MakeSample) -> None:
    received = sent(receiver, make_sample(jaw_drop=0.5))
    assert b"/jawOpen\0\0\0\0,f\0\0" + bytes.fromhex("3f000000") in received


def test_every_channel_is_a_message_of_its_own(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    messages = [OscMessage(datagram) for datagram in sent(receiver, make_sample(1))]
    assert [message.address for message in messages] == [f"/{name}" for name in CHANNELS]
    assert all(len(message.params) == 1 for message in messages)
    assert all(0 <= message.params[0] <= 1 for message in messages)


def test_what_the_receiver_multiplies_is_sent_that_much_smaller(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    messages = map(OscMessage, sent(receiver, make_sample(lip_pucker=1, jaw_drop=1)))
    values = {message.address: message.params[0] for message in messages}
    assert (
        values["/mouthPucker"]
        == 0.25
        * load_mapping("arkit").apply(
            make_sample(lip_pucker=1, jaw_drop=1).aus, np.zeros((2, 2), np.float32)
        )[load_mapping("arkit").channels.index("mouthPucker")]
    )
    assert values["/mouthPucker"] > 0.1 and values["/jawOpen"] == 1


def test_cheeks_puff_on_both_sides(receiver: socket.socket, make_sample: MakeSample) -> None:
    messages = map(OscMessage, sent(receiver, make_sample(cheeks_puff=0.75)))
    values = {message.address: message.params[0] for message in messages}
    assert values["/cheekPuffLeft"] == values["/cheekPuffRight"] == 0.75
    assert sum(values.values()) == 1.5


def test_table_of_another_format_is_an_error() -> None:
    with pytest.raises(MappingError, match="no arkit channel"):
        BabbleSink(mapping="unified")
