"""The data folder: which files it has, where they come from, and the manifest that says so."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facedrive.errors import DataError
from facedrive.files import file_hash, whole_path, write_whole

PHOTOGRAPHS = "https://github.com/muxspace/facial_expressions"
ICT = "https://github.com/USC-ICT/ICT-FaceKit"

PICTURES, SCORES, FACE, MANIFEST = (
    "faces.zip", "faces_teacher.npz", "ict/ict_facekit.npz", "manifest.toml"
)  # fmt: skip
ADVICE = {
    PICTURES: f"clone {PHOTOGRAPHS} and give its folder with --photographs",
    SCORES: f"clone {PHOTOGRAPHS} and give its folder with --photographs",
    FACE: f"clone {ICT} and give its folder with --ict",
}
"""The files of the data folder, and the next step for whoever lacks one."""

VERSION = 1
"""Of how they are made; raise it when that changes."""

Entry = dict[str, str | int]
"""What the manifest says of a file."""


def save(path: Path, arrays: dict[str, Any]) -> None:
    """Write a compressed npz that appears whole or not at all."""
    with whole_path(path) as part:
        np.savez_compressed(part, **arrays)


def digest(paths: Iterable[Path], teacher: str = "") -> str:
    """Hash the names and bytes of files, and how they are worked on."""
    whole = hashlib.sha256(f"{VERSION} {teacher} ".encode())
    for path in paths:
        whole.update(f"{path.name} {file_hash(path)} ".encode())
    return whole.hexdigest()


def commit_of(checkout: Path) -> str:
    """Return a Git checkout's commit; "unknown" where it is none, or Git is missing."""
    if not (checkout / ".git").exists():
        return "unknown"
    try:
        said = subprocess.run(["git", "-C", str(checkout), "rev-parse", "HEAD"],
                              capture_output=True, text=True, check=True)  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return said.stdout.strip()


def read_manifest(path: Path) -> dict[str, Entry]:
    """Read a manifest: file names, and what is said of them.

    Raises:
        DataError: if it cannot be read or is none.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is no readable manifest: {error}.") from error


def add_to_manifest(folder: Path, names: Sequence[str], made_of: Entry) -> None:
    """Write into the folder's manifest what some files are and were made of."""
    path = folder / MANIFEST
    entries = read_manifest(path) if path.exists() else {}
    for name in names:
        file = folder / name
        entries[name] = {"bytes": file.stat().st_size, "sha256": file_hash(file), **made_of}
        print(f"{name}: {entries[name]['bytes']} bytes, SHA-256 {entries[name]['sha256']}")
    tables = ("\n".join([f'["{name}"]', *(f"{key} = {json.dumps(value)}"
              for key, value in entry.items())]) for name, entry in entries.items())  # fmt: skip
    write_whole(path, "\n\n".join(tables) + "\n")


def differences(folder: Path, wanted: dict[str, Entry]) -> Iterator[str]:
    """Say, a line each, which files are not those of a manifest."""
    for name, entry in wanted.items():
        path = folder / name
        if not path.is_file():
            yield f"{path} is missing; {ADVICE.get(name, 'it is none of the files made here')}."
        elif (found := file_hash(path)) != entry.get("sha256"):
            yield f"{path} has SHA-256 {found}, not {entry.get('sha256')}."


def made_before(folder: Path, names: Sequence[str], made_of: Entry) -> bool:
    """Whether files are there as the folder's manifest has them, made of the same."""
    path = folder / MANIFEST
    known = read_manifest(path) if path.exists() else {}
    same = all(known.get(name, {}).get("inputs_sha256") == made_of["inputs_sha256"]
               for name in names)  # fmt: skip
    if not same or any(differences(folder, {name: known[name] for name in names})):
        return False
    print(f"{' and '.join(names)}: made before, of the same")
    return True


def missing(folder: Path) -> list[str]:
    """Say, a line each, which files are not there, with the next step."""
    return [f"{folder / name} is missing; {advice}."
            for name, advice in ADVICE.items() if not (folder / name).is_file()]  # fmt: skip
