"""A small corpus: short clips and pictures of faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import pytest
from clips import demo_frames

from facedrive.types import Image

WriteVideo = Callable[[Path, Sequence[Image]], Path]


@pytest.fixture(scope="session")
def pictures() -> list[Image]:
    """A dozen small pictures of a face that moves."""
    frames = islice(demo_frames(), 0, 120, 10)
    return [cv2.resize(frame.image, (320, 240)) for frame in frames]


def write_video(path: Path, pictures: Sequence[Image], rate: int = 25, key_every: int = 10) -> Path:
    """Write pictures without loss, each tenth one from which one can start."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(f"file:{path}", "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv444p"
        stream.options = {"crf": "0", "preset": "ultrafast", "g": str(key_every)}
        for index, image in enumerate(pictures):
            picture = av.VideoFrame.from_ndarray(image, "rgb24")
            picture.pts, picture.time_base = index, Fraction(1, rate)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def write_pictures(folder: Path, pictures: Sequence[Image]) -> list[Path]:
    """Write pictures as PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{index}.png" for index in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        cv2.imwrite(str(path), picture[..., ::-1])
    return paths
