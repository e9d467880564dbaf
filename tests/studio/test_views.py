"""The views Set up, Tune, Outputs and Takes, driven as a person would."""

from __future__ import annotations

import json
import socket
import struct
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedrive.settings import settings_options
from facedrive.studio.acts import posed
from facedrive.studio.views.setup import meant
from facedrive.takes.take import Take

from .conftest import TOKEN, Running, expect, picture

pytestmark = pytest.mark.slow


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.settimeout(30)
        yield opened


def test_an_output_by_its_apps_name_is_sent_to(
    visit: Callable[..., Any], receiver: socket.socket
) -> None:
    page = visit("/outputs", drawn=False)
    page.get_by_role("combobox", name="App", exact=True).click()
    page.get_by_role("option", name="OSC", exact=True).click()
    address = page.get_by_role("textbox", name="Address")
    expect(address).to_have_value("osc://127.0.0.1:9000")
    url = f"osc://127.0.0.1:{receiver.getsockname()[1]}"
    address.fill(url)
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_selector(f"[data-url='{url}']")
    assert b"/facedrive/" in receiver.recv(65536)
    picture(page, "outputs-sending")
    page.get_by_role("button", name=f"Remove {url}").click()
    page.wait_for_selector(f"[data-url='{url}']", state="detached")


def test_a_test_wave_moves_channels_and_comes_back(
    visit: Callable[..., Any], studio: Running
) -> None:
    page = visit("/outputs", drawn=False)
    page.get_by_role("button", name="Test wave").click()
    page.wait_for_function("document.querySelector('.fd-status').innerText.includes('Test wave')")
    page.get_by_role("button", name="End the test").click()
    page.wait_for_function("document.querySelector('.fd-status').innerText.includes('Running')")


def test_an_address_that_is_none_is_said_in_a_line(visit: Callable[..., Any]) -> None:
    page = visit("/outputs", drawn=False)
    urls = {"ocs": "ocs://127.0.0.1:9000", "xxx": "x" * 10_000, "99999": "osc://127.0.0.1:99999"}
    for said, url in urls.items():
        page.get_by_role("textbox", name="Address").fill(url)
        page.get_by_role("button", name="Add", exact=True).click()
        page.wait_for_selector(f".q-notification.bg-negative:has-text('{said}')")
        assert page.locator("[data-url]").count() == 0


def test_every_option_is_there_and_can_be_found(visit: Callable[..., Any]) -> None:
    page = visit("/setup", drawn=False)
    page.wait_for_selector("[data-option='smoothing.aus.beta']")
    there = page.evaluate(
        "[...document.querySelectorAll('[data-option]')].map(e => e.dataset.option)"
    )
    assert set(there) == {each.name for each in settings_options()} - {"outputs.to"}
    page.get_by_label("Search options").fill("cutoff gaze")
    page.wait_for_selector("[data-option='smoothing.aus.beta']", state="hidden")
    expect(page.locator("[data-option='smoothing.gaze.min_cutoff_hz']")).to_be_visible()
    picture(page, "setup-search")


def test_an_option_changes_on_every_page_and_a_wrong_value_is_refused(
    visit: Callable[..., Any],
) -> None:
    page = visit("/setup", drawn=False)
    field = page.get_by_role("textbox", name="lost.hold_s")
    field.fill("0.75")
    field.press("Enter")
    other = visit("/setup", drawn=False)
    expect(other.get_by_role("textbox", name="lost.hold_s")).to_have_value("0.75")
    field.fill("-3")
    field.press("Enter")
    page.wait_for_selector(".q-notification.bg-negative:has-text('lost.hold_s')")
    page.wait_for_function(
        "document.querySelector('[data-option=\"lost.hold_s\"] input').value === '0.75'"
    )


def test_a_set_up_is_saved_as_the_file_that_config_reads(
    visit: Callable[..., Any], studio: Running
) -> None:
    page = visit("/setup", drawn=False)
    field = page.get_by_role("textbox", name="lost.ease_s")
    field.fill("0.9")
    field.press("Enter")
    page.wait_for_timeout(500)
    card = page.locator(".fd-card", has_text="Set-ups")
    card.get_by_role("button", name="Save").click()
    page.wait_for_selector("text=Give it a name first.")
    card.get_by_label("Name").fill("my stream")
    card.get_by_role("button", name="Save").click()
    page.wait_for_selector(".q-notification.bg-positive")
    (saved,) = studio.folder.rglob("my stream.toml")
    assert "ease_s = 0.9" in saved.read_text()
    card.get_by_role("button", name="Compare").click()
    page.wait_for_selector("text=No difference.")
    saved.with_name("of another page.toml").write_bytes(saved.read_bytes())
    page.wait_for_timeout(1200)  # a page looks once a second; an open list stays as it is
    card.get_by_role("combobox", name="Set-ups").click()
    page.get_by_role("option", name="of another page").click()


def test_the_profile_that_one_page_takes_is_shown_on_another(visit: Callable[..., Any]) -> None:
    page, other = visit("/tune", drawn=False), visit("/tune", drawn=False)
    page.get_by_role("textbox", name="Name").fill("my face")
    page.locator(".fd-pair button").click()
    expect(other.get_by_role("combobox", name="Profiles")).to_have_value("my face")
    other.get_by_role("combobox", name="Profiles").click()
    other.get_by_role("option", name="Nobody in particular").click()
    expect(page.get_by_role("combobox", name="Profiles")).to_have_value("Nobody in particular")


@pytest.mark.parametrize(
    ("typed", "source"),
    [
        ('"C:\\clips\\me.mp4"', "C:\\clips\\me.mp4"), (" '/clips/a b.mp4' ", "/clips/a b.mp4"),
        ("~/me.mp4", str(Path.home() / "me.mp4")), ("rtsp://host/x", "rtsp://host/x"),
        ('"', '"'), ("  ", ""),
    ],
)  # fmt: skip
def test_a_path_is_taken_as_it_is_pasted(typed: str, source: str) -> None:
    assert meant(typed) == source


def test_rubbish_dropped_as_a_rig_is_refused_and_the_avatar_stays(
    visit: Callable[..., Any],
) -> None:
    page = visit("/setup")
    page.set_input_files(
        "input[type=file]", {"name": "x.glb", "mimeType": "model/gltf-binary", "buffer": b"glTF??"}
    )
    page.wait_for_selector(".q-notification.bg-negative")
    assert page.locator(".fd-rig").count() == 1
    assert page.locator("fd-avatar").first.get_attribute("data-state") != "failed"


def test_a_rig_that_is_dropped_is_driven(visit: Callable[..., Any], shared: Path) -> None:
    page = visit("/setup")
    page.set_input_files("input[type=file]", shared / "rigs" / "ict_arkit.glb")
    page.wait_for_selector("[data-rig='ict_arkit.glb'][aria-pressed=true]")
    page.wait_for_function("document.querySelector('fd-avatar').about?.targets.includes('jawOpen')")
    page.locator("[data-rig=basic]").click()
    page.wait_for_selector("[data-rig=basic][aria-pressed=true]")


def test_a_curve_is_dragged(visit: Callable[..., Any]) -> None:
    page = visit("/tune", drawn=False)
    page.wait_for_selector("[data-handle=extreme]", state="attached")
    x, y = page.evaluate(
        """() => { const box = document.querySelector('[data-handle=extreme]')
            .getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }"""
    )
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 90, y, steps=4)
    page.mouse.up()
    page.wait_for_function(
        "Number(document.querySelector('[data-handle=extreme]').getAttribute('cx')) < 220"
    )
    other = visit("/tune", drawn=False)
    other.wait_for_function(
        "Number(document.querySelector('[data-handle=extreme]').getAttribute('cx')) < 220"
    )
    page.get_by_role("button", name="Back to the default").click()


def test_a_slider_moves_the_avatar_without_a_face(visit: Callable[..., Any]) -> None:
    page = visit("/tune")
    slider = page.locator("[data-au=cheeks_puff]")
    slider.scroll_into_view_if_needed()
    for _ in range(3):
        slider.locator("[tabindex]").press("PageUp")
    expect(slider).to_have_attribute("aria-valuenow", "0.3")
    box = slider.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)
    page.wait_for_function(
        """() => { const a = document.querySelector('fd-avatar');
        const at = a.about?.targets.indexOf('cheeks_puff');
        return a.meshes?.some(mesh => mesh.morphTargetInfluences[at] > 0.7); }"""
    )
    page.get_by_role("button", name="Let go").click()
    page.wait_for_function("document.querySelector('.fd-status').innerText.includes('Running')")


def test_calibration_leads_through_its_steps(visit: Callable[..., Any]) -> None:
    page = visit("/tune", drawn=False)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_selector("text=Rest your face and look into the camera.")
    page.wait_for_selector("text=Close both eyes.")
    picture(page, "calibration")
    keep = page.get_by_role("button", name="Keep", exact=True)
    for _ in range(20):
        if keep.is_visible():
            break
        page.evaluate("""() => [...document.querySelectorAll('.fd-coach button')].find(
            each => each.innerText.includes('Skip'))?.click()""")
        page.wait_for_timeout(400)
    keep.click()
    page.wait_for_selector("fd-avatar[pose]", state="detached")


def test_a_take_is_recorded_scrubbed_cut_and_exported(
    visit: Callable[..., Any], studio: Running
) -> None:
    page = visit("/takes", drawn=False)
    page.wait_for_function("document.querySelector('.fd-status').innerText.includes('Running')")
    page.get_by_role("button", name="Record").click()
    page.wait_for_function("parseFloat(document.querySelector('.fd-clock').innerText) > 2")
    page.get_by_role("button", name="Stop recording").click()
    row = page.locator(".fd-take").first
    row.wait_for()
    name = row.get_attribute("data-take")
    row.get_by_role("button", name=f"Play {name}").click()
    page.wait_for_function(
        "document.querySelector('.fd-status').innerText.includes('Playing a take')"
    )
    line = page.locator("fd-timeline")
    line.focus()
    line.press("Home")
    line.press("PageUp")
    page.wait_for_function("document.querySelector('.fd-player').innerText.includes('1.00 /')")
    picture(page, "takes-playing")
    page.get_by_role("button", name="Keep this part as a new take").click()
    page.wait_for_selector(f"[data-take='{name} cut']")
    page.get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("button", name=f"More for {name}", exact=True).click()
    with page.expect_download() as waiting:
        page.locator(".q-menu .q-item", has_text="GLB").click()
    glb = Path(waiting.value.path()).read_bytes()
    magic, version, length = struct.unpack_from("<4sII", glb)
    assert (magic, version, length) == (b"glTF", 2, len(glb))
    (size,) = struct.unpack_from("<I", glb, 12)
    assert json.loads(glb[20 : 20 + size])["animations"]


def test_a_phones_take_that_is_dropped_plays_on_a_page_whose_connection_broke(
    visit: Callable[..., Any], shared: Path
) -> None:
    page = visit("/takes")
    rows = (shared / "data" / "arkit" / "range_of_motion.csv").read_bytes().splitlines(True)
    take = {"name": "My Slate.csv", "mimeType": "text/csv", "buffer": b"".join(rows[:200])}
    page.set_input_files("input[type=file]", take)
    page.wait_for_selector("[data-take='My Slate']")
    page.evaluate("facedriveFeed.socket.close()")
    page.wait_for_selector("body.fd-down", state="attached")
    page.wait_for_selector("body:not(.fd-down)", state="attached")
    page.get_by_role("button", name="Play My Slate").click()
    page.wait_for_function("facedriveFeed.sample?.acted && facedriveFeed.sample.inputs[8] > 0.01")
    picture(page, "takes-phone")
    page.get_by_role("button", name="Back to the camera").click()
    page.wait_for_selector(".fd-player", state="hidden")


def test_a_note_that_is_written_stays_while_takes_come_and_grow(
    visit: Callable[..., Any], studio: Running
) -> None:
    page, folder = visit("/takes", drawn=False), studio.folder / "takes"
    folder.mkdir(exist_ok=True)
    Take.of([posed(np.zeros(24, np.float32))]).to_csv(folder / "noted.csv")
    page.get_by_role("button", name="More for noted").click()
    page.locator(".q-menu .q-item", has_text="Notes").click()
    note = page.get_by_role("textbox", name="Notes")
    note.fill("the good one")
    other = folder / "Tom & Ann's.csv"
    other.write_bytes((folder / "noted.csv").read_bytes())
    page.wait_for_selector(f'[data-take="{other.stem}"]')
    other.unlink()
    page.wait_for_selector(f'[data-take="{other.stem}"]', state="detached")
    expect(note).to_have_value("the good one")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_selector("[data-take=noted]:has-text('the good one')")
    (folder / "noted.csv").unlink()


def test_a_take_that_appears_or_goes_on_disk_does_so_on_the_page(
    visit: Callable[..., Any], studio: Running
) -> None:
    page = visit("/takes", drawn=False)
    folder = studio.folder / "takes"
    folder.mkdir(exist_ok=True)
    broken = folder / "broken.csv"
    broken.write_text("no take\n")
    page.wait_for_selector("[data-take=broken]")
    expect(page.get_by_role("button", name="Play broken")).to_be_disabled()
    broken.unlink()
    page.wait_for_selector("[data-take=broken]", state="detached")


def test_with_a_token_the_printed_address_opens_and_another_does_not(studio: Running) -> None:
    assert studio.printed == f"{studio.url}/?token={TOKEN}"
    assert status(f"{studio.url}/") == 401
    assert status(f"{studio.url}/?token={TOKEN[:-1]}X") == 401
    assert status(studio.printed) == 200


def status(url: str) -> int:
    """Ask for a page; return what HTTP says of it."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
