"""Train the shape predictor that finds the 68 landmarks, on photographs marked by a teacher.

They are a folder with ``faces.zip`` and ``faces_teacher.npz``. Kazemi and Sullivan's cascade of
regression trees, as dlib has it, with its own samples (``landmark_samples.py``) in place of
dlib's random starts, because live the predictor always starts from the mean shape.
"""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.files import whole_path
from facedrive.progress import track
from facedrive.rotations import yaw_from_matrix
from facedrive.stats.splits import split_people
from facedrive.trackers.dlib import DlibTracker
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68, interocular_px
from facedrive.trackers.shape import PREDICTOR_BOX
from facedrive.training.landmarks.samples import Misplacement, Photo, Random, draw_patch, turn
from facedrive.training.landmarks.shorten import shorten
from facedrive.types import Frame, Image

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """How the predictor is trained."""

    samples: int = 100_000
    turned: int = 7_000
    """Photographs that are turned further in depth once, then drawn from as the others are."""
    turned_share: float = 0.25
    """Of the samples."""
    misplacement: Misplacement = field(default_factory=Misplacement)
    cascades: int = 12
    trees: int = 128
    """In each cascade."""
    depth: int = 4
    shrinkage: float = 0.1
    pixels: int = 400
    """Places in each cascade whose differences the trees may ask for."""
    padding: float = 0.1
    """How far beyond the mean shape these places reach, of its box."""
    closeness: float = 0.1
    """Prefers near pairs of pixels, as dlib's lambda."""
    candidates: int = 20
    """Random splits tried at each node."""
    seed: int = 1
    threads: int = 1


class Faces(NamedTuple):
    """The photographs with what the teacher says of them; row i of each is one face."""

    pictures: list[Image]
    """(H, W) uint8 each."""
    mesh_px: NDArray[np.float32]
    """(N, 478, 3)."""
    rotation: NDArray[np.float32]
    """(N, 3, 3) of the head."""
    person: NDArray[np.int64]

    @property
    def points_px(self) -> NDArray[np.float32]:
        """(N, 68, 2)."""
        return self.mesh_px[:, MEDIAPIPE_TO_68, :2]

    @property
    def yaw_deg(self) -> NDArray[np.float32]:
        """(N,) towards the subject's left positive."""
        return np.asarray(np.degrees(yaw_from_matrix(self.rotation)), np.float32)


def load_faces(folder: Path) -> Faces:
    """Load all photographs of a folder with ``faces.zip`` and ``faces_teacher.npz``.

    Raises:
        DataError: if a file is missing or broken, or the two do not match.
    """
    try:
        with np.load(folder / "faces_teacher.npz") as table:
            mesh_px = table["landmarks"].astype(np.float32)
            rotation, person = table["pose"][:, :3, :3], table["person"].astype(np.int64)
        with zipfile.ZipFile(folder / "faces.zip") as archive:
            names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
            pictures = [_decode(archive.read(name), name) for name in names]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{folder} is no folder of marked faces: {error}") from error
    if len(pictures) != len(person):
        raise DataError(f"{folder} has {len(pictures)} pictures for {len(person)} rows.")
    return Faces(pictures, mesh_px, rotation, person)


def _decode(content: bytes, name: str) -> Image:
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise DataError(f"{name} in faces.zip is not a readable picture.")
    return np.asarray(picture, dtype=np.uint8)


def train(faces: Faces, rows: NDArray[np.intp], recipe: Recipe) -> dlib.shape_predictor:
    """Train on some rows of the faces."""
    samples = draw_samples(faces, rows, recipe)
    patches, marks = [], []
    box = dlib.rectangle(*PREDICTOR_BOX)
    for patch, points in track(samples, "face", "drawing samples", recipe.samples):
        patches.append(patch)
        rounded = [dlib.point(int(x), int(y)) for x, y in np.rint(points)]
        marks.append([dlib.full_object_detection(box, rounded)])
    log.info("training on %d samples", len(patches))
    return dlib.train_shape_predictor(patches, marks, _options(recipe))


def _options(recipe: Recipe) -> dlib.shape_predictor_training_options:
    options = dlib.shape_predictor_training_options()
    options.cascade_depth = recipe.cascades
    options.num_trees_per_cascade_level = recipe.trees
    options.tree_depth = recipe.depth
    options.nu = recipe.shrinkage
    options.feature_pool_size = recipe.pixels
    options.feature_pool_region_padding = recipe.padding
    options.lambda_param = recipe.closeness
    options.num_test_splits = recipe.candidates
    options.oversampling_amount = 1
    options.random_seed = str(recipe.seed)
    options.num_threads = recipe.threads
    return options


def draw_samples(
    faces: Faces, rows: NDArray[np.intp], recipe: Recipe
) -> Iterator[tuple[Image, NDArray[np.float64]]]:
    """Draw patches with their landmarks; heads that are turned come more often."""
    random = np.random.default_rng(recipe.seed)
    points_px, turn_deg = faces.points_px, np.abs(faces.yaw_deg[rows])
    turned = _turn_some(faces, rows, recipe.turned, random)
    weight = 1.0 + (turn_deg > 15) + 2.0 * (turn_deg > 25)
    for row in random.choice(rows, recipe.samples, p=weight / weight.sum()):
        photo = Photo(faces.pictures[row], points_px[row].astype(np.float64))
        if turned and random.random() < recipe.turned_share:
            photo = turned[random.integers(len(turned))]
        yield draw_patch(photo, recipe.misplacement, random)


def _turn_some(faces: Faces, rows: NDArray[np.intp], count: int, random: Random) -> list[Photo]:
    """Turn photographs 6 to 30 degrees further in depth, mostly the way they look already."""
    turned = []
    chosen = random.choice(rows, min(count, len(rows)), replace=False)
    for row in track(chosen, "face", "turning heads"):
        now = float(faces.yaw_deg[row])
        yaw = random.uniform(6, 30) * (np.sign(now) if random.random() < 0.7 else -np.sign(now))
        yaw = -yaw if abs(now + yaw) > 50 else yaw
        pitch = random.uniform(-14, 14)
        turned.append(
            turn(faces.pictures[row], faces.mesh_px[row], faces.rotation[row], yaw, pitch)
        )
    return turned


def evaluate(
    faces: Faces, rows: NDArray[np.intp], roll_deg: float = 0.0, model: Path | None = None
) -> NDArray[np.float64]:
    """Measure the tracker, as it starts on a face it never saw, against the teacher.

    Args:
        faces: The photographs.
        rows: (n,) those to measure.
        roll_deg: Tilts each photograph clockwise first.
        model: The shape predictor; None for the one that comes with facedrive.

    Returns:
        (n, 2) mean distance over all 68 landmarks, and over those of brows, nose, eyes and
        mouth, in outer-eye-corner distances; NaN where no face is found.
    """
    tracker = DlibTracker(model)
    errors = np.full((len(rows), 2), np.nan)
    for place, row in enumerate(track(rows, "face", f"roll {roll_deg:g}")):
        photo = tilt(Photo(faces.pictures[row], faces.points_px[row].astype(np.float64)), roll_deg)
        tracker.reset()
        found = tracker.track(Frame(np.repeat(photo.picture[..., None], 3, axis=2), 0.0, 0))
        if found is not None:
            distance = np.linalg.norm(found.landmarks_px - photo.points_px, axis=1)
            distance /= interocular_px(photo.points_px)
            errors[place] = distance.mean(), distance[INNER].mean()
    return errors


ROLLS_DEG = (0.0, 30.0, -30.0)
"""How far the photographs are tilted that a finished predictor is measured on."""

INNER = slice(17, 68)
"""All but the jaw, where models differ in what they mark."""


def tilt(photo: Photo, roll_deg: float) -> Photo:
    """Tilt a photo clockwise about its face, with half its size added around it."""
    height, width = photo.picture.shape
    middle = photo.points_px.mean(axis=0)
    matrix = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), -roll_deg, 1.0)
    matrix[:, 2] += width / 2, height / 2
    picture = cv2.warpAffine(
        photo.picture, matrix, (2 * width, 2 * height), borderMode=cv2.BORDER_REPLICATE
    )
    points = photo.points_px @ matrix[:, :2].T + matrix[:, 2]
    return Photo(np.asarray(picture, dtype=np.uint8), points)


def summarise(errors: NDArray[np.float64], yaw_deg: NDArray[np.floating]) -> dict[str, float]:
    """Return how many are found and the mean errors of those, also by yaw, in percent."""
    found = np.isfinite(errors[:, 0])
    table = {"found": float(found.mean())}
    for name, column in (("all", 0), ("inner", 1)):
        table[name] = float(errors[found, column].mean())
        for low, high in ((0, 10), (10, 20), (20, 30), (30, 90)):
            band = found & (np.abs(yaw_deg) >= low) & (np.abs(yaw_deg) < high)
            if band.any():
                table[f"{name} yaw {low}-{high}"] = float(errors[band, column].mean())
    return {name: round(100 * value, 2) for name, value in table.items()}


def train_landmarks(data: Path, output: Path) -> None:
    """Train on all but the test people of a folder, and write the predictor whole or not at all.

    Raises:
        DataError: if the folder holds no marked faces, or the file cannot be written.
    """
    faces = load_faces(data)
    split = split_people(faces.person)
    model = train(faces, np.flatnonzero(split.train | split.validation), Recipe())
    with whole_path(output, DataError) as part:
        model.save(str(part))
        part.write_bytes(shorten(part.read_bytes()))


def evaluate_landmarks(data: Path, model: Path | None) -> dict[float, dict[str, float]]:
    """Measure a predictor on the test people of a folder, upright and tilted.

    Returns:
        For each roll, in degrees, what ``summarise`` says.

    Raises:
        DataError: if the folder holds no marked faces.
        ModelError: if the model is missing or broken.
    """
    faces = load_faces(data)
    rows = np.flatnonzero(split_people(faces.person).test)
    return {
        roll_deg: summarise(evaluate(faces, rows, roll_deg, model), faces.yaw_deg[rows])
        for roll_deg in ROLLS_DEG
    }
