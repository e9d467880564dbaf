"""Heads of another maker that do one thing at a time: pictures with known AUs.

VALID's avatars (Do et al. 2023) are of seven ethnic groups and were modelled by other hands than
the parametric face. Each is drawn at rest, with every AU half and fully on, and looking down, in
three poses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from facedrive.aus import AUS
from facedrive.errors import DataError
from facedrive.mappings import match_rig
from facedrive.render.scene import AvatarRenderer
from facedrive.rig import load
from facedrive.rotations import EulerDegrees, quaternion_from_euler
from facedrive.trackers.align import warp_crop
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68
from facedrive.training.data.faces import FaceSet
from facedrive.training.data.labels import Targets
from facedrive.training.data.photographs import WIDE_SPEC
from facedrive.training.data.teacher import TeacherFile
from facedrive.types import Image, Vector

VERSION = 1
"""Of what is drawn; raise it when that changes."""

FOLDER = Path("rigs") / "valid"
"""Beside the data folder."""

SIDE_PX = 400
"""Of the pictures that crops are cut from."""

POSES_DEG = (
    EulerDegrees(0.0, 0.0, 0.0), EulerDegrees(5.0, 22.0, 0.0), EulerDegrees(-8.0, -18.0, 0.0),
)  # fmt: skip
"""Of the head."""

LEVELS = (0.5, 1.0)

DOWN_RAD = -0.4
"""How far eyes look down."""


class Act(NamedTuple):
    """What an avatar does in a picture."""

    aus: Vector
    """(24,)."""
    gaze: Vector
    """(2, 2) radians, as ``Sample.gaze``."""


def acts() -> list[Act]:
    """Return rest, every AU alone at every level, and a look down."""
    ahead, down = np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float32)
    down[:, 0] = DOWN_RAD
    alone = np.eye(len(AUS), dtype=np.float32)
    rest = np.zeros(len(AUS), np.float32)
    each = [Act(level * aus, ahead) for aus in alone for level in LEVELS]
    return [Act(rest, ahead), *each, Act(rest, down)]


def find_avatars(data: Path) -> tuple[Path, ...]:
    """Return the avatars beside a data folder, in the order of their names.

    Raises:
        DataError: if there are none.
    """
    folder = data.resolve().parent / FOLDER
    found = tuple(sorted(folder.glob("*.glb")))
    if not found:
        raise DataError(f"{folder} has no avatars (*.glb); they must lie beside the data folder.")
    return found


def draw_avatar(path: Path, person: int, teacher: TeacherFile) -> FaceSet:
    """Draw one avatar's acts in all poses.

    Args:
        path: The rig.
        person: Its number.
        teacher: Says where the face is in each pose, by which crops are cut.

    Raises:
        DataError: if the teacher sees no face in a pose.
        RenderError: if there is no OpenGL.
    """
    rig, played = load(str(path)), acts()
    mapping = match_rig(rig)
    crops: list[Image] = []
    with AvatarRenderer(rig, (SIDE_PX, SIDE_PX), samples=1) as renderer:
        for pose in POSES_DEG:
            turn = quaternion_from_euler(pose)
            pictures = (renderer.render(mapping.apply(act.aus, act.gaze), act.gaze, turn)
                        for act in played)  # fmt: skip
            crops.extend(_cut(list(map(_grey, pictures)), teacher, path))
    aus = np.stack([act.aus for act in played] * len(POSES_DEG))
    gaze = np.stack([act.gaze for act in played] * len(POSES_DEG))
    return FaceSet(
        np.stack(crops), np.ones((len(crops), WIDE_SPEC.size, WIDE_SPEC.size), np.bool_),
        np.full((len(crops), 478, 2), np.nan, np.float32),
        Targets(aus, np.ones(aus.shape, np.bool_), gaze),
        np.full(len(crops), person, np.int64), WIDE_SPEC,
    )  # fmt: skip


def _grey(picture: Image) -> Image:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def _cut(pictures: Sequence[Image], teacher: TeacherFile, path: Path) -> Iterator[Image]:
    """Cut the pictures of a pose where the first shows the face: the head does not move."""
    seen_px = teacher.ask_block(pictures[:1]).landmarks_px[0]
    if not np.isfinite(seen_px).all():
        raise DataError(f"the teacher sees no face in a picture of {path}; look at it.")
    for picture in pictures:
        yield warp_crop(picture, seen_px[MEDIAPIPE_TO_68], WIDE_SPEC)
