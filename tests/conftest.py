"""Fixtures that many tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the repository; skips where it is absent."""
    folder = ROOT.parent / "shared"
    if not (folder / "data" / "README.md").exists():
        pytest.skip("reference data in ../shared is absent")
    return folder
