"""Several people keep their numbers while they cross, are hidden and leave."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

import facedrive as fd
from facedrive.appearance import LIKE, Gallery, appearance_of
from facedrive.assembly import open_people, open_pipeline
from facedrive.errors import ModelError, OptionError
from facedrive.options import NumberOrAll, changed
from facedrive.people import People
from facedrive.settings import Settings
from facedrive.sources.decode import decode_file
from facedrive.sources.images import read_image
from facedrive.training.rendered.crowd import FPS, Shown, render_crowd, spotted, tally
from facedrive.training.rendered.studio import Studio
from facedrive.types import Face, Frame, Image

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def everybody() -> People:
    return open_people(Settings(), raw=True)


@pytest.fixture(scope="module")
def crossing(face_studio: Studio) -> list[tuple[Image, tuple[Shown, ...]]]:
    """Two heads that cross once."""
    return list(render_crowd(face_studio, 2, 75, seed=0))


def test_two_who_cross_keep_their_numbers(
    everybody: People, crossing: list[tuple[Image, tuple[Shown, ...]]]
) -> None:
    everybody.reset()
    seen = []
    for index, (image, _) in enumerate(crossing):
        samples = everybody(Frame(image, index / FPS, index))
        assert [each.person for each in samples] == list(range(1, len(samples) + 1))
        seen.append(spotted(samples))
    found = tally([heads for _, heads in crossing], seen)
    hidden = [any(not head.in_sight for head in heads) for _, heads in crossing]
    assert any(hidden) and not hidden[-1]  # they do cross
    assert (found.switches, found.numbers) == (0, 2)
    assert found.found >= 0.97


def test_every_face_of_a_group_is_found_the_largest_first(shared: Path, everybody: People) -> None:
    everybody.reset()
    samples = everybody(Frame(read_image(shared / "data/clips/multi_face.jpg"), 0.0, 0))
    assert len(samples) == 5 and all(each.face for each in samples)
    eyes = [np.linalg.norm(each.landmarks_px[45] - each.landmarks_px[36]) for each in samples
            if each.landmarks_px is not None]  # fmt: skip
    assert eyes == sorted(eyes, reverse=True)


def test_no_face_is_seen_into_a_part_of_another(shared: Path, everybody: People) -> None:
    """An old man's eye and brow pass for a small face."""
    everybody.reset()
    frames = decode_file(shared / "data/clips/d12.mp4", lambda count: None)
    assert {len(everybody(frame)) for frame in islice(frames, 12)} == {1}


def test_no_more_are_followed_than_are_wanted(shared: Path) -> None:
    people = open_people(Settings(), 2, raw=True)
    image = read_image(shared / "data/clips/multi_face.jpg")
    for index in range(4):
        assert len(people(Frame(image, index / 30, index))) == 2


def test_one_alone_is_read_as_a_pipeline_reads_them(shared: Path, everybody: People) -> None:
    everybody.reset()
    image = read_image(shared / "data/clips/single_face.jpg")
    with open_pipeline(raw=True) as pipeline:
        alone = pipeline(Frame(image, 0.0, 0))
    (sample,) = everybody(Frame(image, 0.0, 0))
    np.testing.assert_allclose(sample.aus, alone.aus, atol=0.05)


def test_an_empty_picture_has_one_sample_without_a_face(everybody: People) -> None:
    everybody.reset()
    (sample,) = everybody(Frame(np.zeros((90, 160, 3), np.uint8), 0.0, 0))
    assert not sample.face and sample.person == 1


def test_a_take_has_a_row_a_face(shared: Path, tmp_path: Path) -> None:
    take = fd.extract(shared / "data/clips/multi_face.jpg", faces=0)
    assert take["person"].tolist() == [1, 2, 3, 4, 5]
    take.to_csv(tmp_path / "take.csv")
    np.testing.assert_allclose(fd.read(tmp_path / "take.csv")["person"], take["person"])


def test_a_tracker_that_follows_one_face_is_refused() -> None:
    settings = changed(Settings(), "tracker.faces", "all")
    assert settings.tracker.faces == NumberOrAll(0) and str(settings.tracker.faces) == "all"
    with pytest.raises(OptionError, match="what is asked for follows one face"):
        open_pipeline(settings)
    with pytest.raises(ModelError, match="with this model follows one face"):
        open_people(changed(settings, "tracker.use", f"{__name__}:Stays"))


@dataclass
class Stays:
    """A tracker of one face."""

    def track(self, frame: Frame) -> Face | None:
        return None

    def reset(self) -> None:
        pass


def test_looks_tell_two_people_apart_in_another_light() -> None:
    random = np.random.default_rng(0)
    faces = [cv2.resize(random.integers(60, 200, (6, 5, 3)).astype(np.uint8), (100, 120))
             for _ in range(2)]  # fmt: skip
    points = np.array([[10, 40], [90, 110]], np.float32)
    gallery = Gallery()
    gallery.learn(appearance_of(faces[0], points), sure=True)
    darker = np.round(faces[0] * 0.8).astype(np.uint8)
    assert gallery.distance(appearance_of(darker, points)) < LIKE
    assert gallery.distance(appearance_of(faces[1], points)) > LIKE
