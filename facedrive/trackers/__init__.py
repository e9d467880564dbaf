"""Finding a face and following it, frame by frame."""

from __future__ import annotations

from facedrive.errors import ModelError
from facedrive.registry import Registry
from facedrive.stages import Tracker

__all__ = ["TRACKERS"]

TRACKERS: Registry[Tracker] = Registry(
    "tracker",
    {
        "dlib": "facedrive.trackers.dlib:DlibTracker",
        "mediapipe": "facedrive.trackers.mediapipe:MediaPipeTracker",
    },
    ("track", "reset"),
    ModelError,
)
