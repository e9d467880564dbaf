"""Clips of several heads that cross, come and go, with the truth of who is where: to test people.

Each head is rendered alone, and set into the picture by its distance: the nearer hides the further.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.rotations import matrix_from_euler
from facedrive.training.rendered.camera import Camera, head_pose
from facedrive.training.rendered.face import LANDMARKS, Person
from facedrive.training.rendered.paint import Look
from facedrive.training.rendered.sampling import sample_aus, sample_gaze
from facedrive.training.rendered.studio import Studio, sample_look
from facedrive.types import Image, Sample

WIDTH, HEIGHT, FPS = 640, 360, 25
DISTANCE_CM = 60.0
HEAD_CM = 34.0
"""What a sprite shows."""

KEY_S = 0.8
"""From one expression and pose of a head to the next."""

CROSSING_S = 6.0
"""How long a head takes from one side to the other and back."""

SEEN_SHARE = 0.75
"""Of a face that is in sight; below, nobody need find it."""


class Shown(NamedTuple):
    """One head in one frame."""

    middle_px: NDArray[np.float32]
    """(2,), of its landmarks."""
    eyes_px: float
    """Distance of the outer eye corners."""
    visible: float
    """Share of the face that nothing hides and that is in the picture."""

    @property
    def in_sight(self) -> bool:
        """Whether it has to be found."""
        return self.visible >= SEEN_SHARE


class _Sprite(NamedTuple):
    picture: Image
    """(S, S, 3) RGB."""
    cover: NDArray[np.float32]
    """(S, S) share of each pixel that it covers."""
    face: NDArray[np.float32]
    """(S, S) the same of the face alone, by its landmarks."""
    landmarks_px: NDArray[np.float32]


class _Path(NamedTuple):
    """How a head goes."""

    phase: float
    scale: float
    """Of the sprite in the picture; the larger is nearer."""
    away: bool
    """Whether it leaves the picture at its outer ends."""

    def at(self, time: float) -> tuple[float, float]:
        """Return where the sprite's middle is, pixels."""
        turn = 2 * np.pi * (time / CROSSING_S + self.phase)
        reach = 0.62 if self.away else 0.33
        x = WIDTH * (0.5 + reach * np.sin(turn))
        return float(x), float(HEIGHT * (0.52 + 0.05 * np.sin(2.3 * turn)))


def render_crowd(
    studio: Studio, heads: int, frames: int, seed: int
) -> Iterator[tuple[Image, tuple[Shown, ...]]]:
    """Yield each frame, (360, 640, 3) uint8 RGB at 25 a second, and where each head is in it.

    Raises:
        RenderError: if there is no OpenGL context.
    """
    rng = np.random.default_rng([seed, heads])
    cast = [_perform(studio, rng, frames) for _ in range(heads)]
    scales = rng.permutation(np.linspace(0.5, 0.85, heads))
    paths = [_Path(index / heads + 0.1, float(scales[index]), away=index == 1 and heads > 2)
             for index in range(heads)]  # fmt: skip
    backdrop = cv2.GaussianBlur(cv2.resize(studio.backdrop(rng), (WIDTH, HEIGHT)), (0, 0), 12)
    ground = np.repeat(np.asarray(backdrop, np.uint8)[..., None], 3, axis=2)
    for index in range(frames):
        places = [_placed(cast[head][index], paths[head], index / FPS) for head in range(heads)]
        yield _compose(ground, places, [path.scale for path in paths])


def _perform(studio: Studio, rng: np.random.Generator, frames: int) -> list[_Sprite]:
    """Render one head's every frame; it goes from one expression and pose to the next."""
    person, _ = studio.cast(rng)
    look = sample_look(rng)
    tint = np.array([1.0, rng.uniform(0.72, 0.9), rng.uniform(0.55, 0.85)], np.float32)
    keys = int(frames / FPS / KEY_S) + 2
    acts = [sample_aus(rng) * rng.uniform(0.3, 1) for _ in range(keys)]
    gazes = [sample_gaze(rng) for _ in range(keys)]
    turns = rng.normal(0, np.radians([6, 11, 5]), (keys, 3))
    focal = studio.side_px / HEAD_CM * DISTANCE_CM
    camera = Camera(studio.side_px, studio.side_px, focal)
    sprites = []
    for index in range(frames):
        at, share = divmod(index / FPS / KEY_S, 1)
        share = share * share * (3 - 2 * share)
        aus, gaze, turn = ((1 - share) * each[int(at)] + share * each[int(at) + 1]
                           for each in (acts, gazes, turns))  # fmt: skip
        sprites.append(_draw(studio, person, (aus, gaze, turn), camera, look, tint))
    return sprites


def _draw(
    studio: Studio, person: Person, act: tuple[NDArray[Any], ...], camera: Camera,
    look: Look, tint: NDArray[np.float32],
) -> _Sprite:  # fmt: skip
    aus, gaze, turn = act
    vertices = studio.model.express(person, studio.model.weights(aus, {}), gaze)
    pose = head_pose(matrix_from_euler(*turn), np.array([0, 1.0, -DISTANCE_CM], np.float32))
    light, cover, landmarks = studio.draw(vertices, pose, camera, look)
    assert len(landmarks) == len(LANDMARKS)
    picture = np.clip(light[..., None] * tint, 0, 255).astype(np.uint8)
    face = np.zeros(cover.shape, np.float32)
    hull = cv2.convexHull(np.round(landmarks).astype(np.int32))
    cv2.fillConvexPoly(face, hull, 1.0)
    return _Sprite(picture, cover, face, landmarks)


def _placed(sprite: _Sprite, path: _Path, time: float) -> _Sprite:
    """Set a sprite into a picture of the whole size."""
    x, y = path.at(time)
    middle = (sprite.cover.shape[0] - 1) / 2
    matrix = np.array([[path.scale, 0, x - path.scale * middle],
                       [0, path.scale, y - path.scale * middle]])  # fmt: skip
    warped = [cv2.warpAffine(each, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)
              for each in (sprite.picture, sprite.cover, sprite.face)]  # fmt: skip
    points = sprite.landmarks_px @ matrix[:, :2].T + matrix[:, 2]
    return _Sprite(np.asarray(warped[0], np.uint8), np.asarray(warped[1], np.float32),
                   np.asarray(warped[2], np.float32), points.astype(np.float32))  # fmt: skip


def _compose(
    ground: Image, places: list[_Sprite], scales: list[float]
) -> tuple[Image, tuple[Shown, ...]]:
    """Lay the heads over the ground, the furthest first."""
    picture = ground.astype(np.float32)
    order = sorted(range(len(places)), key=lambda each: scales[each])
    shown: dict[int, Shown] = {}
    for rank, head in enumerate(order):
        sprite, cover = places[head], places[head].cover[..., None]
        picture = picture * (1 - cover) + sprite.picture * cover
        free = np.ones_like(sprite.face)
        for nearer in order[rank + 1 :]:
            free *= 1 - places[nearer].cover
        points = sprite.landmarks_px
        whole = cv2.contourArea(cv2.convexHull(points))
        eyes = float(np.linalg.norm(points[45] - points[36]))
        shown[head] = Shown(points.mean(axis=0), eyes, float((sprite.face * free).sum()) / whole)
    return np.clip(picture, 0, 255).astype(np.uint8), tuple(shown[head] for head in sorted(shown))


class Tally(NamedTuple):
    """How well people were told apart in a clip."""

    found: float
    """Share of the faces in sight that got a row."""
    switches: int
    """Times that a head's number changed."""
    numbers: int
    """Numbers that were given out."""


Spotted = list[tuple[int, NDArray[np.float32]]]
"""The number and the middle, (2,) pixels, of every face of a frame."""


def spotted(samples: Iterable[Sample]) -> Spotted:
    """Return who was seen in a frame, and where."""
    return [(each.person, each.landmarks_px.mean(axis=0)) for each in samples
            if each.landmarks_px is not None]  # fmt: skip


def tally(truth: list[tuple[Shown, ...]], seen: list[Spotted]) -> Tally:
    """Compare what was seen with what was shown.

    Args:
        truth: Of each frame, by head.
        seen: Of each frame.
    """
    last: dict[int, int] = {}
    found = wanted = switches = 0
    for heads, faces in zip(truth, seen, strict=True):
        free = list(faces)
        for head, shown in sorted(enumerate(heads), key=lambda each: -each[1].visible):
            wanted += shown.in_sight
            off = [float(np.linalg.norm(middle - shown.middle_px)) for _, middle in free]
            if not off or min(off) > 0.5 * shown.eyes_px:
                continue
            number, _ = free.pop(int(np.argmin(off)))
            found += shown.in_sight
            switches += last.get(head, number) != number
            last[head] = number
    numbers = {number for faces in seen for number, _ in faces}
    return Tally(found / max(wanted, 1), switches, len(numbers))
