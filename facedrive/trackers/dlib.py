"""The default tracker: HOG detectors find a face, our shape predictor follows it.

The detectors run on small views of the frame while there is no face. Afterwards the patch is
placed by the last frame's landmarks, and every few frames the detector says whether the
upright patch still shows a face. A turned head, which neither this check nor the shape predictor
knows, is only found, for an AU model to follow.
"""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.trackers.hog import (
    CLOSER,
    FAR,
    NO_FACE,
    TILTED,
    TILTED_CLOSER,
    WHOLE,
    Detection,
    FaceFinder,
    View,
)
from facedrive.trackers.landmarks import interocular_px
from facedrive.trackers.motion import coarse_face, find_shift
from facedrive.trackers.options import DlibOptions
from facedrive.trackers.patch import (
    ORIGIN_PX,
    PATCH_SIZE,
    TARGET_PX,
    UNIT_PX,
    Placement,
    apart_px,
    chain,
    cut_patch,
    place_on_landmarks,
    to_frame,
    to_patch,
    zoom,
)
from facedrive.trackers.shape import ShapePredictor
from facedrive.types import Face, Frame, Image, Vector

log = logging.getLogger(__name__)

SETTLED_PX = 5.0
"""A patch whose corners its landmarks would move by less than this is placed well."""

NOTICED_PX = 8.0
"""Shift of the coarse face from which on the patch goes after it."""

JUMP_PX = 30.0
"""A patch whose corners move further than this in a frame is re-checked at once."""

ASTRAY_PX = 25.0
"""Landmarks that would put the patch's corners this far from where the detector would are wrong."""

LEAST_SHARE = 0.1
"""Of its way that a landmark always goes, so that it gets where it belongs."""

LOOK_SCORE = -0.5
"""The confidence from which on a detection is looked at closer: in a view the face is seldom
of a size or tilt that suits the detector, in its patch it is."""

SAME_SIZE = 1.6
"""Times that the face of the same person may be larger or smaller after a loss."""

SAME_REACH_PX = 1.5 * PATCH_SIZE
"""How far from its last place the face of the same person may be, in pixels of its patch; each
second adds as much again."""

MOST_PASSES = 4
"""Fits in one frame, each on the patch that the last one placed."""

MOST_MISSES = 2
"""Failed re-checks in a row after which the face is lost."""

WORST_SHAPE = 0.2
"""Root mean square distance from the mean shape above which landmarks are no face."""

LEAST_UNIT_PX = 8.0
"""Distance of the outer eye corners in the frame below which there is nothing to read."""


class Cut(NamedTuple):
    """A patch, and where it lies."""

    placement: Placement
    patch: Image


@dataclass(frozen=True)
class Fit:
    """Landmarks read off one patch."""

    cut: Cut
    points_px: NDArray[np.float64]
    """(68, 2), the patch's pixels."""

    @cached_property
    def landmarks_px(self) -> NDArray[np.float64]:
        """(68, 2), the frame's pixels."""
        return to_frame(self.cut.placement, self.points_px)

    @cached_property
    def better(self) -> Placement:
        """Where the landmarks would put the patch."""
        return place_on_landmarks(self.landmarks_px)


class Followed(NamedTuple):
    """The face that is followed, as the last frame left it."""

    fit: Fit
    score: float
    """Of the last re-check."""
    unchecked: int = 0
    """Frames since then."""
    misses: int = 0
    """Re-checks in a row that saw no face."""


@dataclass(eq=False)
class DlibTracker:
    """Finds the largest face and follows it until it is lost.

    Several trackers may share one finder; each then takes the largest face that no other follows.
    ``facedrive.people`` follows several faces by one.

    Raises:
        ModelError: on construction, if the shape predictor is missing, broken or gives other than
            68 points.
    """

    model: Path | None = None
    """A shape predictor that facedrive trained; None for the one that comes with it."""
    options: DlibOptions = field(default_factory=DlibOptions)
    finder: FaceFinder = field(default_factory=FaceFinder)
    """Looks for faces; one of its own unless it is shared."""

    def __post_init__(self) -> None:
        self._predictor = ShapePredictor(self.model)
        self.reset()

    def reset(self) -> None:
        """Forget the face that was followed."""
        self._followed: Followed | None = None
        self._last_place: Placement | None = None
        self._size = (0, 0)
        self._time = self._lost_at = 0.0  # of the newest frame; of the first without the face
        self._searched = 0  # frames since the last face, which itself counts as one
        self._views = _in_turn()
        self.finder.look_plainly()
        self.finder.claim(self, None)

    def track(self, frame: Frame) -> Face | None:
        """Return the face in this frame, or None."""
        before = self._followed
        self._enter(frame)
        self._followed = self._follow(frame.gray, before) if before else None
        if self._followed is None:
            self._lost_at = min(self._lost_at, frame.time)
            self._followed = self._find(frame.gray)
        self._log_change(before, frame.index)
        if self._followed is None:
            self._forget()
            return None
        self._keep(self._followed.fit.better)
        landmarks_px = self._followed.fit.landmarks_px.astype(np.float32)
        return Face(landmarks_px, self._followed.score)

    def find(self, frame: Frame) -> list[Face]:
        """Return what may be faces that no one follows, the likeliest first.

        Views of the frame are searched in turn, one a call; all of them before the first face.
        """
        gray = frame.gray
        self._enter(frame)
        self._lost_at = min(self._lost_at, frame.time)
        for views in self._rounds(harder=True):
            fits = [(seen.score, self._begin(gray, seen)) for seen in self._look(gray, views)]
            followed = [Followed(fit, score) for score, fit in fits if self._may_begin(fit, gray)]
            if followed:
                followed.sort(key=self._preference, reverse=True)
                return [Face(each.fit.landmarks_px.astype(np.float32), each.score)
                        for each in followed]  # fmt: skip
        return []

    def find_all(
        self, frame: Frame, views: Iterable[View], around: Iterable[Placement]
    ) -> list[Face]:
        """Return what may be faces in some views and around some places, each once.

        The likeliest come first; it is not asked who follows them, and nothing is remembered.
        """
        gray = frame.gray
        self.finder.look_harder()
        seen = [each for view in views for each in self.finder.look(gray, view, LOOK_SCORE)]
        seen += [each for place in around
                 for each in self.finder.look_around(gray, place, LOOK_SCORE)]  # fmt: skip
        seen.sort(key=lambda each: each.score, reverse=True)
        kept: list[Followed] = []
        for each in seen:
            if any(_is_same(each.placement, other.fit.better) for other in kept):
                continue
            fit = self._begin(gray, each)
            again = any(_is_same(fit.better, other.fit.better) for other in kept)
            if not again and _is_plausible(fit, gray):
                kept.append(Followed(fit, each.score))
        return [Face(each.fit.landmarks_px.astype(np.float32), each.score) for each in kept]

    def hold(self, landmarks_px: Vector | None) -> bool:
        """Note where the face that is followed is, if no other tracker's is there; None: lost."""
        place = None if landmarks_px is None else place_on_landmarks(landmarks_px)
        if place is None or not (self.finder.is_free(self, place) and self._is_expected(place)):
            self._forget()
            return False
        self._keep(place)
        return True

    def _enter(self, frame: Frame) -> None:
        """Take note of a frame; places in frames of another size say nothing about it."""
        if frame.size != self._size:
            self._last_place, self._size = None, frame.size
        self._time = frame.time

    def _keep(self, place: Placement) -> None:
        """Claim the place of the face that is followed."""
        self._searched, self._last_place, self._lost_at = 1, place, math.inf
        self.finder.claim(self, place)

    def _forget(self) -> None:
        """Let go of the claim, and after a while of the person who was followed."""
        self.finder.claim(self, None)
        self._lost_at = min(self._lost_at, self._time)
        if self._time - self._lost_at >= self.options.remember_s:
            self._last_place = None

    def _is_expected(self, place: Placement) -> bool:
        """Say whether a face there may be the person's who was lost; anybody's if nobody was."""
        if self._last_place is None or self._lost_at == math.inf:
            return True
        larger = zoom(self._last_place) / zoom(place)
        reach_px = SAME_REACH_PX * (1 + max(self._time - self._lost_at, 0.0))
        apart = np.abs(to_patch(self._last_place, to_frame(place, ORIGIN_PX)) - ORIGIN_PX).max()
        return bool(1 / SAME_SIZE < larger < SAME_SIZE and apart < reach_px)

    def _follow(self, gray: Image, face: Followed) -> Followed | None:
        """Fit the face of the last frame to this one; None where it is lost."""
        fit = self._fit(gray, _go_after(gray, face.fit))
        moved_px = apart_px(fit.better, face.fit.better)
        unchecked = face.unchecked + 1
        if unchecked < self.options.check_every and not face.misses and moved_px < JUMP_PX:
            followed = Followed(fit, face.score, unchecked)
        else:
            fit, score = self._check(gray, fit)
            misses = face.misses + 1 if score < self.options.keep_score else 0
            followed = Followed(fit, score, 0, misses)
        followed = followed._replace(fit=self._steady(fit, face.fit))
        lost = followed.misses >= MOST_MISSES or not self._may_follow(fit, gray)
        return None if lost else followed

    def _may_follow(self, fit: Fit, gray: Image) -> bool:
        """Say whether landmarks are a face's, and of one that no other tracker follows."""
        return _is_plausible(fit, gray) and self.finder.is_free(self, fit.better)

    def _may_begin(self, fit: Fit, gray: Image) -> bool:
        """Say whether landmarks are a face's that may be followed from now on."""
        return self._may_follow(fit, gray) and self._is_expected(fit.better)

    def _steady(self, fit: Fit, last: Fit) -> Fit:
        """Hold back each landmark that hardly moves, so that noise in the frame does not show."""
        before_px = to_patch(fit.cut.placement, last.landmarks_px)
        change_px = fit.points_px - before_px
        step = np.linalg.norm(change_px, axis=1, keepdims=True) / UNIT_PX
        share = step**2 / np.maximum(step**2 + self.options.steadiness**2, 1e-12)
        return replace(fit, points_px=before_px + np.maximum(share, LEAST_SHARE) * change_px)

    def _check(self, gray: Image, fit: Fit) -> tuple[Fit, float]:
        """Return how sure the detector is, and a new fit where it sees the face elsewhere."""
        seen = self.finder.look_at_patch(fit.cut.patch)
        if seen is None:
            return fit, NO_FACE
        placement = chain(seen.placement, fit.cut.placement)
        if apart_px(placement, fit.better) > ASTRAY_PX:
            fit = self._fit(gray, _cut(gray, placement))
        return fit, seen.score

    def _find(self, gray: Image) -> Followed | None:
        """Look for a face: everywhere in the first frame, then in one view a frame."""
        for views in self._rounds():
            seen = self._look(gray, views)
            faces = [face for each in seen if (face := self._take_up(gray, each))]
            if faces:
                return max(faces, key=self._preference)
        return None

    def _rounds(self, *, harder: bool = False) -> Iterator[tuple[View, ...]]:
        """Give the views to search now, round by round until there is a face.

        With ``harder``, turned heads are looked for, unless the first look shows a face at once.
        """
        before, self._searched = self._searched, self._searched + 1
        if not before:
            yield (WHOLE,)
        if harder:
            self.finder.look_harder()
        if before:
            yield (next(self._views),)
        else:
            yield from ((WHOLE, *CLOSER), TILTED, TILTED_CLOSER, FAR)

    def _look(self, gray: Image, views: tuple[View, ...]) -> list[Detection]:
        """Return what the detector sees, also around the last face before a stranger is taken."""
        looks = (self.finder.look(gray, view, LOOK_SCORE) for view in views)
        seen = list(itertools.chain.from_iterable(looks))
        if self._last_place is not None and (seen or self._searched % 2):
            seen += self.finder.look_around(gray, self._last_place, LOOK_SCORE)
        return seen

    def _preference(self, face: Followed) -> float:
        """Order faces: the nearest to where the last was, by place and size; else the larger."""
        if self._last_place is None:
            return float(interocular_px(face.fit.landmarks_px))
        return -apart_px(self._last_place, face.fit.better)

    def _take_up(self, gray: Image, seen: Detection) -> Followed | None:
        """Fit a face that was just detected; None where it does not turn out to be one."""
        fit, score = self._check(gray, self._fit(gray, _cut(gray, seen.placement)))
        found = score >= self.options.find_score and self._may_begin(fit, gray)
        return Followed(fit, score) if found else None

    def _begin(self, gray: Image, seen: Detection) -> Fit:
        """Fit a face that was just detected; a turned head is taken for a mean face there."""
        cut = _cut(gray, seen.placement)
        return Fit(cut, TARGET_PX) if seen.turned else self._fit(gray, cut)

    def _fit(self, gray: Image, cut: Cut) -> Fit:
        """Read the landmarks, again and again while they move the patch."""
        for left in reversed(range(MOST_PASSES)):
            fit = Fit(cut, self._predictor.predict(cut.patch))
            if not left or apart_px(fit.better, cut.placement) < SETTLED_PX:
                break
            cut = _cut(gray, fit.better)
        return fit

    def _log_change(self, before: Followed | None, index: int) -> None:
        if (before is None) != (self._followed is None):
            log.debug("face %s in frame %d", "lost" if before else "found", index)


def _in_turn() -> Iterator[View]:
    """Give the views that are searched, one a frame, for ever: for near faces in 28 frames."""
    near, far = itertools.cycle((*TILTED, *CLOSER, *TILTED_CLOSER)), itertools.cycle(FAR)
    while True:
        yield from (WHOLE, next(near), next(near), next(far))


def _is_same(one: Placement, other: Placement) -> bool:
    """Say whether two places are one face's."""
    return apart_px(one, other) < PATCH_SIZE / 2


def _cut(gray: Image, placement: Placement) -> Cut:
    return Cut(placement, cut_patch(gray, placement))


def _go_after(gray: Image, last: Fit) -> Cut:
    """Cut the patch where the last landmarks were, or where the face went if it went far."""
    cut = _cut(gray, last.better)
    face = coarse_face(last.cut.patch, last.points_px.mean(axis=0))
    shift_px = find_shift(face, cut.patch)
    if np.abs(shift_px).max() < NOTICED_PX:
        return cut
    return _cut(gray, last.better - np.column_stack([np.zeros((2, 2)), shift_px]))


def _is_plausible(fit: Fit, gray: Image) -> bool:
    """Say whether landmarks have the shape of a face, with its middle in the (H, W) frame."""
    misfit = to_patch(fit.better, fit.landmarks_px) - TARGET_PX
    height, width = gray.shape
    x, y = fit.landmarks_px.mean(axis=0)
    return bool(
        np.sqrt((misfit**2).sum(axis=1).mean()) < WORST_SHAPE * UNIT_PX
        and UNIT_PX / zoom(fit.better) > LEAST_UNIT_PX
        and 0 <= x < width
        and 0 <= y < height
    )
