"""Several faces in a frame: one detector finds them, one pipeline each reads them, numbers stay.

Each person keeps their number through crossings and absences. Who is who is told by where a face
was and how it moved, and where that does not tell, by a coarse picture of it (``appearance.py``)
that is kept in memory for as long as the run lasts, and nowhere else.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from facedrive.appearance import LIKE, Appearance, Gallery, appearance_of
from facedrive.lookout import Lookout
from facedrive.lost import LostFace
from facedrive.pipeline import Pipeline
from facedrive.sight import FOUND, KEPT, WAITS, Seen, see
from facedrive.stages import Closable, Regressor
from facedrive.timing import Timing
from facedrive.trackers.follow import Follower
from facedrive.trackers.hog import CLOSER, FAR, FINER, LEANING, TILTED, WHOLE, View
from facedrive.trackers.landmarks import interocular_px
from facedrive.trackers.patch import (
    PATCH_SIZE,
    TARGET_PX,
    Placement,
    apart_px,
    place_on_landmarks,
    to_frame,
)
from facedrive.trackers.scene import Change, Scene
from facedrive.types import CropSpec, Face, Frame, Sample

log = logging.getLogger(__name__)

SAME_PX = PATCH_SIZE / 2
"""Faces whose patches are nearer than this are one."""

PART = 0.6
"""Of a face's size: what is smaller and within it is no other face."""

NEAR = 1.9
"""Of the distance of the outer eye corners: a face whose middle is so near to another's may be
partly hidden by it, and tells nothing of how its person looks."""

LOOK_EVERY = 6
"""Frames from one look for further faces, in two views, to the next."""

MISSED_EVERY = 2
"""The same, while somebody is missing, or fewer are seen than are wanted."""

GUESSED = 25
"""Frames for which somebody who is not seen is expected where their motion would have led; in the
first so many of a crowd further faces are looked for in every one."""

CANDIDATES = 4
"""Places that are asked about in a frame, but for the first, where all are."""

PATIENCE = 2
"""Times that a face beside another's is let go while somebody is missing, before it is new."""

DOUBT = 3
"""Frames in a row for which a face has to look more like another person than like its own before
the two are told to have been taken for one another."""

MARGIN = 0.2
"""By how much it has to."""

MOTION_WEIGHT = 0.15
"""What a distance of one interocular from where a face should be counts, in units of likeness."""


@runtime_checkable
class CrowdFinder(Protocol):
    """A tracker that can look for all faces at once."""

    def find_all(
        self, frame: Frame, views: Iterable[View], around: Iterable[Placement]
    ) -> Sequence[Face]:
        """Return what may be faces in some views and around some places, the likeliest first."""
        ...


@dataclass
class _Spot:
    """A face in this frame."""

    follower: Follower
    seen: Seen
    place: Placement
    middle_px: NDArray[np.float64]
    size_px: float
    look: Appearance


@dataclass(eq=False)
class _Person:
    """Somebody who has a number."""

    number: int
    pipeline: Pipeline
    spot: _Spot | None = None
    """Where they are in this frame; None where they are not seen."""
    follower: Follower | None = None
    place: Placement | None = None
    """Where they were last."""
    middle_px: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    step_px: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    """How far they went in a frame, of late."""
    size_px: float = 1.0
    unseen: int = 0
    """Frames since they were seen last."""
    seen: int = 0
    """Frames in which they were seen since they were away for long."""
    gallery: Gallery = field(default_factory=Gallery)
    doubt: int = 0
    """Frames in a row in which the face looked more like another's."""
    new: bool = True
    """Whether the next face begins anew: it was not followed there."""

    def strangeness(self, spot: _Spot) -> float:
        """Return how unlike them a face is, by its looks and by where it is."""
        return self.gallery.distance(spot.look) + MOTION_WEIGHT * min(self.off(spot), 4.0)

    def off(self, spot: _Spot) -> float:
        """Return how far a face is from where they should be, in distances of the eyes."""
        off_px = float(np.linalg.norm(spot.middle_px - self.middle_px - self.drift_px))
        return max(off_px / self.size_px - 0.1 * self.unseen, 0.0)

    def may_be(self, spot: _Spot) -> bool:
        """Say whether a face that was found may be theirs; where it is told, looks tell less."""
        return self.gallery.distance(spot.look) < (2 if self.off(spot) < 1.5 else 1) * LIKE

    @property
    def drift_px(self) -> NDArray[np.float64]:
        """How far they may have gone since they were seen."""
        return self.step_px * (1 + min(self.unseen, GUESSED))

    @property
    def guess(self) -> Placement | None:
        """Where they may be, if they were seen of late."""
        if self.place is None or self.unseen > GUESSED:
            return None
        shift = self.place[:, :2] @ self.drift_px
        return self.place - np.column_stack([np.zeros((2, 2)), shift])

    def learn(self, *, alone: bool) -> None:
        """Learn from the face of this frame, or note that there was none."""
        spot = self.spot
        if spot is None:
            self.unseen += 1
            if self.unseen > WAITS:
                self.follower = None
            return
        if self.place is not None and self.unseen <= GUESSED:
            step_px = (spot.middle_px - self.middle_px) / (1 + self.unseen)
            self.step_px = step_px if self.seen == 1 else 0.5 * (self.step_px + step_px)
        else:
            self.step_px, self.seen = np.zeros(2), 0
        self.seen += 1
        self.middle_px, self.size_px, self.place = spot.middle_px, spot.size_px, spot.place
        self.follower, self.unseen = spot.follower, 0
        self.gallery.learn(spot.look, sure=alone and not self.doubt)


class People:
    """Turns frames into samples of several people; as a ``Pipeline``, but with a list of them."""

    def __init__(
        self, finder: CrowdFinder, regressor: Regressor, make: Callable[[], Pipeline],
        most: int | None = None, timing: Timing | None = None,
    ) -> None:  # fmt: skip
        """Follow nobody yet.

        Args:
            finder: Looks for faces.
            regressor: The model that follows them; it is shared.
            make: Opens a pipeline for one more person, with these stages.
            most: People that are followed at a time; None: as many as there are.
            timing: Where it is noted what the stages take.
        """
        self._finder, self._regressor, self._make, self._most = finder, regressor, make, most
        self.timing = timing or Timing()
        self.reset()

    def reset(self) -> None:
        """Forget everybody, and begin to count again."""
        self._people: list[_Person] = []
        self._nobody = LostFace()
        self._frames = self._refused = 0
        self._scene, self._new_scene = Scene(), True
        self._lookout = Lookout((WHOLE, *CLOSER, *FINER))

    def __call__(self, frame: Frame) -> list[Sample]:
        """Return what a frame says of everybody who was seen so far, by number.

        Where nobody was, there is one sample without a face.
        """
        self._new_scene = self._scene.look(frame.gray) is Change.CUT or not self._frames
        for person in self._people:
            if self._new_scene:  # nobody is expected where they were
                person.follower, person.unseen = None, GUESSED + 1
            person.spot = self._go_on(person, frame)
        self._part()
        self._untangle()
        self._search(frame)
        self._learn()
        self._frames += 1
        samples = [self._sample(person, frame) for person in self._people]
        return samples or [self._nobody.at(frame.time, frame.index)]

    read = __call__

    @property
    def crop(self) -> CropSpec:
        """How the model's crops are cut."""
        return self._regressor.crop

    @property
    def pipelines(self) -> tuple[Pipeline, ...]:
        """One for each person who was seen."""
        return tuple(person.pipeline for person in self._people)

    @property
    def has_face(self) -> bool:
        """Whether the newest frame shows one."""
        return any(person.spot for person in self._people)

    @property
    def neutral(self) -> str:
        """Where the neutral of the first person's AUs comes from, for people to read."""
        return self._people[0].pipeline.neutral if self._people else "none"

    def lose(self, time: float, index: int) -> list[Sample]:
        """Return what there is of everybody at a time at which no frame came."""
        gone = [replace(person.pipeline.without_face(time, index), person=person.number)
                for person in self._people]  # fmt: skip
        return gone or [self._nobody.at(time, index)]

    def recentre(self) -> None:
        """Take the next half second of each face as its neutral."""
        for person in self._people:
            person.pipeline.recentre()

    def close(self) -> None:
        """Give back what the stages hold."""
        for stage in (self._finder, self._regressor):
            if isinstance(stage, Closable):
                stage.close()

    def _go_on(self, person: _Person, frame: Frame) -> _Spot | None:
        """Look for a face where it was; it has to be surer once it was gone."""
        if person.follower is None:
            return None
        least = FOUND if person.unseen else KEPT
        seen = see(person.follower, self._regressor, frame, least, self.timing, new=False)
        return None if seen is None else self._spot(person.follower, seen, frame)

    def _spot(self, follower: Follower, seen: Seen, frame: Frame) -> _Spot:
        points = seen.landmarks_px
        with self.timing.stage("appearance"):
            look = appearance_of(frame.image, points)
        return _Spot(follower, seen, place_on_landmarks(points), points.mean(axis=0, dtype=float),
                     float(interocular_px(points)), look)  # fmt: skip

    def _part(self) -> None:
        """Where two follow one face, or one a part of it, let the one have it whose it is."""
        for one, other in itertools.combinations(self._people, 2):
            if not (one.spot and other.spot):
                continue
            if _is_same(one.spot.place, other.spot.place):
                mine, theirs = one.strangeness(one.spot), other.strangeness(other.spot)
                loser = one if mine > theirs else other
            elif _is_part(one.spot, other.spot):
                loser = one
            elif _is_part(other.spot, one.spot):
                loser = other
            else:
                continue
            loser.spot = loser.follower = None

    def _untangle(self) -> None:
        """Where faces look like one another's people for some frames, give them back."""
        for person in self._people:
            if person.spot is None:
                continue
            other = self._likelier(person)
            person.doubt = person.doubt + 1 if other else 0
            if other and person.doubt >= DOUBT:
                log.info("person %d was taken for person %d", other.number, person.number)
                person.spot, other.spot = other.spot, person.spot
                for each in (person, other):
                    each.doubt, each.new = 0, True
                    each.follower = each.spot.follower if each.spot else None

    def _likelier(self, person: _Person) -> _Person | None:
        """Return whose face a person's looks like, if it is clearly another's."""
        assert person.spot is not None
        own = person.gallery.distance(person.spot.look)
        best, least = None, MARGIN
        for other in self._people:
            if other is person:
                continue
            gain = own - other.gallery.distance(person.spot.look)
            if other.spot is not None:  # then the two have changed places, or neither
                gain += other.gallery.distance(other.spot.look)
                gain -= person.gallery.distance(other.spot.look)
            if gain > least:
                best, least = other, gain
        return best

    def _search(self, frame: Frame) -> None:
        """Look for those who are missing, and for further faces."""
        seen = [person for person in self._people if person.spot]
        if self._most is not None and len(seen) >= self._most:
            return
        missing = [person for person in self._people if not person.spot]
        for person in missing:
            self._expect(person, frame)
        first = not self._people
        if seen and self._frames % self._look_every(missing) and not self._new_scene:
            return
        spots = [(each.spot.middle_px, each.spot.size_px) for each in seen if each.spot]
        around = [place for each in missing if (place := each.guess) is not None]
        with self.timing.stage("find"):
            self._lookout.watch(frame.gray, spots)
            faces = self._finder.find_all(frame, self._views(), around)
        for face in self._strangers(faces)[: None if self._new_scene else CANDIDATES]:
            follower = Follower(self._regressor.crop)
            follower.begin(face.landmarks_px)
            found = see(follower, self._regressor, frame, FOUND, self.timing, new=True)
            if found is not None:
                self._take_in(self._spot(follower, found, frame))
        if first:
            self._number_by_size()

    def _look_every(self, missing: Sequence[_Person]) -> int:
        """Return the frames from one look for further faces to the next."""
        if self._frames < GUESSED and len(self._people) > 1:
            return 1
        return LOOK_EVERY if self._most is None and not missing else MISSED_EVERY

    def _expect(self, person: _Person, frame: Frame) -> None:
        """Look for somebody where their motion would have led."""
        place = person.guess
        if place is None:
            return
        follower = Follower(self._regressor.crop)
        follower.begin(to_frame(place, TARGET_PX))
        found = see(follower, self._regressor, frame, FOUND, self.timing, new=True)
        if found is not None:
            spot = self._spot(follower, found, frame)
            if self._is_free(spot) and person.may_be(spot):
                person.spot, person.new = spot, True

    def _is_free(self, spot: _Spot) -> bool:
        """Say whether nobody else's face is there."""
        others = [each.spot for each in self._people if each.spot]
        return not any(_is_same(each.place, spot.place) or _is_part(spot, each) for each in others)

    def _views(self) -> tuple[View, ...]:
        """Return where to look: everywhere in a new scene, else in two views."""
        if self._new_scene:
            return (WHOLE, *CLOSER, *FINER, *LEANING, *TILTED, *FAR)
        return self._lookout.next()

    def _strangers(self, faces: Sequence[Face]) -> list[Face]:
        """Leave out the faces that are followed."""
        taken = [person.spot.place for person in self._people if person.spot]
        return [face for face in faces
                if not any(_is_same(place_on_landmarks(face.landmarks_px), place)
                           for place in taken)]  # fmt: skip

    def _take_in(self, spot: _Spot) -> None:
        """Give a face that was found its number: that of somebody who is missing, or a new one."""
        if not self._is_free(spot):
            return
        missing = [person for person in self._people if not person.spot]
        best = min(missing, key=lambda each: each.strangeness(spot), default=None)
        if best is not None and best.may_be(spot):
            best.spot, best.new = spot, True
        elif self._refused < PATIENCE and missing and not self._is_alone(spot):
            self._refused += 1  # it may be one of them, and shows too little to tell
        elif self._most is None or len(self._people) < self._most:
            person = _Person(len(self._people) + 1, self._make(), spot)
            person.pipeline.timing = self.timing
            self._people.append(person)
            self._refused = 0
            log.info("person %d is new", person.number)
        elif best is not None:  # no more are wanted, so it is one of them
            best.spot, best.new = spot, True

    def _is_alone(self, spot: _Spot) -> bool:
        """Say whether nothing of a face can be hidden by another's."""
        others = [person for person in self._people if person.spot is not spot]
        return not any(
            _is_near(spot, each.spot)
            if each.spot
            else each.unseen < WAITS
            and float(np.linalg.norm(each.middle_px - spot.middle_px)) < NEAR * spot.size_px
            for each in others
        )

    def _number_by_size(self) -> None:
        """Have the largest face of the first frame with any be person 1."""
        self._people.sort(key=lambda each: -each.spot.size_px if each.spot else 0.0)
        for number, person in enumerate(self._people, 1):
            person.number = number

    def _learn(self) -> None:
        alone = [person.spot is not None and self._is_alone(person.spot)
                 for person in self._people]  # fmt: skip
        for person, each in zip(self._people, alone, strict=True):
            person.learn(alone=each)

    def _sample(self, person: _Person, frame: Frame) -> Sample:
        if person.spot is None:
            sample = person.pipeline.without_face(frame.time, frame.index)
        else:
            seen = person.spot.seen._replace(new=person.new)
            sample = person.pipeline.take(frame, seen)
            person.new = False
        return replace(sample, person=person.number)


def _is_same(one: Placement, other: Placement) -> bool:
    return apart_px(one, other) < SAME_PX


def _is_part(one: _Spot, other: _Spot) -> bool:
    """Say whether one face is seen into another: a nostril and two spots may look like one."""
    apart = float(np.linalg.norm(one.middle_px - other.middle_px))
    return one.size_px < PART * other.size_px and apart < other.size_px


def _is_near(one: _Spot, other: _Spot) -> bool:
    """Say whether one face may hide a part of another."""
    apart = float(np.linalg.norm(one.middle_px - other.middle_px))
    return apart < NEAR * max(one.size_px, other.size_px)
