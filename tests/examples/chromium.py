"""A page in headless Chromium, looked at through its DevTools protocol."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image
from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome")

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu-sandbox", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--hide-scrollbars", "--no-first-run", "--window-size=800,480",
    "--disable-background-networking", "--disable-dev-shm-usage", "--remote-debugging-port=0",
)  # fmt: skip


class Page:
    """One open page."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Ask for something, and return the answer."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        self._connection.send(json.dumps(message))
        while True:
            answer = json.loads(self._connection.recv(60))
            if answer.get("id") == number:
                result: dict[str, Any] = answer["result"]
                return result

    def read(self, script: str) -> Any:
        """Return what an expression is worth in the page."""
        return self.call("Runtime.evaluate", expression=script)["result"].get("value")

    def text(self, element: str) -> str:
        """Return what an element says, by its id."""
        return str(self.read(f"document.getElementById('{element}')?.textContent"))

    def picture(self, save: Path | None = None) -> np.ndarray:
        """Return what the page looks like, (H, W, 3) uint8."""
        png = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        if save is not None:
            save.write_bytes(png)
        return np.asarray(Image.open(BytesIO(png)).convert("RGB"))


@contextmanager
def open_page(url: str, profile: Path) -> Iterator[Page]:
    """Open a page; skips where there is no Chromium."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("Chromium is not installed")
    command = [program, *FLAGS, f"--user-data-dir={profile}", url]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as browser:
        try:
            with connect(_address(profile), proxy=None, max_size=None) as connection:
                yield Page(connection)
        finally:
            browser.terminate()


def _address(profile: Path) -> str:
    """Wait for the browser, and return where its page is spoken to."""
    noted = profile / "DevToolsActivePort"
    for _ in range(600):
        if noted.exists() and (lines := noted.read_text().splitlines()):
            with urlopen(f"http://127.0.0.1:{lines[0]}/json/list") as answer:
                pages = [each for each in json.load(answer) if each["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
        time.sleep(0.1)
    raise AssertionError("Chromium does not start")
