"""What a reader of any page chooses: the language, and dark or light; kept by the browser."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy

from nicegui import Client, ui

from facedrive.studio.texts import Language

SHORT: dict[Language, str] = {"en": "EN", "ja": "日本語"}
"""What stands on the button for a language."""

REMEMBER = """
<script>globalThis.remember = (name, value) => {
  document.cookie = `${name}=${value}; path=/; max-age=31536000; SameSite=Strict`; };</script>
"""
"""What a page's head needs, for the browser to keep a choice."""


def speak(client: Client, language: Language) -> None:
    """Have NiceGUI say what it says of itself, as that the connection is gone, in a language."""
    if language != "en":
        client.page = copy(client.page)  # which all visitors share
        client.page.language = language


def add_choices(say: Callable[[str], str], language: Language, mode: ui.dark_mode) -> None:
    """Add a button for the other language, and one for the other theme."""
    other: Language = "en" if language == "ja" else "ja"
    ui.button(SHORT[other], on_click=lambda: ui.run_javascript(
        f"remember('fd_language','{other}'); location.reload()")).classes("fd-mini").props(
        f'flat aria-label="{say("language_switch")}"')  # fmt: skip
    ui.button(icon="contrast", on_click=lambda: _turn(mode)).classes("fd-mini").props(
        f'flat aria-label="{say("dark")}"')  # fmt: skip


def _turn(mode: ui.dark_mode) -> None:
    mode.value = not mode.value
    ui.run_javascript(f"remember('fd_theme', '{'dark' if mode.value else 'light'}')")
