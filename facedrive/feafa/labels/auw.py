"""FEAFA+ labels: ``.auw`` files of 24 numbers, one a frame, in a folder a video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from facedrive.aus import AUS, MIRROR
from facedrive.feafa.labels.folders import (
    LABEL_SUFFIX,
    Folder,
    find_film,
    find_pictures,
    frame_number,
    name_video,
)
from facedrive.feafa.labels.video import (
    BAD_LABEL,
    FRAME_TWICE,
    OUT_OF_RANGE,
    FoundVideo,
    Left,
    Part,
    Problem,
    Video,
    put_together,
)
from facedrive.types import Vector


def read_auw(path: Path) -> Vector | Problem:
    """Return the AUs in a label file, (24,) float32, or what is wrong with it."""
    try:
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as error:
        return Problem(BAD_LABEL, path, f"cannot be read: {error.strerror}.")
    if "," in text:
        return Problem(BAD_LABEL, path, "has commas; write points, and spaces between values.")
    words = text.split()
    if len(words) != len(AUS):
        return Problem(BAD_LABEL, path, f"holds {len(words)} values; it must be {len(AUS)}.")
    try:
        values = [float(word) for word in words]
    except ValueError:
        return Problem(BAD_LABEL, path, "holds something that is not a number.")
    return _within_range(path, values)


def _within_range(path: Path, values: list[float]) -> Vector | Problem:
    outside = [index for index, value in enumerate(values) if not 0 <= value <= 1]  # or NaN
    if not outside:
        return np.array(values, dtype=np.float32)
    first = outside[0]
    text = f"value {first + 1} ({AUS[first].name}) is {values[first]:g}; it must be from 0 to 1."
    finite = np.isfinite(values).all()
    return Problem(OUT_OF_RANGE if finite else BAD_LABEL, path, text, len(outside))


def find_videos(
    folders: Sequence[Folder], root: Path, films: Sequence[Path], left: Left, part: Part
) -> list[FoundVideo]:
    """Return every folder that holds ``.auw`` files, as a video.

    Args:
        folders: The dataset's, from ``folders.walk``.
        root: Of the dataset.
        films: Its video files.
        left: Whose left the labels mean.
        part: Of a video whose path does not say.
    """
    return [
        _read_folder(folder, root, folders, films, left, part)
        for folder in folders
        if any(name.lower().endswith(LABEL_SUFFIX) for name in folder.files)
    ]


def _read_folder(
    folder: Folder,
    root: Path,
    folders: Sequence[Folder],
    films: Sequence[Path],
    left: Left,
    part: Part,
) -> FoundVideo:
    problems: list[Problem] = []
    files = [folder.path / name for name in folder.files if name.lower().endswith(LABEL_SUFFIX)]
    labels = number_files(files, problems, nameless=True)
    home = folder if folder.images() else find_pictures(folder.path, folders)
    pictures = number_files(home.images(), problems) if home else {}
    naming = name_video(folder.path, root)
    video = Video(
        naming.name,
        naming.subject,
        naming.part or part,
        *put_together(_read_labels(labels, left, problems), pictures),
        None if pictures else find_film(folder.path, films),
        0 if 0 in labels else 1,
    )
    return FoundVideo(video, "FEAFA+", folder.path, naming.part is not None, tuple(problems))


def _read_labels(files: dict[int, Path], left: Left, problems: list[Problem]) -> dict[int, Vector]:
    """Return (24,) AUs by frame; NaN where the file is unusable."""
    labels: dict[int, Vector] = {}
    for frame, path in sorted(files.items()):
        label = read_auw(path)
        if isinstance(label, Problem):
            problems.append(label)
            label = np.full(len(AUS), np.nan, np.float32)
        labels[frame] = label if left == "subject" else label[MIRROR]
    return labels


def number_files(
    files: Sequence[Path], problems: list[Problem], nameless: bool = False
) -> dict[int, Path]:
    """Return files by the frame number in their names.

    Args:
        files: Labels, or pictures.
        problems: Takes a frame that two files have.
        nameless: Whether a name without a number is a problem too.
    """
    numbered: dict[int, Path] = {}
    for file in files:
        number = frame_number(file.stem)
        if number is None:
            if nameless:
                problems.append(Problem(BAD_LABEL, file, "has no frame number in its name."))
        elif number in numbered:
            text = f"is frame {number} as {numbered[number].name} is; take one of them away."
            problems.append(Problem(FRAME_TWICE, file, text))
        else:
            numbered[number] = file
    return numbered
