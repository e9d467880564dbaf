"""Faces cut out of the frames of one video: tracked, aligned, written to a file as they come."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from facedrive.feafa.labels.video import Video
from facedrive.feafa.protocol.prepared import CROP, VERSION
from facedrive.trackers.dlib import DlibTracker
from facedrive.types import Frame, Image


@dataclass(frozen=True)
class Job:
    """Frames of one video that are cut in one go."""

    video: Video
    """With just these frames."""
    index: int
    """Of the video in its dataset."""

    @property
    def key(self) -> str:
        """Name what decides the crops: frames, pictures and how they are cut."""
        digest = hashlib.sha256(f"{VERSION} {CROP} {self.video.name}".encode())
        digest.update(self.video.frames.tobytes())
        for path in (self.video.film, *self.video.pictures):
            if path:
                size = path.stat().st_size if path.exists() else -1
                digest.update(f"{path.name} {size}\n".encode())
        return digest.hexdigest()[:32]


@dataclass(frozen=True)
class Cut:
    """What came of a job."""

    frames: tuple[int, ...]
    """Numbers of the frames with a face; their crops are in the job's file, in this order."""
    faceless: int
    """Frames without a detected face."""
    unreadable: tuple[str, ...]
    """Pictures that could not be read, or the film and the frame it lacks."""


def cut_faces(job: Job, output: Path) -> Cut:
    """Cut the faces of a job out and write their crops, (S, S) bytes each, one after another.

    Raises:
        OSError: if the file cannot be written.
    """
    frames: list[int] = []
    unreadable: list[str] = []
    faceless = 0
    track = _Track()
    with output.open("wb") as file:
        for row, gray in enumerate(job.video.grays()):
            if gray is None:
                unreadable.append(_where(job.video, row))
            elif (crop := track.crop(gray)) is None:
                faceless += 1
            else:
                file.write(crop.tobytes())
                frames.append(int(job.video.frames[row]))
    return Cut(tuple(frames), faceless, tuple(unreadable))


def _where(video: Video, row: int) -> str:
    return str(video.pictures[row] or f"{video.film}, frame {video.frames[row]}")


class _Track:
    """One pass of the tracker over pictures in order."""

    def __init__(self) -> None:
        self._tracker = _tracker()
        self._tracker.reset()
        self._count = 0

    def crop(self, gray: Image) -> Image | None:
        """Return the aligned crop of the face in the next picture, (S, S), or None."""
        image = np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
        frame = Frame(image, 0.0, self._count)
        self._count += 1
        crop = self._look(frame)
        if crop is None:
            # A face that is lost may be elsewhere: look everywhere, as in a first frame.
            self._tracker.reset()
            crop = self._look(frame)
        return crop

    def _look(self, frame: Frame) -> Image | None:
        face = self._tracker.track(frame)
        return face.crop if face and face.score >= self._tracker.keep_score else None


@cache
def _tracker() -> DlibTracker:
    """Load the tracker once a process; it asks the detector about every frame."""
    return DlibTracker(crop=CROP, check_every=1)
