"""Every ``facedrive …`` that the documents say can be typed: its command takes it as it stands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from facedrive.cli import main as cli

ROOT = Path(__file__).resolve().parent.parent

DOCUMENTS = (
    "README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md", "docs/**/*.md",
    "train/README.md", "train/DATA.md", "examples/**/README.md", "facedrive/weights/README.md",
    ".github/**/*.md",
)  # fmt: skip

FENCE = re.compile(r"^```(?:sh|bash|shell|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"^.*?(?:^|[\s/])facedrive\s+([a-z].*)$", re.MULTILINE)
INLINE = re.compile(r"`(?:[\w./]*/)?facedrive\s+([a-z][^`]*)`")
BRACES = re.compile(r"\{([^,}]*),[^}]*\}")
END = ("|", ">", ">>", "&", "&&", ";", "||")
ELLIPSES = ("…", "...")


class Command(NamedTuple):
    """What stands behind ``facedrive`` somewhere."""

    words: tuple[str, ...]
    whole: bool
    """It stands in a block of commands; in a sentence arguments may be left out."""


def split(text: str) -> Iterator[str]:
    """Give the words as a shell would, the first of alternatives in braces."""
    for word in shlex.split(text, comments=True):
        if word in END:
            return
        if word not in ELLIPSES:
            yield BRACES.sub(r"\1", word)


def commands_of(text: str) -> Iterator[Command]:
    """Find the commands of a document."""
    for block in FENCE.findall(text):
        for typed in TYPED.findall(block.replace("\\\n", " ")):
            yield Command(tuple(split(typed)), whole=True)
    for typed in INLINE.findall(text):
        yield Command(tuple(split(typed.replace("\n", " "))), whole=False)


def documented() -> Iterator[object]:
    """Find the commands of all documents, each with where it stands first."""
    known: set[Command] = set()
    for path in sorted({path for pattern in DOCUMENTS for path in ROOT.glob(pattern)}):
        for command in commands_of(path.read_text(encoding="utf-8")):
            if command not in known:
                known.add(command)
                name = path.relative_to(ROOT).as_posix()
                yield pytest.param(command, id=f"{name}: {' '.join(command.words)}")


COMMANDS = list(documented())


@pytest.fixture
def complaint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., str]:
    """Say what the command line does not like about some words; empty if they are a command."""
    (tmp_path / "stream.toml").write_text("version = 1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)  # where the file is that documents name

    def judge(*words: str) -> str:
        with monkeypatch.context() as patch:
            # The command line is read as ever; what it asks for is not done.
            patch.setattr(cli, "_carry_out", lambda asked: 0)
            cli.main(words)
        return capsys.readouterr().err

    return judge


@pytest.mark.parametrize("command", COMMANDS)
def test_a_documented_command_is_one(command: Command, complaint: Callable[..., str]) -> None:
    said = complaint(*command.words)
    if command.whole or "arguments are required" not in said:
        assert not said


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_the_command_has_each_of_its_options(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [word.split("=")[0] for word in command.words if word.startswith("-")]
    first = next((n for n, word in enumerate(command.words) if word.startswith("-")), None)
    with pytest.raises(SystemExit) as ended:
        cli.main([*command.words[:first], "--help-all"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    for option in options:
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", shown), option


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("```sh\nfacedrive live --out a \\\n  --view  # so\n```", ("live", "--out", "a", "--view")),
        ("```console\n$ .venv/bin/facedrive rig inspect x > y\n```", ("rig", "inspect", "x")),
        ("```sh\npython -m facedrive train a/{b,c}.toml\n```", ("train", "a/b.toml")),
        ("say `facedrive live\n--view`", ("live", "--view")),
    ],
)
def test_commands_are_found(text: str, words: tuple[str, ...]) -> None:
    assert [command.words for command in commands_of(text)] == [words]


@pytest.mark.parametrize("text", ["```python\nfacedrive live\n```", "`facedrive.toml`"])
def test_what_is_no_command_is_not_taken_for_one(text: str) -> None:
    assert not list(commands_of(text))


def test_an_option_of_another_command_is_complained_about(complaint: Callable[..., str]) -> None:
    assert "--rig" in complaint("outputs", "--rig", "a.obj")
    assert "stray" in complaint("doctor", "stray")


def test_the_demo_sets_up_what_the_readme_shows_next() -> None:
    rule = (ROOT / "Makefile").read_text(encoding="utf-8").partition(".venv/.demo-ready:")[2]
    assert ".venv/bin/facedrive studio" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "'.[studio]'" in rule.splitlines()[1]
