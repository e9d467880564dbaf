"""Heads turned in depth and tilted, before any ground, with the truth of where the face is.

Of two makers: VALID's avatars, and the parametric face in the skin of photographs. They are for
finding faces: a detector is taught on some heads and measured on others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.mappings import match_rig
from facedrive.progress import track
from facedrive.render.scene import AvatarRenderer
from facedrive.rig import load
from facedrive.rotations import EulerDegrees, matrix_from_euler, quaternion_from_euler
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68, interocular_px
from facedrive.training.data.faceless import paint_nothing
from facedrive.training.data.teacher import TeacherFile
from facedrive.training.rendered.avatars import Act
from facedrive.training.rendered.camera import Camera, head_pose
from facedrive.training.rendered.capture import degrade, expose, lay_over
from facedrive.training.rendered.crowd import DISTANCE_CM, HEAD_CM
from facedrive.training.rendered.sampling import sample_aus, sample_gaze
from facedrive.training.rendered.studio import Studio, sample_look
from facedrive.types import Image

Random = np.random.Generator
Picture = NDArray[np.float32]
Points = NDArray[np.float64]

SIDE_PX = 512
"""Of a head's own picture."""

FADE = 0.12
"""Of that side: shoulders fade out over so much of it at the bottom, where they would else end."""

FACE_UNITS = 1.63
"""Width of a face from the front, in distances of the outer eye corners."""

EXPRESSION = 0.5
"""Of an AU's range: most that a head's expression has of it."""


class Turned(NamedTuple):
    """A head at one yaw, upright."""

    picture: Picture
    """(S, S) luminance, 0 to 255."""
    cover: Picture
    """(S, S) share of each pixel that the head covers."""
    landmarks_px: Points
    """(68, 2) in the picture; hidden ones where they would be."""
    unit_px: float
    """Distance of the outer eye corners from the front."""


class Standing(NamedTuple):
    """A head before a ground."""

    picture: Image
    """(H, W) uint8."""
    landmarks_px: Points
    """(68, 2)."""
    unit_px: float
    """As in ``Turned``."""


class Placing(NamedTuple):
    """Where and how a head is set before a ground."""

    face_px: float
    """Width of the face from the front."""
    tilt_deg: float
    """Clockwise in the picture."""
    middle_px: tuple[float, float]
    """Where the middle of its landmarks is."""


def held_out(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the avatars that no detector is taught on: every other one."""
    return tuple(paths[1::2])


def taught_on(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the other avatars."""
    return tuple(paths[::2])


def turn_avatar(
    path: Path, yaws_deg: Sequence[float], teacher: TeacherFile, rng: Random
) -> list[Turned | None]:
    """Turn one of VALID's heads.

    Args:
        path: The rig.
        yaws_deg: How far; the first is the front.
        teacher: Says where the face is.
        rng: Decides its expression, gaze and pitch.

    Returns:
        One a yaw; None where the teacher sees no face, as behind hair.

    Raises:
        RenderError: if there is no OpenGL.
    """
    rig, act = load(str(path)), _act(rng)
    weights = match_rig(rig).apply(act.aus, act.gaze)
    with AvatarRenderer(rig, (SIDE_PX, SIDE_PX), samples=1) as renderer:
        turns = [quaternion_from_euler(EulerDegrees(_pitch_deg(rng) if yaw else 0.0, yaw, 0.0))
                 for yaw in yaws_deg]  # fmt: skip
        drawn = [renderer.cut_out(weights, act.gaze, turn).copy() for turn in turns]
    return list(_placed_by(teacher, drawn))


def turn_person(studio: Studio, rng: Random, yaws_deg: Sequence[float]) -> list[Turned]:
    """Turn somebody made up, in the parametric face's shape and a photograph's skin.

    Args:
        studio: Has the photographs.
        rng: Decides who it is, their expression, light and pitch.
        yaws_deg: How far; the first is the front.
    """
    person, _ = studio.cast(rng)
    look, act = sample_look(rng), _act(rng)
    vertices = studio.model.express(person, studio.model.weights(act.aus, {}), act.gaze)
    side = studio.side_px
    camera = Camera(side, side, side / HEAD_CM * DISTANCE_CM)
    turned = []
    for yaw in yaws_deg:
        pitch = _pitch_deg(rng) if yaw else 0.0
        rotation = matrix_from_euler(*np.radians([pitch, yaw, 0.0]))
        pose = head_pose(rotation, np.array([0, 1.0, -DISTANCE_CM], np.float32))
        picture, cover, landmarks = studio.draw(vertices, pose, camera, look)
        turned.append(Turned(picture, _faded(cover), landmarks.astype(np.float64), 0.0))
    unit_px = float(interocular_px(turned[0].landmarks_px))
    return [each._replace(unit_px=unit_px) for each in turned]


class HeadCounts(NamedTuple):
    """How many heads something is taught on."""

    people: int
    """Of the parametric face, in the skin of training people."""
    acts: int
    """Times that each avatar is drawn."""


def turn_heads(
    studio: Studio, avatars: Sequence[Path], teacher: TeacherFile, counts: HeadCounts,
    yaws_deg: Callable[[Random], Sequence[float]], rng: Random,
) -> Iterator[Sequence[Turned | None]]:  # fmt: skip
    """Turn the heads that may be taught on, one after another.

    Args:
        studio: Of ``SIDE_PX``, in the skin of training people.
        avatars: All there are.
        teacher: Says where an avatar's face is.
        counts: How many.
        yaws_deg: Draws how far each is turned; the first is the front.
        rng: Decides all else.
    """
    for path in track(taught_on(avatars) * counts.acts, "head", "turning avatars"):
        yield turn_avatar(path, yaws_deg(rng), teacher, rng)
    for _ in track(range(counts.people), "head", "turning people"):
        yield turn_person(studio, rng, yaws_deg(rng))


def film(head: Turned, ground: Image, placing: Placing, rng: Random) -> Standing:
    """Set a head before a (H, W) ground as ``stand`` does, in some light, by some camera."""
    if rng.random() < 0.5:
        face = expose(rng, head.picture, head.cover)
    else:
        face = head.picture * np.float32(rng.uniform(0.5, 1.3))
    standing = stand(head._replace(picture=face), ground, placing)
    return standing._replace(picture=degrade(rng, standing.picture.astype(np.float32)))


def stand(head: Turned, ground: Image, placing: Placing) -> Standing:
    """Set a head before a (H, W) ground."""
    scale = placing.face_px / FACE_UNITS / head.unit_px
    x, y = head.landmarks_px.mean(axis=0).tolist()
    matrix = np.asarray(cv2.getRotationMatrix2D((x, y), -placing.tilt_deg, scale), np.float64)
    matrix[:, 2] += np.subtract(placing.middle_px, (x, y))
    face, cover = _redrawn(head, matrix, scale, (ground.shape[1], ground.shape[0]))
    picture = np.clip(lay_over(face, cover, ground.astype(np.float32)), 0, 255).astype(np.uint8)
    points_px = head.landmarks_px @ matrix[:, :2].T + matrix[:, 2]
    return Standing(picture, points_px, head.unit_px * scale)


def paint_grounds(rng: Random, size: tuple[int, int], rooms: Sequence[Image]) -> Iterator[Image]:
    """Give (H, W) grounds without a face, half of them cut from rooms, for ever.

    Args:
        rng: Decides.
        size: Width and height.
        rooms: (H, W) pictures without faces.
    """
    width, height = size
    while True:
        room = rooms[int(rng.integers(len(rooms)))]
        share = rng.uniform(0.5, 1.0)
        rows, columns = (round(share * side) for side in room.shape)
        top, left = (int(rng.integers(full - part + 1))
                     for full, part in zip(room.shape, (rows, columns), strict=True))  # fmt: skip
        part = room[top : top + rows, left : left + columns][:, :: int(rng.choice([-1, 1]))]
        yield np.asarray(cv2.resize(np.ascontiguousarray(part), size), np.uint8)
        yield np.ascontiguousarray(paint_nothing(max(size), rng)[:height, :width])


def place_somewhere(rng: Random, size: tuple[int, int], face_px: float, tilt_deg: float) -> Placing:
    """Choose where a face of a size lies whole in a picture of a width and height."""
    room = [max(side / 2 - 0.75 * face_px, 0.0) for side in size]
    x, y = (side / 2 + rng.uniform(-each, each) for side, each in zip(size, room, strict=True))
    return Placing(face_px, tilt_deg, (x, y))


def _act(rng: Random) -> Act:
    return Act(EXPRESSION * sample_aus(rng), sample_gaze(rng))


def _pitch_deg(rng: Random) -> float:
    return float(rng.normal(0, 4))


def _placed_by(teacher: TeacherFile, drawn: Iterable[Image]) -> Iterator[Turned | None]:
    """Have the teacher say where the face is in each (S, S, 4) picture of a head."""
    parts = [_split(each) for each in drawn]
    shown = [np.clip(picture + 120 * (1 - cover), 0, 255).astype(np.uint8)
             for picture, cover in parts]  # fmt: skip
    seen_px = teacher.ask_block(shown).landmarks_px[:, MEDIAPIPE_TO_68].astype(np.float64)
    unit_px = float(interocular_px(seen_px[0]))
    for (picture, cover), points_px in zip(parts, seen_px, strict=True):
        if np.isfinite(points_px).all():
            yield Turned(picture, _faded(cover), points_px, unit_px)
        else:
            yield None


def _split(drawn: Image) -> tuple[Picture, Picture]:
    """Return the luminance and the cover of a picture whose colour is premultiplied."""
    gray = cv2.cvtColor(np.ascontiguousarray(drawn[..., :3]), cv2.COLOR_RGB2GRAY)
    return gray.astype(np.float32), drawn[..., 3].astype(np.float32) / np.float32(255)


def _faded(cover: Picture) -> Picture:
    """Let shoulders fade out towards the bottom."""
    rows = len(cover)
    left = (rows - 1 - np.arange(rows)) / (FADE * rows)
    return np.asarray(cover * np.clip(left, 0, 1)[:, None], np.float32)


def _redrawn(
    head: Turned, matrix: NDArray[np.float64], scale: float, size: tuple[int, int]
) -> tuple[Picture, Picture]:
    """Return picture and cover where ``matrix`` puts them, each pixel a mean of those it was."""
    whole = head.picture.shape[0]
    side = round(whole * min(scale, 1.0))
    step = whole / side
    shift = matrix[:, :2].sum(axis=1) * (step - 1) / 2
    fine = np.column_stack([matrix[:, :2] * step, matrix[:, 2] + shift])
    small = (cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA)
             for each in (head.picture, head.cover))  # fmt: skip
    face, cover = (np.asarray(cv2.warpAffine(each, fine, size), np.float32) for each in small)
    return face, cover
