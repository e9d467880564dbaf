"""Renders the synthetic training set: aligned crops with AUs, gaze and landmarks known exactly."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.trackers.align import CropSpec, crop_matrix, warp_crop
from facedrive.training.folds import split_people
from facedrive.training.synth.camera import Camera, head_pose, rotation_matrix
from facedrive.training.synth.capture import capture
from facedrive.training.synth.face import (
    LANDMARKS,
    Indices,
    Person,
    load_face_model,
    random_identity,
)
from facedrive.training.synth.paint import Look, Paint, grey
from facedrive.training.synth.photographs import open_photographs
from facedrive.training.synth.sampling import Performance, sample_performance
from facedrive.training.synth.scene import FaceRenderer
from facedrive.training.synth.texture import Map, build_atlas
from facedrive.types import Image, Vector

log = logging.getLogger(__name__)

People = Literal["train", "validation", "test"]

SPEC = CropSpec(size=160, padding=0.5)
"""The middle 128 of these 160 pixels are a crop of 128 with padding 0.3; the rest is room for
training to turn, shift and scale."""

PICTURE = 256
FACES_A_PERSON = 4
"""Pictures of one identity, in one skin, before the next."""


@dataclass(frozen=True)
class Rendered:
    """One synthetic picture and what is true of it."""

    crop: Image
    """(160, 160) uint8, as ``SPEC``."""
    performance: Performance
    landmarks_px: NDArray[np.float32]
    """(68, 2) in the crop's pixels."""
    head: Vector
    """(3,) pitch, yaw, roll in radians, signs of ``EulerDegrees``."""


class Studio:
    """Holds what all pictures share: the model, the context, the photographs' skins."""

    def __init__(self, data: Path, people: People, most_skins: int = 600) -> None:
        """Load everything.

        Args:
            data: The folder with ``faces.zip``, ``faces_teacher.npz`` and ``ict/``.
            people: Whose skin may be worn; ``folds.split_people`` says who they are.
            most_skins: How many photographs at most.
        """
        self.model = load_face_model(data / "ict" / "ict_facekit.npz")
        self._photographs = open_photographs(data)
        self._atlas = build_atlas(self.model, self._photographs, size=256)
        self._renderer = FaceRenderer(self.model, PICTURE, PICTURE)
        rows = self._photographs.best_rows()
        allowed = getattr(split_people(self._photographs.person[rows]), people)
        self.rows = _spread(rows[allowed], most_skins)
        self._skins: dict[int, Map] = {}

    def person_of(self, row: int) -> int:
        """Say whom a photograph shows."""
        return int(self._photographs.person[row])

    def shoot(self, rng: np.random.Generator, person: Person, row: int) -> Rendered:
        """Render one picture of a person who wears the skin of a photograph."""
        performance = sample_performance(rng)
        weights = self.model.weights(performance.aus, performance.extras)
        vertices = self.model.express(person, weights, performance.gaze)
        head = _sample_head(rng)
        camera, pose = _frame_head(rng, head)
        self._dress(rng, row)
        picture, mask = self._renderer.render(vertices, pose, camera, _sample_look(rng))
        points = vertices[LANDMARKS] @ pose[:3, :3].T + pose[:3, 3]
        landmarks = camera.project(points)
        backdrop = self._photographs.read(int(rng.choice(self.rows)))
        gray = capture(rng, picture[..., 1].astype(np.float32), mask, backdrop, landmarks)
        matrix = crop_matrix(landmarks, SPEC)
        in_crop = landmarks @ matrix[:, :2].T + matrix[:, 2]
        return Rendered(
            warp_crop(gray, landmarks, SPEC),
            performance,
            in_crop.astype(np.float32),
            head,
        )

    def _dress(self, rng: np.random.Generator, row: int) -> None:
        """Put on skin of a random tone, hair, teeth and gums."""
        if row not in self._skins:
            landmarks = self._photographs.landmarks[row]
            self._skins[row] = self._atlas.lift(self._photographs.read(row), landmarks)
        skin = self._skins[row] if rng.random() < 0.5 else self._skins[row][:, ::-1]
        self._renderer.set_skin(np.repeat(skin[..., None], 3, axis=2))
        self._renderer.paint(_sample_paint(rng))


def render_dataset(
    data: Path, output: Path, count: int, seed: int = 0, people: People = "train"
) -> None:
    """Write ``count`` synthetic faces to an ``.npz``.

    Its arrays: ``crops`` (N, 160, 160) uint8 cut with ``SPEC``; ``aus`` (N, 24) float32; ``gaze``
    (N, 2, 2) float32 radians; ``landmarks`` (N, 68, 2) float32 in the crops' pixels; ``head``
    (N, 3) float32 pitch, yaw, roll in radians; ``identity`` (N,) uint64, the shape's number;
    ``person`` (N,) uint32, the person whose skin it wears, as in ``faces_teacher.npz``.

    Args:
        data: The folder with ``faces.zip``, ``faces_teacher.npz`` and ``ict/``.
        output: The file to write.
        count: How many faces.
        seed: The same seed gives the same faces; other seeds other identities.
        people: Whose skin may be worn.

    Raises:
        DataError: if the data cannot be read or ``count`` is not positive.
        RenderError: if there is no OpenGL context.
    """
    if count < 1:
        raise DataError(f"{count} faces asked for; ask for at least 1.")
    arrays = render_faces(Studio(data, people), count, seed)
    output.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(output, **arrays)  # type: ignore[arg-type]


def render_faces(studio: Studio, count: int, seed: int) -> dict[str, NDArray[np.generic]]:
    """Render the arrays of ``render_dataset``."""
    rng = np.random.default_rng(seed)
    rendered: list[Rendered] = []
    identities, persons = np.zeros(count, np.uint64), np.zeros(count, np.uint32)
    for index in range(count):
        if index % FACES_A_PERSON == 0:
            person = studio.model.identity(random_identity(rng))
            row = int(rng.choice(studio.rows))
        rendered.append(studio.shoot(rng, person, row))
        identities[index] = (seed << 32) + index // FACES_A_PERSON
        persons[index] = studio.person_of(row)
        if (index + 1) % 1000 == 0:
            log.info("%d of %d faces rendered", index + 1, count)
    return {
        "crops": np.stack([item.crop for item in rendered]),
        "aus": np.stack([item.performance.aus for item in rendered]),
        "gaze": np.stack([item.performance.gaze for item in rendered]),
        "landmarks": np.stack([item.landmarks_px for item in rendered]),
        "head": np.stack([item.head for item in rendered]),
        "identity": identities,
        "person": persons,
        "crop_size": np.array(SPEC.size),
        "crop_padding": np.array(SPEC.padding),
    }


def _spread(rows: Indices, most: int) -> Indices:
    """Take at most so many rows, evenly over all of them."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.intp)]


def _sample_head(rng: np.random.Generator) -> Vector:
    limits = np.radians([20.0, 30.0, 20.0])
    return np.clip(rng.normal(0, limits * 0.45), -limits, limits).astype(np.float32)


def _frame_head(rng: np.random.Generator, head: Vector) -> tuple[Camera, NDArray[np.float32]]:
    """Choose camera and distance so that the crop is 125 to 215 px wide in the picture."""
    distance = rng.uniform(35, 110)
    crop_cm = 22.0
    focal = rng.uniform(125, 215) / crop_cm * distance
    centre = np.array([rng.uniform(-1, 1), rng.uniform(-1, 1), -distance], np.float32)
    return Camera(PICTURE, PICTURE, float(focal)), head_pose(rotation_matrix(*head), centre)


def _sample_paint(rng: np.random.Generator) -> Paint:
    tone = float(np.exp(rng.uniform(np.log(0.12), np.log(0.6))))
    hair = float(np.exp(rng.uniform(np.log(0.01), np.log(0.4))))
    teeth, gums, lashes = rng.uniform([0.35, 0.08, 0.01], [0.8, 0.3, 0.08]).tolist()
    return Paint(
        tone=grey(tone),
        hair=grey(hair),
        hair_cover=float(rng.uniform(0.7, 1.0)) if rng.random() < 0.75 else 0.0,
        hairline=float(rng.normal(0, 1.2)),
        clothes=grey(float(rng.uniform(0.01, 0.7))),
        gums=grey(gums),
        teeth=grey(teeth),
        lashes=grey(lashes),
    )


def _sample_look(rng: np.random.Generator) -> Look:
    """Draw a key, a fill and a third light, eyes and shine."""
    key, fill, third = rng.normal(size=(3, 3))
    key[2], fill[2] = abs(key[2]) + 0.5, abs(fill[2]) + 0.3
    key[1] = abs(key[1]) if rng.random() < 0.8 else key[1]
    strengths = rng.uniform([0.3, 0.0, 0.0], [1.1, 0.5, 0.4])
    iris = float(np.exp(rng.uniform(np.log(0.02), np.log(0.25))))
    return Look(
        lights=np.array([key, fill, third], np.float32),
        light_colours=np.repeat(strengths[:, None], 3, axis=1).astype(np.float32),
        ambient=grey(float(rng.uniform(0.15, 0.7))),
        iris_colour=grey(iris),
        sclera_colour=grey(float(rng.uniform(0.4, 0.8))),
        iris_radius=float(rng.uniform(0.36, 0.41)),
        pupil_radius=float(rng.uniform(0.12, 0.22)),
        lash_length=float(rng.uniform(0.05, 0.6)),
        shine=float(rng.uniform(0, 0.25)),
        wrap=float(rng.uniform(0.15, 0.5)),
    )
