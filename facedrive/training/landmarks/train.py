"""Train the shape predictor that finds the 68 landmarks, on photographs marked by a teacher.

Kazemi and Sullivan's cascade of regression trees, as dlib has it, with its own samples
(``samples.py``) in place of dlib's random starts, because live the predictor always starts from the
mean shape.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.files import whole_path
from facedrive.progress import track
from facedrive.trackers.dlib import DlibTracker
from facedrive.trackers.landmarks import interocular_px
from facedrive.trackers.shape import PREDICTOR_BOX
from facedrive.training.data.photographs import Photographs, Rows, open_photographs
from facedrive.training.landmarks.samples import Misplacement, Photo, Random, draw_patch, turn
from facedrive.training.landmarks.shorten import shorten
from facedrive.types import Frame, Image

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LandmarkRecipe:
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


def train(photographs: Photographs, rows: Rows, recipe: LandmarkRecipe) -> dlib.shape_predictor:
    """Train on some rows of the photographs."""
    samples = draw_samples(photographs, rows, recipe)
    patches: list[Image] = []
    marks: list[list[dlib.full_object_detection]] = []
    box = dlib.rectangle(*PREDICTOR_BOX)
    for patch, points in track(samples, "face", "drawing samples", recipe.samples):
        patches.append(patch)
        rounded = [dlib.point(int(x), int(y)) for x, y in np.rint(points)]
        marks.append([dlib.full_object_detection(box, rounded)])
    log.info("training on %d samples", len(patches))
    return dlib.train_shape_predictor(patches, marks, _options(recipe))


def _options(recipe: LandmarkRecipe) -> dlib.shape_predictor_training_options:
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
    photographs: Photographs, rows: Rows, recipe: LandmarkRecipe
) -> Iterator[tuple[Image, NDArray[np.float64]]]:
    """Draw patches with their landmarks; heads that are turned come more often."""
    random = np.random.default_rng(recipe.seed)
    turn_deg = np.abs(photographs.yaw_deg[rows])
    turned = _turn_some(photographs, rows, recipe.turned, random)
    weight = 1.0 + (turn_deg > 15) + 2.0 * (turn_deg > 25)
    for row in random.choice(rows, recipe.samples, p=weight / weight.sum()):
        photo = _photo(photographs, row)
        if turned and random.random() < recipe.turned_share:
            photo = turned[random.integers(len(turned))]
        yield draw_patch(photo, recipe.misplacement, random)


def _turn_some(photographs: Photographs, rows: Rows, count: int, random: Random) -> list[Photo]:
    """Turn photographs 6 to 30 degrees further in depth, mostly the way they look already."""
    turned = []
    chosen = random.choice(rows, min(count, len(rows)), replace=False)
    for row in track(chosen, "face", "turning heads"):
        now = float(photographs.yaw_deg[row])
        yaw = random.uniform(6, 30) * (np.sign(now) if random.random() < 0.7 else -np.sign(now))
        yaw = -yaw if abs(now + yaw) > 50 else yaw
        pitch = random.uniform(-14, 14)
        picture, mesh_px = photographs.read(int(row)), photographs.landmarks[row]
        turned.append(turn(picture, mesh_px, photographs.pose[row, :3, :3], yaw, pitch))
    return turned


def _photo(photographs: Photographs, row: int) -> Photo:
    return Photo(photographs.read(int(row)), photographs.points_px[row].astype(np.float64))


def measure(
    photographs: Photographs, rows: Rows, roll_deg: float = 0.0, model: Path | None = None
) -> NDArray[np.float64]:
    """Measure the tracker, as it starts on a face it never saw, against the teacher.

    Args:
        photographs: All of them.
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
        photo = tilt(_photo(photographs, row), roll_deg)
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
    if not found.any():
        return {"found": 0.0}
    table = {"found": float(found.mean())}
    for name, column in (("all", 0), ("inner", 1)):
        table[name] = float(errors[found, column].mean())
        for low, high in ((0, 10), (10, 20), (20, 30), (30, 90)):
            band = found & (np.abs(yaw_deg) >= low) & (np.abs(yaw_deg) < high)
            if band.any():
                table[f"{name} yaw {low}-{high}"] = float(errors[band, column].mean())
    return {name: round(100 * value, 2) for name, value in table.items()}


def train_landmarks(data: Path, output: Path, recipe: LandmarkRecipe | None = None) -> None:
    """Train the shape predictor on all people but the test people, and write its file.

    Args:
        data: Folder with ``faces.zip`` and ``faces_teacher.npz``.
        output: Where the model goes.
        recipe: How; the one that ships was trained by the default.

    Raises:
        DataError: if the data cannot be read or the model not written.
    """
    photographs = open_photographs(data)
    rows = np.union1d(photographs.rows_of("train"), photographs.rows_of("validation"))
    model = train(photographs, rows, recipe or LandmarkRecipe())
    with whole_path(output, DataError) as part:
        model.save(str(part))
        part.write_bytes(shorten(part.read_bytes()))


def evaluate_landmarks(data: Path, model: Path | None = None) -> dict[float, dict[str, float]]:
    """Measure a shape predictor on the test people, whom it never saw.

    Args:
        data: Folder with ``faces.zip`` and ``faces_teacher.npz``.
        model: Its file; None for the one that comes with facedrive.

    Returns:
        For each roll, in degrees, what ``summarise`` says.

    Raises:
        DataError: if the data cannot be read.
        ModelError: if the model cannot.
    """
    photographs = open_photographs(data)
    rows = photographs.rows_of("test")
    return {
        roll_deg: summarise(measure(photographs, rows, roll_deg, model), photographs.yaw_deg[rows])
        for roll_deg in ROLLS_DEG
    }
