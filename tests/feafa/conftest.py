"""Fixtures of the protocol's tests: a tiny prepared dataset that training takes seconds on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from facedrive.aus import AUS
from facedrive.feafa.protocol.prepared import VERSION, Prepared
from facedrive.feafa.protocol.recipe import ProtocolRecipe
from facedrive.types import CropSpec

SPEC = CropSpec(40, 0.4143)


@pytest.fixture(scope="session")
def tiny() -> ProtocolRecipe:
    """A recipe that takes a second."""
    return ProtocolRecipe(
        "tiny", "regional", ("posed",), crop=32, epochs=2, step_epochs=1, batch=8,
        learning_rate=0.01, widths=(4, 4, 8), features=4, dropout=0.0,
    )  # fmt: skip


@pytest.fixture(scope="session")
def faces() -> Callable[..., Prepared]:
    """Makes a prepared dataset in memory."""
    return _make_faces


@pytest.fixture(scope="session")
def write_cache() -> Callable[[Prepared, Path], Path]:
    """Writes a dataset as ``facedrive data prepare`` leaves it, and returns the folder."""
    return _write_cache


def _make_faces(videos: int = 6, frames: int = 8, part: str = "posed") -> Prepared:
    """Noise whose brightness of the left half tells the first AU; a subject has two videos."""
    random = np.random.default_rng(0)
    count = videos * frames
    aus = random.random((count, len(AUS))).astype(np.float32).round(3)
    crops = random.integers(0, 100, (count, SPEC.size, SPEC.size), dtype=np.uint8)
    crops[:, :, SPEC.size // 2 :] += (aus[:, 0] * 150).astype(np.uint8)[:, None, None]
    return Prepared(
        crops,
        aus,
        np.repeat(np.arange(videos, dtype=np.int32), frames),
        np.tile(np.arange(frames, dtype=np.int32), videos),
        tuple(f"PV{number + 1:03d}" for number in range(videos)),
        tuple(f"P{number // 2 + 1:02d}" for number in range(videos)),
        (part,) * videos,
        SPEC,
    )


def _write_cache(data: Prepared, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "crops.npy", data.crops)
    np.savez(folder / "labels.npz", aus=data.aus, video=data.video, frame=data.frame)
    names = zip(data.videos, data.subjects, data.parts, strict=True)
    videos = [dict(zip(("name", "subject", "part"), each, strict=True)) for each in names]
    manifest = {"version": VERSION, "crop": asdict(data.spec), "videos": videos}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
