"""Compressed buffer views. Streams are what meshoptimizer 0.23's encoder makes of the values."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedrive.rig.meshopt import Layout, StreamError, decode

VERTICES = np.array(
    [
        [0, 0, 0, 0, 300, 0],
        [500, 0, 0, 0, 0, 300],
        [65535, 17, 300, 300, 0, 1],
        [9, 8, 7, 6, 5, 4],
    ],
    "<u2",
)
VERTEX_STREAM = bytes.fromhex(
    "a0013f000000171614012e00000003010f000000221100010f00000058490109000000010f000000584b0109000000"
    "0133000000570a0110000000013f0000005855060124000000000000000000000000000000000000000000000000"
    "000000000000002c010000"
)
TRIANGLE_STREAM = bytes.fromhex("e1f010feff1ff00cff0202028e1f007687566778a9866589689801690000")
INDEX_STREAM = bytes.fromhex("d10004cd010407981ffd891100000000")


def test_attributes_are_unpacked() -> None:
    unpacked = decode(VERTEX_STREAM, Layout("ATTRIBUTES", 4, 12)).view("<u2").reshape(4, 6)
    np.testing.assert_array_equal(unpacked, VERTICES)


def test_deltas_of_four_bits_are_those_of_the_specification() -> None:
    group = bytes.fromhex("175ff0bc77a9210034b5")
    # One block of 16 elements of 4 bytes: the first byte of each is coded, the others are zero.
    stream = b"\xa0" + b"\x02" + group + b"\0\0\0" + bytes(32)
    first = decode(stream, Layout("ATTRIBUTES", 16, 4)).reshape(16, 4)[:, 0].view(np.int8)
    deltas = [-1, -4, -3, 26, -91, 0, -6, 6, -4, -4, 5, -5, 1, -1, 0, 0]
    np.testing.assert_array_equal(np.diff(first.astype(int), prepend=0), deltas)


def test_triangles_are_unpacked() -> None:
    corners = decode(TRIANGLE_STREAM, Layout("TRIANGLES", 15, 4)).view("<u4").reshape(5, 3)
    wanted = [[0, 1, 2], [2, 1, 3], [4, 6, 5], [7, 8, 9], [9, 8, 2000]]
    assert corners.tolist() == wanted


def test_indices_are_unpacked_in_either_width() -> None:
    wide = decode(INDEX_STREAM, Layout("INDICES", 7, 4)).view("<u4")
    assert wide.tolist() == [0, 1, 51, 2, 49, 1000, 70000]
    narrow = decode(INDEX_STREAM, Layout("INDICES", 7, 2)).view("<u2")
    assert narrow.tolist() == [0, 1, 51, 2, 49, 1000, 70000 - 65536]


def _filtered(values: list[list[int]], kind: str, name: str) -> list[list[int]]:
    """Pack elements that are all raw bytes, and unpack them with a filter."""
    elements = np.array(values, kind)
    packed = elements.view(np.uint8).reshape(len(elements), -1)
    steps = np.diff(packed.astype(np.int8), axis=0, prepend=np.int8(0)).view(np.uint8)
    coded = np.where(steps & 128, ~(steps << 1), steps << 1).astype(np.uint8)
    padded = np.zeros((16, packed.shape[1]), np.uint8)
    padded[: len(coded)] = coded
    stream = b"\xa0" + b"".join(b"\x03" + column.tobytes() for column in padded.T) + bytes(32)
    layout = Layout("ATTRIBUTES", len(elements), packed.shape[1], name)
    answer = "<f4" if name == "EXPONENTIAL" else kind
    return decode(stream, layout).view(answer).reshape(len(elements), -1).tolist()


def test_octahedral_vectors_are_unit_vectors() -> None:
    packed = [[-12, 123, 127, 11], [-117, 117, 127, 65], [-63, -87, 127, 87]]
    unpacked = [[-4, 127, -9, 11], [-12, 12, -126, 65], [-64, -103, -37, 87]]
    assert _filtered(packed, "<i1", "OCTAHEDRAL") == unpacked


def test_quaternions_get_their_largest_component_back() -> None:
    # x = 0.25, y = z = 0, the largest is w: component 3 = (2 + 1) % 4.
    quarter = round(0.25 * np.sqrt(2) * 2047)
    (turned,) = _filtered([[quarter, 0, 0, 2044 | 3]], "<i2", "QUATERNION")
    assert turned == pytest.approx([8192, 0, 0, 31727], abs=8)


def test_exponential_floats_are_scaled_by_powers_of_two() -> None:
    packed = [[(-2 << 24) | 3], [(1 << 24) | (-5 & 0xFFFFFF)]]
    assert _filtered(packed, "<i4", "EXPONENTIAL") == [[0.75], [-10.0]]


@pytest.mark.parametrize(
    ("stream", "layout"),
    [
        (VERTEX_STREAM[:-1], Layout("ATTRIBUTES", 4, 12)),
        (VERTEX_STREAM, Layout("ATTRIBUTES", 4000, 12)),
        (VERTEX_STREAM, Layout("ATTRIBUTES", 4, 10)),
        (VERTEX_STREAM, Layout("ATTRIBUTES", 4, 12, "OCTAHEDRAL")),
        (VERTEX_STREAM, Layout("ATTRIBUTES", 4, 12, "COLOUR")),
        (b"\xa1" + VERTEX_STREAM[1:], Layout("ATTRIBUTES", 4, 12)),
        (TRIANGLE_STREAM, Layout("TRIANGLES", 14, 4)),
        (TRIANGLE_STREAM, Layout("TRIANGLES", 1500, 4)),
        (TRIANGLE_STREAM, Layout("STRIPS", 15, 4)),
        (INDEX_STREAM, Layout("INDICES", 700, 4)),
        (INDEX_STREAM, Layout("INDICES", 7, 8)),
        (b"", Layout("INDICES", 0, 4)),
    ],
)
def test_a_stream_that_cannot_be_is_refused(stream: bytes, layout: Layout) -> None:
    with pytest.raises(StreamError):
        decode(stream, layout)


@given(st.data())
def test_no_damage_does_more_than_raise(data: st.DataObject) -> None:
    stream, layout = data.draw(
        st.sampled_from(
            [
                (VERTEX_STREAM, Layout("ATTRIBUTES", 4, 12)),
                (TRIANGLE_STREAM, Layout("TRIANGLES", 15, 4)),
                (INDEX_STREAM, Layout("INDICES", 7, 4)),
            ]
        )
    )
    damaged = bytearray(stream)
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(stream) - 1), st.integers(0, 255)), max_size=5)
    ):
        damaged[place] = value
    with contextlib.suppress(StreamError):
        assert len(decode(bytes(damaged), layout)) == layout.count * layout.stride
