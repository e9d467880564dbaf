"""The Python API: what a program writes, from importing the package to a run that is steered."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from clips import demo_frames

import facedrive as fd
from facedrive.errors import OptionError, SourceError
from facedrive.types import Image

HEAVY = ("cv2", "dlib", "mediapipe", "numpy", "onnxruntime", "OpenGL", "pyrender", "torch")


@pytest.fixture(scope="module")
def pictures() -> list[Image]:
    """Six pictures of a face."""
    return [frame.image for frame in islice(demo_frames(), 6)]


def test_importing_it_loads_nothing_heavy() -> None:
    code = f"import facedrive, sys; print([n for n in {HEAVY} if n in sys.modules])"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout.strip() == "[]"


@pytest.mark.slow
def test_the_first_names_load_no_torch_dlib_or_opengl() -> None:
    names = ", ".join(name for name in fd.__all__ if name != "__version__")
    code = f"from facedrive import {names}; import sys; print([n for n in "
    code += "('dlib', 'onnxruntime', 'OpenGL', 'torch') if n in sys.modules])"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout.strip() == "[]"


@pytest.mark.parametrize("name", fd.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value: Any = getattr(fd, name)
    assert isinstance(value, str | tuple | dict) or value.__doc__


def test_nothing_else_is_public() -> None:
    assert dir(fd) == sorted(fd.__all__)
    found = {name for name, value in vars(fd).items()
             if not name.startswith("_") and not isinstance(value, ModuleType)}  # fmt: skip
    assert found - set(fd.__all__) <= {"TYPE_CHECKING", "import_module"}


def test_a_name_that_is_not_there_is_said_to_be_missing() -> None:
    with pytest.raises(AttributeError, match="facedrive has no extrct; it has AU_INDEX"):
        fd.extrct  # noqa: B018


@pytest.mark.slow
def test_a_list_of_arrays_is_extracted(pictures: list[Image]) -> None:
    take = fd.extract(pictures)
    assert take.face.all()
    assert take.frame.tolist() == list(range(6))
    assert take.aus.shape == (6, 24)


@pytest.mark.slow
def test_a_folder_and_its_images_give_the_same(pictures: list[Image], tmp_path: Path) -> None:
    paths = [tmp_path / f"{index}.png" for index in range(2)]
    for path, picture in zip(paths, pictures, strict=False):
        cv2.imwrite(str(path), picture[..., ::-1])
    folder = fd.extract(tmp_path)
    assert len(folder) == 2
    stills = fd.extract(pictures[:2], stills=True)
    for same in (fd.extract(paths), fd.extract(map(str, paths)), stills):
        np.testing.assert_array_equal(same.rows, folder.rows)
    film = fd.extract(tmp_path, stills=False)
    np.testing.assert_array_equal(film.rows, fd.extract(iter(pictures[:2])).rows)


@pytest.mark.slow
def test_one_picture_is_a_take_of_one_row(pictures: list[Image]) -> None:
    assert len(fd.extract(pictures[0])) == 1
    assert len(fd.extract(np.stack(pictures[:2]))) == 2


@pytest.mark.slow
def test_a_picture_without_a_face_has_no_values(pictures: list[Image]) -> None:
    take = fd.extract([pictures[0], np.zeros_like(pictures[0])], stills=True)
    assert take.face.tolist() == [True, False]
    assert np.isnan(take.aus[1]).all()


def test_stills_are_searched_anew(pictures: list[Image]) -> None:
    far = [pictures[0], np.ascontiguousarray(np.roll(pictures[0], 160, axis=1)), pictures[0]]
    take = fd.extract(far, stills=True)
    assert take.face.all()
    np.testing.assert_array_equal(take.rows[0, 3:], take.rows[2, 3:])


@pytest.mark.slow
def test_raw_leaves_out_what_smooths(pictures: list[Image]) -> None:
    raw = np.stack([sample.aus for sample in fd.samples(pictures, raw=True)])
    smooth = np.stack([sample.aus for sample in fd.samples(pictures)])
    np.testing.assert_array_equal(raw, fd.extract(pictures).aus)
    assert np.abs(np.diff(smooth, axis=0)).sum() < np.abs(np.diff(raw, axis=0)).sum()


@pytest.mark.slow
def test_options_come_from_a_file_then_from_the_call(pictures: list[Image], tmp_path: Path) -> None:
    config = tmp_path / "facedrive.toml"
    config.write_text('[smoothing]\nuse = "none"\n[source]\nfps = 10\n')
    *_, last = fd.samples(pictures, config=config)
    assert last.time == pytest.approx(0.5)
    *_, last = fd.samples(pictures, config=config, options={"source.fps": 5})
    assert last.time == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"options": {"smoothing.aus.bta": 1}}, "Did you mean smoothing.aus.beta"),
        ({"options": {"smoothing.aus.beta": "fast"}}, "smoothing.aus.beta is 'fast'; it must be"),
        ({"config": Path("no.toml")}, "no.toml cannot be read"),
        ({"options": {}, "settings": fd.Settings()}, "settings stand in place of config"),
    ],
)
def test_a_wrong_option_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        fd.extract("demo", **arguments)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no.mp4", "no file 'no.mp4'; a source is"),
        (1.5, "source is a float; it must be a path"),
        (0, "source 0 is live, and has no end"),
    ],
)
def test_a_wrong_source_is_named(source: Any, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        fd.extract(source)


class Noting:
    """A source that notes when it is closed."""

    live = False
    closed = False

    def __init__(self, pictures: list[Image]) -> None:
        self._pictures = pictures

    def frames(self) -> Iterator[fd.Frame]:
        try:
            for index, picture in enumerate(self._pictures):
                yield fd.Frame(picture, index / 30, index)
        finally:
            self.closed = True


def test_leaving_samples_early_closes_the_source(pictures: list[Image]) -> None:
    source = Noting(pictures)
    found = fd.samples(source)
    assert next(found).face
    assert not source.closed
    found.close()
    assert source.closed


@pytest.mark.slow
def test_the_loop_in_ones_own_hands_gives_the_same(pictures: list[Image]) -> None:
    with fd.Pipeline.open() as pipeline:
        mine = [pipeline(frame).aus for frame in fd.frames(pictures)]
    np.testing.assert_array_equal(mine, [sample.aus for sample in fd.samples(pictures)])


@pytest.mark.slow
def test_a_run_writes_its_outputs_and_is_steered(pictures: list[Image], tmp_path: Path) -> None:
    for index, picture in enumerate(pictures):
        cv2.imwrite(str(tmp_path / f"{index}.png"), picture[..., ::-1])
    out = tmp_path / "take.csv"
    options = {"control.ctl": False, "smoothing.aus.beta": 4}
    with fd.open(tmp_path, out=f"csv:{out}", options=options) as live:
        assert live.settings.smoothing.aus.beta == 4
        live.pause(True)
        running = threading.Thread(target=live.run)
        running.start()
        live.recentre()
        assert live.status().paused
        live.pause(False)
        running.join(60)
    assert len(fd.read(out)) == 6
