"""A project's labels as others read them: FEAFA+, takes, DISFA-like, ELAN, an animated GLB."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from facedrive.annotate.coders import active_coders, coder_labels
from facedrive.annotate.elan import find_events, write_eaf
from facedrive.annotate.expert import extra_labels, final_labels, rounded
from facedrive.annotate.guess import read_guess
from facedrive.annotate.keys import Values
from facedrive.annotate.project import Clock, Project, Video
from facedrive.aus import AU_NAMES
from facedrive.errors import DataError, SinkError, unknown
from facedrive.extras import EXTRA_INDEX, derived
from facedrive.feafa.labels.disfa import CODED, COLUMNS, STRONGEST
from facedrive.feafa.labels.folders import CODERS, LABEL_SUFFIX
from facedrive.files import write_whole
from facedrive.takes.take import Take
from facedrive.types import IDENTITY_HEAD, Head, Sample, Vector

LABEL_FORMAT = "{:05d}" + LABEL_SUFFIX


def auw_text(labels: Values) -> str:
    """Return the content of a frame's ``.auw``: (24,) labels, three decimals, a space between."""
    return " ".join(f"{value:.3f}" for value in labels) + "\n"


def export_feafa(project: Project, names: Sequence[str], output: Path) -> str:
    """Write the layout of FEAFA+: ``part/subject/video/00001.auw``, the pictures linked beside.

    What each coder says is in ``coders/NAME``, for ``facedrive analyze``.
    """
    for name in names:
        video, clock = project.video(name), project.clock(name)
        folder = output / video.part / video.subject / name
        _write_auw(folder, final_labels(project, name), clock)
        _link_pictures(project.place(video), folder, name)
        for coder in active_coders(project, name):
            own = output / CODERS / coder / video.part / video.subject / name
            _write_auw(own, rounded(coder_labels(project, name, coder)), clock)
    return f"{len(names)} videos in the layout of FEAFA+"


def _write_auw(folder: Path, labels: Values, clock: Clock) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, row in zip(clock.labels.tolist(), labels, strict=True):
            (folder / LABEL_FORMAT.format(number)).write_text(auw_text(row), encoding="ascii")
    except OSError as error:
        raise SinkError(f"{folder} cannot be written: {error.strerror}.") from error


def _link_pictures(place: Path, folder: Path, name: str) -> None:
    """Put the film, or the images, beside the labels: linked where that can be, else copied."""
    pairs = [(each, folder / each.name) for each in sorted(place.iterdir()) if each.is_file()] if (
        place.is_dir()) else [(place, folder / f"{name}{place.suffix}")]  # fmt: skip
    for source, target in pairs:
        if source.suffix.lower() == LABEL_SUFFIX or target.exists():
            continue
        with suppress(OSError):
            target.unlink()  # a link that leads nowhere
        try:
            target.symlink_to(os.path.relpath(source.resolve(), folder.resolve()))
        except OSError:
            try:
                shutil.copyfile(source, target)
            except OSError as error:
                raise SinkError(f"{target} cannot be written: {error.strerror}.") from error


def export_takes(project: Project, names: Sequence[str], output: Path) -> str:
    """Write the CSV of ``facedrive extract``: the labels, with the model's head and gaze."""
    for name in names:
        output.mkdir(parents=True, exist_ok=True)
        take_of(project, name, final_labels(project, name)).to_csv(output / f"{name}.csv")
    return f"{len(names)} takes"


def take_of(project: Project, name: str, labels: Values) -> Take:
    """Return (F, 24) labels of a video as a take; heads and eyes are the first guess's."""
    return Take.of(samples_of(project, name, labels))


def samples_of(project: Project, name: str, labels: Values) -> list[Sample]:
    """Return labels of a video as samples; heads and eyes are the first guess's, if there is one.

    Their numbers are those of the film's frames.
    """
    clock, guess = project.clock(name), read_guess(project, name)
    film = all(each.isdecimal() for each in clock.sources)
    rest = Sample(0.0, 0, np.zeros(len(AU_NAMES), np.float32), np.zeros((2, 2), np.float32),
                  IDENTITY_HEAD, face=True, score=0.0)  # fmt: skip
    seen = _seen(guess.take) if guess is not None else {}
    extras = _extras(project, name, labels)
    return [
        replace(seen.get(at, rest), time=float(clock.times[at]), extras=extras[at], face=True,
                index=int(clock.sources[at]) if film else at, aus=row.astype(np.float32))
        for at, row in enumerate(labels)
    ]  # fmt: skip


def _extras(project: Project, name: str, labels: Values) -> Vector:
    """Return (F, E) extras: as coders have set them, else as they go along with the AUs."""
    extras = np.stack([derived(row.astype(np.float32)) for row in labels])
    for channel, values in extra_labels(project, name).items():
        extras[:, EXTRA_INDEX[channel]] = values
    return np.asarray(extras, np.float32)


def _seen(take: Take) -> dict[int, Sample]:
    """Return the samples of the frames with a face, by frame."""
    return {
        int(at): Sample(float(take.time[row]), int(at), take.aus[row], take.gaze[row],
                        Head(take.head_rotation[row], take.head_position[row]), face=True,
                        score=float(take.score[row]))
        for row, at in enumerate(take.frame) if take.face[row]
    }  # fmt: skip


def export_disfa(project: Project, names: Sequence[str], output: Path) -> str:
    """Write DISFA's text files: whole numbers from 0 to 5, which change at 0.1, 0.3, 0.5, 0.7, 0.9.

    A FACS AU with two sides has the stronger one. Those that FEAFA+ does not have (1, 6, 15, 25)
    get an empty file: nothing is known of them.
    """
    for name in names:
        labels, clock = final_labels(project, name), project.clock(name)
        for number in CODED:
            rows = ""
            if COLUMNS[number]:
                strength = labels[:, COLUMNS[number]].max(axis=1)
                levels = np.floor(strength * STRONGEST + 0.5).astype(int).tolist()
                pairs = zip(clock.labels.tolist(), levels, strict=True)
                rows = "".join(f"{frame},{level}\n" for frame, level in pairs)
            folder = output / "ActionUnit_Labels" / name
            write_whole(folder / f"{name}_au{number}.txt", rows)
    return f"{len(names)} videos in DISFA's layout"


def export_eaf(project: Project, names: Sequence[str], output: Path) -> str:
    """Write ELAN's files: a tier an AU, and one of its apexes."""
    for name in names:
        events = find_events(final_labels(project, name))
        film = project.place(project.video(name))
        write_eaf(output / f"{name}.eaf", events, project.clock(name).times, film)
    return f"{len(names)} files of ELAN"


def export_glb(project: Project, names: Sequence[str], output: Path) -> str:
    """Write the rig that ships, moved by the labels, with a key at every key frame."""
    from facedrive.assembly import load_rig
    from facedrive.export.gltf import write_gltf
    from facedrive.export.targets import target_mapping

    rig = load_rig(None)
    mapping, keys = target_mapping(rig), 0
    for name in names:
        samples = samples_of(project, name, final_labels(project, name))
        kept = [samples[at] for at in key_frames(project, name)]
        keys += write_gltf(kept, output / f"{name}.glb", rig, mapping)
    return f"{len(names)} animated GLBs, {keys} keys"


def key_frames(project: Project, name: str) -> list[int]:
    """Return every frame at which a coder has a key; all between where a curve is not straight."""
    frames = {0, project.video(name).frames - 1}
    for coder in active_coders(project, name):
        for track in project.document(name, coder).tracks.values():
            keys = sorted(track)
            frames |= set(keys)
            for key, after in pairwise(keys):
                if track[key].shape != "linear":
                    frames |= set(range(key, after))
    return sorted(frames)


Export = Callable[[Project, Sequence[str], Path], str]

EXPORTS: dict[str, Export] = {
    "feafa": export_feafa,
    "csv": export_takes,
    "disfa": export_disfa,
    "eaf": export_eaf,
    "glb": export_glb,
}
"""Format → what writes it."""


def export(project: Project, to: str, output: Path, names: Sequence[str] = ()) -> str:
    """Write the labels of videos, all that are labelled where none is named; say what was written.

    Raises:
        DataError: if there is no such format, or nothing to write.
        SinkError: if it cannot be written.
    """
    if to not in EXPORTS:
        raise DataError(unknown("format", to[:40], EXPORTS))
    chosen = [project.video(name).name for name in names] or labelled(project)
    if not chosen:
        raise DataError(
            f"{project.folder}: nobody has labelled a video; there is nothing to write."
        )
    return EXPORTS[to](project, chosen, output)


def labelled(project: Project) -> list[str]:
    """Return the videos that somebody has labelled."""
    return [name for name, video in project.videos.items() if _is_labelled(project, video)]


def _is_labelled(project: Project, video: Video) -> bool:
    expert = project.folder / "expert" / f"{video.name}.csv"
    return bool(active_coders(project, video.name)) or expert.exists()
