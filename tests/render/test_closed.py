"""Surfaces whose inside is never seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facedrive.render.closed import open_edges, single_sided
from facedrive.rig import Rig

TETRAHEDRON = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]])


def test_edges_of_one_triangle_are_counted() -> None:
    assert open_edges(TETRAHEDRON) == 0
    assert open_edges(TETRAHEDRON[:3]) == pytest.approx(3 / 6)
    assert open_edges(TETRAHEDRON[:0]) == 1


def test_a_surface_of_any_unit_is_closed_or_open_alike(rig: Rig) -> None:
    tiny = replace(
        rig,
        vertices=np.eye(4, 3, dtype=np.float32) * np.float32(1e-7),
        triangles=TETRAHEDRON.astype(np.int32),
        parts=(replace(rig.parts[0], triangles=slice(0, 3), double_sided=True),),
    )
    assert [part.double_sided for part in single_sided(tiny)] == [True]


def test_a_closed_surface_is_drawn_from_outside_only(rig: Rig) -> None:
    count = len(TETRAHEDRON)
    shape = replace(
        rig,
        vertices=np.eye(4, 3, dtype=np.float32),
        triangles=np.concatenate([TETRAHEDRON, TETRAHEDRON[:2]]).astype(np.int32),
        parts=(
            replace(rig.parts[0], triangles=slice(0, count), double_sided=True),
            replace(rig.parts[0], triangles=slice(count, count + 2), double_sided=True),
            replace(rig.parts[0], triangles=slice(0, count), double_sided=True, transparent=True),
        ),
    )
    assert [part.double_sided for part in single_sided(shape)] == [False, True, True]
