"""The page's frame and the view Live, driven as a person would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from facedrive.aus import AU_NAMES
from facedrive.extras import EXTRA_NAMES

from .conftest import Running, picture

pytestmark = pytest.mark.slow


def ready(page: Any) -> Any:
    """Wait until the avatar moves."""
    page.wait_for_selector("fd-avatar[data-index]", state="attached")
    return page


def test_a_newcomer_sees_the_demo_clip_move(visit: Callable[..., Any]) -> None:
    page = ready(visit())
    page.wait_for_function("Number(document.querySelector('.fd-inset')?.dataset.drawn) > 3")
    page.wait_for_function(
        "[...document.querySelectorAll('.fd-bar output')].some(o => Number(o.textContent) > 0.1)"
    )
    assert page.locator(".fd-bar").count() == len(AU_NAMES) + len(EXTRA_NAMES)
    assert "Running" in page.locator(".fd-status").inner_text()
    picture(page, "live-1024")


def test_pause_by_its_key_holds_the_face_and_says_so(visit: Callable[..., Any]) -> None:
    page = ready(visit())
    page.keyboard.press("p")
    page.wait_for_function("document.querySelector('.fd-status').innerText.includes('Paused')")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function("document.querySelector('.fd-status').innerText.includes('Running')")


def test_mirror_turns_the_view_of_every_page(visit: Callable[..., Any]) -> None:
    one, other = ready(visit()), ready(visit("/setup"))
    one.get_by_role("button", name="Mirror").click()
    other.wait_for_selector("fd-avatar[mirror]", state="attached")
    one.get_by_role("button", name="Mirror").click()
    other.wait_for_selector("fd-avatar:not([mirror])", state="attached")


def test_a_reload_comes_back_to_the_view(visit: Callable[..., Any], studio: Running) -> None:
    page = visit(drawn=False)
    page.keyboard.press("4")
    page.wait_for_url(f"{studio.url}/outputs")
    page.reload()
    page.wait_for_selector("a[aria-current=page]:has-text('Outputs')")


def test_nothing_is_wider_than_the_screen(visit: Callable[..., Any]) -> None:
    page = ready(visit())
    for key, path in enumerate(("", "setup", "tune", "outputs", "takes"), start=1):
        page.keyboard.press(str(key))
        page.wait_for_url(f"**/{path}")
        ready(page)
        for width, height in ((1440, 900), (1024, 768), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function(
                """width => document.documentElement.scrollWidth <= width
                && document.querySelector('.fd-panel').scrollWidth <= width
                && document.documentElement.clientWidth === width""",
                arg=width,
            )
            picture(page, f"{path or 'live'}-{width}")


def test_japanese_is_complete_on_the_page(visit: Callable[..., Any]) -> None:
    page = ready(visit(locale="ja-JP"))
    assert page.locator("html").get_attribute("lang") == "ja"
    assert "アクションユニット" in page.locator("h1").inner_text()


def test_obs_gets_a_transparent_ground_and_a_head_that_moves(visit: Callable[..., Any]) -> None:
    page = ready(visit("/avatar?background=transparent&camera=bust", painted=True))
    corner, middle = page.evaluate(
        """() => { const canvas = document.querySelector('canvas'), probe = new OffscreenCanvas(
            canvas.width, canvas.height), pen = probe.getContext('2d'); pen.drawImage(canvas, 0, 0);
            const alpha = (x, y) => pen.getImageData(x, y, 1, 1).data[3];
            return [alpha(2, 2), alpha(canvas.width / 2, canvas.height * 0.4)]; }"""
    )
    assert (corner, middle) == (0, 255)
    page.wait_for_function(
        """() => { const a = document.querySelector('fd-avatar');
        const jaw = a.about?.targets.indexOf('jaw_drop');
        return a.meshes?.some(mesh => mesh.morphTargetInfluences[jaw] > 0.3); }"""
    )


def test_avatars_that_are_gone_leave_the_graphics_card_to_the_one_that_stays(
    visit: Callable[..., Any],
) -> None:
    page = ready(visit())
    lost, before, after = page.evaluate(
        """async () => {
        const stays = document.querySelector('fd-avatar');
        for (let round = 0; round < 3; round++) {  // a browser lets sixteen draw
            const others = Array.from({length: 7}, () => document.createElement('fd-avatar'));
            document.body.append(...others);
            others.forEach(each => each.remove());
            await new Promise(done => setTimeout(done, 800));
        }
        const held = () => { stays.render(); return stays.renderer.info.memory.textures; };
        const before = held();
        await stays.load();
        return [stays.renderer.getContext().isContextLost(), before, held()]; }"""
    )
    assert not lost
    assert after == before


def test_what_stands_in_a_field_does_not_look_like_a_hint_on_the_light_page(
    visit: Callable[..., Any], studio: Running
) -> None:
    page = visit("/outputs", drawn=False)
    page.context.add_cookies([{"name": "fd_theme", "value": "light", "url": studio.url}])
    page.reload()
    page.wait_for_selector("body.body--light input[aria-label=Address]")
    colours = page.evaluate(
        """() => ['input[aria-label=Address]', '.fd-note-line'].map(
        each => getComputedStyle(document.querySelector(each)).color)"""
    )
    page.context.clear_cookies(name="fd_theme")
    assert colours[0] != colours[1]
