"""Both themes can be read: contrast by WCAG 2.2, AA, over the pairs of colours that meet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("nicegui")

CSS = Path(__file__).resolve().parents[2] / "facedrive" / "studio" / "static" / "studio.css"

TEXT, SHAPE = 4.5, 3.0
"""Least ratios for text (1.4.3) and for what is drawn (1.4.11)."""

PAIRS = [
    *((ink, ground, TEXT) for ink in ("ink", "soft", "accent", "red")
      for ground in ("panel", "well", "hover")),
    ("ink", "ground", TEXT), ("on-accent", "accent", TEXT),
    ("on-main", "main", TEXT), ("on-main", "alarm", TEXT),
    *((ink, "well", TEXT) for ink in ("good", "warn", "red")),
    ("accent", "well", SHAPE), ("accent", "ground", SHAPE), ("ghost", "well", SHAPE),
]  # fmt: skip


def theme(name: str) -> dict[str, str]:
    """Return the variables of a theme; the dark one's stand in for the light one's."""
    css = CSS.read_text(encoding="utf-8")
    blocks = {kind: re.search(rf"^{kind} \{{(.*?)^\}}", css, re.MULTILINE | re.DOTALL)
              for kind in ("body", r"body\.body--dark")}  # fmt: skip
    found: dict[str, str] = {}
    for kind in list(blocks)[: 1 if name == "light" else 2]:
        block = blocks[kind]
        assert block is not None
        found |= dict(re.findall(r"--fd-([\w-]+): (#[0-9a-f]{6});", block[1]))
    return found


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_specification() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_colours_that_meet_are_told_apart(name: str, ink: str, ground: str, least: float) -> None:
    colours = theme(name)
    assert contrast(colours[ink], colours[ground]) >= least


def test_both_themes_have_the_same_colours() -> None:
    light, css = theme("light"), CSS.read_text(encoding="utf-8")
    used = set(re.findall(r"var\(--fd-([\w-]+)", css))
    assert used - set(light) == {"stage"}  # a gradient
