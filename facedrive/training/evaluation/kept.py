"""What takes long to make is kept on disk, under a name that changes with what made it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType


def keep(path: Path, write: Callable[[Path], object]) -> Path:
    """Return ``path``, having ``write`` make it on the first call; it is either whole or absent."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".part{path.suffix}")
        write(part)
        part.replace(path)
    return path


def digest(files: Iterable[Path]) -> str:
    """Return a short name for what files hold."""
    hashed = hashlib.sha256()
    for file in files:
        hashed.update(file.read_bytes())
    return hashed.hexdigest()[:12]


def sources(*packages: ModuleType) -> list[Path]:
    """Return the source files of packages: what they make changes when they do."""
    return [file for each in packages for file in sorted(Path(each.__path__[0]).glob("*.py"))]
