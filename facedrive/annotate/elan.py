"""ELAN's .eaf: an AU's events as annotations from onset to offset, and their apexes.

Each AU has a tier of its name; an annotation lasts from where the AU comes to ``ONSET`` to where it
leaves it, and its value is the intensity at the apex. A tier of the name and `` apex`` has the
frame of that. Of other people's files, tiers named after a FACS action unit (``AU12``) are read for
both sides, and values that are a number from 0 to 1 or a FACS intensity from A to E.

Specification: ELAN Annotation Format, EAFv3.0, Max Planck Institute for Psycholinguistics.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

from facedrive.annotate.keys import Key, Values
from facedrive.annotate.rules import spans
from facedrive.aus import AU_INDEX, AU_NAMES, AUS
from facedrive.errors import DataError
from facedrive.export.eaf import Interval, write_tiers
from facedrive.files import check_plain

log = logging.getLogger(__name__)

ONSET = 0.1
"""Intensity from which an AU is there."""

APEX = " apex"
LETTERS = {letter: (index + 1) / 5 for index, letter in enumerate("ABCDE")}
LARGEST = 64 * 2**20


class Event(NamedTuple):
    """One time that an AU comes and goes."""

    au: str
    first: int
    last: int
    apex: int
    value: float


def find_events(labels: Values) -> list[Event]:
    """Find every event in (F, 24) labels."""
    found: list[Event] = []
    for index, name in enumerate(AU_NAMES):
        for first, last in spans(labels[:, index] >= ONSET):
            apex = first + int(np.argmax(labels[first : last + 1, index]))
            found.append(Event(name, first, last, apex, float(labels[apex, index])))
    return found


def write_eaf(path: Path, events: list[Event], times: Values, film: Path) -> None:
    """Write events as ELAN reads them.

    Args:
        path: Where the file goes.
        events: What happens.
        times: (F,) seconds of the frames.
        film: The video, for ELAN to open.

    Raises:
        SinkError: if it cannot be written.
    """
    ends = np.append(times, 2 * times[-1] - times[-2] if len(times) > 1 else times[-1] + 0.04)
    tiers: dict[str, list[Interval]] = {}
    for name in AU_NAMES:
        own = [event for event in events if event.au == name]
        tiers[name] = [Interval(ends[e.first], ends[e.last + 1], f"{e.value:.3f}") for e in own]
        tiers[name + APEX] = [Interval(ends[e.apex], ends[e.apex + 1], f"{e.value:.3f}")
                              for e in own]  # fmt: skip
    write_tiers(path, tiers, film)


def read_eaf(path: Path, times: Values) -> list[Event]:
    """Read the events of an ELAN file; tiers that name no AU are left out.

    Args:
        path: The file.
        times: (F,) seconds of the frames.

    Raises:
        DataError: if it is none.
    """
    root = _parse(path)
    slots = {slot.get("TIME_SLOT_ID"): float(slot.get("TIME_VALUE") or 0) / 1000
             for slot in root.iter("TIME_SLOT")}  # fmt: skip
    tiers = {
        str(tier.get("TIER_ID")): list(_rows(tier, slots, times)) for tier in root.iter("TIER")
    }
    found: list[Event] = []
    for tier, rows in tiers.items():
        names = _aus_of(tier)
        if not names and not tier.endswith(APEX):
            log.info("%s: tier '%s' names no action unit; left out", path, tier)
        apexes = [(first, value) for first, _, value in tiers.get(tier + APEX, [])]
        for first, last, value in rows:
            inside = [each for each in apexes if first <= each[0] <= last]
            apex, top = inside[0] if inside else ((first + last) // 2, value)
            found += [Event(name, first, last, apex, top) for name in names]
    return sorted(found, key=lambda event: (AU_INDEX[event.au], event.first))


def event_keys(events: list[Event], frames: int) -> dict[str, list[Key]]:
    """Return keys that rise from onset to apex and fall to offset, and are 0 between events."""
    tracks: dict[str, dict[int, float]] = {}
    for event in events:
        track = tracks.setdefault(event.au, {})
        edge = min(ONSET, event.value)
        for frame, value in ((event.first - 1, 0.0), (event.last + 1, 0.0)):
            if 0 <= frame < frames:
                track.setdefault(frame, value)
        track |= {event.first: edge, event.last: edge, event.apex: event.value}
    return {
        name: [Key(frame, round(track[frame], 4)) for frame in sorted(track)]
        for name, track in tracks.items()
    }


def _parse(path: Path) -> ElementTree.Element:
    try:
        check_plain(path, DataError, LARGEST)
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise DataError(f"{path} declares entities; an .eaf of ELAN has none.")
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise DataError(f"{path} is no .eaf: {error}.") from error
    if root.tag != "ANNOTATION_DOCUMENT":
        raise DataError(f"{path} is no .eaf: it begins with {root.tag[:40]}.")
    return root


def _rows(
    tier: ElementTree.Element, slots: dict[str | None, float], times: Values
) -> Iterator[tuple[int, int, float]]:
    """Yield first frame, last frame and value of a tier's annotations."""
    for each in tier.iter("ALIGNABLE_ANNOTATION"):
        start, end = (slots.get(each.get(f"TIME_SLOT_REF{side}"), 0.0) for side in (1, 2))
        value = _value((each.findtext("ANNOTATION_VALUE") or "").strip())
        first = int(np.searchsorted(times, start - 0.0006))
        last = int(np.searchsorted(times, end - 0.0006)) - 1
        if first < len(times):
            yield first, max(min(last, len(times) - 1), first), value


def _value(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return LETTERS.get(text[-1:].upper(), 1.0)


def _aus_of(tier: str) -> list[str]:
    if tier in AU_INDEX:
        return [tier]
    code = re.fullmatch(r"A[UD]0*(\d+)", tier.strip(), re.IGNORECASE)
    return [au.name for au in AUS if code and au.facs[2:] == code[1]]
