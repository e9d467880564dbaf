"""The laid-out picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from facedrive.aus import AU_NAMES
from facedrive.render.drawing import AMBER, GREEN, RED
from facedrive.render.overlay import compose, compose_live
from facedrive.types import IDENTITY_HEAD, Image, Sample

Compose = Callable[..., Image]

LAYOUTS: list[tuple[Compose, tuple[int, int]]] = [
    (compose, (480, 1600)),
    (compose_live, (720, 1120)),
]


def sample_with_face(scale: float = 1.0) -> Sample:
    """Return a sample whose face is a ring of landmarks."""
    angles = np.linspace(0, 2 * np.pi, 68)
    ring = np.stack([320 + 90 * np.cos(angles), 240 + 110 * np.sin(angles)], axis=1) * scale
    aus = np.linspace(0, 1, len(AU_NAMES), dtype=np.float32)
    gaze = np.zeros((2, 2), np.float32)
    return Sample(0.0, 0, aus, gaze, IDENTITY_HEAD, True, 1.0, ring.astype(np.float32))


FRAME = np.full((480, 640, 3), 90, np.uint8)
AVATAR = np.zeros((256, 256, 3), np.uint8)
AVATAR[:, :128] = 200


def holds(picture: Image, color: tuple[int, int, int]) -> bool:
    """Tell whether a colour is in the upper left corner, where the badges are."""
    corner = picture[:56, :300].astype(int)
    return bool((np.abs(corner - color).max(axis=2) < 8).any())


@pytest.mark.parametrize(("layout", "shape"), LAYOUTS)
@pytest.mark.parametrize("size", [(480, 640), (1, 1), (1080, 1920), (640, 480), (4320, 7680)])
def test_the_picture_has_one_size_whatever_the_cameras(
    layout: Compose, shape: tuple[int, int], size: tuple[int, int]
) -> None:
    frame = np.zeros((*size, 3), np.uint8)
    picture = layout(frame, sample_with_face(size[1] / 640), AVATAR)
    assert picture.shape == (*shape, 3)
    assert picture.dtype == np.uint8


@pytest.mark.parametrize(("layout", "shape"), LAYOUTS)
def test_a_recording_without_its_video_is_drawn_too(
    layout: Compose, shape: tuple[int, int]
) -> None:
    picture = layout(None, replace(sample_with_face(), face=False, landmarks_px=None), AVATAR)
    assert picture.shape == (*shape, 3)
    assert not holds(picture, AMBER)


@pytest.mark.parametrize(("layout", "shape"), LAYOUTS)
def test_what_is_given_stays_as_it_is(layout: Compose, shape: tuple[int, int]) -> None:
    frame, avatar = FRAME.copy(), AVATAR.copy()
    layout(frame, sample_with_face(), avatar, mirror=True, status="recording")
    np.testing.assert_array_equal(frame, FRAME)
    np.testing.assert_array_equal(avatar, AVATAR)


@pytest.mark.parametrize(("layout", "shape"), LAYOUTS)
def test_badges_tell_a_found_face_from_a_lost_one(layout: Compose, shape: tuple[int, int]) -> None:
    found = layout(FRAME, sample_with_face(), AVATAR)
    lost = layout(FRAME, replace(sample_with_face(), face=False, landmarks_px=None), AVATAR)
    assert (holds(found, GREEN), holds(found, AMBER)) == (True, False)
    assert (holds(lost, GREEN), holds(lost, AMBER)) == (False, True)


@pytest.mark.parametrize(("layout", "shape"), LAYOUTS)
def test_recording_and_pause_are_told(layout: Compose, shape: tuple[int, int]) -> None:
    assert holds(layout(FRAME, sample_with_face(), AVATAR, status="recording"), RED)
    assert holds(layout(FRAME, sample_with_face(), AVATAR, status="paused"), AMBER)


def test_landmarks_are_drawn_where_the_face_is() -> None:
    with_face = compose(FRAME, sample_with_face(), AVATAR)[60:, :640]
    changed = np.argwhere(np.abs(with_face.astype(int) - 90).max(axis=2) > 30)
    center = (changed.min(axis=0) + changed.max(axis=0)) / 2 + (60, 0)
    np.testing.assert_allclose(center, (240, 320), atol=3)


def test_a_mirror_turns_camera_and_avatar_and_leaves_the_words() -> None:
    frame = FRAME.copy()
    frame[200:220, 600:620] = 255
    face = sample_with_face()
    plain, mirrored = compose(frame, face, AVATAR), compose(frame, face, AVATAR, mirror=True)
    turned = mirrored[60:, 639::-1].astype(int)
    assert np.abs(plain[60:, :640].astype(int) - turned).mean() < 0.3
    assert mirrored[210, 30].min() > 240
    np.testing.assert_array_equal(plain[:, 1120:], mirrored[:, :1119:-1])
    np.testing.assert_array_equal(plain[:56, :150], mirrored[:56, :150])
    labels = np.s_[40:, 640:790]
    np.testing.assert_array_equal(plain[labels], mirrored[labels])
