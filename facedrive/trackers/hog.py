"""Looking for faces with HOG detectors, in views of the frame that keep it quick.

dlib's own sees heads from the front, four that facedrive trained see turned heads. They run in one
pass, and a view that is tilted has tilted heads upright.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import NamedTuple
from weakref import WeakKeyDictionary

import cv2
import dlib
import numpy as np

from facedrive.errors import ModelError
from facedrive.files import user_cache_folder, whole_path
from facedrive.trackers.patch import (
    PATCH_SIZE,
    Placement,
    apart_px,
    chain,
    cut_upright,
    place_on_box,
    shrink_onto,
)
from facedrive.types import Image

log = logging.getLogger(__name__)

VIEW_SIDE = 320
"""Longest side of the whole frame's copy that the detector looks at, pixels: faces from a
quarter of the frame's width up. A closer view is twice as fine."""

NO_FACE = -1.0
"""The score below which the detector is not asked."""


FAR_SIDE = 7 * VIEW_SIDE
"""Longest side of the whole frame's copy that the parts for far faces are cut from, pixels: faces
from 4 % of the frame's width up, where the frame has that many pixels."""

TURNED_HEADROOM = 0.2
"""By how much surer than asked a detector of turned heads has to be: they are wrong more often."""

MOST_ENLARGED = 2.0
"""Times that a frame is enlarged at most: beyond it there is nothing more to see."""


TILT_DEG = 33.0
"""Of the tilted views: a detector sees heads that are tilted by 15 degrees more or less."""

TILTED_ROOM = 1.1, 1.35
"""Times that a tilted view is wider and higher than an upright one: else it would lose corners."""

TURNED = "turned.svm"
"""The detectors of turned heads, among the weights."""


class View(NamedTuple):
    """A part of the frame that the detector looks at."""

    left: float
    """Of the frame's width, 0 to 1."""
    top: float
    """Of the frame's height, 0 to 1."""
    width: float
    """Of the frame's width, 0 to 1."""
    height: float
    """Of the frame's height, 0 to 1."""
    side_px: int = VIEW_SIDE
    """Longest side that the whole frame has at this view's size of pixels."""
    tilt_deg: float = 0.0
    """How far clockwise the faces are tilted that look upright in this view."""


def _parts(columns: int, rows: int, width: float, height: float, side_px: int) -> list[View]:
    """Return views that cover the frame and overlap, those in its middle first."""
    lefts, tops = np.linspace(0, 1 - width, columns), np.linspace(0, 1 - height, rows)
    views = [View(left, top, width, height, side_px) for top in tops for left in lefts]
    return sorted(views, key=lambda view: abs(view.left + width / 2 - 0.5)
                  + abs(view.top + height / 2 - 0.5))  # fmt: skip


WHOLE = View(0, 0, 1, 1)
CLOSER = tuple(_parts(2, 2, 0.6, 0.6, 2 * VIEW_SIDE))
FINER = tuple(_parts(3, 3, 0.36, 0.36, 4 * VIEW_SIDE))
TILTED = tuple(View(0, 0, 1, 1, tilt_deg=tilt) for tilt in (TILT_DEG, -TILT_DEG))
TILTED_CLOSER = tuple(view._replace(tilt_deg=tilt) for tilt in (TILT_DEG, -TILT_DEG)
                      for view in CLOSER)  # fmt: skip
LEANING = tuple(View(0, 0, 1, 1, 3 * VIEW_SIDE, tilt) for tilt in (12, -12))
"""For faces of a group, which lean and are seen from aside."""
FAR = tuple(_parts(5, 5, 0.25, 0.28, FAR_SIDE))


class Detection(NamedTuple):
    """A face that the detector saw."""

    placement: Placement
    """Where the patch goes to hold it."""
    score: float
    """The detector's confidence; 0 is its threshold."""
    turned: bool = False
    """Whether the detector is one of turned heads."""


def open_detector(folder: Path | None = None) -> dlib.fhog_object_detector:
    """Open dlib's frontal detector, from a copy in the user's cache folder once there is one.

    dlib unpacks its own in 0.8 s, three quarters of a start; the copy is read in a millisecond.

    Args:
        folder: Keeps the copy; None for the user's cache folder.
    """
    kept = (folder or user_cache_folder()) / f"frontal-dlib-{dlib.__version__}.svm"
    with suppress(RuntimeError):  # there is none, or none that can be read
        return dlib.fhog_object_detector(str(kept))
    detector = dlib.get_frontal_face_detector()
    try:
        with whole_path(kept, ModelError) as part:
            detector.save(str(part))
    except (ModelError, RuntimeError) as error:
        log.debug("the detector is not kept: %s", error)
    return detector


def open_turned() -> dlib.fhog_object_detector:
    """Open the detectors of turned heads, which come with facedrive.

    Raises:
        ModelError: if they are missing or broken.
    """
    path = str(resources.files("facedrive") / "weights" / TURNED)
    try:
        return dlib.fhog_object_detector(path)
    except RuntimeError as error:
        raise ModelError(f"{path} is missing or broken; install facedrive again.") from error


class FaceFinder:
    """Looks for faces with HOG detectors, for one follower or for several.

    Those that share a finder each claim the place of their face, so that none takes another's.
    They run in one thread: the detector may not be asked by two at once.
    """

    def __init__(self) -> None:
        self._plain = [open_detector()]
        self._all: list[dlib.fhog_object_detector] = []  # until they are wanted
        self._detectors = self._plain
        self._claims: WeakKeyDictionary[object, Placement] = WeakKeyDictionary()

    def claim(self, follower: object, placement: Placement | None) -> None:
        """Note where a follower's face is; None where it has none."""
        if placement is None:
            self._claims.pop(follower, None)
        else:
            self._claims[follower] = placement

    def is_free(self, follower: object, placement: Placement) -> bool:
        """Say whether no other follower's face is there."""
        others = (place for each, place in self._claims.items() if each is not follower)
        return all(apart_px(placement, place) > PATCH_SIZE / 2 for place in others)

    def look_harder(self) -> None:
        """See turned heads too, until ``look_plainly``; without, a search and a start take less.

        Raises:
            ModelError: if the detectors of turned heads cannot be opened.
        """
        self._all = self._all or [*self._plain, open_turned()]
        self._detectors = self._all

    def look_plainly(self) -> None:
        """See no turned heads, as at the start: what was looked for before changes no search."""
        self._detectors = self._plain

    def look(self, gray: Image, view: View, least_score: float) -> list[Detection]:
        """Return the faces in one view of a (H, W) frame."""
        picture, matrix = _cut_view(gray, view)
        # What is enlarged for far faces is full of what looks like a turned head.
        detectors = self._plain if view.side_px == FAR_SIDE else self._detectors
        return _detect(detectors, picture, matrix, least_score)

    def look_around(self, gray: Image, placement: Placement, least_score: float) -> list[Detection]:
        """Return the faces around a place where one was seen, within its own size of it."""
        margin = (VIEW_SIDE - PATCH_SIZE) / 2
        matrix = placement + np.array([[0.0, 0.0, margin], [0.0, 0.0, margin]])
        picture = shrink_onto(gray, matrix, VIEW_SIDE)
        return _detect(self._detectors, picture, matrix, least_score)

    def look_at_patch(self, patch: Image) -> Detection | None:
        """Return the surest face in a (128, 128) patch, in the patch's pixels."""
        # The box of a face that is placed well is 84 pixels wide around (63.5, 56).
        picture = np.ascontiguousarray(patch[:112, 8:120])
        shift = np.array([[1.0, 0.0, -8.0], [0.0, 1.0, 0.0]])
        seen = _detect(self._plain, picture, shift, NO_FACE)
        return max(seen, key=lambda each: each.score, default=None)


def _detect(
    detectors: list[dlib.fhog_object_detector], picture: Image, matrix: Placement,
    least_score: float,
) -> list[Detection]:  # fmt: skip
    """Return the faces in a picture that ``matrix`` takes the frame's pixels to, by all at once.

    One alone runs by itself: dlib's pass of several would use the first of its five filters only.
    """
    if len(detectors) == 1:
        boxes, scores, _ = detectors[0].run(picture, 0, least_score)
        return [Detection(chain(_place_on(box), matrix), score)
                for box, score in zip(boxes, scores, strict=True)]  # fmt: skip
    run = dlib.fhog_object_detector.run_multiple
    boxes, scores, which = run(detectors, picture, 0, least_score)
    seen = [
        Detection(chain(_place_on(box), matrix), score, turned=index > 0)
        for box, score, index in zip(boxes, scores, which, strict=True)
        if not index or score >= least_score + TURNED_HEADROOM
    ]
    return _surest_of_each(seen)


def _surest_of_each(seen: list[Detection]) -> list[Detection]:
    """Leave out what several detectors of turned heads see of one head, but for the surest."""
    kept: list[Detection] = []
    for each in sorted(seen, key=lambda each: each.score, reverse=True):
        if not any(each.turned and other.turned
                   and apart_px(each.placement, other.placement) < PATCH_SIZE / 2
                   for other in kept):  # fmt: skip
            kept.append(each)
    return kept


def _place_on(box: dlib.rectangle) -> Placement:
    return place_on_box((box.left(), box.top(), box.right(), box.bottom()))


def _cut_view(gray: Image, view: View) -> tuple[Image, Placement]:
    """Return the view's picture, and the (2, 3) matrix that takes the frame's pixels to it."""
    height, width = gray.shape
    scale = view.side_px / max(height, width)
    if view.side_px == FAR_SIDE:
        scale = min(scale, MOST_ENLARGED)
    full = max(round(width * scale), 1), max(round(height * scale), 1)
    if view.tilt_deg:
        return _cut_tilted(gray, view, full, scale)
    left, top = int(width * view.left), int(height * view.top)
    right, bottom = left + round(width * view.width), top + round(height * view.height)
    part = gray[top : max(bottom, top + 1), left : max(right, left + 1)]
    size = max(round(full[0] * view.width), 1), max(round(full[1] * view.height), 1)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    picture = np.asarray(cv2.resize(part, size, interpolation=how), dtype=np.uint8)
    return picture, chain(_scaled(scale), np.array([[1.0, 0.0, -left], [0.0, 1.0, -top]]))


def _cut_tilted(
    gray: Image, view: View, full: tuple[int, int], scale: float
) -> tuple[Image, Placement]:
    """Return a tilted view of the frame, and the matrix as ``_cut_view`` does.

    Args:
        gray: The frame.
        view: Which.
        full: Width and height that the whole frame has at the view's size of pixels.
        scale: Those pixels of one of the frame's.
    """
    middle = full[0] * (view.left + view.width / 2), full[1] * (view.top + view.height / 2)
    size = (max(round(full[0] * view.width * TILTED_ROOM[0]), 1),
            max(round(full[1] * view.height * TILTED_ROOM[1]), 1))  # fmt: skip
    turn = np.asarray(cv2.getRotationMatrix2D(middle, view.tilt_deg, 1), dtype=np.float64)
    turn[:, 2] += np.subtract((size[0] / 2, size[1] / 2), middle)
    matrix = chain(turn, _scaled(scale))
    return cut_upright(gray, matrix, size, cv2.BORDER_CONSTANT), matrix


def _scaled(scale: float) -> Placement:
    """Return the matrix that resizes a picture."""
    return np.array([[scale, 0, (scale - 1) / 2], [0, scale, (scale - 1) / 2]])
