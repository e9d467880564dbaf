"""What the log looks like on the terminal: a line each, short, printable, and not repeated."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass

from facedrive.errors import one_line

AT_ONCE = 5
"""Lines of one kind that are shown before the others are only counted."""

WINDOW_S = 10.0
"""After this long lines of that kind are shown again."""


def set_up_logging(*, debug: bool) -> None:
    """Show the log on standard error; with ``debug`` all of it, as it is."""
    level = logging.DEBUG if debug else logging.WARNING
    if debug:
        logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
    elif not logging.getLogger().handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(LineFormatter("facedrive: %(message)s"))
        handler.addFilter(Seldom())
        logging.basicConfig(level=level, handlers=[handler])
    logging.getLogger("facedrive").setLevel(logging.DEBUG if debug else logging.INFO)


class LineFormatter(logging.Formatter):
    """Makes one printable line of a record, however long or strange what it quotes is."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and below it a traceback where there is one."""
        head, *trace = super().format(record).split("\nTraceback", 1)
        return "\nTraceback".join((one_line(head), *trace))


@dataclass
class _Kind:
    """Lines that one place in the program logs."""

    start: float = 0.0
    shown: int = 0
    hidden: int = 0


class Seldom(logging.Filter):
    """Lets few lines of a kind through at once, and later says how many there were."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[tuple[str, int], _Kind] = defaultdict(_Kind)

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether to show a record; its time is that of the record."""
        kind = self._kinds[record.pathname, record.lineno]
        if record.created - kind.start > WINDOW_S:
            if kind.hidden:
                record.msg = f"{record.getMessage()} ({kind.hidden} more like it before)"
                record.args = ()
            kind.start, kind.shown, kind.hidden = record.created, 0, 0
        kind.shown += 1
        kind.hidden += kind.shown > AT_ONCE
        return kind.shown <= AT_ONCE
