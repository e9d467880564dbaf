"""What somebody does in a video, frame by frame: moves laid out in time, blinks, gaze and sway."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.training.rendered.performance import Move
from facedrive.training.rendered.sampling import EXCLUSIVE, Performance, sample_gaze
from facedrive.types import Vector

FPS = 15
"""Of the videos; moves are told in seconds."""

GIVES_WAY = 0.5
"""Intensity of an AU from which the one that it excludes has vanished."""

BLINK = ("left_eye_close", "right_eye_close")


class Track(NamedTuple):
    """F frames of one performance."""

    aus: Vector
    """(F, 24) float32, 0 to 1."""
    gaze: Vector
    """(F, 2, 2) radians as ``Sample.gaze``."""
    head: Vector
    """(F, 3) pitch, yaw, roll in radians, signs of ``EulerDegrees``."""

    def performance(self, frame: int) -> Performance:
        """Give what the face does in a frame; cheeks and lids go with a smile."""
        aus = self.aus[frame]
        extras = {}
        for side in ("left", "right"):
            smile = float(aus[AU_INDEX[f"{side}_lip_corner_pull"]])
            extras[f"cheekSquint_{side[0].upper()}"] = 0.4 * smile
            extras[f"eyeSquint_{side[0].upper()}"] = 0.2 * smile
        return Performance(aus, extras, self.gaze[frame])


def lay_out(moves: Iterable[Move], frames: int) -> Vector:
    """Turn moves into (F, 24) AUs: the strongest counts, and opposites give way."""
    aus = np.zeros((frames, len(AU_NAMES)), np.float32)
    for move in moves:
        first = max(int(move.start * FPS), 0)
        last = min(int((move.start + move.rise + move.hold + move.fall) * FPS) + 2, frames)
        for frame in range(first, last):
            intensity = move.at(frame / FPS)
            for name in move.aus:
                aus[frame, AU_INDEX[name]] = max(aus[frame, AU_INDEX[name]], intensity)
    for first_name, second_name in EXCLUSIVE:
        stronger = aus[:, AU_INDEX[first_name]]
        aus[:, AU_INDEX[second_name]] *= np.clip(1 - stronger / GIVES_WAY, 0, 1)
    return aus.clip(0, 1)


def sample_blinks(rng: np.random.Generator, seconds: float, a_minute: float) -> list[Move]:
    """Draw when both eyes shut for a moment."""
    times = rng.uniform(0, seconds, rng.poisson(a_minute * seconds / 60))
    return [
        Move(BLINK, time, rng.uniform(0.07, 0.15), 0.07, rng.uniform(0.1, 0.25), peak)
        for time, peak in zip(times, rng.uniform(0.8, 1.0, len(times)), strict=True)
    ]


def sample_gaze_track(rng: np.random.Generator, frames: int, reach: float) -> Vector:
    """Draw (F, 2, 2) radians: looks at one point, then within a frame or two at the next."""
    gaze = np.zeros((frames, 2, 2), np.float32)
    first = 0
    while first < frames:
        gaze[first:] = reach * sample_gaze(rng)
        first += int(FPS * rng.uniform(0.5, 3.5)) + 1
    return gaze


def sample_sway(
    rng: np.random.Generator, frames: int, degrees: tuple[float, float, float]
) -> NDArray[np.float32]:
    """Draw (F, 3) radians of slow, smooth head motion about a resting pose.

    Args:
        rng: Decides.
        frames: How many.
        degrees: Standard deviation of pitch, yaw and roll, and of the resting pose.
    """
    seconds = np.arange(frames)[:, None, None] / FPS
    frequencies = rng.uniform(0.05, 0.4, (3, 3))
    waves = np.sin(2 * np.pi * (frequencies * seconds + rng.random((3, 3))))
    sway = waves.sum(axis=2) * np.sqrt(2 / 3) + rng.normal(0, 1, 3)
    return np.asarray(np.radians(0.7 * sway * degrees), np.float32)
