"""What takes long to make is kept on disk, under a name that changes with what made it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from facedrive.errors import DataError
from facedrive.files import whole_path


def keep(path: Path, write: Callable[[Path], object]) -> Path:
    """Return ``path``, having ``write`` make it on the first call; it is either whole or absent."""
    if not path.exists():
        with whole_path(path, DataError) as part:
            write(part)
    return path


def digest(*parts: bytes) -> str:
    """Return a short name for bytes, in their order."""
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(part)
    return hashed.hexdigest()[:12]


def digest_code(*modules: ModuleType) -> str:
    """Return a short name for the sources of modules and packages: what they make may change."""
    files = [file for module in modules for file in _files(module)]
    return digest(*(file.read_bytes() for file in files))


def _files(module: ModuleType) -> list[Path]:
    if hasattr(module, "__path__"):
        return sorted(Path(module.__path__[0]).glob("*.py"))
    return [Path(str(module.__file__))]
