"""Renders the synthetic training set: aligned crops with known AUs, gaze and landmarks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.files import whole_file
from facedrive.rotations import matrix_from_euler
from facedrive.stats.splits import People
from facedrive.trackers.align import crop_matrix, warp_square
from facedrive.training.rendered.camera import Camera, head_pose
from facedrive.training.rendered.capture import capture
from facedrive.training.rendered.face import Person
from facedrive.training.rendered.sampling import Performance, sample_performance
from facedrive.training.rendered.studio import Studio, StudioPlan, sample_look
from facedrive.training.workers import run_jobs
from facedrive.types import CropSpec, Image, Vector

SPEC = CropSpec(size=160, padding=0.5)
"""The middle 128 of these 160 pixels are a crop of 128 with padding 0.3; the rest is room for
training to turn, shift and scale."""

VERSION = 1
"""Of what is rendered; raise it when any picture of a seed changes."""

PICTURE = 256
FACES_A_PERSON = 6
"""Pictures of one identity, in one skin, before the next."""

FACES_A_BLOCK = 60
"""Faces that share a random generator; a process renders whole blocks."""

CROP_MARGIN_PX = 8
"""What blur and smear may bring into the crop from outside."""


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


class Block(NamedTuple):
    """Some faces in a row."""

    seed: int
    number: int
    faces: int


def render_dataset(
    data: Path,
    output: Path,
    count: int,
    seed: int = 0,
    people: People = "train",
    workers: int = 1,
    progress: Callable[[int], object] | None = None,
    first: int = 0,
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
        seed: The same seed gives the same faces, whatever ``workers``; others other identities.
        people: Whose skin may be worn.
        workers: Processes to render with.
        progress: Called with the number of faces that were added.
        first: Number of the first face, a multiple of ``FACES_A_BLOCK``: a set can be made in
            parts.

    Raises:
        DataError: if the data cannot be read, ``output`` cannot be written or a number is not
            positive.
        RenderError: if there is no OpenGL context.
    """
    if count < 1 or workers < 1 or seed < 0:
        raise DataError(
            f"{count} faces asked for, of seed {seed}, by {workers} workers; ask for at least 1 "
            "face and 1 worker, and a seed of 0 or more."
        )
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{output.parent} cannot be made: {error}; name another.") from error
    if first % FACES_A_BLOCK:
        raise DataError(f"faces from number {first} asked for; only whole blocks of "
                        f"{FACES_A_BLOCK} can be left out.")  # fmt: skip
    blocks = split_blocks(count, seed, first)
    parts: list[dict[str, NDArray[np.generic]]] = [{} for _ in blocks]
    plan = StudioPlan(data, people, PICTURE)
    for index, part in run_jobs(plan, render_block, blocks, workers):
        parts[index] = part
        if progress is not None:
            progress(blocks[index].faces)
    _save(output, {name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def split_blocks(count: int, seed: int, first: int = 0) -> list[Block]:
    """Cut so many faces into blocks of ``FACES_A_BLOCK``; the last may be shorter."""
    return [
        Block(seed, (first + start) // FACES_A_BLOCK, min(FACES_A_BLOCK, count - start))
        for start in range(0, count, FACES_A_BLOCK)
    ]


def render_block(studio: Studio, block: Block) -> dict[str, NDArray[np.generic]]:
    """Render the arrays of ``render_dataset`` for one block."""
    rng = np.random.default_rng([block.seed, block.number])
    rendered: list[Rendered] = []
    identities, persons = np.zeros(block.faces, np.uint64), np.zeros(block.faces, np.uint32)
    for index in range(block.faces):
        if index % FACES_A_PERSON == 0:
            person, row = studio.cast(rng)
        rendered.append(shoot(studio, rng, person))
        number = block.number * FACES_A_BLOCK + index
        identities[index] = (block.seed << 32) + number // FACES_A_PERSON
        persons[index] = studio.person_of(row)
    return {
        "crops": np.stack([item.crop for item in rendered]),
        "aus": np.stack([item.performance.aus for item in rendered]),
        "gaze": np.stack([item.performance.gaze for item in rendered]),
        "landmarks": np.stack([item.landmarks_px for item in rendered]),
        "head": np.stack([item.head for item in rendered]),
        "identity": identities,
        "person": persons,
    }


def shoot(studio: Studio, rng: np.random.Generator, person: Person) -> Rendered:
    """Render one picture of whoever was cast last."""
    performance = sample_performance(rng)
    weights = studio.model.weights(performance.aus, performance.extras)
    vertices = studio.model.express(person, weights, performance.gaze)
    head = _sample_head(rng)
    camera, pose = _frame_head(rng, head)
    face, mask, landmarks = studio.draw(vertices, pose, camera, sample_look(rng))
    matrix = crop_matrix(landmarks, SPEC)
    rows, columns = _region(matrix, PICTURE)
    origin = np.array([columns.start, rows.start], np.float32)
    gray = capture(
        rng, face[rows, columns], mask[rows, columns], studio.backdrop(rng), landmarks - origin
    )
    in_crop = landmarks @ matrix[:, :2].T + matrix[:, 2]
    matrix[:, 2] += matrix[:, :2] @ origin
    return Rendered(
        warp_square(gray, matrix, SPEC.size), performance, in_crop.astype(np.float32), head
    )


def _region(matrix: NDArray[np.float64], side_px: int) -> tuple[slice, slice]:
    """Find the rows and columns of the picture that the crop is cut from."""
    back = cv2.invertAffineTransform(matrix)
    edge = SPEC.size - 1
    corners = np.array([[0, 0], [edge, 0], [0, edge], [edge, edge]]) @ back[:, :2].T + back[:, 2]
    low = np.clip(np.floor(corners.min(axis=0)).astype(int) - CROP_MARGIN_PX, 0, side_px - 1)
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int) + CROP_MARGIN_PX, low + 1, side_px)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _sample_head(rng: np.random.Generator) -> Vector:
    limits = np.radians([20.0, 30.0, 20.0])
    return np.clip(rng.normal(0, limits * 0.45), -limits, limits).astype(np.float32)


def _frame_head(rng: np.random.Generator, head: Vector) -> tuple[Camera, NDArray[np.float32]]:
    """Choose camera and distance so that the crop is 125 to 215 px wide in the picture."""
    distance = rng.uniform(35, 110)
    crop_cm = 22.0
    focal = rng.uniform(125, 215) / crop_cm * distance
    centre = np.array([rng.uniform(-1, 1), rng.uniform(-1, 1), -distance], np.float32)
    return Camera(PICTURE, PICTURE, float(focal)), head_pose(matrix_from_euler(*head), centre)


def _save(output: Path, arrays: dict[str, Any]) -> None:
    with whole_file(output, DataError) as file:
        np.savez_compressed(
            file,
            crop_size=np.array(SPEC.size),
            crop_padding=np.array(SPEC.padding),
            **arrays,
        )
