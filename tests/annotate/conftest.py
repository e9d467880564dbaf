"""Films whose frames tell their own numbers, and projects on them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from facedrive.annotate.keys import Key
from facedrive.annotate.project import Project
from facedrive.types import Image

BITS = 12
BLOCK = 16


def stamp(number: int) -> Image:
    """Draw a frame whose blocks are the bits of its number."""
    image = np.full((48, BITS * BLOCK, 3), 90, np.uint8)
    for bit in range(BITS):
        image[:32, bit * BLOCK : (bit + 1) * BLOCK] = 255 if number >> bit & 1 else 0
    return image


def number_of(image: Image) -> int:
    """Read the number off a frame."""
    return sum(
        1 << bit
        for bit in range(BITS)
        if image[8:24, bit * BLOCK + 4 : (bit + 1) * BLOCK - 4].mean() > 128
    )


def write_film(
    path: Path, frames: int, *, fps: int = 25, gop: int = 50, ticks: Sequence[int] = ()
) -> Path:
    """Write a film of numbered frames, each ``ticks`` hundredths of a second after the first."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", fps, {"g": str(gop), "bf": "2"})
        stream.width, stream.height, stream.pix_fmt = BITS * BLOCK, 48, "yuv420p"
        stream.thread_count = 1
        if ticks:
            stream.codec_context.time_base = Fraction(1, 100)
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(stamp(number), format="rgb24")
            if ticks:
                picture.time_base, picture.pts = Fraction(1, 100), ticks[number]
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 frames at 25 fps."""
    return write_film(tmp_path_factory.mktemp("films") / "clip.mp4", 120)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, film: Path) -> Path:
    """The folder of a project that nobody has labelled in yet."""
    folder = tmp_path_factory.mktemp("made") / "study"
    with Project.create(folder) as project:
        project.add(film, subject="P01")
        for name in ("anna", "ben", "cleo"):
            project.add_coder(name)
        project.assign(3)
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Iterator[Project]:
    """One video, ``clip``, and three coders who all label it."""
    shutil.copytree(made, tmp_path / "study")
    with Project.open(tmp_path / "study") as opened:
        yield opened


@pytest.fixture
def say(project: Project) -> Callable[..., None]:
    """Let a coder set keys of an AU: ``say("anna", "jaw_drop", {0: 0.2, 50: 0.8})``."""

    def saying(coder: str, au: str, values: dict[int, float], video: str = "clip") -> None:
        document = project.document(video, coder)
        document.edit("set", [document.put(au, Key(at, value)) for at, value in values.items()])

    return saying
