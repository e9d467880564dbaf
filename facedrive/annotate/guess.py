"""The model's first guess of a video: its curves, how sure it is, and key frames that follow them.

The model reads each face five times: as it is cut, and with the crop shifted to each side by a
fiftieth of its width. The mean is the curve; the standard deviation over the five is the spread,
which tells how far the curve hangs on where the crop happens to lie. Both directions in time smooth
the curve, and their mean lags behind in neither.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np

from facedrive.annotate.journal import Change, Document
from facedrive.annotate.keys import Key, Values
from facedrive.annotate.project import CACHE, Project
from facedrive.annotate.reduce import TOLERANCE, reduce_curve
from facedrive.assembly import open_pipeline
from facedrive.aus import AU_NAMES
from facedrive.errors import DataError
from facedrive.files import whole_file, write_whole
from facedrive.filters import OneEuroFilter
from facedrive.pipeline import Pipeline
from facedrive.settings import Settings
from facedrive.sources import open_source
from facedrive.takes.take import Take
from facedrive.trackers.align import crop_matrix, warp_square
from facedrive.types import Frame, Sample, Vector

SHIFT = 0.02
"""Of the crop's side, by which it is shifted."""

SHIFTS = ((SHIFT, 0.0), (-SHIFT, 0.0), (0.0, SHIFT), (0.0, -SHIFT))

PLACE = ("x_widths", "y_widths", "eyes_widths", "roll_deg")
OUTER_CORNERS = (36, 45)
"""Landmarks: the outer corners of the eyes, from the left of the picture."""

FACELESS = 1.0
"""Spread of a frame without a face: nothing is known."""


class Guess(NamedTuple):
    """What the model says of a video of F frames."""

    take: Take
    """A row a frame; its AUs are the curves."""
    spread: Vector
    """(F, 24) float32, standard deviations over the shifts."""
    places: Vector
    """(F, 4) float32 where the face is, in widths of the picture: across and down of the middle
    between the outer eye corners, and their distance; and how far the line through them is turned,
    degrees. Zeros without a face."""

    @property
    def curves(self) -> Values:
        """(F, 24) float64; where there is no face, what lies between its neighbours."""
        return filled(self.take.aus.astype(np.float64), self.take.face)


def guess_video(
    project: Project,
    name: str,
    settings: Settings | None = None,
    progress: Callable[[float], object] = lambda share: None,
) -> Guess:
    """Have the model read a video, and keep what it says in the project.

    Args:
        project: Where the video is.
        name: Of the video.
        settings: Which tracker, model and profile; those that ship if None.
        progress: Told the share that is done; what it raises ends the work.

    Raises:
        SourceError: if the video cannot be read.
        DataError: if no frame shows a face.
    """
    video, clock = project.video(name), project.clock(name)
    place = {source: at for at, source in enumerate(clock.sources)}
    samples: list[Sample] = []
    spread = np.full((video.frames, len(AU_NAMES)), FACELESS, np.float32)
    places = np.zeros((video.frames, len(PLACE)), np.float32)
    source = open_source(str(project.place(video)))
    with closing(open_pipeline(settings, raw=True)) as pipeline:
        for count, frame in enumerate(source.frames()):
            at = place.get(str(frame.index), count) if not project.place(video).is_dir() else count
            if at >= video.frames:
                break
            sample, apart = read_shifted(pipeline, frame)
            samples.append(replace(sample, index=at, time=float(clock.times[at])))
            spread[at], places[at] = apart, place_of(sample, frame.size[1])
            progress((at + 1) / video.frames)
    guess = Guess(_calibrate(samples, settings), spread, places)
    if not guess.take.face.any():
        raise DataError(
            f"{name}: no frame shows a face; the model has nothing to say of it. Label it by hand, "
            "or turn it upright."
        )
    keep_guess(project, name, guess)
    return guess


def read_shifted(pipeline: Pipeline, frame: Frame) -> tuple[Sample, Vector]:
    """Read a frame's face as it is cut and with shifted crops.

    Returns:
        The sample, with the mean of the readings; and their standard deviation, (24,) float32.
    """
    sample = pipeline(frame)
    if not sample.face or sample.landmarks_px is None:
        return sample, np.full(len(AU_NAMES), FACELESS, np.float32)
    spec = pipeline.regressor.crop
    readings = [sample.aus]
    for across, down in SHIFTS:
        matrix = crop_matrix(sample.landmarks_px, spec)
        matrix[:, 2] += np.array([across, down]) * spec.size
        readings.append(pipeline.regressor.estimate(warp_square(frame.gray, matrix, spec.size)).aus)
    stacked = np.stack(readings)
    return replace(sample, aus=stacked.mean(0)), stacked.std(0).astype(np.float32)


def place_of(sample: Sample, width_px: int) -> Vector:
    """Return where a face is in a picture so wide, (4,) as ``Guess.places``."""
    if not sample.face or sample.landmarks_px is None:
        return np.zeros(len(PLACE), np.float32)
    one, other = sample.landmarks_px[list(OUTER_CORNERS)] / width_px
    across, down = other - one
    middle = (one + other) / 2
    return np.array([*middle, np.hypot(across, down), np.degrees(np.arctan2(down, across))],
                    np.float32)  # fmt: skip


def _calibrate(samples: list[Sample], settings: Settings | None) -> Take:
    """Apply the profile and smooth what it gives, in both directions of time."""
    from facedrive.assembly import open_profile
    from facedrive.types import Reading

    profile = open_profile(settings or Settings())
    made = []
    for sample in samples:
        if sample.face:
            reading = profile.calibrate(
                Reading(sample.aus, sample.gaze, sample.head, sample.extras)
            )
            sample = replace(sample, aus=reading.aus, gaze=reading.gaze, extras=reading.extras)
        made.append(sample)
    faces = [at for at, sample in enumerate(made) if sample.face]
    aus = np.array([made[at].aus for at in faces], np.float32).reshape(-1, len(AU_NAMES))
    smooth = smooth_both_ways(aus, np.array([made[at].time for at in faces]))
    for row, at in enumerate(faces):
        made[at] = replace(made[at], aus=smooth[row].clip(0, 1))
    return Take.of(made)


def smooth_both_ways(values: Vector, times: Values) -> Vector:
    """Smooth (n, C) values without lag: the mean of One Euro forwards and backwards in time."""
    if not len(values):
        return values
    forwards, backwards = OneEuroFilter(), OneEuroFilter()
    one = [forwards.filter(row, float(at)) for row, at in zip(values, times, strict=True)]
    rest = zip(values[::-1], -times[::-1], strict=True)
    other = [backwards.filter(row, float(at)) for row, at in rest]
    return ((np.stack(one) + np.stack(other[::-1])) / 2).astype(np.float32)


def filled(values: Values, known: np.typing.NDArray[np.bool_]) -> Values:
    """Return (F, C) values with what is not known between its neighbours; 0 where nothing is."""
    if not known.any():
        return np.zeros_like(values)
    at, there = np.arange(len(values)), np.flatnonzero(known)
    return np.stack([np.interp(at, there, column[known]) for column in values.T], axis=1)


def guess_keys(guess: Guess, tolerance: float = TOLERANCE) -> dict[str, list[Key]]:
    """Return the fewest keys of each AU that stay within a tolerance of the model's curve."""
    return {
        name: reduce_curve(curve, tolerance)
        for name, curve in zip(AU_NAMES, guess.curves.T, strict=True)
    }


def fill(document: Document, keys: dict[str, list[Key]]) -> list[Change]:
    """Return the changes that put the model's keys wherever no person has set any."""
    return [
        change
        for name, track in keys.items()
        if all(key.machine for key in document.tracks.get(name, {}).values())
        for change in document.replace(name, track)
    ]


def read_guess(project: Project, name: str) -> Guess | None:
    """Read the first guess of a video; None where there is none yet.

    Raises:
        DataError: if its files are wrong, or of another video.
    """
    path, *others = _paths(project.folder, name)
    if not all(each.exists() for each in (path, *others)):
        return None
    known = _read_cache(project, name)
    if known is None:
        known = _read_files(project, name)
        _write_cache(project, name, known)
    return known


def _cache(folder: Path, name: str) -> tuple[Path, str]:
    """Return where a guess is kept beside its files, and what tells that they are the same."""
    found = [each.stat() for each in _paths(folder, name)]
    stamp = ":".join(f"{each.st_size}-{each.st_mtime_ns}" for each in found)
    return folder / CACHE / f"guess-{name}.npz", stamp


def _read_cache(project: Project, name: str) -> Guess | None:
    """Return what was read before of the same files: a long take costs seconds to read."""
    cache, stamp = _cache(project.folder, name)
    try:
        with np.load(cache) as kept:
            if str(kept["stamp"]) != stamp:
                return None
            return Guess(Take(kept["rows"]), kept["spread"], kept["places"])
    except (OSError, ValueError, KeyError, BadZipFile):
        return None


def _write_cache(project: Project, name: str, guess: Guess) -> None:
    cache, stamp = _cache(project.folder, name)
    with suppress(DataError), whole_file(cache, DataError) as file:
        np.savez(file, stamp=np.array(stamp), rows=guess.take.rows, spread=guess.spread,
                 places=guess.places)  # fmt: skip


def _read_files(project: Project, name: str) -> Guess:
    path, *others = _paths(project.folder, name)
    take, frames = Take.read(path), project.video(name).frames
    spread, places = (_read_table(each, frames) for each in others)
    if len(take) > frames or spread.shape[1] != len(AU_NAMES) or places.shape[1] != len(PLACE):
        raise DataError(f"{path} is of another video; guess anew.")
    return Guess(take, spread, places)


def _read_table(path: Path, frames: int) -> Vector:
    try:
        table = np.loadtxt(path, np.float32, delimiter=",", skiprows=1, ndmin=2)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is wrong: {error}; guess anew.") from error
    if len(table) != frames:
        raise DataError(f"{path} has {len(table)} rows, the video {frames}; guess anew.")
    return table


def _paths(folder: Path, name: str) -> tuple[Path, Path, Path]:
    place = folder / "guess"
    return place / f"{name}.csv", place / f"{name}.spread.csv", place / f"{name}.places.csv"


def keep_guess(project: Project, name: str, guess: Guess) -> None:
    """Write a guess into a project.

    Raises:
        DataError: if it cannot be written.
    """
    path, spread_path, places_path = _paths(project.folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    guess.take.to_csv(path)
    _write_table(spread_path, AU_NAMES, guess.spread, 4)
    _write_table(places_path, PLACE, guess.places, 4)
    _write_cache(project, name, guess)


def _write_table(path: Path, columns: tuple[str, ...], table: Vector, digits: int) -> None:
    rows = "".join(",".join(f"{value:.{digits}f}" for value in row) + "\n" for row in table)
    write_whole(path, ",".join(columns) + "\n" + rows, DataError)
