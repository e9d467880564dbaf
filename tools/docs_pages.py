"""mkdocs' hook: pages that are computed, and files of the repository that are pages of the site.

Tables of options, outputs and action units are read off the declarations that the program itself
reads, so that the site cannot disagree with ``--help``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

PAGES = {
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "train/README.md": "training/guide.md",
    "train/DATA.md": "training/data.md",
    "train/LOG.md": "training/log.md",
    "facedrive/weights/README.md": "training/model-card.md",
}
"""File of the repository → page of the site."""

LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#:\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the computed pages and the repository's files."""
    root = Path(config.config_file_path).parent
    pages = {page: rehome((root / source).read_text("utf-8"), source)
             for source, page in PAGES.items()}  # fmt: skip
    pages |= {"aus.md": aus_page(), "outputs.md": outputs_page(), "options.md": options_page()}
    for page, text in pages.items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put computed tables where a page asks for them."""
    for mark, rows in (("<!-- commands -->", commands), ("<!-- keys -->", keys)):
        if mark in markdown:
            markdown = markdown.replace(mark, "\n".join(rows()))
    return markdown


def commands() -> Iterator[str]:
    """Yield the table of what may be asked of a run."""
    from facedrive.live import commands as known

    rows = ((f"`{each.usage}`", plain(each.about)) for each in known().values())
    return table(("command", "what it does"), rows)


def keys() -> Iterator[str]:
    """Yield the table of the window's keys."""
    from facedrive.sinks.viewer import KEYS

    return table(("key", "command"), ((f"`{key}`", f"`{name}`") for key, name in KEYS.items()))


def rehome(text: str, source: str) -> str:
    """Turn a file's links into the site's: to pages where there are, to plain words elsewhere."""
    page = PAGES[source]

    def turn(link: re.Match[str]) -> str:
        words, target, anchor = link[1], link[2], link[3] or ""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        home = PAGES.get(path, path.removeprefix("docs/") if path.startswith("docs/") else "")
        if not home:
            return words if words.startswith("`") else f"{words} (`{path}`)"
        return f"[{words}]({posixpath.relpath(home, posixpath.dirname(page) or '.')}{anchor})"

    return LINK.sub(turn, text)


def aus_page() -> str:
    """Return the table of the action units."""
    from facedrive.aus import AUS

    rows = ([au.number, f"`{au.name}`", au.facs, au.side, au.region] for au in AUS)
    return "\n".join(
        (
            "# The 24 action units",
            "",
            "FEAFA+ (Gan et al. 2021, Table 2) divides the face's movements into 24 action units. "
            "Each is a number from 0, at rest, to 1, as strong as it gets. Left and right are the "
            "subject's. This order holds everywhere: in takes, in OSC, in models.",
            "",
            *table(("number", "name", "FACS", "side", "region"), rows),
        )
    )


def outputs_page() -> str:
    """Return a section for each output, with its options."""
    from facedrive.sinks import SINKS, describe, written

    lines = [
        "# Outputs",
        "",
        "`--out URL` sends to an output. Give it as often as you like. Options stand after a "
        "question mark: `--out 'osc://127.0.0.1:9000?prefix=/me'`. Quote URLs with a question mark "
        "or an ampersand. `facedrive outputs` prints this page.",
        "",
        "An output that fails is closed and named, and the others go on. At the end facedrive "
        "names it again and exits with 3. An output of your own is "
        "[a plug-in](contributing.md#add-an-output).",
    ]
    for scheme in SINKS:
        output = describe(scheme)
        rows = ([f"`{each.name}`", f"`{default}`" if (default := written(each)) else "",
                 plain(each.about)] for each in output.options)  # fmt: skip
        lines += ["", f"## {scheme}", "", f"{output.format}", "", f"{output.about}", ""]
        lines += ["```sh", f"--out {output.example}", "```", ""]
        lines += table(("option", "default", "what it does"), rows)
    return "\n".join(lines)


def options_page() -> str:
    """Return every option of the tree, a section a group."""
    from facedrive.options import shown
    from facedrive.settings import settings_options

    lines = [
        "# All options",
        "",
        "Every option has a place in one tree. Its name is what `facedrive.toml` says, and what "
        "every command that uses it takes as a flag: `--smoothing.aus.beta 4`. The short flags are "
        "other names of the same options. `facedrive settings` prints this page; "
        "[the set-up file](settings.md) says how to keep values.",
    ]
    groups: dict[str, list[Any]] = {}
    for each in settings_options():
        groups.setdefault(each.path[0], []).append(each)
    for group, options in groups.items():
        rows = ([f"`{each.name}`", flags(each), value(shown(each.default)),
                 f"{plain(each.about)}<br><small>{limits(each)}</small>"]
                for each in options)  # fmt: skip
        lines += ["", f"## {group}", ""]
        lines += table(("option", "flag", "default", "what it does"), rows)
    return "\n".join(lines)


def flags(each: Any) -> str:
    """Return an option's short flags as code."""
    return " ".join(f"`{flag}`" for flag in each.facts.flag.split())


def value(text: str | None) -> str:
    """Return a default as code; nothing where there is none."""
    return f"`{text}`" if text else ""


def limits(each: Any) -> str:
    """Say what a value may be, and whether it may change while facedrive runs."""
    words = [each.kind.about + each.range, each.facts.unit, "several" if each.many else "",
             "live" if each.facts.live else ""]  # fmt: skip
    return plain("; ".join(filter(None, words)))


def plain(text: str) -> str:
    """Return a text that fits a table's cell."""
    return " ".join(text.split()).replace("|", "\\|")


def table(head: tuple[str, ...], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield a Markdown table's lines."""
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"
