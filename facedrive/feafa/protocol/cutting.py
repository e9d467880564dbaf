"""Faces cut out of the frames of one video: tracked, aligned, written to a file as they come."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from facedrive.feafa.labels.video import Video
from facedrive.feafa.protocol.prepared import CROP, VERSION, Cut
from facedrive.files import file_hash
from facedrive.trackers.align import warp_crop
from facedrive.trackers.dlib import DlibTracker
from facedrive.trackers.options import DlibOptions
from facedrive.trackers.shape import default_predictor
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
        """Name what decides the crops: frames, pictures, and how they are cut."""
        how = f"{VERSION} {CROP} {_landmark_model()}"
        digest = hashlib.sha256(f"{how} {self.video.name}".encode())
        digest.update(self.video.frames.tobytes())
        for path in (self.video.film, *self.video.pictures):
            if path:
                size = path.stat().st_size if path.exists() else -1
                digest.update(f"{path.name} {size}\n".encode())
        return digest.hexdigest()[:32]


class Task(NamedTuple):
    """A job, and the file that its crops go to."""

    job: Job
    output: Path


class TrackerPlan:
    """What a process needs to cut faces; a ``workers.Plan``."""

    def open(self) -> DlibTracker:
        """Load the tracker; it asks the detector about every frame."""
        return DlibTracker(options=DlibOptions(check_every=1))


def cut_faces(tracker: DlibTracker, task: Task) -> Cut:
    """Cut the faces of a job out and write their crops, (S, S) bytes each, one after another.

    Raises:
        OSError: if the file cannot be written.
    """
    frames: list[int] = []
    unreadable: list[str] = []
    faceless = 0
    job, run = task.job, _Pass(tracker)
    with task.output.open("wb") as file:
        for row, gray in enumerate(job.video.grays()):
            if gray is None:
                unreadable.append(_where(job.video, row))
            elif (crop := run.crop(gray)) is None:
                faceless += 1
            else:
                file.write(crop.tobytes())
                frames.append(int(job.video.frames[row]))
    return Cut(tuple(frames), faceless, tuple(unreadable))


def _where(video: Video, row: int) -> str:
    return str(video.pictures[row] or f"{video.film}, frame {video.frames[row]}")


class _Pass:
    """One pass of the tracker over pictures in order."""

    def __init__(self, tracker: DlibTracker) -> None:
        self._tracker = tracker
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
        if face is None or face.score < self._tracker.options.keep_score:
            return None
        return warp_crop(frame.gray, face.landmarks_px, CROP)


@cache
def _landmark_model() -> str:
    """Name the model that places the crops."""
    return file_hash(default_predictor())
