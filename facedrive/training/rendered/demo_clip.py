"""Renders the demo clip: a face that is nobody's performs every AU, and a table says how much."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.files import whole_path, write_whole
from facedrive.rotations import EulerDegrees, matrix_from_euler
from facedrive.training.data.photographs import Photographs, open_photographs
from facedrive.training.rendered.camera import PIVOT, Camera, head_pose
from facedrive.training.rendered.face import LANDMARKS, FaceModel, Person
from facedrive.training.rendered.paint import Colour, Look, Paint
from facedrive.training.rendered.performance import DURATION, head_at, perform
from facedrive.training.rendered.renderer import open_renderer
from facedrive.training.rendered.sampling import Performance
from facedrive.training.rendered.skins import best_rows
from facedrive.training.rendered.studio import open_face
from facedrive.training.rendered.texture import Map, SkinAtlas
from facedrive.types import Image

log = logging.getLogger(__name__)

COLUMNS: tuple[str, ...] = (
    "frame",
    "time_s",
    *AU_NAMES,
    *(f"head_{angle}_deg" for angle in EulerDegrees._fields),
    *(f"gaze_{eye}_{angle}_deg" for eye in ("left", "right") for angle in ("pitch", "yaw")),
)

TEXTURE = 1024
SKIN: Colour = (0.62, 0.40, 0.30)
LIPS: Colour = (0.52, 0.23, 0.195)
BROWS: Colour = (0.045, 0.028, 0.02)
NECK = np.array([0.0, -9.0, 0.0], np.float32)
"""The joint that the head turns about, head axes, centimetres; shoulders stay where they are."""


class Script(NamedTuple):
    """What happens in a clip; each function takes a time, seconds."""

    act: Callable[[float], Performance]
    head: Callable[[float], EulerDegrees]
    aside_cm: Callable[[float], float] = lambda time: 0.0
    """How far the person has moved to the right of the picture."""


DEMO = Script(perform, head_at)


@dataclass(frozen=True, slots=True)
class DemoClip:
    """How the clip is made; the defaults made the one that ships."""

    width: int = 640
    height: int = 480
    fps: int = 30
    duration: float = DURATION
    """Seconds of the performance, from its start."""
    people: int = 120
    """Whose skins are averaged."""
    seed: int = 0
    supersampling: int = 2
    rate_bits: int = 900_000
    distance_cm: float = 75.0
    view_cm: float = 33.0
    """Height of what the picture shows, at that distance."""
    script: Script = DEMO

    def render(self, data: Path, clip: Path, table: Path) -> None:
        """Write the clip and its table.

        Args:
            data: The folder with ``faces.zip``, ``faces_teacher.npz`` and ``ict/``.
            clip: The .mp4 to write.
            table: The .csv to write: ``COLUMNS``, one row a frame.

        Raises:
            DataError: if the data cannot be read.
            RenderError: if there is no OpenGL context.
        """
        times = self.times()
        rows = ([index, f"{time:.6f}", *truth(time, self.script)] for index, time in
                enumerate(times))  # fmt: skip
        write_table(table, COLUMNS, rows)
        write_video(clip, self.frames(data, times), self)

    def times(self) -> list[float]:
        """Give the time of each frame, seconds."""
        return [index / self.fps for index in range(round(self.duration * self.fps))]

    def frames(self, data: Path, times: list[float]) -> Iterator[Image]:
        """Draw the performance at some times, (height, width, 3) uint8 RGB each."""
        (model, atlas), photographs = open_face(data), open_photographs(data)
        skin = average_skin(atlas, photographs, self.people)
        size = (self.width * self.supersampling, self.height * self.supersampling)
        camera = Camera(*size, focal_px=size[1] * self.distance_cm / self.view_cm)
        person = model.identity(np.zeros(len(model.identities), np.float32))
        backdrop = _studio(self.width, self.height)
        with closing(open_renderer(model, *size)) as renderer:
            renderer.set_skin(colour_skin(skin, atlas, model, self.seed))
            renderer.paint(Paint(tone=SKIN, hair=(0.03, 0.02, 0.014), clothes=(0.05, 0.09, 0.14)))
            for time in times:
                vertices, pose = self.posed(model, person, time)
                picture, mask = renderer.render(vertices, pose, camera, DEMO_LOOK)
                yield _compose(picture, mask, backdrop)

    def posed(
        self, model: FaceModel, person: Person, time: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Give the face at a time: its vertices, (N, 3) cm, and the (4, 4) head to camera."""
        act = self.script.act(time)
        vertices = model.express(person, model.weights(act.aus, act.extras), act.gaze)
        rotation = matrix_from_euler(*np.radians(self.script.head(time))).astype(np.float32)
        pose = _pose_on_neck(rotation, self.distance_cm)
        pose[0, 3] += self.script.aside_cm(time)
        return _hold_shoulders(vertices, rotation), pose


DEMO_LOOK = Look(
    lights=np.array([[0.5, 0.55, 0.8], [-0.75, 0.1, 0.6], [-0.3, 0.7, -0.55]], np.float32),
    light_colours=np.array(
        [[0.80, 0.77, 0.72], [0.26, 0.28, 0.32], [0.55, 0.55, 0.58]], np.float32
    ),
    ambient=(0.30, 0.30, 0.31),
    hair_colour=(0.055, 0.035, 0.022),
    hair_layers=16,
    hair_length=1.9,
    lash_length=0.5,
)


def average_skin(atlas: SkinAtlas, photographs: Photographs, people: int) -> Map:
    """Average the skins of many people, and of their mirror images.

    Returns:
        (S, S) albedo, 1 being the skin's tone.
    """
    rows = best_rows(photographs)
    rows = rows[np.linspace(0, len(rows) - 1, people).astype(np.intp)]
    skins = [atlas.lift(photographs.read(row), photographs.landmarks[row]) for row in rows]
    mean = np.exp(np.mean([np.log(skin) for skin in skins], axis=0))
    return np.asarray((mean * mean[:, ::-1]) ** 0.5, np.float32)


def colour_skin(detail: Map, atlas: SkinAtlas, model: FaceModel, seed: int) -> Map:
    """Give the average skin colour, its brows back, and pores.

    Returns:
        (1024, 1024, 3) linear RGB relative to ``SKIN``.
    """
    rng = np.random.default_rng(seed)
    detail = _large(detail) * _pores(rng)
    broad = cv2.GaussianBlur(detail, (0, 0), TEXTURE / 22)
    tinted = detail[..., None] ** np.array([0.8, 1.0, 1.15])
    lips = _large(atlas.lips)[..., None] * 0.7
    tinted += lips * (detail[..., None] ** 0.7 * np.divide(LIPS, SKIN) - tinted)
    brows = np.clip((broad - detail) / broad * 5.0 - 0.22, 0, 1) * _brow_region(model)
    brows = np.clip(brows * _strands(rng), 0, 0.8)[..., None]
    tinted += brows * (np.divide(BROWS, SKIN) - tinted)
    return np.asarray(tinted, np.float32)


def _large(picture: Map) -> Map:
    large = cv2.resize(picture, (TEXTURE, TEXTURE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.float32)


def _pores(rng: np.random.Generator) -> Map:
    """Make skin uneven: fine pores over soft blotches, about 1."""
    fine, soft = rng.normal(size=(2, TEXTURE, TEXTURE)).astype(np.float32)
    fine = cv2.GaussianBlur(fine, (0, 0), 1.1)
    soft = cv2.GaussianBlur(soft, (0, 0), 9)
    return np.asarray(1 + 0.022 * fine / fine.std() + 0.022 * soft / soft.std(), np.float32)


def _strands(rng: np.random.Generator) -> Map:
    """Make hair: streaks that lean outwards, mirrored about the middle; about 1."""
    noise = rng.normal(size=(TEXTURE, TEXTURE // 2)).astype(np.float32)
    kernel = np.zeros((25, 25), np.float32)
    cv2.line(kernel, (22, 17), (2, 7), 1.0, 1, cv2.LINE_8)
    streaks = cv2.filter2D(noise, -1, kernel / kernel.sum())
    streaks = np.clip(1 + 0.38 * streaks / streaks.std(), 0.25, 1.6)
    return np.hstack([streaks, streaks[:, ::-1]])


def _brow_region(model: FaceModel) -> Map:
    """Mark the neighbourhood of the ten brow landmarks on the texture, 0 to 1."""
    region = np.zeros((TEXTURE, TEXTURE), np.uint8)
    for brow in (LANDMARKS[17:22], LANDMARKS[22:27]):
        places = (model.uv_of(brow) * [1, -1] + [0, 1.015]) * TEXTURE
        line = np.round(places).astype(np.int32)
        cv2.polylines(region, [line], False, 255, TEXTURE // 22, cv2.LINE_AA)
    soft = cv2.GaussianBlur(region, (0, 0), TEXTURE / 160)
    return np.asarray(soft / 255, np.float32)


def _pose_on_neck(rotation: NDArray[np.float32], distance_cm: float) -> NDArray[np.float32]:
    """Turn the head about the neck, in front of a camera at the height of the nose."""
    neck_in_view = np.array([0.0, -1.5, -distance_cm], np.float32) + NECK - PIVOT
    return head_pose(rotation, neck_in_view + rotation @ (PIVOT - NECK))


def _hold_shoulders(
    vertices: NDArray[np.float32], rotation: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Turn the shoulders back by what the head turns, and the neck by a part of it."""
    free = np.clip((vertices[:, 1:2] + 15.0) / 9.0, 0, 1)
    free = free * free * (3 - 2 * free)
    still = (vertices - NECK) @ rotation + NECK
    return np.asarray(free * vertices + (1 - free) * still, np.float32)


def _studio(width: int, height: int) -> NDArray[np.float32]:
    """Paint a soft backdrop, (height, width, 3): lighter around the head, darker at the edges."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    glow = np.exp(-(((x - 0.5 * width / height) / 0.62) ** 2 + ((y - 0.42) / 0.6) ** 2))[..., None]
    edge, middle = np.array([62, 72, 84], np.float32), np.array([176, 184, 190], np.float32)
    return np.asarray(edge + glow * (middle - edge), np.float32)


def _compose(picture: Image, mask: NDArray[np.float32], backdrop: NDArray[np.float32]) -> Image:
    """Lay the oversized picture, black where there is no face, on the backdrop."""
    size = (backdrop.shape[1], backdrop.shape[0])
    face = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    cover = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)[..., None]
    return np.asarray(np.clip(face + backdrop * (1 - cover), 0, 255), np.uint8)


def write_video(clip: Path, frames: Iterator[Image], options: DemoClip) -> None:
    """Encode the frames as H.264."""
    movflags = {"movflags": "faststart"}
    with whole_path(clip) as part, av.open(str(part), "w", options=movflags) as container:
        stream = container.add_stream("libx264", rate=options.fps)
        stream.width, stream.height, stream.pix_fmt = options.width, options.height, "yuv420p"
        stream.bit_rate = options.rate_bits
        stream.time_base = Fraction(1, options.fps)
        stream.options = {"preset": "slow", "threads": "1"}
        for index, image in enumerate(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            if (index + 1) % 100 == 0:
                log.info("%d frames drawn", index + 1)
        container.mux(stream.encode())


def write_table(table: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Write a CSV file."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    write_whole(table, text.getvalue())


def truth(time: float, script: Script = DEMO) -> list[str]:
    """Give what ``COLUMNS`` says after the time: AUs, then degrees of head and gaze."""
    act = script.act(time)
    aus = [f"{value:.4f}" for value in act.aus]
    return aus + [f"{value:.3f}" for value in (*script.head(time), *np.degrees(act.gaze).ravel())]
