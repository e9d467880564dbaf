"""Who leads: the model where it can follow a face, else the tracker."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facedrive.aus import AUS
from facedrive.options import Region
from facedrive.sight import CANDIDATES, WAITS, ByModel, ByTracker, InRegion, sight
from facedrive.stages import Estimate
from facedrive.timing import Timing
from facedrive.trackers.align import crop_matrix
from facedrive.trackers.dlib import DlibTracker
from facedrive.trackers.hog import FaceFinder
from facedrive.trackers.patch import MEAN_SHAPE, to_patch
from facedrive.types import CropSpec, Face, Frame, Image, Vector

CROP = CropSpec(64)
FACE_PX = (MEAN_SHAPE * 60 + [160, 120]).astype(np.float32)
STRANGER_PX = (MEAN_SHAPE * 60 + [60, 60]).astype(np.float32)


class Finds:
    """A finder that always sees the same places, and counts how often it is asked."""

    def __init__(self, *places: Vector) -> None:
        self.places, self.asked = places, 0
        self.held: Vector | None = None

    def find(self, frame: Frame) -> Sequence[Face]:
        self.asked += 1
        return [Face(each, 0.0) for each in self.places]

    def hold(self, landmarks_px: Vector | None) -> bool:
        self.held = landmarks_px
        return landmarks_px is not None

    def track(self, frame: Frame) -> Face | None:
        raise AssertionError("the model leads")

    def reset(self) -> None:
        self.places = ()


class Follows:
    """A model that sees a face wherever its crop is, as surely as it is told to."""

    crop = CROP
    follows = True

    def __init__(self, *presence: float) -> None:
        self.presence = list(presence)
        self.estimates = 0

    def estimate(self, crop: Image) -> Estimate:
        self.estimates += 1
        sure = self.presence.pop(0) if len(self.presence) > 1 else self.presence[0]
        seen = to_patch(crop_matrix(FACE_PX, CROP), FACE_PX).astype(np.float32)
        return Estimate(np.zeros(len(AUS), np.float32), np.zeros((2, 2), np.float32), seen, sure)


def frame(index: int = 0) -> Frame:
    return Frame(np.full((240, 320, 3), 100, np.uint8), index / 30, index)


def test_a_face_is_found_once_and_then_followed() -> None:
    finder = Finds(FACE_PX)
    eyes = ByModel(finder, Follows(0.99), Timing())
    seen = [eyes.look(frame(index)) for index in range(10)]
    assert [each is not None and each.new for each in seen] == [True] + [False] * 9
    assert finder.asked == 1
    assert finder.held is not None
    np.testing.assert_allclose(finder.held, FACE_PX, atol=0.1)


def test_what_the_model_takes_for_no_face_is_none() -> None:
    eyes = ByModel(Finds(FACE_PX), Follows(0.5), Timing())
    assert all(eyes.look(frame(index)) is None for index in range(5))


def test_the_second_place_is_asked_about_when_the_first_is_no_face() -> None:
    eyes = ByModel(Finds(STRANGER_PX, FACE_PX), Follows(0.05, 0.99), Timing())
    seen = eyes.look(frame())
    assert seen is not None
    np.testing.assert_allclose(seen.landmarks_px, FACE_PX, atol=0.1)


def test_only_so_many_places_are_asked_about_in_a_frame() -> None:
    model = Follows(0.05)
    ByModel(Finds(*[FACE_PX] * 10), model, Timing()).look(frame())
    assert model.estimates == CANDIDATES


def test_a_hidden_face_is_taken_up_where_it_was() -> None:
    finder = Finds(FACE_PX)
    eyes = ByModel(finder, Follows(0.99, 0.1, 0.1, 0.99), Timing())
    first = eyes.look(frame(0))
    finder.places = ()
    assert eyes.look(frame(1)) is None and finder.held is None
    assert eyes.look(frame(2)) is None
    again = eyes.look(frame(3))
    assert first is not None and again is not None and not again.new


def test_a_face_that_is_gone_for_long_is_looked_for_everywhere() -> None:
    finder, model = Finds(FACE_PX), Follows(0.99, 0.1)
    eyes = ByModel(finder, model, Timing())
    eyes.look(frame(0))
    finder.places = ()
    for index in range(1, WAITS + 2):
        eyes.look(frame(index))
    before = model.estimates
    assert eyes.look(frame(WAITS + 2)) is None
    assert model.estimates == before


def test_a_follower_without_presence_lets_the_tracker_lead() -> None:
    class Plain(Follows):
        follows = False

    assert isinstance(sight(Finds(FACE_PX), Plain(0.9), Timing()), ByTracker)
    assert isinstance(sight(Finds(FACE_PX), Follows(0.9), Timing()), ByModel)


def scenery(index: int, seed: int) -> Frame:
    """Return a picture of one scene or another."""
    cells = np.random.default_rng(seed).integers(0, 256, (12, 16, 3)).astype(np.uint8)
    return Frame(np.kron(cells, np.ones((20, 20, 1), np.uint8)), index / 30, index)


def test_after_a_cut_a_face_has_to_be_as_sure_as_a_new_one() -> None:
    for scene, kept in ((0, True), (1, False)):
        eyes = ByModel(Finds(FACE_PX), Follows(0.99, 0.5), Timing())
        assert eyes.look(scenery(0, seed=0)) is not None
        assert (eyes.look(scenery(1, seed=scene)) is not None) == kept


def test_after_a_cut_nobody_is_expected_to_be_where_the_last_face_was() -> None:
    finder = Finds(FACE_PX)
    eyes = ByModel(finder, Follows(0.99, 0.1), Timing())
    eyes.look(scenery(0, seed=0))
    eyes.look(scenery(1, seed=1))
    assert finder.places == ()  # it was reset


def test_a_tracker_that_leads_starts_anew_after_a_cut_and_behind_a_covered_lens() -> None:
    class Holds:
        resets = 0

        def track(self, frame: Frame) -> Face | None:
            return Face(FACE_PX, 1.0)

        def reset(self) -> None:
            self.resets += 1

    class Plain(Follows):
        follows = False

    tracker = Holds()
    eyes = ByTracker(tracker, Plain(0.9), Timing())
    for index, picture in enumerate((scenery(0, 0), scenery(1, 0), scenery(2, 1), frame(3))):
        eyes.look(picture)
        assert tracker.resets == max(index - 1, 0)


def test_a_region_is_seen_as_if_it_were_the_whole_picture() -> None:
    class Records(Finds):
        def find(self, frame: Frame) -> Sequence[Face]:
            self.size = frame.size
            return super().find(frame)

    finder = Records(FACE_PX)
    eyes = sight(finder, Follows(0.99), Timing(), Region(0.5, 0.25, 0.5, 0.75))
    assert isinstance(eyes, InRegion)
    seen = eyes.look(Frame(np.full((480, 640, 3), 100, np.uint8), 0.0, 0))
    assert seen is not None
    assert finder.size == (360, 320)
    np.testing.assert_allclose(seen.landmarks_px, FACE_PX + np.array([320, 120]), atol=0.1)


def test_forgetting_starts_anew() -> None:
    finder = Finds(FACE_PX)
    eyes = ByModel(finder, Follows(0.99), Timing())
    eyes.look(frame(0))
    eyes.forget()
    assert eyes.look(frame(1)) is None  # the finder was reset, and sees nothing any more


def test_a_face_that_another_follows_is_let_go() -> None:
    class Careless(DlibTracker):
        def find(self, frame: Frame) -> list[Face]:
            return [Face(FACE_PX, 0.0)]

    shared = FaceFinder()
    another = DlibTracker(finder=shared)
    another.hold(FACE_PX)
    eyes = ByModel(Careless(finder=shared), Follows(0.99), Timing())
    assert eyes.look(frame(0)) is None
    another.hold(None)
    assert eyes.look(frame(1)) is not None
