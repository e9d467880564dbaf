"""Faces of noise with labels, and a network small enough to be trained on them in a second."""

import numpy as np

from facedrive.training.data.faces import FaceSet, Kind
from facedrive.training.data.labels import Targets
from facedrive.training.recipe import Recipe, SetRecipe
from facedrive.types import CropSpec

TINY = Recipe(
    "tiny", epochs=2, batch=8, widths=(4, 4, 8, 8), depths=(1, 1, 1), features=16,
    crop=CropSpec(32, 0.3), warped=SetRecipe(24, 0.25, 1), transferred=SetRecipe(24, 0.125, 2),
    rendered=SetRecipe(24, 0.25, 3),
    reader_share=0.1,  # of noise a reader says so much that every answer would be 1
)  # fmt: skip


def faces(count: int = 24) -> FaceSet:
    """Noise with labels, enough to turn the crank."""
    random = np.random.default_rng(0)
    spec = CropSpec(52, 0.54)
    return FaceSet(
        random.integers(0, 256, (count, 52, 52), dtype=np.uint8),
        np.ones((count, 52, 52), np.bool_),
        (random.random((1, 478, 2)) * 52 + random.random((count, 478, 2))).astype(np.float32),
        Targets(
            random.random((count, 24)).astype(np.float32),
            np.ones((count, 24), np.bool_),
            random.random((count, 2, 2)).astype(np.float32) * 0.3,
        ),
        np.arange(count),
        spec,
    )


def every_kind() -> dict[Kind, FaceSet]:
    return {kind: faces() for kind in Kind}
