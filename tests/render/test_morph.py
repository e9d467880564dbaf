"""Weights to vertices and normals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facedrive.render.morph import Morpher, smooth_normals
from facedrive.rig import Rig


@pytest.fixture(scope="session")
def many_targets(rig: Rig) -> Rig:
    """Return the rig with five targets that move different parts of it."""
    generator = np.random.default_rng(1)
    offsets = generator.normal(0, 0.01, (5, *rig.vertices.shape)).astype(np.float32)
    offsets *= generator.random((5, len(rig.vertices), 1)) > 0.8
    offsets[:, rig.vertices[:, 1] > 0.05] = 0.0
    return replace(rig, targets=tuple("abcde"), offsets=offsets)


def test_no_weights_give_the_neutral_face(many_targets: Rig) -> None:
    vertices = Morpher(many_targets).vertices(np.zeros(5, np.float32))
    np.testing.assert_array_equal(vertices, many_targets.vertices)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(weights=st.lists(st.floats(0, 1, width=32), min_size=5, max_size=5))
def test_offsets_add_up(many_targets: Rig, weights: list[float]) -> None:
    vector = np.array(weights, np.float32)
    expected = many_targets.vertices + np.einsum("t,tvc->vc", vector, many_targets.offsets)
    np.testing.assert_allclose(Morpher(many_targets).vertices(vector), expected, atol=1e-5)


def test_a_frame_does_not_depend_on_the_one_before(many_targets: Rig) -> None:
    used = Morpher(many_targets)
    used.vertices(np.ones(5, np.float32))
    used.normals()
    weights = np.array([0.2, 0, 0.4, 0, 1], np.float32)
    fresh = Morpher(many_targets)
    np.testing.assert_array_equal(used.vertices(weights), fresh.vertices(weights))
    np.testing.assert_array_equal(used.normals(), fresh.normals())


def test_normals_of_the_moving_part_equal_those_of_the_whole_mesh(many_targets: Rig) -> None:
    morpher = Morpher(many_targets)
    vertices = morpher.vertices(np.full(5, 0.5, np.float32))
    np.testing.assert_allclose(morpher.normals(), smooth_normals(many_targets, vertices), atol=1e-4)


def test_normals_of_a_ball_point_away_from_its_centre(rig: Rig) -> None:
    head = rig.vertices[rig.triangles[rig.parts[0].triangles]].reshape(-1, 3)
    normals = smooth_normals(rig, rig.vertices)[: len(np.unique(head, axis=0))]
    outward = rig.vertices[: len(normals)] / 0.1
    inner = np.abs(outward[:, 1]) < 0.9
    assert (normals * outward).sum(axis=1)[inner].min() > 0.95


def test_vertices_split_for_their_colour_share_a_normal(rig: Rig) -> None:
    split = replace(
        rig,
        vertices=np.array(
            [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 1], [0, 1, 0]], np.float32
        ),
        triangles=np.array([[0, 1, 2], [3, 4, 5]], np.int32),
        smooth=np.array([0, 1, 2, 1, 3, 2], np.int32),
    )
    normals = smooth_normals(split, split.vertices)
    np.testing.assert_array_equal(normals[1], normals[3])
    assert abs(float(normals[0] @ normals[1])) < 0.99


def test_a_rig_of_which_nothing_moves_is_still_drawn(rig: Rig) -> None:
    still = Morpher(replace(rig, offsets=np.zeros_like(rig.offsets)))
    np.testing.assert_array_equal(still.vertices(np.ones(1, np.float32)), rig.vertices)
    assert np.isfinite(still.normals()).all()
