"""What the pages are sent: bytes by their layout, and nothing while nobody looks."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("nicegui")

from facedrive.aus import AU_INDEX
from facedrive.mappings.table import INPUTS
from facedrive.studio import feed as module
from facedrive.studio.acts import posed
from facedrive.studio.feed import NO_RAW, Feed, Watcher, encode_picture, pack_sample
from facedrive.studio.movements import MOVEMENTS
from facedrive.threads import now, wall_clock
from facedrive.trackers.align import CENTRE_Y, TEMPLATE
from facedrive.trackers.landmarks import RIGID
from facedrive.types import CropSpec, Frame

JAW = np.eye(24, dtype=np.float32)[AU_INDEX["jaw_drop"]]


def test_a_message_has_flags_times_and_numbers_where_the_page_reads_them() -> None:
    message = pack_sample(posed(JAW, 7), NO_RAW, (480, 640), acted=True)
    kind, flags, landmarks, _, index, captured, sent = struct.unpack_from("<BBBBIdd", message)
    assert (kind, flags, landmarks, index) == (1, 3, 0, 7)
    assert sent == pytest.approx(wall_clock() * 1000, abs=200)
    assert captured <= sent
    numbers = np.frombuffer(message, "<f4", offset=24)
    assert len(numbers) == len(INPUTS) + len(MOVEMENTS) + 4 + 3 + 4
    assert numbers[INPUTS.index("jaw_drop")] == 1
    assert np.isnan(numbers[len(INPUTS) : len(INPUTS) + len(MOVEMENTS)]).all()


def test_the_page_expects_as_many_inputs_as_it_is_sent() -> None:
    source = (Path(module.__file__).parent / "static" / "feed.js").read_text(encoding="utf-8")
    assert f"const INPUTS = {len(INPUTS)};" in source
    assert f"const RAW = {len(MOVEMENTS)};" in source


def test_a_picture_is_a_small_jpeg() -> None:
    image = np.full((720, 1280, 3), (200, 30, 30), np.uint8)
    message = encode_picture(image)
    read = cv2.imdecode(np.frombuffer(message[4:], np.uint8), cv2.IMREAD_COLOR)
    assert message[0] == 2
    assert read.shape == (270, 480, 3)
    assert read[100, 100, 2] > 180  # OpenCV reads BGR


def test_without_a_page_nothing_is_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "pack_sample", lambda *_, **__: pytest.fail("packed"))
    feed = Feed(lambda: None)
    feed.send(posed(JAW), Frame(np.zeros((48, 64, 3), np.uint8), now(), 0))
    assert feed.newest is not None
    feed.close()


def test_a_page_that_is_behind_gets_the_newest_of_each_kind() -> None:
    async def look() -> list[bytes]:
        watcher = Watcher(picture=True)
        for message in (b"\x01a", b"\x01b", b"\x02p", b"\x01c"):
            watcher.put(message)
        return await watcher.take()

    assert sorted(asyncio.run(look())) == [b"\x01c", b"\x02p"]


def test_gaps_in_the_frames_are_counted_as_dropped() -> None:
    feed = Feed(lambda: None)
    for index in (0, 1, 4, 5):
        feed.send(posed(JAW, index), None)
    assert feed.dropped == 2


def test_landmarks_are_followed_by_the_corners_of_what_the_model_sees() -> None:
    landmarks = np.zeros((68, 2), np.float32)
    landmarks[RIGID] = TEMPLATE * 90 + (320, 200)
    sample = replace(posed(JAW), landmarks_px=landmarks)
    message = pack_sample(sample, NO_RAW, (480, 640), acted=False, crop=CropSpec(128, 0.3))
    assert message[2] == 68
    corners = np.frombuffer(message[-32:], "<f4").reshape(4, 2) * (640, 480)
    side = 90 * CropSpec(128, 0.3).span
    np.testing.assert_allclose(np.diff(corners, axis=0), [[side, 0], [0, side], [-side, 0]],
                               atol=0.1)  # fmt: skip
    middle = corners.mean(axis=0)
    np.testing.assert_allclose(middle, (320, 200 + 90 * CENTRE_Y), atol=1)
