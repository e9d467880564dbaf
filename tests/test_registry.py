"""Names and dotted names find classes; a plug-in's faults are told in a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from facedrive.errors import SinkError, SourceError
from facedrive.registry import Registry, is_dotted
from facedrive.stages import Closable

SHOPS: Registry[Shop] = Registry("shop", {"baker": f"{__name__}:Shop"}, ("sell",), SinkError)
WELLS: Registry[Well] = Registry("well", {}, ("draw",), SourceError)


@dataclass
class Shop:
    """Sells."""

    owner: str = "Ann"
    price: float = 1.0

    def sell(self, count: int) -> float:
        if count < 0:
            raise ValueError("nobody buys less than nothing")
        return count * self.price


@dataclass
class Closed:
    """Cannot be made."""

    def __post_init__(self) -> None:
        raise RuntimeError("closed\nfor ever")

    def sell(self, count: int) -> float:
        return 0.0


@dataclass
class Empty:
    """Lacks what a shop has."""


@dataclass
class Stall(Shop):
    """Closes at night."""

    def close(self) -> None:
        raise OSError("the door is stuck")


@dataclass
class Well:
    """Gives until it is dry."""

    def draw(self) -> Iterator[int]:
        yield 1
        raise OSError("dry")


def test_a_name_in_the_table_is_made_with_its_options() -> None:
    shop = SHOPS.open("baker?price=2")
    assert isinstance(shop, Shop)
    assert shop == Shop(price=2)


def test_a_dotted_name_needs_no_entry() -> None:
    assert SHOPS.open(f"{__name__}:Shop?price=2").sell(3) == 6


def test_what_the_program_gives_goes_where_there_is_a_field_for_it() -> None:
    assert SHOPS.open("baker", owner="Bo", unknown=1) == Shop(owner="Bo")


def test_an_unknown_name_is_guessed() -> None:
    with pytest.raises(SinkError, match=r"no shop 'bakr'; there are baker\. Did you mean baker\?"):
        SHOPS.open("bakr")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("no.such:Thing", "shop no.such:Thing cannot be imported: No module named 'no'"),
        (f"{__name__}:Missing", "has no attribute 'Missing'"),
        (f"{__name__}:Empty", "Empty has no sell; a shop has sell"),
        (f"{__name__}:Closed", "Closed failed: RuntimeError: closed for ever"),
        (f"{__name__}:Shop?prize=1", "no option 'prize'.*Did you mean price"),
        (f"{__name__}:Shop?price=x", "price is 'x'; it must be a number"),
    ],
)
def test_a_plug_in_that_is_not_fit_is_told_in_a_line(spec: str, message: str) -> None:
    with pytest.raises(SinkError, match=message) as caught:
        SHOPS.open(spec)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_python_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torn_plug_in.py").write_text("class Torn(:\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SinkError, match="torn_plug_in:Torn cannot be imported: invalid syntax"):
        SHOPS.open("torn_plug_in:Torn")


def test_what_a_plug_in_raises_later_is_told_as_its_own() -> None:
    shop = SHOPS.open(f"{__name__}:Shop")
    with pytest.raises(SinkError, match=r"shop .*:Shop failed: ValueError: nobody buys"):
        shop.sell(-1)


def test_what_a_plug_in_raises_while_it_gives_is_told_too() -> None:
    drawn = WELLS.open(f"{__name__}:Well").draw()
    assert next(drawn) == 1
    with pytest.raises(SourceError, match="OSError: dry"):
        next(drawn)


def test_a_plug_in_that_can_be_closed_is_closable_and_guarded() -> None:
    stall = SHOPS.open(f"{__name__}:Stall")
    assert isinstance(stall, Closable)
    assert not isinstance(SHOPS.open(f"{__name__}:Shop"), Closable)
    with pytest.raises(SinkError, match="OSError: the door is stuck"):
        stall.close()


def test_an_attribute_that_only_an_object_can_have_is_looked_for_in_it() -> None:
    shops: Registry[Shop] = Registry("shop", {}, ("sell",), SinkError, ("owner", "street"))
    with pytest.raises(SinkError, match="Shop has no street; a shop has sell, owner, street"):
        shops.open(f"{__name__}:Shop")


def test_a_module_that_raises_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "raising_plug_in.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SinkError, match="cannot be imported: ZeroDivisionError: division by zero"):
        SHOPS.open("raising_plug_in:Thing")


@pytest.mark.parametrize(
    ("name", "dotted"),
    [
        ("package.module:Class", True),
        ("module:Class", True),
        ("csv:take", False),
        ("osc://127.0.0.1", False),
        ("csv:take.csv", False),
        ("C:\\clip.mp4", False),
        ("http://host:80", False),
    ],
)
def test_only_a_class_is_dotted(name: str, dotted: bool) -> None:
    assert is_dotted(name) == dotted
