"""A screen that nobody sees (Xvfb) and a hand on its keyboard (xdotool)."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest


@dataclass
class Screen:
    """An X display of its own."""

    display: str
    folder: Path
    """Where the server keeps the screen's picture."""

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to open its window here."""
        return os.environ | {"DISPLAY": self.display, "WAYLAND_DISPLAY": ""}

    def do(self, *words: str) -> str:
        """Run xdotool; return what it prints."""
        command = ["xdotool", *words]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        return done.stdout.strip()

    def press(self, window: str, key: str) -> None:
        """Press a key in a window; no window manager is there to give it the focus."""
        self.do("windowfocus", "--sync", window)
        assert self.do("getwindowfocus") == window, "the window has no focus"
        self.do("key", key)

    def put_back(self, window: str) -> None:
        """Take a window off the screen, and put it back."""
        self.do("windowunmap", "--sync", window)
        self.do("windowmap", "--sync", window)

    def picture(self, save: Path) -> np.ndarray:
        """Return what the screen shows, (H, W, 3) uint8 BGR, and keep it as a picture."""
        data = (self.folder / "Xvfb_screen0").read_bytes()
        head = struct.unpack(">25I", data[:100])  # an X window dump: its header in words
        start, width, height, row, colours = head[0], head[4], head[5], head[12], head[19]
        pixels = np.frombuffer(data, np.uint8, row * height, start + 12 * colours)
        shown = pixels.reshape(height, row // 4, 4)[:, :width, :3]
        cv2.imwrite(str(save), shown)
        return shown


@contextmanager
def open_screen(folder: Path) -> Iterator[Screen]:
    """Start an X server on a free display; skips where there is none.

    It does not begin anew when its last client leaves: who comes at that moment is turned away.
    """
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24",
               "-nolisten", "tcp", "-noreset", "-fbdir", str(folder)]  # fmt: skip
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, pass_fds=[write], stdout=quiet, stderr=quiet) as server:
        os.close(write)
        try:
            with os.fdopen(read) as told:
                number = told.readline().strip()
            assert number, "Xvfb does not start"
            yield Screen(f":{number}", folder)
        finally:
            server.terminate()
