"""What others have labelled, as key frames: FEAFA+ and DISFA data, ELAN's files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facedrive.annotate.elan import event_keys, read_eaf
from facedrive.annotate.guess import filled
from facedrive.annotate.journal import Change
from facedrive.annotate.project import Project, Video
from facedrive.annotate.reduce import exact_keys
from facedrive.aus import AU_NAMES
from facedrive.errors import DataError
from facedrive.feafa.labels.dataset import coders_folder, read_coders, read_dataset
from facedrive.feafa.labels.video import Video as Labelled

LABELS = "labels"
"""Coder of a dataset's labels where it does not say who they are by."""


def import_dataset(project: Project, root: Path) -> list[str]:
    """Add every video of a folder of labelled videos, with its labels as keys; return their names.

    Labels that lie on straight lines become the keys at their ends, so that the same files come
    out again. Where the folder has ``coders``, what they say is theirs; else one coder,
    ``labels``, says it.

    Raises:
        DataError: if the folder holds no labels, or some are unusable.
        SourceError: if a video cannot be read.
    """
    videos = read_dataset(root)
    folder = coders_folder(root)
    by_coder = read_coders(folder) if folder else {LABELS: videos}
    added = {}
    for labelled in videos:
        place = _place_of(labelled)
        if place is None:
            raise DataError(
                f"{labelled.name} in {root} has no pictures; put them beside its labels."
            )
        name = labelled.name.replace("/", "_")
        added[labelled.name] = project.add(
            place, name=name, subject=labelled.subject, part=labelled.part
        )
    for coder, own in by_coder.items():
        if coder not in project.coders:
            project.add_coder(coder)
        for labelled in own:
            if labelled.name in added:
                _say(project, added[labelled.name], coder, labelled)
    return [video.name for video in added.values()]


def import_eaf(project: Project, name: str, coder: str, path: Path) -> int:
    """Put the events of an ELAN file into a coder's keys, in place of those AUs; return the events.

    Raises:
        DataError: if the file is none, or names no AU.
    """
    video = project.video(name)
    events = read_eaf(path, project.clock(name).times)
    if not events:
        raise DataError(f"{path} has no tier that names an action unit, such as {AU_NAMES[8]}.")
    document = project.document(name, coder)
    changes = [change for au, keys in event_keys(events, video.frames).items()
               for change in document.replace(au, keys)]  # fmt: skip
    document.edit(f"import {path.name}", changes)
    return len(events)


def _place_of(labelled: Labelled) -> Path | None:
    if labelled.film is not None:
        return labelled.film
    first = next((path for path in labelled.pictures if path), None)
    return first.parent if first else None


def _say(project: Project, video: Video, coder: str, labelled: Labelled) -> None:
    """Make a coder's keys of the labels of a video."""
    clock = project.clock(video.name)
    place = {int(label): at for at, label in enumerate(clock.labels)}
    aus = np.full((video.frames, len(AU_NAMES)), np.nan)
    for frame, row in zip(labelled.frames.tolist(), labelled.aus, strict=True):
        if frame in place:
            aus[place[frame]] = row.astype(np.float64).round(4)
    document = project.document(video.name, coder)
    changes: list[Change] = []
    for index, au in enumerate(AU_NAMES):
        known = ~np.isnan(aus[:, index])
        if known.any():
            column = filled(aus[:, index : index + 1], known)[:, 0]
            changes += document.replace(au, exact_keys(column))
    document.edit("import labels", changes)
    project.assign_to(video.name, coder)
