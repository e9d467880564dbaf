"""The view tune."""

from __future__ import annotations

from nicegui import ui

from facedrive.studio.page import Page


def show(page: Page) -> None:
    """Lay the view out."""
    ui.label(page.say("tune"))
