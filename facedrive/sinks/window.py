"""The desktop window: shows pictures, takes keys. Only the main thread may use it.

Open it before PyAV is imported: both bring an X client library of their own, and Qt waits for
ever on its first window when PyAV's was loaded first (PyAV 18, OpenCV 5, Linux).
"""

from __future__ import annotations

import logging
import os
import platform

import cv2

from facedrive.types import Image

log = logging.getLogger(__name__)


def has_display() -> bool:
    """Say whether there is a display to open a window on."""
    named = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return named or platform.system() in ("Windows", "Darwin")


def open_window(name: str) -> Window | None:
    """Open a window; say so and return None where there is no display."""
    if not has_display():
        log.info("no display: running without a window")
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
