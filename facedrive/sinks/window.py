"""The desktop window: shows pictures, takes keys. Only the main thread may use it.

Open it before PyAV is imported: both bring an X client library of their own, and Qt waits for
ever on its first window when PyAV's was loaded first (PyAV 18, OpenCV 5, Linux).
"""

from __future__ import annotations

import logging
import os
import platform
import subprocess
import sys

import cv2

from facedrive.types import Image

log = logging.getLogger(__name__)


PROBE = "import cv2; cv2.namedWindow('facedrive'); cv2.pollKey()"
PROBE_S = 20.0
"""A display that takes longer to answer counts as none."""


def display_fault() -> str:
    """Say why no window can be opened; empty where one can.

    Qt ends the whole process where it cannot reach the display that the environment names, so that
    another process tries first.
    """
    if platform.system() in ("Windows", "Darwin"):
        return ""
    named = [each for each in ("DISPLAY", "WAYLAND_DISPLAY") if os.environ.get(each)]
    if not named:
        return "no display"
    try:
        done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True,
                              timeout=PROBE_S, check=False)  # fmt: skip
        reached = done.returncode == 0
    except subprocess.TimeoutExpired:
        reached = False
    given = ", ".join(f"{each}={os.environ[each]}" for each in named)
    return "" if reached else f"no display: {given} cannot be reached"


def open_window(name: str) -> Window | None:
    """Open a window; say so and return None where there is no display."""
    if fault := display_fault():
        log.info("%s; running without a window", fault)
        return None
    return Window(name)


class Window:
    """One resizable window, as large at first as its first picture."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._shown = False
        cv2.namedWindow(name, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)

    def show(self, picture: Image, title: str) -> None:
        """Show an (H, W, 3) RGB picture under a title."""
        if not self._shown:
            cv2.resizeWindow(self._name, picture.shape[1], picture.shape[0])
            self._shown = True
        cv2.imshow(self._name, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        cv2.setWindowTitle(self._name, title)

    def key(self) -> str:
        """Return the key pressed since the last call, lower case; empty if none."""
        code = cv2.pollKey()
        return "" if code < 0 else chr(code & 0xFF).lower()

    @property
    def closed(self) -> bool:
        """Whether the user closed it."""
        return self._shown and cv2.getWindowProperty(self._name, cv2.WND_PROP_VISIBLE) < 1

    def close(self) -> None:
        """Take it off the screen."""
        cv2.destroyAllWindows()
