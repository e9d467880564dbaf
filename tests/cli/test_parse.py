"""A dataclass is a command line: flags, places, groups, files, and one line for what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from facedrive.cli.parse import Asked, Parser, UsageError, add_command, parse
from facedrive.errors import OptionError
from facedrive.options import option
from facedrive.settings import Settings


@dataclass(frozen=True)
class Tea:
    """Make tea."""

    cups: int = option(positional=True, low=1)
    """How many."""
    pot: Path | None = None
    """In which pot."""
    milk: bool = False
    """With milk."""
    hot: bool = True
    """Hot."""
    herbs: tuple[str, ...] = option((), spread=True)
    """Which herbs."""
    settings: Settings = option(Settings(), sections=("lost", "outputs"))

    def run(self) -> int:
        """Pour."""
        return self.cups


def ask(*words: str) -> Asked:
    parser = Parser("tea", allow_abbrev=False)
    add_command(parser, Tea, everything=False)
    return parse(parser, Tea, ["--no-user-config", *words])


def test_fields_are_flags_and_places() -> None:
    tea = ask("2", "--pot", "p", "--milk", "--no-hot", "--herbs", "mint", "sage").command
    assert tea == Tea(2, Path("p"), milk=True, hot=False, herbs=("mint", "sage"))
    assert tea.run() == 2


def test_options_of_the_tree_have_short_or_dotted_flags() -> None:
    asked = ask("1", "--lost.hold-s", "2", "--out", "osc:", "--out", "vmc:").command
    assert isinstance(asked, Tea)
    assert asked.settings.lost.hold_s == 2
    assert asked.settings.outputs.to == ("osc:", "vmc:")


def test_the_command_line_wins_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("[lost]\nhold_s = 1\nease_s = 2\n[smoothing.aus]\nbeta = 3\n")
    asked = ask("1", "--config", str(path), "--lost.hold-s", "5")
    assert isinstance(asked.command, Tea)
    settings = asked.command.settings
    assert (settings.lost.hold_s, settings.lost.ease_s, settings.smoothing.aus.beta) == (5, 2, 3)
    assert asked.layers is not None
    assert asked.layers.origin("lost.hold_s") == f"the command line, not {path}"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["1", "--lost.hold-z", "3"], r"tea has no option --lost\.hold-z\. Did you mean --lost\."),
        (["1", "--mlik"], r"no option --mlik\. Did you mean --milk\? See tea --help"),
        (["1", "--smoothing.aus.beta", "3"], "tea has no option --smoothing.aus.beta"),
        (["1", "2"], "'2' is one word too many for tea"),
        (["0"], "cups is 0; it must be a whole number of at least 1"),
        (["x"], "cups is 'x'; it must be a whole number of at least 1"),
        ([], "arguments are required: CUPS"),
        (["1", "--lost.hold-s", "nan"], "it must be a number from 0 to 60"),
        (["1", "--pot"], "--pot: expected one argument"),
    ],
)
def test_what_is_wrong_is_one_line(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        ask(*words)
    assert "\n" not in str(caught.value)


def test_a_bad_file_is_told_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("[lost]\nhold = 1\n")
    with pytest.raises(OptionError, match=r"line 2: no option 'lost\.hold'"):
        ask("1", "--config", str(path))


def test_help_shows_common_options_and_all_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    for everything in (False, True):
        parser = Parser("tea", allow_abbrev=False)
        add_command(parser, Tea, everything=everything)
        with pytest.raises(SystemExit):
            parser.parse_args(["--help"])
        text = capsys.readouterr().out
        assert "how many" in text
        assert "--out URL" in text
        assert ("--lost.hold-s" in text) == everything
