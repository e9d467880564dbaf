"""What a scripted coder does is counted press by press, and brings the labels near."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facedrive.annotate.desk import Desk
from facedrive.annotate.guess import Guess, keep_guess
from facedrive.annotate.keys import Key, draw, ordered
from facedrive.annotate.project import Project
from facedrive.aus import AU_INDEX
from facedrive.bench.annotate import NEAR, Coder, measure_large, mend, off
from facedrive.takes.take import Take
from facedrive.types import IDENTITY_HEAD, Sample

from ..annotate.conftest import film, made, project

__all__ = ["film", "made", "project"]

TIMES = np.arange(120) / 25
BUMP = np.interp(np.arange(120), [20, 40, 60], [0, 0.8, 0])


@pytest.fixture
def desk(project: Project) -> Iterator[Desk]:
    aus = np.zeros((120, 24), np.float32)
    aus[:, AU_INDEX["jaw_drop"]] = BUMP
    samples = [Sample(at / 25, at, row, np.zeros((2, 2), np.float32), IDENTITY_HEAD, True, 1.0)
               for at, row in enumerate(aus)]  # fmt: skip
    spread, places = np.zeros((120, 24), np.float32), np.zeros((120, 4), np.float32)
    keep_guess(project, "clip", Guess(Take.of(samples), spread, places))
    opened = Desk(project)
    yield opened
    opened.close()


def test_mending_ends_within_reach_of_the_labels() -> None:
    track = {0: Key(0, 0.0, machine=True), 119: Key(119, 0.0, machine=True)}
    made = mend(track, BUMP, TIMES)
    track |= {frame: Key(frame, value) for frame, value in made}
    assert off(track, BUMP, TIMES)[1] <= NEAR + 1e-9
    assert made[0] == (40, 0.8)


@pytest.mark.slow
def test_every_press_counts(desk: Desk) -> None:
    coder = Coder(desk, "clip", "anna")
    coder.bring("jaw_drop", BUMP, TIMES)
    keys = desk.document("clip", "anna").tracks["jaw_drop"]
    assert coder.count == 3 * len(keys)
    assert off(keys, BUMP, TIMES)[1] <= NEAR + 1e-9
    coder.bring("chin_raise", np.zeros(120), TIMES)
    assert coder.count == 3 * len(keys)


def test_a_guess_that_is_right_needs_its_button_alone(desk: Desk) -> None:
    coder = Coder(desk, "clip", "ben")
    coder.fill()
    coder.bring("jaw_drop", BUMP, TIMES)
    assert coder.count == 2


def test_a_guess_that_is_wrong_is_mended_or_cleared_whichever_is_less(desk: Desk) -> None:
    coder = Coder(desk, "clip", "ben")
    coder.fill()
    begun = coder.count
    coder.bring("jaw_drop", np.zeros(120), TIMES)
    assert coder.count - begun <= 6
    track = desk.document("clip", "ben").tracks.get("jaw_drop", {})
    assert np.abs(draw(ordered(track), TIMES)).max() <= NEAR + 1e-9


@pytest.mark.slow
def test_a_long_video_is_opened_sought_and_edited(tmp_path: Path) -> None:
    found = measure_large(300)
    assert found["frames"] == 300
    assert found["keys"] == 24 * 209
    assert 0 < found["seek_ms_median"] < 5000
    assert 0 < found["edit_ms_median"] < 5000
    assert 30 < found["rss_mb"] < 1500
