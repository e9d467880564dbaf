"""A coder at the desk, as a person would: by keys and by hand, in a real browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedrive.annotate.coders import coder_labels
from facedrive.annotate.guess import Guess, keep_guess
from facedrive.annotate.keys import Key, bend, ordered, read_keys
from facedrive.annotate.project import Project
from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.bench.annotate import NEAR, Coder, off
from facedrive.takes.take import Take
from facedrive.types import IDENTITY_HEAD, Sample

from ...annotate.conftest import write_film
from ..conftest import PICTURES, SCALE, UNPAINTED, browser, picture, playwright
from .conftest import film, made

__all__ = ["browser", "film", "made", "playwright"]

pytestmark = pytest.mark.slow

DESK = "document.querySelector('fd-desk')"


def write_guess(project: Project, video: str) -> None:
    """Have the model say that the jaw drops once, and that the lips are pulled at the end."""
    aus = np.zeros((120, 24), np.float32)
    aus[:, AU_INDEX["jaw_drop"]] = np.interp(np.arange(120), [20, 40, 60], [0, 0.8, 0])
    aus[:, AU_INDEX["left_lip_corner_pull"]] = np.interp(np.arange(120), [80, 119], [0, 0.5])
    gaze = np.full((2, 2), 0.1, np.float32)
    samples = [Sample(at / 25, at, row, gaze, IDENTITY_HEAD, True, 1.0)
               for at, row in enumerate(aus)]  # fmt: skip
    spread = np.full((120, 24), 0.002, np.float32)
    spread[30:50, AU_INDEX["jaw_drop"]] = 0.05
    places = np.tile(np.array([0.5, 0.1, 0.2, 3.0], np.float32), (120, 1))
    keep_guess(project, video, Guess(Take.of(samples), spread, places))


@pytest.fixture(scope="module")
def served(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A project for a team that is served; in its video ``shown`` two have labelled."""
    folder = tmp_path_factory.mktemp("served")
    study = shutil.copytree(made, folder / "study")
    with Project.open(study) as project:
        write_guess(project, "clip")
        project.add(write_film(folder / "shown.mp4", 120), subject="P02")
        write_guess(project, "shown")
        project.assign(3)
        for coder, value in (("anna", 0.4), ("ben", 0.9)):
            document = project.document("shown", coder)
            document.edit("set", [document.put("jaw_drop", Key(at, level))
                                  for at, level in ((0, 0.0), (40, value), (60, 0.0))])  # fmt: skip
    words = ["annotate", str(study), "--serve", "--no-open", "--port", "0"]
    log = folder / "log.txt"
    with log.open("w") as errors, subprocess.Popen(
        [sys.executable, "-m", "facedrive", *words], stdout=subprocess.PIPE, stderr=errors,
        text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(5)]
        found = dict(re.findall(r"^  (\w+): (http\S+)$", "".join(lines), re.MULTILINE))
        assert set(found) == {"expert", "anna", "ben", "cleo"}, log.read_text()
        (study / "links").write_text("\n".join(f"{name} {url}" for name, url in found.items()))
        yield found["anna"].partition("/?")[0], study
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def people(served: tuple[str, Path], browser: Any) -> Iterator[Callable[..., Any]]:
    """Give the browser of a person who has come by their invitation; one each."""
    url, folder = served
    links = dict(line.split() for line in (folder / "links").read_text().splitlines())
    opened: dict[str, Any] = {}
    complaints: list[str] = []

    def come(who: str, path: str = "/", *, another: bool = False) -> Any:
        if who not in opened:
            opened[who] = browser.new_context(
                viewport={"width": 760, "height": 420}, device_scale_factor=SCALE
            )
            opened[who].add_init_script("" if PICTURES else UNPAINTED)
            first = opened[who].new_page()
            first.goto(links[who])
            first.wait_for_selector("table")
        pages = opened[who].pages
        page = opened[who].new_page() if another or not pages else pages[0]
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(60_000)
        if page.url.partition("?")[0] != url + path:  # loading takes seconds; who is there stays
            page.goto(url + path)
        return page

    yield come
    for context in opened.values():
        context.close()
    assert not complaints


def ready(page: Any) -> Any:
    page.wait_for_selector("fd-desk[data-state=ready] fd-face[data-drawn]", state="attached")
    page.wait_for_function(f"{DESK}.dataset.seen === {DESK}.dataset.at")
    return page


def saved(page: Any) -> None:
    page.wait_for_function(f"!{DESK}.store.queue.length && {DESK}.store.state === 'saved'")


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def keys_of(folder: Path, coder: str, video: str = "clip") -> dict[str, dict[int, Key]]:
    return read_keys(folder / "keys" / video / f"{coder}.csv", 120)[1]


def test_a_coder_labels_by_keys_alone(people: Callable[..., Any], served: tuple[str, Path]) -> None:
    page = ready(people("anna", "/desk/clip"))
    press(page, "4", "5", "Shift+ArrowRight", "8", "0", "t")  # jaw drop at 0 and at 10, smooth
    press(page, "ArrowRight", "ArrowRight", ".", "5", "Enter", "ArrowDown", "j", "2", "5")
    saved(page)
    tracks = keys_of(served[1], "anna")
    assert tracks["jaw_drop"] == {0: Key(0, 0.45), 10: Key(10, 0.8, "smooth"),
                                  12: Key(12, 0.5, "smooth")}  # fmt: skip
    assert tracks["jaw_slide_left"] == {12: Key(12, 0.25)}
    press(page, "z", "ArrowUp", "p", "Delete", "j")
    saved(page)
    page.wait_for_function(f"{DESK}.store.track('jaw_slide_left').length === 0")
    tracks = keys_of(served[1], "anna")
    assert "jaw_slide_left" not in tracks
    assert sorted(tracks["jaw_drop"]) == [0, 12]
    press(page, "?")
    page.wait_for_selector(".an-help")
    press(page, "Escape")


def test_an_undo_takes_back_what_was_done_before_it(
    people: Callable[..., Any], served: tuple[str, Path]
) -> None:
    page = ready(people("anna", "/desk/clip"))
    page.evaluate(
        f"""async () => {{ const store = {DESK}.store, ask = store.ask.bind(store);
        const set = (frame) => store.edit('set',
          [{{au: 'nose_wrinkle', frame, key: {{value: 0.3, shape: 'linear', machine: false}}}}]);
        store.ask = async (url, body) => {{  // a slow connection
          if (url.includes('undo')) await new Promise((done) => setTimeout(done, 300));
          return ask(url, body); }};
        set(50);
        const taken = store.history('undo');
        await new Promise((done) => setTimeout(done, 100));
        set(60);
        await taken;
        delete store.ask; }}"""
    )
    saved(page)
    assert list(keys_of(served[1], "anna")["nose_wrinkle"]) == [60]


def test_curves_are_drawn_as_they_are_exported(
    people: Callable[..., Any], served: tuple[str, Path]
) -> None:
    page = ready(people("anna", "/desk/clip"))
    page.evaluate(
        f"""() => {{ const d = {DESK}; const rows = [[3, 0.1], [20, 0.9], [34, 0.2], [71, 0.85],
        [90, 0.9], [110, 0.05]];
        const shapes = ['smooth', 'linear', 'smooth', 'smooth', 'hold', 'linear'];
        d.store.edit('curve', rows.map(([frame, value], i) =>
          ({{au: 'lip_pucker', frame, key: {{value, shape: shapes[i], machine: false}}}}))); }}"""
    )
    saved(page)
    shown = page.evaluate(f"{DESK}.times.map((_, at) => {DESK}.valueOf('lip_pucker', at))")
    drawn = coder_labels(Project.open(served[1], lock=False), "clip", "anna")
    np.testing.assert_allclose(shown, drawn[:, AU_INDEX["lip_pucker"]], atol=1e-9)


def test_the_model_fills_and_a_person_confirms(
    people: Callable[..., Any], served: tuple[str, Path]
) -> None:
    page = ready(people("ben", "/desk/clip"))
    page.get_by_role("tab", name="Model").click()
    page.locator("[data-do=guess]").click()
    page.wait_for_function(f"{DESK}.store.tracks.size === 24")
    saved(page)
    assert keys_of(served[1], "ben")["jaw_drop"][40].machine
    press(page, "u")  # where it is least sure
    page.wait_for_function(f"{DESK}.film.at === 40")
    press(page, "Enter", "Shift+ArrowDown", "f")
    saved(page)
    assert keys_of(served[1], "ben")["jaw_drop"][40].machine is False
    press(page, "Control+Enter")
    saved(page)
    assert not any(key.machine for track in keys_of(served[1], "ben").values()
                   for key in track.values())  # fmt: skip


def test_what_is_asked_of_the_model_is_answered_in_a_line(people: Callable[..., Any]) -> None:
    page = ready(people("ben", "/desk/clip"))
    press(
        page, *"00", "Shift+ArrowRight", *"20", "Shift+ArrowRight", *"40", "Shift+ArrowRight", *"60"
    )
    saved(page)
    page.get_by_role("tab", name="Model").click()
    page.locator(".an-fit button").first.click()
    page.wait_for_selector(".an-toast.an-on:has-text('were made anew')")
    page.evaluate("() => { window.there = fetch; window.fetch = () => Promise.reject(Error()); }")
    page.locator(".an-fit button").first.click()
    page.wait_for_selector(".an-toast.an-bad:has-text('No connection')")
    page.evaluate(f"{DESK}.say(''); {DESK}.guess()")
    page.wait_for_selector(".an-toast.an-on:has-text('No connection')")
    page.evaluate("window.fetch = window.there")


def test_the_page_bends_the_models_curve_as_the_benchmark_does(
    people: Callable[..., Any],
) -> None:
    page = ready(people("anna", "/desk/clip"))
    rng, times = np.random.default_rng(0), np.arange(120) / 25
    for _ in range(20):
        frames = rng.choice(120, 30, replace=False)
        track = {int(frame): Key(int(frame), round(float(rng.random()), 2), machine=bool(machine))
                 for frame, machine in zip(frames, rng.random(30) < 0.8, strict=True)}  # fmt: skip
        key = Key(int(rng.integers(120)), round(float(rng.random()), 2))
        rows = page.evaluate(
            """async ([track, key, times]) => {
              const { bend } = await import('/static/annotate/curves.js');
              return bend(track, key, times); }""",
            [[each._asdict() for each in ordered(track)], key._asdict(), times.tolist()],
        )
        ours = {each.frame: each for each in bend(track, key, times)}
        assert {row["frame"] for row in rows} == set(ours)
        for row in rows:
            assert row["machine"] == ours[row["frame"]].machine
            assert row["value"] == pytest.approx(ours[row["frame"]].value, abs=1e-4)


class OnPage(Coder):
    """The benchmark's coder with a mouse and a keyboard: what it counts is what the page sees."""

    def __init__(self, page: Any, study: Path) -> None:
        super().__init__(None, "shown", "cleo")
        self._page, self._study = page, study
        page.evaluate("""() => { window.seen = 0; for (const kind of ['pointerdown', 'keydown'])
            addEventListener(kind, event => { seen += event.isTrusted; }, true); }""")

    @property
    def seen(self) -> int:
        return int(self._page.evaluate("seen"))

    def part(self) -> None:
        self._press("j")

    def fill(self) -> None:
        self._page.get_by_role("tab", name="Model").click()
        self._page.locator("[data-do=guess]").click()
        self._page.wait_for_function(f"{DESK}.store.tracks.size === 24")
        self.count += 2

    def set(self, au: str, frame: int, value: float) -> None:
        self._click(au, frame)
        self._press(*f"{100 * value:02.0f}")

    def turn_bending(self) -> None:
        self.bends = not self.bends
        self._press("s")

    def clear(self, au: str) -> None:
        self._click(au, 0, -20)
        self._press("a", "Delete")

    def _click(self, au: str, frame: int, aside: float = 0) -> None:
        x, y = self._page.evaluate(
            f"""([au, frame]) => {{ const t = {DESK}.tracks; t.reveal(au);
            const box = t.canvas.getBoundingClientRect();
            return [box.x + t.x(frame), box.y + t.topOf(au) + 2]; }}""", [au, frame],
        )  # fmt: skip
        self._page.mouse.click(x + aside, y)
        self.count += 1

    def _press(self, *keys: str) -> None:
        press(self._page, *keys)
        self.count += len(keys)
        saved(self._page)

    def _track(self, au: str) -> dict[int, Key]:
        saved(self._page)
        return keys_of(self._study, "cleo", "shown").get(au, {})


def test_the_scripted_coder_counts_what_the_page_takes(
    people: Callable[..., Any], served: tuple[str, Path]
) -> None:
    page = ready(people("cleo", "/desk/shown"))
    page.set_viewport_size({"width": 1024, "height": 900})  # tracks are on the screen
    times, at = np.arange(120) / 25, np.arange(120)
    coder = OnPage(page, served[1])
    coder.part()
    coder.fill()
    for au, labels in (
        ("jaw_drop", np.interp(at, [20, 40, 60, 90, 100], [0, 0.6, 0, 0, 0.4])),
        ("left_lip_corner_pull", np.interp(at, [10, 30, 119], [0, 0.3, 0.3])),
    ):
        coder.bring(au, labels, times)
        assert off(coder._track(au), labels, times)[1] <= NEAR + 1e-6
    right = coder._track("right_lip_corner_pull")
    assert all(key.machine for key in right.values())  # the two sides were parted
    assert coder.seen == coder.count
    page.set_viewport_size({"width": 760, "height": 420})


def test_the_frame_that_is_shown_is_the_one_that_is_said(people: Callable[..., Any]) -> None:
    page = ready(people("anna", "/desk/clip"))
    page.evaluate(f"{DESK}.seek(77)")
    read = f"""() => {{ const canvas = {DESK}.picture, pen = canvas.getContext('2d');
      let number = 0; for (let bit = 0; bit < 12; bit++)
        if (pen.getImageData(bit * 16 + 8, 16, 1, 1).data[0] > 128) number |= 1 << bit;
      return number; }}"""
    for key, frame in (("ArrowLeft", 76), ("Shift+ArrowRight", 86), ("End", 119), ("Home", 0)):
        page.keyboard.press(key)
        page.wait_for_function(f"{DESK}.dataset.seen === '{frame}'")
        assert page.evaluate(read) == frame
    page.keyboard.press("Space")
    page.wait_for_function(f"{DESK}.film.at > 5")
    page.keyboard.press("Space")
    page.wait_for_function(f"{DESK}.film.shownAt === {DESK}.film.at")
    assert page.evaluate(read) == page.evaluate(f"{DESK}.film.at")


def test_two_windows_of_one_coder_merge_and_a_conflict_is_said(
    people: Callable[..., Any], served: tuple[str, Path]
) -> None:
    one = ready(people("cleo", "/desk/clip"))
    other = ready(people("cleo", "/desk/clip", another=True))
    press(one, "1", "0")
    saved(one)
    press(other, "9", "0")
    other.wait_for_selector(".an-toast.an-bad:has-text('in another window')")
    other.wait_for_function(f"{DESK}.store.find('jaw_drop', 0)?.value === 0.1")
    press(other, "Shift+ArrowRight", "9", "0")
    saved(other)
    one.wait_for_function(f"{DESK}.store.track('jaw_drop').length === 2")  # it looks by itself
    assert {key.value for key in keys_of(served[1], "cleo")["jaw_drop"].values()} == {0.1, 0.9}
    other.close()


def test_edits_behind_one_that_is_refused_are_kept(
    people: Callable[..., Any], served: tuple[str, Path]
) -> None:
    one = ready(people("cleo", "/desk/clip"))
    other = ready(people("cleo", "/desk/clip", another=True))
    other.evaluate("() => { window.there = fetch; window.fetch = () => Promise.reject(Error()); }")
    press(other, "End", "7", "0", "ArrowLeft", "7", "1", "Shift+ArrowLeft", "7", "2")
    other.wait_for_selector(".an-saved[data-state=offline]")
    press(one, "End", "3", "0")
    saved(one)
    other.evaluate("window.fetch = window.there")
    other.wait_for_selector(".an-toast.an-bad:has-text('in another window')")
    saved(other)
    track = keys_of(served[1], "cleo")["jaw_drop"]
    assert [track[at].value for at in (119, 118, 108)] == [0.3, 0.71, 0.72]
    for page in (one, other):
        page.wait_for_function(f"{DESK}.store.find('jaw_drop', 119)?.value === 0.3")
        page.wait_for_function(f"{DESK}.store.find('jaw_drop', 108)?.value === 0.72")
    other.close()


@pytest.mark.parametrize(("wide", "high"), [(1440, 900), (1024, 768), (390, 844)])
def test_every_control_of_the_timeline_is_on_the_screen(
    people: Callable[..., Any], wide: int, high: int
) -> None:
    page = people("ben", "/desk/clip")
    page.set_viewport_size({"width": wide, "height": high})
    page.reload()
    ready(page)
    page.wait_for_function(
        """() => [...document.querySelectorAll('.an-controls button')].every(button => {
        const box = button.getBoundingClientRect();
        const seen = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        return button.contains(seen); })"""
    )
    page.set_viewport_size({"width": 760, "height": 420})


def test_a_browser_that_closes_in_a_drag_leaves_what_was_before(
    people: Callable[..., Any], served: tuple[str, Path]
) -> None:
    page = ready(people("cleo", "/desk/clip"))
    press(page, "3", "3")
    saved(page)
    before = keys_of(served[1], "cleo")
    box = page.locator("#an-jaw_drop").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2)
    page.wait_for_function(f"{DESK}.store.preview !== null")
    page.close()
    assert keys_of(served[1], "cleo") == before


def test_the_expert_sees_all_and_accepts(
    people: Callable[..., Any], served: tuple[str, Path]
) -> None:
    page = people("expert", "/agreement")
    page.wait_for_selector("table")
    picture(page, "annotate-agreement")
    page.goto(served[0] + "/desk/shown")
    ready(page)
    page.get_by_role("tab", name="Expert").click()
    page.locator(".an-expert_pass input").fill("clearer")
    page.locator(".an-item").first.click()
    press(page, "Shift+2")
    page.wait_for_selector(".an-toast:has-text('Decided')")
    assert "ben,clearer" in (served[1] / "expert" / "shown.csv").read_text()
    here = f"{DESK}.valueOf({DESK}.active)"  # does what the label will be
    bens = page.evaluate(f"""async () => {{ const d = {DESK};
        const {{ valueAt }} = await import('/static/annotate/curves.js');
        return valueAt(d.others.ben.get(d.active) ?? [], d.film.at, d.times); }}""")
    assert page.evaluate(here) == bens
    press(page, "7", "0")
    page.wait_for_selector(".an-toast:has-text('once you accept your own keys')")
    assert page.evaluate(here) == bens
    picture(page, "annotate-expert")
    page.get_by_role("button", name="My own keys").click()
    page.wait_for_function(f"{here} === 0.7")
    page.locator(".an-picture").click()
    press(page, "9", ".", "5", "Enter")
    page.wait_for_selector(".an-toast.an-on:has-text('from 0 to 1')")


def test_the_expert_hands_out_whole_links(
    people: Callable[..., Any], served: tuple[str, Path]
) -> None:
    page = people("expert", "/")
    page.wait_for_selector(".an-secret")
    links = dict(line.split() for line in (served[1] / "links").read_text().splitlines())
    assert page.locator(".an-secret").all_inner_texts() == list(links.values())


def test_a_wrong_file_is_named_beside_its_coder(
    people: Callable[..., Any], served: tuple[str, Path]
) -> None:
    path = served[1] / "keys" / "shown" / "anna.csv"
    good = path.read_text()
    path.write_text(good + "jaw_drop,3,1.2,linear,hand\n")
    page = people("expert", "/")
    page.reload()
    page.wait_for_selector("td:has-text('jaw_drop is 1.2; it must be from 0 to 1.')")
    path.write_text(good)
    page.reload()
    page.wait_for_selector("td:has-text('anna'):not(:has-text('1.2'))")


def test_a_coder_cannot_open_anothers_desk(people: Callable[..., Any]) -> None:
    page = people("anna", "/desk/clip")
    page.goto(page.url.partition("?")[0] + "?coder=ben")
    page.wait_for_selector("fd-desk[data-state=failed]")
    assert "ben's labels are not for anna to see." in page.locator(".an-failed").inner_text()
    page.goto(page.url.partition("/desk")[0] + "/")
    page.wait_for_selector("table")
    assert page.locator("text=Invitations").count() == 0
    assert "ben" not in page.locator("table").inner_text()


@pytest.mark.parametrize(("path", "who"), [("/", "expert"), ("/agreement", "expert"),
                                           ("/desk/clip", "ben")])  # fmt: skip
def test_nothing_is_wider_than_the_screen(people: Callable[..., Any], path: str, who: str) -> None:
    page = people(who, path)
    page.wait_for_selector("table, fd-desk[data-state=ready]")
    for wide, high in ((1440, 900), (1024, 768), (390, 844)):
        page.set_viewport_size({"width": wide, "height": high})
        page.wait_for_function(
            """wide => document.documentElement.scrollWidth <= wide
            && document.documentElement.clientWidth === wide""", arg=wide,
        )  # fmt: skip
        picture(page, f"annotate-{path.strip('/').replace('/', '-') or 'project'}-{wide}")
    page.set_viewport_size({"width": 760, "height": 420})


def test_the_avatar_does_what_the_labels_say(people: Callable[..., Any]) -> None:
    page = ready(people("ben", "/desk/shown"))
    page.evaluate(f"{DESK}.seek(40)")
    jaw = f"{DESK}.face.about.targets.indexOf('jaw_drop')"
    weight = f"{DESK}.face.meshes[0].morphTargetInfluences[{jaw}]"
    page.wait_for_function(f"{weight} > 0.75")
    page.keyboard.press("Home")
    page.wait_for_function(f"{weight} < 0.05")
    page.keyboard.press("b")
    page.wait_for_function(f"{DESK}.face.style.transform.includes('scale')")
    assert len(AU_NAMES) == page.evaluate(f"{DESK}.aus.length")
