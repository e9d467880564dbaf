from __future__ import annotations

import csv
from importlib import resources
from pathlib import Path

import av
import numpy as np
import pytest

pytest.importorskip("scipy")
demo_clip = pytest.importorskip("facedrive.training.rendered.demo_clip")

from facedrive.aus import AU_NAMES  # noqa: E402
from facedrive.errors import RenderError  # noqa: E402

ASSETS = resources.files("facedrive.assets")


@pytest.fixture(scope="module")
def rows() -> list[dict[str, float]]:
    with ASSETS.joinpath("demo.csv").open(newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def test_shipped_table_has_the_promised_columns(rows: list[dict[str, float]]) -> None:
    assert tuple(rows[0]) == demo_clip.COLUMNS


@pytest.mark.slow
def test_shipped_table_has_a_row_a_frame(rows: list[dict[str, float]]) -> None:
    with av.open(str(ASSETS.joinpath("demo.mp4"))) as container:
        frames = [(frame.width, frame.height, frame.time) for frame in container.decode(video=0)]
    assert {frame[:2] for frame in frames} == {(640, 480)}
    np.testing.assert_allclose([row["time_s"] for row in rows], [f[2] for f in frames], atol=1e-4)


def test_shipped_clip_is_small_and_long_enough(rows: list[dict[str, float]]) -> None:
    assert len(ASSETS.joinpath("demo.mp4").read_bytes()) < 2.5e6
    assert 15 <= len(rows) / 30 <= 18


def test_shipped_clip_performs_every_au_and_rests_at_both_ends(
    rows: list[dict[str, float]],
) -> None:
    track = np.array([[row[name] for name in AU_NAMES] for row in rows])
    assert (track.max(axis=0) > 0.99).all()
    assert not track[:15].any()
    assert not track[-15:].any()


def test_shipped_table_is_what_the_performance_says(rows: list[dict[str, float]]) -> None:
    for index in (0, 100, 333, 539):
        row = rows[index]
        told = demo_clip.truth(row["time_s"])
        np.testing.assert_allclose([float(value) for value in told], list(row.values())[2:])


@pytest.mark.slow
def test_dlib_finds_the_one_face_in_the_shipped_clip() -> None:
    dlib = pytest.importorskip("dlib")
    detect = dlib.get_frontal_face_detector()
    with av.open(str(ASSETS.joinpath("demo.mp4"))) as container:
        grays = [f.to_ndarray(format="gray") for f in container.decode(video=0)]
    assert all(len(detect(np.ascontiguousarray(gray))) == 1 for gray in grays[::90])


@pytest.mark.slow
def test_clip_can_be_made_again(shared: Path, tmp_path: Path) -> None:
    short = demo_clip.DemoClip(width=160, height=120, duration=0.1, people=3, supersampling=1)
    try:
        short.render(shared / "data", tmp_path / "demo.mp4", tmp_path / "demo.csv")
    except RenderError as error:
        pytest.skip(str(error))
    with av.open(str(tmp_path / "demo.mp4")) as container:
        assert len(list(container.decode(video=0))) == 3
    assert len((tmp_path / "demo.csv").read_text().splitlines()) == 4
