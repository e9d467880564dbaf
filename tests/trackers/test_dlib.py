"""The default tracker, on a rendered clip with known landmarks, on photographs and on film."""

import functools
import itertools
import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from facedrive.errors import ModelError
from facedrive.stages import Tracker
from facedrive.trackers.dlib import DlibTracker
from facedrive.trackers.hog import CLOSER, FAR, TILTED, WHOLE, FaceFinder, _cut_view
from facedrive.trackers.landmarks import box_px, interocular_px
from facedrive.trackers.options import DlibOptions
from facedrive.trackers.pose import PoseSolver
from facedrive.types import EulerDegrees, Face, Frame, Image

from .conftest import PLACES, Clip, Truth

LEFT_BY, BACK_AT = 214, 256
"""Frames of the rendered clip: the face is out of the picture, and wholly in it again."""


follower = functools.cache(DlibTracker)
looker = functools.cache(DlibTracker)
"""Each is opened once: that takes longer than most tests."""


@pytest.fixture
def tracker() -> DlibTracker:
    """A tracker that follows nobody yet."""
    follower().reset()
    return follower()


def follow(tracker: DlibTracker, images: list[Image]) -> list[Face | None]:
    return [tracker.track(Frame(image, n / 30, n)) for n, image in enumerate(images)]


def look(image: Image) -> Face | None:
    looker().reset()
    return looker().track(Frame(image, 0.0, 0))


def angles(face: Face, image: Image) -> EulerDegrees:
    """Solve the head's angles from a face's landmarks."""
    return PoseSolver().solve(face.landmarks_px, (image.shape[0], image.shape[1])).euler


def left_px(face: Face) -> float:
    return box_px(face.landmarks_px)[0]


def right_px(face: Face) -> float:
    return box_px(face.landmarks_px)[2]


def paste(canvas: Image, picture: Image, left: int, top: int) -> Image:
    """Return the canvas with a picture on it."""
    out = canvas.copy()
    height, width = picture.shape[:2]
    out[top : top + height, left : left + width] = picture
    return out


def test_it_is_a_tracker(tracker: DlibTracker) -> None:
    assert isinstance(tracker, Tracker)


@pytest.fixture(scope="module")
def followed(turning: list[Frame]) -> list[Face | None]:
    """What the tracker makes of each frame of the rendered clip."""
    follower().reset()
    return [follower().track(frame) for frame in turning]


def distances(followed: list[Face | None], truth: Truth) -> np.ndarray:
    """Return (n, 5) how far landmarks lie from the truth, in eye distances; NaN without a face."""
    unit = np.linalg.norm(truth.points_px[:, 0] - truth.points_px[:, 1], axis=1)
    found = np.full(truth.points_px.shape, np.nan)
    for index, face in enumerate(followed):
        if face is not None:
            found[index] = face.landmarks_px[list(PLACES.values())]
    return np.linalg.norm(found - truth.points_px, axis=2) / unit[:, None]


@pytest.mark.slow
def test_a_face_is_followed_through_turns_tilts_and_blinks(
    followed: list[Face | None], truth: Truth
) -> None:
    assert (truth.in_picture[:200] == 1).all()
    assert None not in followed[:200]


@pytest.mark.slow
def test_the_landmarks_lie_where_the_face_was_rendered(
    followed: list[Face | None], truth: Truth
) -> None:
    apart = distances(followed, truth)[:200]
    frontal = np.abs(truth.head[:200]).max(axis=1) < 10
    assert apart[frontal].mean() < 0.03
    assert apart.mean() < 0.04
    assert apart.max() < 0.15  # the nose's tip at 35 degrees


@pytest.mark.slow
def test_the_head_turns_as_far_as_it_was_rendered(
    followed: list[Face | None], truth: Truth
) -> None:
    solver = PoseSolver()
    for index in range(0, 200, 4):
        face = followed[index]
        assert face is not None
        solved = np.array(solver.solve(face.landmarks_px, (480, 640)).euler)
        far = np.abs(truth.head[index]).max() > 10
        assert solved == pytest.approx(truth.head[index], abs=12 if far else 7)


@pytest.mark.slow
def test_a_face_that_leaves_is_lost_within_5_frames(
    followed: list[Face | None], truth: Truth
) -> None:
    assert truth.in_picture[LEFT_BY - 1] > 0 == truth.in_picture[LEFT_BY]
    assert set(followed[LEFT_BY + 5 : BACK_AT - 5]) == {None}


@pytest.mark.slow
def test_a_face_that_arrives_is_found_within_5_frames(
    followed: list[Face | None], truth: Truth
) -> None:
    assert truth.in_picture[BACK_AT - 1] < 1 == truth.in_picture[BACK_AT]
    assert None not in followed[BACK_AT + 5 :]


@pytest.mark.slow
def test_finding_and_losing_is_logged_once_each(
    turning: list[Frame], tracker: DlibTracker, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="facedrive"):
        for frame in turning[LEFT_BY - 20 : LEFT_BY + 20]:
            tracker.track(frame)
    assert [record.message.split()[1] for record in caplog.records] == ["found", "lost"]


@pytest.mark.slow
def test_the_landmarks_are_those_of_a_frame_looked_at_alone(
    turning: list[Frame], followed: list[Face | None]
) -> None:
    for index in (20, 66, 114, 150, 186):  # turning, nodding, tilting
        face, alone = followed[index], look(turning[index].image)
        assert face is not None
        assert alone is not None
        apart = np.linalg.norm(face.landmarks_px - alone.landmarks_px, axis=1).mean()
        assert apart < 0.1 * interocular_px(alone.landmarks_px)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["d10.mp4", "d11.mp4", "d12.mp4", "d20.mp4", "single_face.mp4"])
def test_a_filmed_face_is_found_in_nearly_every_frame(
    name: str, clip: Clip, tracker: DlibTracker
) -> None:
    found = [tracker.track(frame) is not None for frame in clip(name)]
    assert np.mean(found) >= 0.99


@pytest.mark.slow
def test_nothing_is_found_on_film_without_a_face(clip: Clip, tracker: DlibTracker) -> None:
    assert not any(tracker.track(frame) for frame in clip("no_face.mp4"))


def test_a_photographed_face_is_found(photograph: Image) -> None:
    face = look(photograph)
    assert face is not None
    assert face.score > 0


def test_a_face_comes_with_landmarks_and_score(portrait: Image) -> None:
    face = look(portrait)
    assert face is not None
    assert face.landmarks_px.shape == (68, 2)
    assert face.landmarks_px.dtype == np.float32
    assert face.score > 0
    assert np.abs(angles(face, portrait)).max() < 20


@pytest.mark.slow
def test_trackers_that_share_a_finder_follow_different_faces(portrait: Image) -> None:
    small = cv2.resize(portrait, (320, 320), interpolation=cv2.INTER_AREA)
    both = paste(paste(np.full((700, 1100, 3), 100, np.uint8), small, 0, 100), portrait, 450, 50)
    finder = FaceFinder()
    first, second, third = (DlibTracker(finder=finder) for _ in range(3))
    for index in range(12):
        frame = Frame(both, index / 30, index)
        larger, smaller, none = first.track(frame), second.track(frame), third.track(frame)
    assert larger is not None and left_px(larger) > 450
    assert smaller is not None and right_px(smaller) < 450
    assert none is None


@pytest.mark.slow
def test_a_face_that_is_let_go_may_be_taken_by_another_tracker(portrait: Image) -> None:
    finder = FaceFinder()
    one, other = DlibTracker(finder=finder), DlibTracker(finder=finder)
    frame = Frame(portrait, 0.0, 0)
    assert one.track(frame) is not None
    assert other.track(frame) is None
    one.reset()
    assert any(other.track(frame) is not None for _ in range(12))


@pytest.mark.parametrize("roll_deg", [-45, -30, -15, 15, 30, 45])
def test_a_tilted_face_is_found_with_its_roll(portrait: Image, roll_deg: float) -> None:
    size = portrait.shape[1], portrait.shape[0]
    face = look(portrait)
    assert face is not None
    x, y = face.landmarks_px.mean(axis=0)
    matrix = cv2.getRotationMatrix2D((float(x), float(y)), -roll_deg, 1)
    tilted = cv2.warpAffine(portrait, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    found = look(tilted)
    assert found is not None
    assert angles(found, tilted).roll - angles(face, portrait).roll == pytest.approx(
        roll_deg, abs=4
    )
    expected = face.landmarks_px @ matrix[:, :2].T + matrix[:, 2]
    apart = np.linalg.norm(found.landmarks_px - expected, axis=1).mean()
    assert apart < 0.06 * interocular_px(face.landmarks_px)


@pytest.mark.parametrize("scale", [0.35, 0.6, 1.0, 2.0, 4.0])
def test_a_face_is_found_at_any_resolution(portrait: Image, scale: float) -> None:
    face = look(portrait)
    resized = look(cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    assert face is not None
    assert resized is not None
    apart = np.linalg.norm(resized.landmarks_px / scale - face.landmarks_px, axis=1).mean()
    assert apart < 0.05 * interocular_px(face.landmarks_px)


def test_a_face_that_is_small_in_the_frame_is_found(portrait: Image) -> None:
    small = cv2.resize(portrait, (300, 300), interpolation=cv2.INTER_AREA)
    frame = paste(np.full((720, 1280, 3), 90, np.uint8), small, 800, 300)
    face = look(frame)
    assert face is not None
    assert left_px(face) > 800


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.04, 0.055, 0.07])
def test_a_far_face_is_found_in_a_large_frame(portrait: Image, share: float) -> None:
    near = look(portrait)
    assert near is not None
    scale = share * 1920 / float(np.ptp(near.landmarks_px[:, 0]))
    small = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    face = look(paste(np.full((1080, 1920, 3), 90, np.uint8), small, 1300, 180))
    assert face is not None
    middle = near.landmarks_px.mean(axis=0) * scale + np.array([1300, 180])
    off_px = np.abs(face.landmarks_px.mean(axis=0) - middle)
    assert off_px.max() < 0.3 * interocular_px(near.landmarks_px) * scale


def test_a_search_for_far_faces_looks_at_a_small_part_a_frame() -> None:
    gray = np.zeros((1080, 1920), np.uint8)
    pixels = [_cut_view(gray, view)[0].size for view in (WHOLE, *CLOSER, *TILTED, *FAR)]
    assert max(pixels) <= 200_000
    assert max(_cut_view(np.zeros((240, 320), np.uint8), view)[0].size for view in FAR) < 25_000


def test_far_views_cover_the_frame_with_room_for_a_face() -> None:
    across = sorted({(view.left, view.left + view.width) for view in FAR})
    down = sorted({(view.top, view.top + view.height) for view in FAR})
    for spans, face in ((across, 0.06), (down, 0.06 * 16 / 9)):
        assert spans[0][0] == 0 and spans[-1][1] == pytest.approx(1)
        for (_, end), (start, _) in itertools.pairwise(spans):
            assert end - start > 0.93 * face


def test_a_mirrored_picture_has_a_mirrored_face(portrait: Image) -> None:
    face, mirrored = look(portrait), look(np.ascontiguousarray(portrait[:, ::-1]))
    assert face is not None
    assert mirrored is not None
    before, after = angles(face, portrait), angles(mirrored, portrait)
    assert after.yaw == pytest.approx(-before.yaw, abs=4)
    assert after.roll == pytest.approx(-before.roll, abs=3)


def test_the_largest_face_of_a_crowd_comes_first(crowd: Image) -> None:
    face = look(crowd)
    assert face is not None
    others = []
    rest = crowd.copy()
    for _ in range(2):
        left, top, right, bottom = (
            round(side) for side in box_px((look(rest) or face).landmarks_px)
        )
        rest[max(top - 40, 0) : bottom + 20, max(left - 20, 0) : right + 20] = 0
        other = look(rest)
        if other is not None:
            others.append(other)
    assert others
    for other in others:
        assert interocular_px(other.landmarks_px) < 1.1 * interocular_px(face.landmarks_px)


def test_the_same_face_is_kept_when_a_larger_one_appears(
    portrait: Image, tracker: DlibTracker
) -> None:
    empty = np.full((700, 1100, 3), 100, np.uint8)
    small = cv2.resize(portrait, (320, 320), interpolation=cv2.INTER_AREA)
    alone = paste(empty, small, 0, 100)
    both = paste(alone, portrait, 450, 50)
    faces = follow(tracker, [alone] * 5 + [both] * 30)
    assert all(face is not None and right_px(face) < 450 for face in faces)
    larger = look(both)
    assert larger is not None
    assert left_px(larger) > 450


def test_a_face_that_vanishes_for_a_moment_is_taken_up_again(
    portrait: Image, tracker: DlibTracker
) -> None:
    empty = np.full((700, 1100, 3), 100, np.uint8)
    small = cv2.resize(portrait, (320, 320), interpolation=cv2.INTER_AREA)
    both = paste(paste(empty, small, 0, 100), portrait, 450, 50)
    alone = paste(empty, small, 0, 100)
    faces = follow(tracker, [alone] * 5 + [empty] * 8 + [both] * 8)
    last = faces[-1]
    assert faces[12] is None
    assert last is not None
    assert right_px(last) < 450


@pytest.mark.slow
def test_a_stranger_is_taken_once_the_lost_person_is_no_longer_remembered(
    portrait: Image,
) -> None:
    empty = np.full((700, 1100, 3), 100, np.uint8)
    small = cv2.resize(portrait, (220, 220), interpolation=cv2.INTER_AREA)
    person, stranger = paste(empty, small, 0, 100), paste(empty, portrait, 450, 50)
    tracker = DlibTracker(options=DlibOptions(remember_s=1.0))
    faces = follow(tracker, [person] * 4 + [stranger] * 40)
    taken = [face is not None for face in faces[4:]]
    assert not any(taken[3:30])
    assert all(taken[36:])


@pytest.mark.slow
def test_the_nearest_in_place_and_size_is_taken_for_the_lost_person(portrait: Image) -> None:
    empty = np.full((700, 1100, 3), 100, np.uint8)
    small = cv2.resize(portrait, (300, 300), interpolation=cv2.INTER_AREA)
    beside = cv2.resize(portrait, (390, 390), interpolation=cv2.INTER_AREA)
    person = paste(empty, small, 0, 100)
    both = paste(person, beside, 320, 60)
    tracker = DlibTracker()
    faces = follow(tracker, [person] * 4 + [empty] * 6 + [both] * 6)
    last = faces[-1]
    assert last is not None and right_px(last) < 320


def test_the_first_look_at_a_face_is_the_same_after_a_picture_of_nobody(portrait: Image) -> None:
    nobody = Frame(np.zeros((240, 320, 3), np.uint8), 0.0, 0)
    tracker = DlibTracker()
    tracker.find(nobody)
    assert len(tracker.finder._detectors) == 2  # turned heads were looked for
    tracker.reset()
    assert len(tracker.finder._detectors) == 1
    again = tracker.find(Frame(portrait, 0.0, 0))
    first = DlibTracker().find(Frame(portrait, 0.0, 0))
    assert [face.score for face in again] == [face.score for face in first]


def test_reset_forgets_the_face(portrait: Image, tracker: DlibTracker) -> None:
    empty = np.full((700, 1100, 3), 100, np.uint8)
    small = cv2.resize(portrait, (320, 320), interpolation=cv2.INTER_AREA)
    both = paste(paste(empty, small, 0, 100), portrait, 450, 50)
    follow(tracker, [paste(empty, small, 0, 100)] * 5)
    tracker.reset()
    face = tracker.track(Frame(both, 1.0, 30))
    assert face is not None
    assert left_px(face) > 450


def test_a_frame_of_another_size_starts_anew(portrait: Image, tracker: DlibTracker) -> None:
    frame = paste(np.full((720, 1280, 3), 90, np.uint8), portrait, 700, 100)
    follow(tracker, [frame] * 3)
    face = tracker.track(Frame(portrait, 1.0, 30))
    alone = look(portrait)
    assert face is not None
    assert alone is not None
    assert face.landmarks_px == pytest.approx(alone.landmarks_px, abs=6)


@pytest.mark.slow
def test_a_still_face_with_noise_hardly_jitters(portrait: Image, tracker: DlibTracker) -> None:
    random = np.random.default_rng(0)
    still = portrait.astype(np.float32)
    seen = []
    for number in range(30):
        noisy = (still + random.normal(0, 6, still.shape)).clip(0, 255).astype(np.uint8)
        face = tracker.track(Frame(noisy, number / 30, number))
        assert face is not None
        seen.append(face.landmarks_px)
    landmarks = np.array(seen[10:])
    jitter = np.sqrt(landmarks.var(axis=0).sum(axis=1)).mean()
    assert jitter < 0.003 * interocular_px(landmarks[-1])


@pytest.mark.slow
def test_the_same_frames_give_the_same_faces(turning: list[Frame]) -> None:
    frames = turning[:30]
    one, other = (
        [face.landmarks_px for frame in frames if (face := tracker.track(frame))]
        for tracker in (DlibTracker(), DlibTracker())
    )
    assert np.array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(1, 1), (1, 640), (480, 1), (2, 2), (79, 79), (480, 640)])
@pytest.mark.parametrize("kind", ["black", "white", "noise"])
def test_a_rubbish_frame_shows_no_face(
    shape: tuple[int, int], kind: str, tracker: DlibTracker
) -> None:
    images = {
        "black": np.zeros((*shape, 3), np.uint8),
        "white": np.full((*shape, 3), 255, np.uint8),
        "noise": np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8),
    }
    assert follow(tracker, [images[kind]] * 3) == [None] * 3


@pytest.mark.slow
def test_an_8k_frame_is_searched() -> None:
    assert look(np.full((4320, 7680, 3), 128, np.uint8)) is None


def test_a_rubbish_frame_between_two_good_ones_does_no_harm(
    portrait: Image, tracker: DlibTracker
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, portrait.shape).astype(np.uint8)
    tiny = np.zeros((1, 1, 3), np.uint8)
    faces = follow(tracker, [portrait, portrait, noise, tiny, portrait, portrait, portrait])
    assert faces[-1] is not None
    alone = look(portrait)
    assert alone is not None
    assert faces[-1].landmarks_px == pytest.approx(alone.landmarks_px, abs=6)


def test_a_picture_without_colour_is_tracked(portrait: Image) -> None:
    gray = cv2.cvtColor(portrait, cv2.COLOR_RGB2GRAY)
    assert look(np.repeat(gray[..., None], 3, axis=2)) is not None


def test_a_missing_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere\.dat"):
        DlibTracker(tmp_path / "nowhere.dat")


@pytest.mark.parametrize("content", [b"", b"no model", bytes(1000)])
def test_a_broken_model_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.dat"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken\.dat"):
        DlibTracker(path)
