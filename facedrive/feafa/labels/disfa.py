"""DISFA's own labels: an intensity of 0 to 5 a frame, in one text file an AU.

Mavadati et al., "DISFA: A Spontaneous Facial Action Intensity Database", 2013. Its 12 AUs have
no sides; each becomes every FEAFA+ AU that has its FACS code (paper, Table 2), on both sides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from facedrive.aus import AUS
from facedrive.feafa.labels.auw import number_files
from facedrive.feafa.labels.folders import Folder, find_film, find_pictures, name_video
from facedrive.feafa.labels.video import (
    BAD_LABEL,
    FRAME_TWICE,
    OUT_OF_RANGE,
    FoundVideo,
    Problem,
    Video,
    put_together,
)
from facedrive.types import Vector

CODED = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)
"""The FACS AUs that DISFA codes."""

STRONGEST = 5
"""The intensity that is 1 in FEAFA+."""

COLUMNS: dict[int, list[int]] = {
    number: [index for index, au in enumerate(AUS) if au.facs == f"AU{number}"] for number in CODED
}
"""FACS AU → its columns among the 24; none where FEAFA+ has no such AU."""

_FILE = re.compile(r"_au(\d+)\.txt$", re.IGNORECASE)

MOST_FRAMES = 2**31 - 1
"""Of a frame's number."""

Intensities = dict[int, float]
"""Frame → intensity, 0 to 1."""


def find_videos(folders: Sequence[Folder], root: Path, films: Sequence[Path]) -> list[FoundVideo]:
    """Return every folder of ``…_au12.txt`` files, as a video."""
    return [
        _read_folder(folder, root, folders, films)
        for folder in folders
        if any(_FILE.search(name) for name in folder.files)
    ]


def _read_folder(
    folder: Folder, root: Path, folders: Sequence[Folder], films: Sequence[Path]
) -> FoundVideo:
    problems: list[Problem] = []
    labels = _labels(_read_codes(folder, problems))
    naming = name_video(folder.path, root)
    home = find_pictures(folder.path, folders)
    pictures = number_files(home.images(), problems) if home else {}
    video = Video(
        naming.name,
        naming.subject,
        "spontaneous",
        *put_together(labels, pictures),
        None if pictures else find_film(folder.path, films),
    )
    return FoundVideo(video, "DISFA", folder.path, True, tuple(problems))


def _labels(coded: dict[int, Intensities]) -> dict[int, Vector]:
    """Return (24,) AUs by frame of the intensities by FACS AU; NaN for the others."""
    frames = {frame for intensities in coded.values() for frame in intensities}
    labels = {frame: np.full(len(AUS), np.nan, np.float32) for frame in frames}
    for number, intensities in coded.items():
        for frame, intensity in intensities.items():
            labels[frame][COLUMNS[number]] = intensity
    return labels


def _read_codes(folder: Folder, problems: list[Problem]) -> dict[int, Intensities]:
    """Read the file of every AU that FEAFA+ has too."""
    files = {int(found[1]): name for name in folder.files if (found := _FILE.search(name))}
    for number in CODED:
        if number not in files:
            problems.append(Problem(BAD_LABEL, folder.path, f"has no file for AU{number}."))
    return {
        number: _read_code(folder.path / name, problems)
        for number, name in sorted(files.items())
        if COLUMNS.get(number)
    }


def _read_code(path: Path, problems: list[Problem]) -> Intensities:
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        problems.append(Problem(BAD_LABEL, path, f"cannot be read: {error.strerror}."))
        return {}
    intensities: Intensities = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _read_line(path, number, line)
        if isinstance(row, Problem):
            problems.append(row)
        elif row[0] in intensities:
            text = f"line {number}: frame {row[0]} stands in a line before; take one away."
            problems.append(Problem(FRAME_TWICE, path, text))
        else:
            intensities[row[0]] = row[1]
    return intensities


def _read_line(path: Path, number: int, line: str) -> tuple[int, float] | Problem:
    """Return the frame and the intensity, 0 to 1, of a line, or what is wrong with it."""
    words = line.split(",")
    try:
        frame, intensity = (int(words[0]), float(words[1])) if len(words) == 2 else (-1, np.nan)
    except ValueError:
        frame, intensity = -1, np.nan
    if not 0 <= frame <= MOST_FRAMES or np.isnan(intensity):
        text = f"line {number}: {line.strip()[:40]!r}; it must be a frame, a comma, an intensity."
        return Problem(BAD_LABEL, path, text)
    if not 0 <= intensity <= STRONGEST:
        text = f"line {number}: intensity {intensity:g}; it must be from 0 to {STRONGEST}."
        return Problem(OUT_OF_RANGE, path, text)
    return frame, intensity / STRONGEST
