"""The model's first guess follows its curve, says how sure it is, and leaves people's keys."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from facedrive.annotate.guess import (
    Guess,
    fill,
    filled,
    guess_keys,
    guess_video,
    read_guess,
    smooth_both_ways,
)
from facedrive.annotate.keys import Key, draw
from facedrive.annotate.project import Project
from facedrive.aus import AU_NAMES
from facedrive.errors import DataError

from .conftest import write_film

pytestmark = pytest.mark.slow


def write_demo(path: Path, frames: int) -> Path:
    """Write the first frames of the clip that ships; the last three without a face."""
    from clips import demo_frames

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 30, {"preset": "ultrafast"})
        for number, frame in enumerate(islice(demo_frames(), frames)):
            if not number:
                stream.height, stream.width = frame.size
            image = frame.image if number < frames - 3 else np.zeros_like(frame.image)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def guessed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Guess]]:
    folder = tmp_path_factory.mktemp("guess")
    with Project.create(folder / "study") as project:
        video = project.add(write_demo(folder / "demo.mp4", 60), name="demo")
        project.add_coder("anna")
        project.assign(1)
        shares: list[float] = []
        guess = guess_video(project, "demo", progress=shares.append)
        assert shares[-1] == 1
        assert len(shares) == video.frames
        yield project, guess


def test_a_guess_is_kept_as_a_take(guessed: tuple[Project, Guess]) -> None:
    project, guess = guessed
    found = read_guess(project, "demo")
    assert found is not None
    np.testing.assert_allclose(found.take.aus, guess.take.aus, atol=1e-5)
    np.testing.assert_allclose(found.spread, guess.spread, atol=1e-4)
    np.testing.assert_allclose(found.places, guess.places, atol=0.01)
    assert 0.1 < np.median(found.places[:, 2]) < 0.6
    assert found.curves.shape == (project.video("demo").frames, 24)


def test_the_spread_is_small_where_a_face_is_seen_and_whole_where_none_is(
    guessed: tuple[Project, Guess],
) -> None:
    _, guess = guessed
    face = guess.take.face
    assert face.sum() == 57
    assert 0.001 < guess.spread[face].mean() < 0.1
    assert (guess.spread[~face] == 1).all()


def test_few_keys_stay_near_the_models_curve(guessed: tuple[Project, Guess]) -> None:
    project, guess = guessed
    keys = guess_keys(guess)
    times = np.arange(project.video("demo").frames) / 30.0
    for index, name in enumerate(AU_NAMES):
        assert np.abs(draw(keys[name], times) - guess.curves[:, index]).max() <= 0.0301
    assert sum(map(len, keys.values())) <= 0.08 * guess.curves.size


def test_people_keep_the_tracks_that_they_have_touched(guessed: tuple[Project, Guess]) -> None:
    project, guess = guessed
    document = project.document("demo", "anna")
    document.edit("mine", [document.put("jaw_drop", Key(4, 0.33))])
    document.edit("first guess", fill(document, guess_keys(guess)))
    assert document.tracks["jaw_drop"] == {4: Key(4, 0.33)}
    assert all(key.machine for key in document.tracks["chin_raise"].values())
    assert fill(document, guess_keys(guess)) == []


def test_a_video_without_a_face_is_told(guessed: tuple[Project, Guess], tmp_path: Path) -> None:
    project, _ = guessed
    project.add(write_film(tmp_path / "blocks.mp4", 20), name="blocks")
    with pytest.raises(DataError, match="blocks: no frame shows a face"):
        guess_video(project, "blocks")
    assert read_guess(project, "blocks") is None


def test_smoothing_both_ways_lags_in_neither() -> None:
    times = np.arange(60) / 30
    bump = np.exp(-(((np.arange(60) - 30) / 6) ** 2))[:, None].astype(np.float32)
    smooth = smooth_both_ways(bump, times)
    np.testing.assert_allclose(smooth[1:], smooth[::-1][:-1], atol=0.02)
    assert abs(int(smooth.argmax()) - 30) <= 1


def test_gaps_are_filled_from_both_sides() -> None:
    values = np.array([[0.2], [9.0], [0.4], [9.0]])
    known = np.array([True, False, True, False])
    np.testing.assert_allclose(filled(values, known)[:, 0], [0.2, 0.3, 0.4, 0.4])
    assert not filled(values, np.zeros(4, bool)).any()


@pytest.mark.parametrize("name", ["single_face.mp4"])
def test_reference_clips_need_few_keys(shared: Path, tmp_path: Path, name: str) -> None:
    shutil.copyfile(shared / "data" / "clips" / name, tmp_path / name)
    with Project.create(tmp_path / "study") as project:
        project.add(tmp_path / name, name="x")
        guess = guess_video(project, "x")
        share = sum(map(len, guess_keys(guess).values())) / guess.curves.size
    assert share <= 0.08
