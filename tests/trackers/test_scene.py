"""Pictures that go on from the one before, and those that do not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from facedrive.trackers.scene import Change, Scene
from facedrive.types import Frame, Image


def picture(seed: int, height: int = 240, width: int = 320) -> Image:
    cells = np.random.default_rng(seed).integers(0, 256, (12, 16)).astype(np.uint8)
    return np.kron(cells, np.ones((height // 12, width // 16), np.uint8))


def changes(*pictures: Image) -> list[Change]:
    scene = Scene()
    return [scene.look(each) for each in pictures]


def test_another_picture_is_a_cut() -> None:
    assert changes(picture(0), picture(0), picture(1), picture(1)) == [
        Change.NONE, Change.NONE, Change.CUT, Change.NONE,
    ]  # fmt: skip


def test_light_noise_and_size_are_no_cut() -> None:
    darker = (picture(0) * 0.4).astype(np.uint8)
    noise = np.random.default_rng(1).normal(0, 10, darker.shape)
    noisy = (darker + noise).clip(0, 255).astype(np.uint8)
    assert set(changes(picture(0), darker, noisy, picture(0, 480, 640))) == {Change.NONE}


def test_a_covered_lens_hides_the_scene_and_shows_it_again() -> None:
    covered = np.random.default_rng(0).integers(0, 12, (240, 320)).astype(np.uint8)
    assert changes(picture(0), covered, covered, picture(0)) == [
        Change.NONE, Change.HIDDEN, Change.NONE, Change.HIDDEN,
    ]  # fmt: skip


def test_a_head_that_turns_leaves_and_comes_back_is_no_cut(turning: list[Frame]) -> None:
    assert set(changes(*(frame.gray for frame in turning))) == {Change.NONE}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["d12.mp4", "x1.mp4"])
def test_fast_heads_are_no_cut(clip: Callable[[str], list[Frame]], name: str) -> None:
    assert set(changes(*(frame.gray for frame in clip(name)))) == {Change.NONE}
