"""Pictures of the avatar."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedrive.errors import RenderError
from facedrive.mappings import match_rig
from facedrive.render.scene import AvatarRenderer, backdrop, over
from facedrive.rig import Rig, load
from facedrive.rig.model import Paint
from facedrive.types import IDENTITY_HEAD

Open = Callable[..., AvatarRenderer]

FRONT = np.zeros((2, 2), np.float32)
REST = np.zeros(1, np.float32)
OPEN = np.ones(1, np.float32)
STRAIGHT = IDENTITY_HEAD.rotation
LEFT = np.array([0, np.sin(0.3), 0, np.cos(0.3)], np.float32)


def changed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return rows and columns (n, 2) of pixels that differ visibly."""
    return np.argwhere(np.abs(one.astype(int) - other.astype(int)).max(axis=2) > 12)


@pytest.mark.slow
def test_a_picture_has_the_size_asked_for(renderer: Open) -> None:
    picture = renderer(size=(120, 80)).render(REST, FRONT, STRAIGHT)
    assert picture.shape == (80, 120, 3)
    assert picture.dtype == np.uint8


def test_the_head_stands_before_the_backdrop(renderer: Open) -> None:
    picture = renderer().render(REST, FRONT, STRAIGHT)
    wall = backdrop((96, 96))
    assert len(changed(picture, wall)) > 0.3 * 96 * 96
    np.testing.assert_array_equal(picture[:4, :4], wall[:4, :4])


def test_the_same_input_gives_the_same_picture_in_any_order(renderer: Open) -> None:
    one = renderer()
    first = one.render(REST, FRONT, STRAIGHT)
    one.render(OPEN, FRONT + 0.4, LEFT)
    np.testing.assert_array_equal(one.render(REST, FRONT, STRAIGHT), first)
    np.testing.assert_array_equal(renderer().render(REST, FRONT, STRAIGHT), first)


def test_a_picture_stays_as_it_was_when_the_next_is_drawn(renderer: Open) -> None:
    one = renderer()
    first = one.render(REST, FRONT, STRAIGHT)
    kept = first.copy()
    one.render(OPEN, FRONT, LEFT)
    np.testing.assert_array_equal(first, kept)


def test_weights_move_what_they_move_and_nothing_else(renderer: Open) -> None:
    one = renderer()
    moved = changed(one.render(REST, FRONT, STRAIGHT), one.render(OPEN, FRONT, STRAIGHT))
    assert len(moved) > 100
    assert moved[:, 0].min() > 48, "the jaw is in the lower half"


def test_the_subjects_left_is_on_the_right_of_the_picture(renderer: Open) -> None:
    one = renderer()
    left_only = np.array([[0, 0.5], [0, 0]], np.float32)
    moved = changed(one.render(REST, FRONT, STRAIGHT), one.render(REST, left_only, STRAIGHT))
    assert len(moved) > 5
    assert moved[:, 1].min() > 48
    turned = one.render(REST, FRONT, LEFT)
    dark = np.argwhere(turned.max(axis=2) < 25)
    assert dark[:, 1].mean() > 52, "both pupils went with the head"


def test_two_renderers_do_not_disturb_each_other(renderer: Open, rig: Rig) -> None:
    one, other = renderer(), renderer(replace(rig, colors=rig.colors * 0.5))
    alone = one.render(REST, FRONT, STRAIGHT)
    other.render(OPEN, FRONT, LEFT)
    np.testing.assert_array_equal(one.render(REST, FRONT, STRAIGHT), alone)


def test_another_thread_may_draw(renderer: Open) -> None:
    one = renderer()
    here = one.render(REST, FRONT, STRAIGHT)
    pictures: list[np.ndarray] = []
    thread = threading.Thread(target=lambda: pictures.append(one.render(REST, FRONT, STRAIGHT)))
    thread.start()
    thread.join()
    np.testing.assert_array_equal(pictures[0], here)


def test_a_closed_renderer_says_so_and_closes_twice(renderer: Open) -> None:
    one = renderer()
    with one:
        one.render(REST, FRONT, STRAIGHT)
    one.close()
    with pytest.raises(RenderError, match="is closed"):
        one.render(REST, FRONT, STRAIGHT)


def test_a_texture_colours_the_surface_its_first_row_at_v_0(renderer: Open, rig: Rig) -> None:
    flag = np.zeros((8, 6, 4), np.uint8)
    flag[..., 3] = 255
    flag[:4, :, 1] = flag[4:, :, 0] = 255
    parts = tuple(replace(part, texture=flag) for part in rig.parts)
    down = (0.1 - rig.vertices[:, 1]) / 0.2
    uv = np.stack([np.full_like(down, 0.5), down], axis=1)
    picture = renderer(replace(rig, parts=parts, uv=uv)).render(REST, FRONT, STRAIGHT)
    column = picture[:, 48].astype(int)
    greener = np.flatnonzero(column[:, 1] > 2 * column[:, 0])
    redder = np.flatnonzero(column[:, 0] > 2 * column[:, 1])
    assert len(greener) > 15
    assert len(redder) > 15
    assert greener.max() < redder.min(), "the first row is the upper one"


def test_a_target_may_paint_the_surface_and_move_its_texture(renderer: Open, rig: Rig) -> None:
    flag = np.zeros((8, 8, 4), np.uint8)
    flag[..., 3] = 255
    flag[:, :4, 1] = flag[:, 4:, 0] = 255  # green on the left, red on the right
    uv = np.full((len(rig.vertices), 2), 0.25, np.float32)
    every, still, none = (
        slice(0, len(rig.vertices)),
        np.ones(2, np.float32),
        np.zeros(2, np.float32),
    )
    darker = np.float32([-0.7, -0.7, -0.7, 0])
    paints = (Paint(0, 0, every, np.zeros(4, np.float32), still, np.float32([0.5, 0])),
              Paint(0, 0, every, darker, still, none))  # fmt: skip
    parts = tuple(replace(part, texture=flag) for part in rig.parts)
    white = np.ones_like(rig.colors)
    made = renderer(replace(rig, parts=parts, uv=uv, paints=paints, colors=white))

    def middle(weight: float) -> np.ndarray:
        return made.render(np.float32([weight]), FRONT, STRAIGHT)[48, 48].astype(int)

    green, red, again = middle(0), middle(1), middle(0)
    assert green[1] > 2 * green[0]
    assert red[0] > 2 * red[1]
    assert red.max() < 0.8 * green.max()
    np.testing.assert_array_equal(green, again)


def test_a_target_may_make_one_of_two_like_surfaces_glow(renderer: Open, rig: Rig) -> None:
    (part, *others) = rig.parts
    half = (part.triangles.start + part.triangles.stop) // 2
    parts = (replace(part, triangles=slice(part.triangles.start, half)),
             replace(part, triangles=slice(half, part.triangles.stop)), *others)  # fmt: skip
    still, none = np.ones(2, np.float32), np.zeros(2, np.float32)
    every = slice(0, len(rig.vertices))
    glow = Paint(0, 1, every, np.zeros(4, np.float32), still, none, (0.0, 0.8, 0.0))
    made = renderer(replace(rig, parts=parts, paints=(glow,)))

    def greens(weight: float) -> np.ndarray:
        picture = made.render(np.float32([weight]), FRONT, STRAIGHT).astype(int)
        return picture[..., 1] - picture[..., 0]

    rest, lit, again = greens(0), greens(1), greens(0)
    np.testing.assert_array_equal(rest, again)
    brighter = (lit - rest > 30).mean()
    face = (np.abs(rest) + np.abs(lit) > 0).mean()
    assert 0.2 * face < brighter < 0.8 * face


def test_transparent_parts_let_what_is_behind_through(renderer: Open, rig: Rig) -> None:
    parts = tuple(replace(part, transparent=True) for part in rig.parts)
    colors = rig.colors.copy()
    colors[:, 3] = 0.0
    picture = renderer(replace(rig, parts=parts, colors=colors)).render(REST, FRONT, STRAIGHT)
    np.testing.assert_array_equal(picture, backdrop((96, 96)))


def test_premultiplied_colour_is_laid_over_by_what_alpha_leaves() -> None:
    picture = np.array([[[100, 0, 0, 255], [50, 0, 0, 128], [0, 0, 0, 0]]], np.uint8)
    behind = np.full((1, 3, 3), 200, np.uint8)
    laid = over(picture, behind)
    assert laid[0, 0].tolist() == [100, 0, 0]
    np.testing.assert_allclose(laid[0, 1], [150, 100, 100], atol=1)
    assert laid[0, 2].tolist() == [200, 200, 200]


@pytest.mark.slow
def test_a_third_party_rig_moves_by_its_arkit_targets(renderer: Open, shared: Path) -> None:
    rig = load(shared / "rigs" / "ict_arkit.glb")
    mapping = match_rig(rig)
    one = renderer(rig)
    pictures = [
        one.render(mapping.apply(np.full(24, value, np.float32), FRONT), FRONT, STRAIGHT)
        for value in (0.0, 0.6)
    ]
    assert len(changed(*pictures)) > 300
