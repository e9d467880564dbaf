"""What the folders and file names of a dataset say: video, subject, part, frame, film."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from facedrive.feafa.labels.pictures import FILM_SUFFIXES
from facedrive.feafa.labels.video import Part
from facedrive.sources import IMAGE_SUFFIXES

LABEL_SUFFIX = ".auw"

CODERS = "coders"
"""Folder of the root that holds what each coder said; its labels are not the dataset's."""

CODE = re.compile(r"(?<![a-z])(?:pv|sn)\d+(?!\d)", re.IGNORECASE)
"""What FEAFA calls its videos, and DISFA its own."""

PARTS: dict[str, Part] = {
    "posed": "posed",
    "feafa": "posed",
    "spontaneous": "spontaneous",
    "disfa": "spontaneous",
}
"""Folder, in lower case → part."""

NOT_A_SUBJECT = re.compile(
    "posed|spontaneous|feafa|disfa|data|frame|image|label|video|camera|auw|output", re.IGNORECASE
)
"""What a folder's name has in it that is not a subject's."""

_NUMBER = re.compile(r"(\d+)\D*$")
_KIND_OF_FOLDER = re.compile(r"[_\- ]*(?:data|output)$", re.IGNORECASE)


class Folder(NamedTuple):
    """One folder and the files right in it."""

    path: Path
    files: tuple[str, ...]
    """Names, sorted."""

    def images(self) -> list[Path]:
        """Return the image files."""
        return [self.path / name for name in self.files if _suffix(name) in IMAGE_SUFFIXES]


class Naming(NamedTuple):
    """What a path says about a video."""

    name: str
    subject: str
    part: Part | None
    """None where the path does not say."""


def walk(root: Path) -> Iterator[Folder]:
    """Yield every folder under ``root``, sorted, but for hidden ones and the coders'."""
    for place, folders, files in os.walk(root):
        path = Path(place)
        own = [name for name in folders if not name.startswith(".")]
        folders[:] = sorted(name for name in own if path != root or name.lower() != CODERS)
        yield Folder(path, tuple(sorted(name for name in files if not name.startswith("."))))


def films_in(folders: Sequence[Folder]) -> list[Path]:
    """Return every video file."""
    names = ((folder.path, name) for folder in folders for name in folder.files)
    return [path / name for path, name in names if _suffix(name) in FILM_SUFFIXES]


def name_video(folder: Path, root: Path) -> Naming:
    """Read a video's name, subject and part off the folder (or file stem) that it is in."""
    steps = folder.relative_to(root).parts or (root.name,)
    coded = [index for index, step in enumerate(steps) if CODE.search(step)]
    if coded:
        name = _code_in(steps[coded[-1]])
        above = steps[: coded[-1]]
    else:
        name, above = "/".join(_without_parts(steps)), steps[:-1]
    named = [step for step in above if not NOT_A_SUBJECT.search(step) and not CODE.search(step)]
    subject = named[-1] if named else _KIND_OF_FOLDER.sub("", name.rsplit("/", 1)[-1]) or name
    return Naming(name, subject, _part_of(steps, root, name))


def frame_number(stem: str) -> int | None:
    """Return the last number in a file's stem; None where there is none that fits."""
    found = _NUMBER.search(stem)
    number = int(found[1]) if found else -1
    return number if 0 <= number <= np.iinfo(np.int32).max else None


def find_film(folder: Path, films: Sequence[Path]) -> Path | None:
    """Return the video file of a folder of labels: in it, of its name, or of its code."""
    code = CODE.search(str(folder.name)) or CODE.search(folder.parent.name)
    for fits in (
        [film for film in films if film.parent == folder],
        [film for film in films if film.stem.lower() == folder.name.lower()],
        [film for film in films if code and _same_code(film.stem, code[0])],
    ):
        if fits:
            return min(fits, key=_right_camera)
    return None


def find_pictures(labels: Path, folders: Sequence[Folder]) -> Folder | None:
    """Return the folder of images that belongs to a folder of labels that has none itself.

    Its name has the same code; or it lies in a folder of the same name, and is called the same
    but for ``_data`` or ``_output``.
    """
    code = CODE.search(labels.name)
    fits = [
        each
        for each in folders
        if (_same_code(each.path.name, code[0]) if code else _alike(each.path, labels))
        and each.images()
        and not any(_suffix(name) == LABEL_SUFFIX for name in each.files)
    ]
    return min(fits, key=lambda each: _right_camera(each.path)) if fits else None


def _alike(one: Path, other: Path) -> bool:
    names = [_KIND_OF_FOLDER.sub("", path.name).lower() for path in (one, other)]
    return names[0] == names[1] and one.parent.name == other.parent.name


def _same_code(name: str, code: str) -> bool:
    # DISFA writes LeftVideoSN001_comp.avi: a letter before the code.
    return bool(re.search(rf"{re.escape(code)}(?!\d)", name, re.IGNORECASE))


def _right_camera(path: Path) -> tuple[bool, str]:
    """Order paths: the left camera's before the right one's."""
    return "right" in f"{path.parent.name}/{path.name}".lower(), str(path)


def _code_in(step: str) -> str:
    found = CODE.search(step)
    return found[0].upper() if found else step


def _without_parts(steps: Sequence[str]) -> Sequence[str]:
    """Leave out folders above the video that say nothing about it."""
    kept = [step for step in steps[:-1] if not NOT_A_SUBJECT.search(step)]
    return [*kept, steps[-1]]


def _part_of(steps: Sequence[str], root: Path, name: str) -> Part | None:
    for step in (*reversed(steps), root.name):
        if step.lower() in PARTS:
            return PARTS[step.lower()]
    if CODE.fullmatch(name):
        return "posed" if name.lower().startswith("pv") else "spontaneous"
    return None


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 (a Path a file costs seconds)
