"""The response of an action unit or an extra, as it is drawn and dragged: start, bend, full."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from facedrive import calibration
from facedrive.aus import AU_INDEX
from facedrive.extras import EXTRA_INDEX
from facedrive.studio.movements import OTHER_SIDE

SIDE = 300
"""Of the drawing, pixels; raw values go right, calibrated ones up."""

EDGE = 20

LEAST = 0.05
"""The least from start to full."""


class Response(NamedTuple):
    """One line of a profile."""

    neutral: float
    """The raw value at which it starts to count."""
    extreme: float
    """The raw value that counts as all of it."""
    gamma: float
    """Above 1 lifts small movements, below 1 holds them back."""

    @property
    def middle(self) -> float:
        """The calibrated value half way from start to full."""
        return float(1 - 0.5**self.gamma)


def response_of(profile: calibration.Profile, name: str) -> Response:
    """Return the response of an action unit or an extra."""
    if name in EXTRA_INDEX:
        columns, place = profile.extras, EXTRA_INDEX[name]
    else:
        columns, place = _of_aus(profile), AU_INDEX[name]
    return Response(*(float(column[place]) for column in columns))


def with_response(
    profile: calibration.Profile, name: str, response: Response, *, linked: bool
) -> calibration.Profile:
    """Return a profile with another response of a movement, and of its other side if linked."""
    neutral = min(max(response.neutral, 0.0), 1.0 - LEAST)
    extreme = min(max(response.extreme, neutral + LEAST), 1.0)
    gamma = min(max(response.gamma, 0.1), 10.0)
    index = EXTRA_INDEX if name in EXTRA_INDEX else AU_INDEX
    old = profile.extras if index is EXTRA_INDEX else _of_aus(profile)
    new = calibration.Response(*(column.copy() for column in old))
    for each in {name, OTHER_SIDE[name]} if linked else {name}:
        for column, value in zip(new, (neutral, extreme, gamma), strict=True):
            column[index[each]] = value
    return replace(profile, extras=new) if index is EXTRA_INDEX else (
        replace(profile, **new._asdict()))  # fmt: skip


def _of_aus(profile: calibration.Profile) -> calibration.Response:
    return calibration.Response(profile.neutral, profile.extreme, profile.gamma)


def handles(response: Response) -> dict[str, tuple[float, float]]:
    """Return where the three points are in the drawing, pixels."""
    middle = (response.neutral + response.extreme) / 2
    return {
        "neutral": _place(response.neutral, 0.0),
        "gamma": _place(middle, response.middle),
        "extreme": _place(response.extreme, 1.0),
    }


def nearest(response: Response, x: float, y: float) -> str:
    """Return which point is nearest to a place in the drawing."""
    points = handles(response)
    return min(points, key=lambda name: np.hypot(points[name][0] - x, points[name][1] - y))


def dragged(response: Response, handle: str, x: float, y: float) -> Response:
    """Return the response with one of its points at a place in the drawing."""
    raw = min(max((x - EDGE) / (SIDE - 2 * EDGE), 0.0), 1.0)
    level = min(max((SIDE - EDGE - y) / (SIDE - 2 * EDGE), 0.03), 0.97)
    if handle == "neutral":
        return response._replace(neutral=min(raw, response.extreme - LEAST))
    if handle == "extreme":
        return response._replace(extreme=max(raw, response.neutral + LEAST))
    return response._replace(gamma=float(np.log(1 - level) / np.log(0.5)))


def draw(response: Response, raw: float | None, value: float | None) -> str:
    """Return the drawing as SVG, with the face as it is now where there is one."""
    raws = np.linspace(0, 1, 101, dtype=np.float32)
    levels = calibration.Response(*np.array([response], np.float32).T).apply(raws)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(_place, raws, levels))
    circles = "".join(
        f'<circle data-handle="{name}" cx="{x:.1f}" cy="{y:.1f}" r="8" '
        'fill="var(--fd-accent)" stroke="var(--fd-panel)" stroke-width="2"/>'
        for name, (x, y) in handles(response).items()
    )
    grid = "".join(
        f'<path d="M{a} {EDGE}V{SIDE - EDGE}M{EDGE} {a}H{SIDE - EDGE}" stroke="var(--fd-line)"/>'
        for a in np.linspace(EDGE, SIDE - EDGE, 5)
    )
    now = ""
    if raw is not None and value is not None and np.isfinite(raw):
        x, y = _place(raw, value)
        now = f'<path d="M{x:.1f} {SIDE - EDGE}V{y:.1f}H{EDGE}" stroke="var(--fd-soft)" fill="none" stroke-dasharray="4 3"/>'  # noqa: E501
    return (f'{grid}{now}<polyline points="{points}" fill="none" stroke="var(--fd-accent)" '
            f'stroke-width="2.5"/>{circles}')  # fmt: skip


def _place(raw: float, level: float) -> tuple[float, float]:
    side = SIDE - 2 * EDGE
    return EDGE + raw * side, SIDE - EDGE - level * side
