"""The photographs that skin is taken from, and which of them are fit for it."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.training.rendered.face import Indices
from facedrive.types import Image

MESH_POINTS = 468
"""Of MediaPipe's 478 points the last ten are irises, which are no skin."""

MILD = {
    "jawOpen": 0.08,
    "eyeBlinkLeft": 0.35,
    "eyeBlinkRight": 0.35,
    "mouthSmileLeft": 0.4,
    "mouthSmileRight": 0.4,
    "browDownLeft": 0.4,
    "browDownRight": 0.4,
    "mouthPucker": 0.6,
}
"""Highest teacher scores of a photograph whose skin we take: open mouths and folds do not fit."""

FRONTAL_DEG = 13.0
SMALLEST_FACE_PX = 95.0
"""Least width of the face's oval."""


@dataclass(frozen=True)
class Photographs:
    """The photographs and what the teacher says about them; pixels are read on demand."""

    person: NDArray[np.uint32]
    landmarks: NDArray[np.float32]
    """(N, 478, 3) pixels; z in the same scale, negative towards the camera."""
    pose: NDArray[np.float32]
    """(N, 4, 4) head to camera."""
    scores: dict[str, NDArray[np.float32]]
    """Blendshape name to (N,)."""
    archive: zipfile.ZipFile
    """Kept open: reading its directory takes longer than a hundred photographs."""

    def read(self, row: int) -> Image:
        """Read one photograph, (H, W) uint8."""
        data = self.archive.read(f"{row:05d}.jpg")
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        if picture is None:
            raise DataError(
                f"{self.archive.filename}: {row:05d}.jpg is no picture; unpack it again."
            )
        return np.asarray(picture, np.uint8)

    def best_rows(self) -> Indices:
        """Choose one row a person: frontal, large, of mild expression."""
        turned = self.pose[:, :3, 2] / np.linalg.norm(self.pose[:, :3, 2], axis=1, keepdims=True)
        away = np.degrees(np.arccos(np.clip(turned[:, 2], -1, 1)))
        width = np.ptp(self.landmarks[:, :MESH_POINTS, 0], axis=1)
        fits = (away < FRONTAL_DEG) & (width > SMALLEST_FACE_PX)
        effort = away / FRONTAL_DEG + 60.0 / width
        for name, highest in MILD.items():
            fits &= self.scores[name] < highest
            effort += self.scores[name]
        rows = np.flatnonzero(fits)
        rows = rows[np.argsort(effort[rows], kind="stable")]
        _, first = np.unique(self.person[rows], return_index=True)
        return np.sort(rows[first])


def open_photographs(folder: Path) -> Photographs:
    """Open ``faces.zip`` and ``faces_teacher.npz``.

    Raises:
        DataError: if one of them is missing or is something else.
    """
    try:
        with np.load(folder / "faces_teacher.npz") as teacher:
            names = [str(name) for name in teacher["blendshape_names"]]
            values = teacher["blendshapes"].astype(np.float32)
            return Photographs(
                person=teacher["person"],
                landmarks=teacher["landmarks"].astype(np.float32),
                pose=teacher["pose"].astype(np.float32),
                scores={name: values[:, index] for index, name in enumerate(names)},
                archive=zipfile.ZipFile(folder / "faces.zip"),
            )
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{folder} has no readable faces.zip and faces_teacher.npz ({error}); "
            "give the folder that holds both."
        ) from error
