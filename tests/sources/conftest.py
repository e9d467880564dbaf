"""Small clips, made when they are needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

WriteClip = Callable[..., Path]


@pytest.fixture
def write_clip(tmp_path: Path) -> WriteClip:
    """Return a function that writes pictures to a video file, losslessly by default."""

    def write(
        pictures: Sequence[NDArray[np.uint8]],
        name: str = "clip.mkv",
        *,
        codec: str = "ffv1",
        pix_fmt: str = "bgr0",
        times_ms: Sequence[int] | None = None,
        rotation: int = 0,
        title: str = "",
        tags: dict[str, str] | None = None,
        aspect: Fraction | None = None,
        transfer: int | None = None,
        options: dict[str, str] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(path, "w", options=options or {}) as container:
            stream: Any = container.add_stream(codec, rate=25)
            stream.height, stream.width = pictures[0].shape[:2]
            stream.pix_fmt = pix_fmt
            stream.codec_context.time_base = Fraction(1, 1000)
            container.metadata.update({"title": title} if title else {})
            container.metadata.update(tags or {})
            if aspect:
                stream.codec_context.sample_aspect_ratio = aspect
            if transfer:
                stream.codec_context.color_trc = transfer
            if rotation:
                stream.set_display_rotation(rotation)
            for picture, time_ms in zip(
                pictures, times_ms or range(0, 40 * len(pictures), 40), strict=True
            ):
                frame = av.VideoFrame.from_ndarray(picture, "rgb24")
                frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path

    return write


@pytest.fixture
def pictures() -> list[NDArray[np.uint8]]:
    """Ten small colourful pictures, each different."""
    rng = np.random.default_rng(3)
    return list(rng.integers(0, 256, (10, 36, 48, 3), dtype=np.uint8))
