"""Optional packages: what to install where an output needs one that is missing."""

from __future__ import annotations

import importlib.util

from facedrive.errors import DependencyError


def need(package: str, extra: str, otherwise: str = "") -> None:
    """Raise a DependencyError unless a package is installed.

    Args:
        package: what is imported.
        extra: facedrive's extra that brings it.
        otherwise: a sentence that says what works without it.
    """
    if importlib.util.find_spec(package) is None:
        text = f"{package} is not installed; install it with: pip install 'facedrive[{extra}]'."
        raise DependencyError(f"{text} {otherwise}".strip())
