"""The optional tracker: MediaPipe's Face Landmarker in its video mode, reduced to our 68 points.

Needs the extra ``mediapipe``. Its model file is given by path, or fetched once into the user's
cache folder and checked by its hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facedrive.errors import DependencyError, ModelError
from facedrive.files import fetch, user_cache_folder
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68
from facedrive.types import Face, Frame

if TYPE_CHECKING:
    from mediapipe.tasks.python.vision import FaceLandmarker, FaceLandmarkerResult

MODEL_URL = (
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/"
    "float16/1/face_landmarker.task"
)
MODEL_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"

OPTIONS = "the tracker model (of bench the peer model, of training the teacher model)"
"""What a user calls the model's file."""

SCORE = 1.0
"""The landmarker tells no confidence: a face that it gives is above its thresholds."""


@dataclass
class MediaPipeTracker:
    """Follows one face with MediaPipe; ``close`` it when done, else it complains at exit.

    Raises:
        DependencyError: on construction, if mediapipe is not installed.
        ModelError: on construction, if the model's file is missing or is something else.
    """

    model: Path | None = None
    """The Face Landmarker's model file; None for the one that is fetched into the cache folder."""

    def __post_init__(self) -> None:
        self._video = _Video(self.model)

    def track(self, frame: Frame) -> Face | None:
        """Return the face in this frame, or None."""
        found = self._video.detect(frame)
        if not found.face_landmarks:
            return None
        height, width = frame.image.shape[:2]
        mesh = np.array([(point.x, point.y) for point in found.face_landmarks[0]], np.float32)
        return Face(mesh[MEDIAPIPE_TO_68] * np.array([width, height], np.float32), SCORE)

    def reset(self) -> None:
        """Forget the face that was followed."""
        self._video.restart()

    def close(self) -> None:
        """Give the model's memory and threads back."""
        self._video.close()


class _Video:
    """The landmarker on the frames of one video, whose time only goes forward."""

    def __init__(self, model: Path | None) -> None:
        self._model = model
        self._landmarker = open_landmarker(model, blendshapes=False)
        self._time_ms = -1

    def detect(self, frame: Frame) -> FaceLandmarkerResult:
        import mediapipe

        image = mediapipe.Image(
            image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(frame.image)
        )
        self._time_ms = max(self._time_ms + 1, round(frame.time * 1000))
        return self._landmarker.detect_for_video(image, self._time_ms)

    def restart(self) -> None:
        self._landmarker.close()
        self._landmarker = open_landmarker(self._model, blendshapes=False)
        self._time_ms = -1

    def close(self) -> None:
        self._landmarker.close()


def open_landmarker(model: Path | None, *, blendshapes: bool) -> FaceLandmarker:
    """Open MediaPipe's landmarker for pictures in order of time; ``close`` it when done.

    Args:
        model: Its file; None for the one that is fetched into the cache folder.
        blendshapes: Whether it scores blendshapes too.

    Raises:
        DependencyError: if mediapipe is not installed.
        ModelError: if the file is missing or is something else.
    """
    try:
        from mediapipe.tasks.python import BaseOptions, vision
    except ImportError as error:
        raise DependencyError(
            "the mediapipe tracker needs the package mediapipe, which is not installed; "
            "pip install 'facedrive[mediapipe]', or use the tracker dlib."
        ) from error
    path = fetch_model() if model is None else model
    if not path.is_file():
        raise ModelError(f"{path} is missing; {OPTIONS} must be a face_landmarker.task.")
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(path)),
        running_mode=vision.RunningMode.VIDEO,
        num_faces=1,
        output_face_blendshapes=blendshapes,
    )
    try:
        return vision.FaceLandmarker.create_from_options(options)
    except (RuntimeError, ValueError) as error:
        raise ModelError(
            f"{path} is not a model that MediaPipe's Face Landmarker can read: {error}"
        ) from error


def fetch_model(url: str = MODEL_URL, folder: Path | None = None) -> Path:
    """Return the model's path in the cache folder, fetching it from ``url`` on the first call.

    Raises:
        ModelError: if it cannot be fetched, or is not the file that facedrive knows.
    """
    path = (folder or user_cache_folder()) / "face_landmarker.task"
    advice = f"download it yourself and give its path as {OPTIONS}"
    return fetch(url, MODEL_SHA256, path, ModelError, advice)
