"""Takes as labels: CSV files that ``facedrive extract`` wrote, beside the video they are of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from facedrive.errors import DataError
from facedrive.feafa.labels.folders import Folder, find_film, name_video
from facedrive.feafa.labels.video import (
    BAD_LABEL,
    FRAME_TWICE,
    FoundVideo,
    Part,
    Problem,
    Video,
    put_together,
)
from facedrive.sources.images import natural_key
from facedrive.takes.columns import COLUMNS
from facedrive.takes.read import read_take
from facedrive.types import Vector


def find_videos(
    folders: Sequence[Folder], root: Path, films: Sequence[Path], part: Part
) -> list[FoundVideo]:
    """Return every CSV whose first column is ``frame``, as a video.

    Its pictures are the video file, or the folder of images in natural order, that has its stem.
    """
    images = {folder.path: folder.images() for folder in folders}
    return [
        _read(folder.path / name, root, images, films, part)
        for folder in folders
        for name in folder.files
        if name.lower().endswith(".csv") and _is_take(folder.path / name)
    ]


def _read(
    path: Path, root: Path, images: dict[Path, list[Path]], films: Sequence[Path], part: Part
) -> FoundVideo:
    place = path.with_suffix("")
    problems: list[Problem] = []
    labels = _read_labels(path, problems)
    pictures = dict(enumerate(sorted(images.get(place, []), key=natural_key)))
    naming = name_video(place, root)
    video = Video(
        naming.name,
        naming.subject,
        naming.part or part,
        *put_together(labels, pictures),
        None if pictures else find_film(place, films),
        0,
    )
    return FoundVideo(video, "take", path, naming.part is not None, tuple(problems))


def _read_labels(path: Path, problems: list[Problem]) -> dict[int, Vector]:
    """Return the AUs of each frame with a face; a row that is wrong ends them."""
    labels: dict[int, Vector] = {}
    try:
        for sample in read_take(path):
            if not sample.face:
                continue
            if sample.index in labels:
                text = f"has frame {sample.index} twice; take one row away."
                problems.append(Problem(FRAME_TWICE, path, text))
            labels.setdefault(sample.index, sample.aus)
    except DataError as error:
        text = str(error).removeprefix(str(path)).lstrip(", :")
        problems.append(Problem(BAD_LABEL, path, text))
    return labels


def _is_take(path: Path) -> bool:
    """Say whether a CSV means to be a take: other tables may lie beside the data."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            return file.readline(200).split(",")[0].strip() == COLUMNS[0]
    except OSError:
        return False
