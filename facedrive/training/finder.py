"""Train the detectors that find turned heads, on rendered heads and on photographs bent further.

dlib's frontal detector sees heads up to about 30 degrees of yaw. These four see the rest, each a
band of yaw to one side, and run with it in one pass. They are taught on half of VALID's avatars, on
the parametric face in the skin of training people, and on training people's photographs; the other
avatars and test people measure them (``evaluation/finding.py``).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.files import whole_path
from facedrive.trackers.patch import (
    BOX_DROP,
    BOX_UNITS,
    UNIT_PX,
    place_on_landmarks,
    to_frame,
    zoom,
)
from facedrive.training.data.faceless import paint_clutter, paint_nothing, tear
from facedrive.training.data.photographs import Photographs
from facedrive.training.data.teacher import TeacherFile, find_teacher
from facedrive.training.landmarks.samples import Photo, Random, turn
from facedrive.training.rendered.avatars import find_avatars
from facedrive.training.rendered.studio import Studio
from facedrive.training.rendered.turned import (
    FACE_UNITS,
    SIDE_PX,
    HeadCounts,
    Placing,
    Turned,
    film,
    turn_heads,
)
from facedrive.types import CropSpec, Image

log = logging.getLogger(__name__)

BANDS_DEG = ((25.0, 45.0), (45.0, 68.0))
"""Of yaw towards the subject's left: what one detector sees. Its mirror image sees the right."""


@dataclass(frozen=True)
class FinderRecipe:
    """How the detectors are trained."""

    heads: HeadCounts = HeadCounts(people=70, acts=4)
    photographs: int = 150
    """Bent into the first band: further, their faces come apart."""
    pictures: int = 3
    """Of each head, before other grounds."""
    empty: int = 60
    """Pictures of nothing."""
    clutter: int = 260
    """Pictures of letters, blobs and strokes."""
    spoilt: int = 90
    """Photographs whose face is cut to pieces or turned on its head."""
    window_px: int = 64
    """Side of the smallest face that is found."""
    side_px: int = 176
    """Of a picture."""
    tilt_deg: float = 9.0
    """Standard deviation."""
    margin: float = 40.0
    """As an SVM's C."""
    precision: float = 0.05
    """As its epsilon."""
    least_part: float = 0.6
    """Singular values below this are left out of the filters: with a quarter of the parts they
    find as many heads, in less time."""
    seed: int = 1
    threads: int = 2


class Sample(NamedTuple):
    """A picture, and the box of its face, if it has one."""

    picture: Image
    box: dlib.rectangle | None

    def mirrored(self) -> Sample:
        """Return its mirror image."""
        picture = np.ascontiguousarray(self.picture[:, ::-1])
        if self.box is None:
            return Sample(picture, None)
        width, box = picture.shape[1], self.box
        turned = dlib.rectangle(width - 1 - box.right(), box.top(),
                                width - 1 - box.left(), box.bottom())  # fmt: skip
        return Sample(picture, turned)


def box_of(landmarks_px: NDArray[np.floating]) -> dlib.rectangle:
    """Return the box from which ``place_on_box`` places the patch as (68, 2) landmarks do."""
    placement = place_on_landmarks(landmarks_px)
    unit = UNIT_PX / zoom(placement)
    x, y = to_frame(placement, np.array([[63.5, 58.5]]))[0]
    y, half = y - unit * BOX_DROP, unit * BOX_UNITS / 2
    return dlib.rectangle(
        *(round(float(each)) for each in (x - half, y - half, x + half, y + half))
    )


def train_finder(data: Path, output: Path, recipe: FinderRecipe | None = None) -> None:
    """Train the four detectors, and write them to one file.

    Args:
        data: Folder with ``faces.zip``, ``faces_teacher.npz`` and ``ict/``; VALID's avatars and the
            teacher's model lie beside it.
        output: Where they go.
        recipe: How; those that ship were trained by the default.

    Raises:
        DataError: if the data cannot be read or the file not written.
        RenderError: if there is no OpenGL.
    """
    recipe = recipe or FinderRecipe()
    detectors: list[dlib.simple_object_detector] = []
    for samples in draw_bands(data, find_teacher(data, None), recipe):
        log.info("training on %d pictures", len(samples))
        detectors += [
            _train(samples, recipe),
            _train([each.mirrored() for each in samples], recipe),
        ]
    with whole_path(output, DataError) as part:
        dlib.simple_object_detector(detectors).save(str(part))


def _train(samples: Sequence[Sample], recipe: FinderRecipe) -> dlib.simple_object_detector:
    options = dlib.simple_object_detector_training_options()
    options.C, options.num_threads = recipe.margin, recipe.threads
    options.detection_window_size = recipe.window_px**2
    options.upsample_limit = 0
    options.add_left_right_image_flips, options.epsilon = False, recipe.precision
    boxes: list[list[dlib.rectangle]] = [[] if each.box is None else [each.box] for each in samples]
    whole = dlib.train_simple_object_detector([each.picture for each in samples], boxes, options)
    return dlib.threshold_filter_singular_values(whole, recipe.least_part)


def draw_bands(data: Path, teacher: TeacherFile, recipe: FinderRecipe) -> list[list[Sample]]:
    """Draw what each band's detector is taught on."""
    random = np.random.default_rng(recipe.seed)
    studio = Studio(data, "train", SIDE_PX)
    bands: list[list[Sample]] = [[] for _ in BANDS_DEG]
    for heads in turn_heads(studio, find_avatars(data), teacher, recipe.heads, _yaws, random):
        for samples, head in zip(bands, heads[1:], strict=True):
            if head is not None:
                samples += [_before_ground(head, recipe, random) for _ in range(recipe.pictures)]
    bands[0] += islice(_bend(studio.photographs, recipe, random), recipe.photographs)
    without = list(_draw_faceless(studio.photographs, recipe, random))
    return [[*samples, *without] for samples in bands]


def _draw_faceless(
    photographs: Photographs, recipe: FinderRecipe, random: Random
) -> Iterator[Sample]:
    """Draw pictures that show no face."""
    side = recipe.side_px
    yield from (Sample(paint_nothing(side, random), None) for _ in range(recipe.empty))
    yield from (Sample(paint_clutter(side, random), None) for _ in range(recipe.clutter))
    crop = CropSpec(side, padding=0.6)
    for row in random.choice(photographs.rows_of("train"), recipe.spoilt):
        picture, points_px = photographs.read(int(row)), photographs.points_px[row]
        yield Sample(tear(picture, points_px, crop, random), None)


def _yaws(random: Random) -> list[float]:
    return [0.0, *(random.uniform(*band) for band in BANDS_DEG)]


def _before_ground(head: Turned, recipe: FinderRecipe, random: Random) -> Sample:
    """Set a head before a ground, in some light."""
    side = recipe.side_px
    fitted_px = UNIT_PX / zoom(place_on_landmarks(head.landmarks_px))
    box_px = random.uniform(1.05, 1.8) * recipe.window_px
    face_px = FACE_UNITS * box_px / BOX_UNITS * head.unit_px / fitted_px
    room = (side - box_px) / 2 - 4
    x, y = side / 2 + random.uniform(-room, room, 2)
    placing = Placing(face_px, float(random.normal(0, recipe.tilt_deg)), (float(x), float(y)))
    standing = film(head, paint_nothing(side, random), placing, random)
    return Sample(standing.picture, box_of(standing.landmarks_px))


def _bend(photographs: Photographs, recipe: FinderRecipe, random: Random) -> Iterator[Sample]:
    """Bend photographs of heads that look to the side into the first band, for ever."""
    yaw_deg, band = photographs.yaw_deg, BANDS_DEG[0]
    rows = [row for row in photographs.rows_of("train") if abs(yaw_deg[row]) > band[0] - 25]
    while True:
        row = int(random.choice(rows))
        now = float(yaw_deg[row])
        further = min(random.uniform(*band) - abs(now), 32.0)
        if abs(now) + further < band[0] - 3:
            continue
        photo = turn(photographs.read(row), photographs.landmarks[row],
                     photographs.pose[row, :3, :3], float(np.sign(now)) * further,
                     random.uniform(-6, 6))  # fmt: skip
        sample = _photographed(photo, recipe, random)
        yield sample if now > 0 else sample.mirrored()


def _photographed(photo: Photo, recipe: FinderRecipe, random: Random) -> Sample:
    """Cut a picture around the face of a photograph."""
    box = box_of(photo.points_px)
    scale = random.uniform(1.05, 1.7) * recipe.window_px / box.width()
    side = recipe.side_px
    x, y = photo.points_px.mean(axis=0).tolist()
    turned = cv2.getRotationMatrix2D((x, y), random.normal(0, recipe.tilt_deg), scale)
    matrix = np.asarray(turned, np.float64)
    matrix[:, 2] += np.array([side / 2 - x, side / 2 - y]) + random.uniform(-12, 12, 2)
    picture = cv2.warpAffine(photo.picture, matrix, (side, side), flags=cv2.INTER_AREA,
                             borderMode=cv2.BORDER_REFLECT_101)  # fmt: skip
    points = photo.points_px @ matrix[:, :2].T + matrix[:, 2]
    return Sample(np.asarray(picture, np.uint8), box_of(points))
