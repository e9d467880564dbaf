"""``python -m facedrive``."""

from facedrive.cli.main import entry

entry()
