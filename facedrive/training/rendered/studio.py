"""What all synthetic pictures share: the model, the context, whose skin may be worn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facedrive.stats.splits import People, split_people
from facedrive.training.data.photographs import open_photographs
from facedrive.training.rendered.camera import Camera
from facedrive.training.rendered.face import (
    LANDMARKS,
    FaceModel,
    Indices,
    Person,
    load_face_model,
    random_identity,
)
from facedrive.training.rendered.paint import Look, Paint, grey
from facedrive.training.rendered.renderer import open_renderer
from facedrive.training.rendered.skins import best_rows
from facedrive.training.rendered.texture import Map, SkinAtlas, build_atlas
from facedrive.training.rendered.visible import visible_part
from facedrive.types import Image

SKIN_TEXELS = 256
KEPT_SKINS = 64
"""Skins held in memory, 256 kB each."""


@dataclass(frozen=True)
class StudioPlan:
    """What it takes to open a studio in another process."""

    data: Path
    people: People
    side_px: int

    def open(self) -> Studio:
        """Load everything."""
        return Studio(self.data, self.people, self.side_px)


class Studio:
    """Holds what all pictures share; whoever was last dressed is drawn."""

    def __init__(self, data: Path, people: People, side_px: int) -> None:
        """Load everything.

        Args:
            data: The folder with ``faces.zip``, ``faces_teacher.npz`` and ``ict/``.
            people: Whose skin may be worn; ``split_people`` says who they are.
            side_px: Of the square pictures.

        Raises:
            DataError: if the data cannot be read.
            RenderError: if there is no OpenGL context.
        """
        self.model, (_, self._atlas) = _open_visible(data), open_face(data)
        self.side_px = side_px
        self.photographs = open_photographs(data)
        self._renderer = open_renderer(self.model, side_px, side_px, grey=True)
        rows = best_rows(self.photographs)
        allowed = getattr(split_people(self.photographs.person[rows]), people)
        self.rows = rows[allowed]
        """Photographs that skin and backdrops are taken from."""
        self._skins: dict[int, Map] = {}

    def cast(self, rng: np.random.Generator, row: int | None = None) -> tuple[Person, int]:
        """Make somebody up, dress them, and tell whose photograph's skin they wear.

        Args:
            rng: Decides.
            row: The photograph; any of ``rows`` if None.
        """
        person = self.model.identity(random_identity(rng))
        row = int(rng.choice(self.rows)) if row is None else row
        skin = self._skin(row)
        self._renderer.set_skin(skin if rng.random() < 0.5 else skin[:, ::-1])
        self._renderer.paint(sample_paint(rng))
        return person, row

    def draw(
        self,
        vertices: NDArray[np.float32],
        pose: NDArray[np.float32],
        camera: Camera,
        look: Look,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Draw the face that was cast last.

        Returns:
            (S, S) luminance 0..255, (S, S) share of each pixel that the face covers, and the
            (68, 2) landmarks in the picture's pixels.
        """
        picture, mask = self._renderer.render(vertices, pose, camera, look)
        points = vertices[LANDMARKS] @ pose[:3, :3].T + pose[:3, 3]
        return picture[..., 1].astype(np.float32), mask, camera.project(points)

    def cleanest(self, rows: Indices) -> int:
        """Choose the photograph whose skin has least on one side only: a hand, hard light."""
        skins = [self._skin(int(row)) for row in rows]
        return int(rows[np.argmin([np.abs(skin - skin[:, ::-1]).mean() for skin in skins])])

    def backdrop(self, rng: np.random.Generator) -> Image:
        """Pick a photograph to stand out of focus behind the face."""
        return self.photographs.read(int(rng.choice(self.rows)))

    def person_of(self, row: int) -> int:
        """Say whom a photograph shows."""
        return int(self.photographs.person[row])

    def _skin(self, row: int) -> Map:
        """Lift a photograph's skin, or find it among those kept."""
        if row not in self._skins:
            if len(self._skins) >= KEPT_SKINS:
                del self._skins[next(iter(self._skins))]
            landmarks = self.photographs.landmarks[row]
            self._skins[row] = self._atlas.lift(self.photographs.read(row), landmarks)
        return self._skins[row]


@lru_cache(maxsize=1)
def open_face(data: Path) -> tuple[FaceModel, SkinAtlas]:
    """Load the parametric face and how skins are lifted onto it; once, it takes seconds.

    Raises:
        DataError: if the data cannot be read.
    """
    model = load_face_model(data / "ict" / "ict_facekit.npz")
    return model, build_atlas(model, open_photographs(data), size=SKIN_TEXELS)


@lru_cache(maxsize=1)
def _open_visible(data: Path) -> FaceModel:
    """Load the part of the face that is drawn; once for all studios."""
    return visible_part(open_face(data)[0])


def sample_paint(rng: np.random.Generator) -> Paint:
    """Draw skin of a random tone, hair, clothes, teeth and gums."""
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


def sample_look(rng: np.random.Generator) -> Look:
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
