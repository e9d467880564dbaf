"""A whole project in one zip: everything that is plain text in it, but not the invitations."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from facedrive.annotate.project import CACHE, FILE
from facedrive.errors import DataError

LEFT_OUT = {CACHE, ".git", ".lock", "secrets.toml"}


def dump(folder: Path) -> bytes:
    """Return a project as a zip.

    Raises:
        DataError: if it is none, or a file cannot be read.
    """
    if not (folder / FILE).is_file():
        raise DataError(f"{folder} holds no {FILE}; give the folder of a project.")
    packed = io.BytesIO()
    try:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                steps = path.relative_to(folder).parts
                if path.is_file() and not LEFT_OUT & {*steps} and ".part" not in path.name:
                    archive.write(path, "/".join((folder.resolve().name, *steps)))
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror or error}.") from error
    return packed.getvalue()
