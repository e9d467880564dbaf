"""``facedrive settings``: every option of the tree, and who says its value."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from facedrive.errors import without_credentials
from facedrive.options import MISSING, Option, option, shown, values_of
from facedrive.settings import Layers, Settings, settings_options, user_file


@dataclass(frozen=True, kw_only=True)
class ListSettings:
    """List every option of the tree: what it is, its range, its default, what it does.

    Any of them may stand in a TOML file for --config, in the user's own file, or on the command
    line of the commands that use it, as --smoothing.aus.beta 4.
    """

    names: tuple[str, ...] = option((), positional=True, metavar="SECTION")
    """Only these, such as smoothing; all where left out."""
    json: bool = False
    """One JSON object, nothing else."""

    def run(self) -> int:
        """Print the table, or the JSON."""
        chosen = [each for each in settings_options() if self._is_asked(each)]
        if not chosen:
            from facedrive.errors import OptionError, unknown

            sections = {each.path[0] for each in settings_options()}
            raise OptionError(unknown("section", self.names[0], sections))
        if self.json:
            print(json.dumps({each.name: as_dict(each) for each in chosen}))
            return 0
        for each in chosen:
            print(f"{each.name} = {shown(each.default) or '-'}   ({limits(each)})")
            print(f"    {each.about}")
        print(f"\nYour own file: {user_file()}")
        return 0

    def _is_asked(self, each: Option) -> bool:
        return not self.names or any(f"{each.name}.".startswith(f"{n}.") for n in self.names)


COMMANDS = {"": ListSettings}


def limits(each: Option) -> str:
    """Say what a value may be: kind, range, unit, whether it may change while facedrive runs."""
    words = [each.kind.about + each.range]
    words += [each.facts.unit] if each.facts.unit else []
    words += ["several"] if each.many else []
    words += ["may change while facedrive runs"] if each.facts.live else []
    return "; ".join(words)


def as_dict(each: Option) -> dict[str, Any]:
    """Return what is to be known of an option as plain values."""
    return {
        "about": each.about,
        "kind": each.kind.about,
        "default": None if each.default is MISSING else shown(each.default),
        "unit": each.facts.unit,
        "low": each.facts.low,
        "high": each.facts.high,
        "choices": list(each.choices),
        "several": each.many,
        "live": each.facts.live,
        "flag": each.facts.flag,
    }


def print_layers(layers: Layers) -> None:
    """Print every value as TOML would say it, and who says it."""
    values = values_of(layers.settings())
    assert isinstance(layers.settings(), Settings)
    for name, value in values.items():
        said = without_credentials(shown(value)) or "-"
        print(f"{name} = {said}   # {layers.origin(name)}")
