"""The web page in headless Chromium: fed by the WebSocket output, and with an exported GLB."""

from __future__ import annotations

import functools
import os
import shutil
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from waiting import eventually

pytest.importorskip("websockets")

from facedrive.export.gltf import write_gltf
from facedrive.mappings import match_rig
from facedrive.rig import default_rig, load
from facedrive.sinks.ws import WsSink

from .chromium import Page, open_page
from .conftest import EXAMPLES, make_sample

pytestmark = pytest.mark.slow

NPM = (os.environ.get("NODE_PATH", ""), str(EXAMPLES.parent / ".venv/npm/node_modules"))

PICTURES = os.environ.get("FACEDRIVE_PICTURES")
"""A folder to keep what the page looked like in, for people."""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's folder with three.js, and our head moved by a take of a second."""
    three = next((Path(each) for each in NPM if (Path(each) / "three").is_dir()), None)
    if three is None:
        pytest.skip("npm's three is not installed (NODE_PATH or .venv/npm)")
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(EXAMPLES / "browser", folder, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("node_modules"))  # fmt: skip
    (folder / "node_modules").symlink_to(three)
    rig = load(default_rig())
    take = [make_sample(index, jaw_drop=index / 29) for index in range(30)]
    write_gltf(take, folder / "take.glb", rig, match_rig(rig))
    return folder


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def sink() -> Iterator[WsSink]:
    opened = WsSink(port=0)
    yield opened
    opened.close()


def shown(page: Page, name: str) -> np.ndarray:
    """Return the model's part of the page."""
    picture = page.picture(Path(PICTURES) / f"{name}.png" if PICTURES else None)
    return picture[:, :500].astype(int)


def feed(sink: WsSink, page: Page, **aus: float) -> None:
    """Send a face until the page shows it."""
    name, value = next(iter(aus.items()))
    assert eventually(
        lambda: (
            sink.send(make_sample(**aus), None) is None and page.text(name) == f"{name}{value:.2f}"
        )
    )
    time.sleep(0.2)


def frowns(picture: np.ndarray, shut: np.ndarray) -> bool:
    """Whether the mouth differs on the picture's right, where the subject's left is, alone."""
    moved = np.abs(picture - shut).max(axis=2) > 30
    halves = np.array_split(moved, 2, axis=1)
    return bool(halves[1].sum() > 50 and halves[0].sum() < halves[1].sum() / 4)


def test_a_face_moves_the_bars_and_the_model(served: str, sink: WsSink, tmp_path: Path) -> None:
    url = f"{served}/?rig=take.glb&ws=ws://127.0.0.1:{sink.port}"
    with open_page(url, tmp_path) as page:
        assert eventually(lambda: "33 morph targets" in page.text("rig"))
        feed(sink, page, jaw_drop=0.0)
        assert "face seen" in page.text("status")
        shut = shown(page, "shut")
        feed(sink, page, jaw_drop=0.9)
        opened = shown(page, "open")
        feed(sink, page, jaw_drop=0.0, left_mouth_frown=1.0)
        assert eventually(lambda: frowns(shown(page, "frown"), shut))
    moved = np.abs(opened - shut).max(axis=2) > 30
    assert moved.mean() > 0.002
    assert moved[: len(moved) // 3].mean() < 0.001  # the forehead does not


def test_an_exported_take_plays(served: str, tmp_path: Path) -> None:
    with open_page(f"{served}/?rig=take.glb&ws=ws://127.0.0.1:39997", tmp_path) as page:
        assert eventually(lambda: "33 morph targets" in page.text("rig"))
        first = shown(page, "take")
        assert first.std() > 20
        assert eventually(lambda: bool((np.abs(shown(page, "take") - first) > 30).mean() > 0.001))


def test_a_third_partys_irises_are_seen(
    served: str, site: Path, sink: WsSink, tmp_path: Path, shared: Path
) -> None:
    shutil.copy(shared / "rigs" / "ict_arkit.glb", site / "ict.glb")
    url = f"{served}/?rig=ict.glb&ws=ws://127.0.0.1:{sink.port}"
    with open_page(url, tmp_path) as page:
        assert eventually(lambda: "51 morph targets" in page.text("rig"))
        feed(sink, page, jaw_drop=0.5)
        picture = shown(page, "ict")
    white = (picture.min(axis=2) > 170) & (np.ptp(picture, axis=2) < 30)
    rows, columns = np.nonzero(white[: len(white) // 2])
    eye = picture[rows.min() : rows.max(), columns.min() : columns.max()]
    dark = eye.max(axis=2) < 90
    assert dark.mean() > 0.01
