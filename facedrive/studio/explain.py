"""What the pages say of an error in the reader's language: the English is matched, piece by piece.

An error is matched as a whole by patterns that have a colon or several sentences themselves. What
else has them is matched without the place before the colon, then sentence by sentence. One that no
pattern knows stays English, below a line in the reader's language that says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from facedrive.errors import one_line
from facedrive.studio.annotate.errors_ja import LABELLING_JA, RULES_JA
from facedrive.studio.errors_ja import ERRORS_JA, PARTS_JA
from facedrive.studio.texts import Language, say

BLANK = re.compile(r"\\{(\w+)\\}")
"""A blank of a pattern, once that is escaped."""

Pattern = tuple[re.Pattern[str], str]
"""What an English text is like, and its Japanese."""


class Patterns(NamedTuple):
    """A table's patterns."""

    long: list[Pattern]
    """Those with a colon, or with several sentences."""
    short: list[Pattern]


def explain(language: Language, english: str) -> str:
    """Return what went wrong as one line of a page; ``english`` is an error's message."""
    line = one_line(english)
    if language == "en" or not line:
        return line
    found = _whole(line)
    return say(language, "unexplained", error=line) if found is None else found


def translated(language: Language, english: str) -> str:
    """Return a short text, such as why nothing arrives; what no pattern knows stays as it is."""
    return english if language == "en" else _part(english)


@lru_cache(maxsize=512)
def _whole(text: str) -> str | None:
    """Return an error's Japanese; None where it is not known."""
    found = _matched(text, _errors().long)
    found = found or _without_place(text) or _by_sentences(text)
    return found or _matched(text, _errors().short)


def _without_place(text: str) -> str | None:
    """Return what follows the place where it is wrong, such as a file and its line."""
    for colon in re.finditer(": ", text):
        found = _whole(text[colon.end() :])
        if found is not None:
            return f"{text[: colon.start()]}：{found}"
    return None


def _by_sentences(text: str) -> str | None:
    first, _, rest = text.partition(". ")
    said, more = _matched(first, _errors().short), _whole(rest) if rest else None
    return said + more if said and more else None


def _part(text: str) -> str:
    """Return the Japanese of what an error quotes, without a full stop; itself if not known."""
    found = _matched(text, _parts().long) or _matched(text, _parts().short) or _whole(text)
    return text if found is None else found.removesuffix("。")


def _matched(text: str, patterns: Iterable[Pattern]) -> str | None:
    for pattern, japanese in patterns:
        if match := pattern.fullmatch(text.removesuffix(".")):
            return japanese.format(**_filled(match.groupdict()))
    return None


def _filled(quoted: Mapping[str, str]) -> dict[str, str]:
    return {name: _part(text) if name.startswith("why") else text for name, text in quoted.items()}


@cache
def _errors() -> Patterns:
    return _patterns(ERRORS_JA | LABELLING_JA)


@cache
def _parts() -> Patterns:
    return _patterns(PARTS_JA | RULES_JA)


def _patterns(table: Mapping[str, str]) -> Patterns:
    """Return a table's patterns, those that say most of their own first."""
    by_length = sorted(table, key=lambda english: -len(re.sub(r"\{\w+\}", "", english)))
    long = [english for english in by_length if ": " in english or ". " in english]
    short = [english for english in by_length if english not in long]
    return Patterns(*([(_compiled(each), table[each]) for each in part] for part in (long, short)))


def _compiled(english: str) -> re.Pattern[str]:
    return re.compile(BLANK.sub(r"(?P<\1>.*?)", re.escape(english.removesuffix("."))))
