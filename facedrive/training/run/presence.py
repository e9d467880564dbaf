"""Fit the presence of a finished model anew, so that it knows turned heads.

A head at 60 degrees of yaw is in no photograph that the presence was fitted to (``heads.py``). What
else a model says is not touched: its features stay, and presence starts from what it is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor

from facedrive.progress import track
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.trackers.align import crop_matrix, warp_square
from facedrive.trackers.follow import Follower
from facedrive.trackers.hog import TILTED, WHOLE, FaceFinder
from facedrive.trackers.patch import TARGET_PX, chain, place_on_landmarks, to_frame
from facedrive.training.data.faceless import (
    around,
    faceless_crops,
    paint_clutter,
    paint_nothing,
    spoil,
)
from facedrive.training.data.photographs import Photographs
from facedrive.training.data.teacher import find_teacher
from facedrive.training.network.network import Presence
from facedrive.training.rendered.avatars import find_avatars
from facedrive.training.rendered.studio import Studio
from facedrive.training.rendered.turned import (
    SIDE_PX,
    HeadCounts,
    Placing,
    Standing,
    Turned,
    film,
    turn_heads,
)
from facedrive.training.run.heads import fit_head
from facedrive.training.run.quantise import replace_arrays
from facedrive.types import CropSpec, Image

log = logging.getLogger(__name__)

Random = np.random.Generator

HEADS = HeadCounts(people=60, acts=3)
TURNS_DEG = ((8.0, 25.0), (25.0, 42.0), (42.0, 58.0), (55.0, 70.0))
"""Of yaw; each head is turned once into each, to either side."""
PICTURES = 3
"""Of each turn of a head."""

PHOTOGRAPHS = 6_000
FACELESS = 8_000

CLUTTER = 1_500
CLUTTER_PX = 400
"""Pictures of letters, blobs and strokes that are searched, and their side."""
MISTAKEN = -0.7
"""The detectors' confidence from which on a mistake is learnt from."""

GROUND_PX = 256
FACE_PX = (60.0, 110.0)
"""Of a face from the front, before a ground."""
TILT_DEG = 20.0

EPOCHS = 30
RATE = 1e-3
SEED = 4


class Crops(NamedTuple):
    """What presence is fitted to."""

    faces: Image
    """(N, S, S) uint8."""
    faceless: Image
    """(M, S, S) uint8."""


def refit_presence(data: Path, model: Path, output: Path) -> None:
    """Fit a model's presence anew.

    Args:
        data: Folder with ``faces.zip``, ``faces_teacher.npz`` and ``ict/``; VALID's avatars and the
            teacher's model lie beside it.
        model: What ``quantise`` wrote.
        output: Where the same model with another presence goes.

    Raises:
        DataError: if the data cannot be read.
        ModelError: if the model cannot, or says nothing of presence.
        RenderError: if there is no OpenGL.
    """
    crops = draw_crops(data, OnnxRegressor(model, "cpu"))
    features = [_features(model, each) for each in crops]
    truth = torch.cat([torch.ones(len(features[0])), torch.zeros(len(features[1]))])
    head = _presence_of(model)
    torch.manual_seed(SEED)
    fit_head(head, torch.cat(features), truth, EPOCHS, RATE)
    with torch.no_grad():
        wrong = ((head(torch.cat(features)) > 0) != (truth > 0)).float().mean()
    log.info("presence is wrong about %.2f %% of %d crops", 100 * float(wrong), len(truth))
    arrays = {
        f"model.presence.{name}": values.numpy() for name, values in head.state_dict().items()
    }
    replace_arrays(model, arrays, output)


def draw_crops(data: Path, regressor: OnnxRegressor) -> Crops:
    """Draw crops of photographs and turned heads, and as many that show no face."""
    random, crop = np.random.default_rng(SEED), regressor.crop
    studio = Studio(data, "train", SIDE_PX)
    photographs = studio.photographs
    faces = list(_photographed(photographs, crop, random))
    faceless = list(faceless_crops(photographs, "train", crop, FACELESS, SEED))
    heads = turn_heads(studio, find_avatars(data), find_teacher(data, None), HEADS, _yaws, random)
    for head in (each for turns in heads for each in turns if each is not None):
        for _ in range(PICTURES):
            standing = _stand(head, random)
            faces += _placed(standing, regressor, random)
            faceless.append(spoil(standing.picture, standing.landmarks_px, crop, random))
    faceless += _mistaken(regressor, random)
    return Crops(np.stack(faces), np.stack(faceless))


def _yaws(random: Random) -> list[float]:
    return [0.0, *(random.choice([-1, 1]) * random.uniform(*turn) for turn in TURNS_DEG)]


def _photographed(photographs: Photographs, crop: CropSpec, random: Random) -> Iterator[Image]:
    """Cut photographs of training people about where a follower would."""
    rows = random.choice(photographs.rows_of("train"), PHOTOGRAPHS, replace=False)
    for row in track(rows, "face", "cutting photographs"):
        picture = photographs.read(int(row))
        yield _cut(picture, photographs.points_px[row].astype(np.float64), crop, random)


def _stand(head: Turned, random: Random) -> Standing:
    face_px = float(random.uniform(*FACE_PX))
    x, y = GROUND_PX / 2 + random.uniform(-25, 25, 2)
    placing = Placing(face_px, float(random.normal(0, TILT_DEG)), (float(x), float(y)))
    return film(head, paint_nothing(GROUND_PX, random), placing, random)


def _placed(standing: Standing, regressor: OnnxRegressor, random: Random) -> Iterator[Image]:
    """Cut a head by the truth, and as a follower does that was put there by a detector."""
    yield _cut(standing.picture, standing.landmarks_px, regressor.crop, random)
    place = chain(_astray(128, random), place_on_landmarks(standing.landmarks_px))
    follower = Follower(regressor.crop)
    follower.begin(to_frame(place, TARGET_PX))
    for _ in range(2):
        _learn(follower, regressor, follower.cut(standing.picture))
    yield follower.cut(standing.picture)


def _mistaken(regressor: OnnxRegressor, random: Random) -> Iterator[Image]:
    """Cut what the detectors take for a head where there is none, as a follower would."""
    finder = FaceFinder()
    finder.look_harder()
    for _ in track(range(CLUTTER), "picture", "looking for mistakes"):
        picture = paint_clutter(CLUTTER_PX, random)
        for view in (WHOLE, *TILTED):
            for seen in finder.look(picture, view, MISTAKEN):
                follower = Follower(regressor.crop)
                follower.begin(to_frame(seen.placement, TARGET_PX))
                for _ in range(2):
                    crop = follower.cut(picture)
                    yield crop
                    _learn(follower, regressor, crop)


def _learn(follower: Follower, regressor: OnnxRegressor, crop: Image) -> None:
    seen_px = regressor.estimate(crop).landmarks_crop_px
    assert seen_px is not None  # of a model that follows
    follower.learn(seen_px)


def _cut(picture: Image, points_px: np.ndarray, crop: CropSpec, random: Random) -> Image:
    matrix = chain(_astray(crop.size, random), crop_matrix(points_px, crop))
    level: NDArray[np.float32] = warp_square(picture, matrix, crop.size).astype(np.float32)
    level = (level - level.mean()) * random.uniform(0.5, 1.3) + random.uniform(70, 170)
    if random.random() < 0.3:
        level = np.asarray(cv2.GaussianBlur(level, (0, 0), random.uniform(0.5, 2.0)), np.float32)
    level += random.standard_normal(level.shape, np.float32) * np.float32(random.uniform(0, 10))
    return np.clip(level, 0, 255).astype(np.uint8)


def _astray(side: int, random: Random) -> np.ndarray:
    """Draw how a crop lies off: as badly as a face may lie and still be one."""
    right, down = random.normal(0, 0.05, 2).clip(-0.11, 0.11)
    scale = float(np.exp(np.clip(random.normal(0, 0.09), -0.2, 0.2)))
    return around(side, random.normal(0, 0.12), scale, right, down)


def _presence_of(model: Path) -> Presence:
    """Read a model's presence."""
    stored = {each.name: numpy_helper.to_array(each)
              for each in onnx.load(model).graph.initializer}  # fmt: skip
    weight = stored["model.presence.hidden.weight"]
    head = Presence(weight.shape[1])
    head.load_state_dict({name: torch.from_numpy(stored[f"model.presence.{name}"].copy())
                          for name in head.state_dict()})  # fmt: skip
    return head


def _features(model: Path, crops: Image) -> Tensor:
    """Return the (N, F) features that a model's presence is read from."""
    graph = onnx.load(model)
    (node,) = (each for each in graph.graph.node if "model.presence.hidden.weight" in each.input)
    graph.graph.output.append(onnx.helper.make_empty_tensor_value_info(node.input[0]))
    session = onnxruntime.InferenceSession(graph.SerializeToString(),
                                           providers=["CPUExecutionProvider"])  # fmt: skip
    name = session.get_inputs()[0].name
    found = [session.run([node.input[0]], {name: crop[None, None]})[0]
             for crop in track(crops, "crop", "looking")]  # fmt: skip
    return torch.from_numpy(np.concatenate(found))
