"""Eyeballs of two shells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedrive.rig import Part, Rig, load
from facedrive.rig.cornea import BLACK, IRIS_RAD, open_corneas


def cap_rings(radius: float, bulge: float) -> np.ndarray:
    """Return rings of 16 vertices around +z, front to back; the front bulges."""
    rings = []
    for polar in np.linspace(0.05, np.pi - 0.05, 40):
        reach = radius + bulge * np.exp(-((polar / 0.25) ** 2))
        around = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        ring = np.stack(
            [
                reach * np.sin(polar) * np.cos(around),
                reach * np.sin(polar) * np.sin(around),
                np.full(16, reach * np.cos(polar)),
            ],
            axis=1,
        )
        rings.append(ring)
    return np.concatenate(rings).astype(np.float32)


@pytest.fixture
def eyeball() -> Rig:
    """Return a white outer shell around a brown inner one."""
    outer, inner = cap_rings(0.0150, 0.0015), cap_rings(0.0145, 0.0)
    strip = [
        (ring * 16 + k, ring * 16 + (k + 1) % 16, ring * 16 + 16 + k)
        for ring in range(39)
        for k in range(16)
    ]
    triangles = np.array(strip, np.int32)
    vertices = np.concatenate([outer, inner])
    return Rig(
        name="eye.glb",
        vertices=vertices,
        triangles=np.concatenate([triangles, triangles + len(outer)]),
        colors=np.full((len(vertices), 4), 0.5, np.float32),
        targets=("eyeLookUpLeft",),
        offsets=np.zeros((1, *vertices.shape), np.float32),
        parts=(
            Part("M_ScleraLeft", slice(0, len(strip))),
            Part("M_IrisLeft", slice(len(strip), 2 * len(strip))),
        ),
        smooth=np.arange(len(vertices), dtype=np.int32),
    )


def areas(rig: Rig, part: int) -> np.ndarray:
    """Return the areas of a part's triangles."""
    a, b, c = (rig.vertices[rig.triangles[rig.parts[part].triangles][:, k]] for k in range(3))
    return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1))


def test_the_sclera_is_open_in_front_of_the_iris_and_nowhere_else(eyeball: Rig) -> None:
    opened = open_corneas(eyeball)
    gone = areas(opened, 0) == 0
    middles = eyeball.vertices[eyeball.triangles[eyeball.parts[0].triangles]].mean(axis=1)
    angles = np.arctan2(np.linalg.norm(middles[:, :2], axis=1), middles[:, 2])
    assert gone[angles < IRIS_RAD * 0.9].all()
    assert not gone[angles > IRIS_RAD * 1.3].any()
    assert (areas(opened, 1) > 0).all()


def test_the_pupil_is_black_and_the_iris_keeps_its_colour(eyeball: Rig) -> None:
    inner = open_corneas(eyeball).colors[len(eyeball.vertices) // 2 :]
    np.testing.assert_allclose(inner[0, :3], BLACK)
    np.testing.assert_allclose(inner[4 * 16, :3], 0.5)


def test_eyeballs_with_a_texture_or_without_an_iris_stay_as_they_are(eyeball: Rig) -> None:
    sclera, iris = eyeball.parts
    textured = replace(sclera, texture=np.zeros((1, 1, 4), np.uint8))
    for parts in ((textured, iris), (sclera, replace(iris, name="other"))):
        rig = replace(eyeball, parts=parts)
        assert open_corneas(rig) is rig


def test_a_third_party_rigs_irises_are_seen(shared: Path) -> None:
    rig = load(shared / "rigs" / "ict_arkit.glb")
    for part in rig.parts:
        corners = rig.triangles[part.triangles]
        open_share = (corners[:, 0] == corners[:, 1]).mean()
        assert (open_share > 0.05) == ("Sclera" in part.name)
