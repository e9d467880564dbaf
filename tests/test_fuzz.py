"""Damaged files of every kind are read or refused in a line: nothing else is ever raised.

``make fuzz`` tries FACEDRIVE_FUZZ copies of each kind; the tests try a few.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from facedrive.assembly import load_rig
from facedrive.bench.outputs import samples
from facedrive.calibration import default_profile, load_profile, save_profile
from facedrive.errors import FacedriveError
from facedrive.export.gltf import write_gltf
from facedrive.export.livelink_csv import write_livelink_csv
from facedrive.mappings import load_mapping, match_rig
from facedrive.regressors.onnx import OnnxRegressor, default_model
from facedrive.settings import load_layer
from facedrive.sinks import open_sink
from facedrive.sinks.video import VideoWriter
from facedrive.sources.images import read_image
from facedrive.sources.video import VideoFile
from facedrive.takes.read import read_take
from facedrive.training.recipe import load_au_recipe

from .fuzz import mutated

ROOT = Path(__file__).resolve().parent.parent

COPIES = int(os.environ.get("FACEDRIVE_FUZZ", "60"))
"""Of each kind of file."""

RARE = {".onnx": 10, ".mp4": 15, ".glb": 3}
"""So many times fewer of what takes long to open."""


def _profile(path: Path) -> None:
    save_profile(default_profile(), path)


def _take(path: Path) -> None:
    sink = open_sink(f"csv:{path}")
    for sample in samples(20, 30.0):
        sink.send(sample, None)
    sink.close()


def _livelink(path: Path) -> None:
    write_livelink_csv(samples(20, 30.0), path)


def _picture(path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, picture)[1].tobytes())


def _settings(path: Path) -> None:
    path.write_text('version = 1\n[smoothing.aus]\nbeta = 4.0\n[source]\nwhat = "demo"\n')


def _mapping(path: Path) -> None:
    path.write_bytes((ROOT / "facedrive/mappings/arkit.toml").read_bytes())


def _recipe(path: Path) -> None:
    path.write_bytes((ROOT / "train/recipes/base.toml").read_bytes())


def _model(path: Path) -> None:
    path.write_bytes(default_model().read_bytes())


def _parquet(path: Path) -> None:
    pytest.importorskip("pyarrow")
    sink = open_sink(f"parquet:{path}")
    for sample in samples(20, 30.0):
        sink.send(sample, None)
    sink.close()


def _film(path: Path) -> None:
    writer = VideoWriter(path, (64, 48))
    random = np.random.default_rng(0)
    for index in range(20):
        writer.write(random.integers(0, 256, (48, 64, 3), np.uint8), index / 30)
    writer.close()


def _faces(path: Path) -> None:
    pytest.importorskip("torch")
    from facedrive.training.data.faces import save_faces

    from .training.noise import faces

    save_faces(faces(2), path)


def _read_faces(path: Path) -> object:
    from facedrive.training.data.faces import load_faces

    return load_faces(path)


def _head(path: Path) -> None:
    rig = load_rig(None)
    write_gltf(samples(2, 30.0), path, rig, match_rig(rig))


KINDS: dict[str, tuple[Callable[[Path], None], Callable[[Path], object]]] = {
    "take.csv": (_take, lambda path: list(read_take(path))),
    "livelink.csv": (_livelink, lambda path: list(read_take(path))),
    "take.parquet": (_parquet, lambda path: list(read_take(path))),
    "film.mp4": (_film, lambda path: list(VideoFile(path).frames())),
    "faces.npz": (_faces, _read_faces),
    "head.glb": (_head, load_rig),
    "profile.toml": (_profile, load_profile),
    "mapping.toml": (_mapping, load_mapping),
    "settings.toml": (_settings, load_layer),
    "recipe.toml": (_recipe, load_au_recipe),
    "picture.jpg": (_picture, read_image),
    "picture.png": (_picture, read_image),
    "model.onnx": (_model, lambda path: OnnxRegressor(path, device="cpu")),
}
"""What makes a whole file of a kind, and what reads it."""


SLOW = {"film.mp4", "faces.npz", "head.glb"}
PATIENT = {"film.mp4"}
"""A decoder shows what is whole of a damaged file."""


@pytest.mark.parametrize(
    "kind", [pytest.param(each, marks=[pytest.mark.slow] * (each in SLOW)) for each in KINDS]
)
def test_a_damaged_file_is_read_or_refused(kind: str, tmp_path: Path) -> None:
    make, read = KINDS[kind]
    path = tmp_path / kind
    make(path)
    read(path)
    whole = path.read_bytes()
    refused = 0
    copies = max(1, COPIES // RARE.get(path.suffix, 1))
    for seed in range(copies):
        path.write_bytes(mutated(whole, seed))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                read(path)
        except FacedriveError as error:
            refused += 1
            assert str(error).isprintable()
        except Exception as error:
            raise AssertionError(f"{kind}, seed {seed}: {type(error).__name__}: {error}") from error
    assert refused > copies // 10 or kind in PATIENT


def test_a_seed_gives_the_same_damage() -> None:
    content = bytes(range(256)) * 8
    damaged = [mutated(content, seed) for seed in range(50)]
    assert damaged == [mutated(content, seed) for seed in range(50)]
    assert content not in damaged and len(set(damaged)) > 45
