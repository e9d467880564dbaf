"""Fixtures that many tests share."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

with suppress(ImportError):
    # PyTorch's compiler before OpenGL: each brings an LLVM of its own, and loading triton's
    # after the software renderer's ends the process.
    import triton  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the repository; skips where it is absent."""
    folder = ROOT.parent / "shared"
    if not (folder / "data" / "README.md").exists():
        pytest.skip("reference data in ../shared is absent")
    return folder
