"""A declaration is read once: its options, their checks, their words."""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedrive.errors import OptionError
from facedrive.options import (
    Region,
    Size,
    build,
    changed,
    find,
    option,
    options_of,
    shown,
    values_of,
)


@dataclass(frozen=True)
class Lamp:
    """One lamp."""

    lux: float = option(100.0, unit="lx", low=0, high=1000, live=True)
    """How bright it is."""
    colour: Literal["warm", "cold"] = "warm"


@dataclass(frozen=True)
class Room:
    """A room."""

    door: Path | None = None
    """Where one comes in.

    This paragraph is for those who read the code.
    """
    size: Size = Size(4, 3)
    seat: Region = Region(0, 0, 1, 1)
    lamp: Lamp = field(default_factory=lambda: Lamp(lux=50.0))
    guests: tuple[str, ...] = ()
    open: bool = False
    floor: int = option(1, low=0)
    secret: list[str] = field(default_factory=list)


OPTIONS = options_of(Room)


def test_options_are_the_fields_that_a_text_can_give_in_order() -> None:
    names = [each.name for each in OPTIONS]
    assert names == ["door", "size", "seat", "lamp.lux", "lamp.colour", "guests", "open", "floor"]


def test_an_option_knows_its_docstring_unit_range_and_default() -> None:
    lux = find(OPTIONS, "lamp.lux")
    assert (lux.about, lux.facts.unit, lux.range) == ("How bright it is.", "lx", " from 0 to 1000")
    assert (lux.default, lux.facts.live) == (50.0, True)  # the group's own, not the class's
    assert find(OPTIONS, "door").about == "Where one comes in."
    assert find(OPTIONS, "lamp.colour").choices == ("warm", "cold")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("door", "a b", Path("a b")),
        ("size", "640x480", Size(640, 480)),
        ("seat", "0.5,0,.5,1", Region(0.5, 0, 0.5, 1)),
        ("lamp.lux", "3", 3.0),
        ("lamp.colour", "cold", "cold"),
        ("guests", "Ann", "Ann"),
        ("open", "yes", True),
        ("floor", "0", 0),
    ],
)
def test_text_becomes_a_value(name: str, text: str, value: object) -> None:
    read = find(OPTIONS, name).read(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("size", "big", "size is 'big'; it must be a size; write it as 640x480"),
        ("seat", "0.5,0,0.6,1", "seat is '0.5,0,0.6,1'; it must be a part of the picture"),
        ("seat", "0,0,nan,1", "it must be a part of the picture"),
        ("seat", "0,0,0,1", "it must be a part of the picture"),
        ("lamp.lux", "x", "lamp.lux is 'x'; it must be a number from 0 to 1000"),
        ("lamp.lux", "1001", "lamp.lux is 1001; it must be a number from 0 to 1000"),
        ("lamp.lux", "nan", "it must be a number"),
        ("lamp.lux", "-inf", "it must be a number"),
        ("lamp.colour", "red", "it must be one of warm, cold"),
        ("open", "perhaps", "it must be yes or no"),
        ("floor", "-1", "floor is -1; it must be a whole number of at least 0"),
        ("floor", "1.5", "it must be a whole number"),
        ("door", "", "it must be a path"),
    ],
)
def test_bad_text_says_what_it_must_be(name: str, text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        find(OPTIONS, name).read(text)


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("lamp.lux", 7, 7.0),
        ("open", True, True),
        ("size", "2x1", Size(2, 1)),
        ("guests", ["Ann", "Bo"], ("Ann", "Bo")),
    ],
)
def test_a_files_value_is_taken(name: str, value: object, taken: object) -> None:
    assert find(OPTIONS, name).check(value) == taken


@pytest.mark.parametrize(
    ("name", "value"),
    [("lamp.lux", "7"), ("lamp.lux", True), ("floor", 1.0), ("open", 1), ("guests", "Ann")],
)
def test_a_files_value_of_another_type_is_refused(name: str, value: object) -> None:
    with pytest.raises(OptionError, match=f"{name} is"):
        find(OPTIONS, name).check(value)


def test_an_unknown_option_is_guessed() -> None:
    with pytest.raises(OptionError, match=r"no option 'lamp\.lus'.*Did you mean lamp\.lux\?"):
        find(OPTIONS, "lamp.lus")


def test_values_build_what_they_were_taken_from() -> None:
    room = Room(door=Path("x"), lamp=Lamp(lux=5), guests=("Ann",))
    assert build(Room, values_of(room)) == room
    assert build(Room, {}) == Room()
    assert build(Room, {"lamp.colour": "cold"}).lamp == Lamp(lux=50.0, colour="cold")


def test_one_value_is_changed_in_a_copy() -> None:
    room = Room()
    assert changed(room, "lamp.lux", 5).lamp == Lamp(lux=5)
    assert room.lamp == Lamp(lux=50.0)
    with pytest.raises(OptionError):
        changed(room, "lamp.lux", 5000)
    assert changed(Room(door=Path("x")), "door", None).door is None


@given(st.floats(0, 1000), st.booleans(), st.integers(0, 99), st.sampled_from(["warm", "cold"]))
def test_what_is_shown_reads_back(lux: float, open_: bool, floor: int, colour: str) -> None:
    lux = float(f"{lux:g}")
    values: dict[str, Any] = {
        "lamp.lux": lux,
        "open": open_,
        "floor": floor,
        "lamp.colour": colour,
    }
    for name, value in values.items():
        assert find(OPTIONS, name).read(shown(value)) == value


def test_what_is_no_option_is_made_only_with_the_thing_itself() -> None:
    made = []

    class Engine:
        def __init__(self) -> None:
            made.append(self)

    fields = [("doors", int, 4), ("engine", Engine, field(default_factory=Engine))]
    car = make_dataclass("Car", fields)
    assert [each.name for each in options_of(car)] == ["doors"]
    assert not made
    assert build(car, {"doors": 2}).engine in made
    assert len(made) == 1
