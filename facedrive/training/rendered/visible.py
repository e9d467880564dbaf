"""The part of the face model that a camera in front can see: what rendering need not move twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.training.rendered.face import Eyeball, FaceModel, Indices, Kind, incidence_of
from facedrive.training.rendered.renderer import open_renderer

WIDE_OPEN = ("jaw_drop", "upper_lip_raise", "lower_lip_depress")
"""AUs that show as much of the mouth as can be seen."""

BEHIND = -0.65
"""Normals' z of what faces away from the camera, however the head turns."""

BEHIND_EYE = 0.1
"""The same of an eyeball, which also turns by itself and is shown through the lids."""


def visible_part(model: FaceModel, side_px: int = 256) -> FaceModel:
    """Leave out what nobody in front can see: 4 triangles of 10, and a third of the vertices.

    Skin keeps all its vertices and their indices, so ``LANDMARKS`` stay true.

    Raises:
        RenderError: if there is no OpenGL context.
    """
    seen = _seen(model, side_px)
    used = np.zeros(len(model.neutral), bool)
    used[model.triangles[seen[model.triangles].any(axis=1)]] = True
    return _keep(model, used | (model.kind == Kind.SKIN), seen)


def _seen(model: FaceModel, side_px: int) -> NDArray[np.bool_]:
    """Tell (V,) which vertices can be seen, at rest or with the mouth wide open."""
    aus = np.zeros(len(AU_NAMES), np.float32)
    aus[[AU_INDEX[name] for name in WIDE_OPEN]] = 1
    person = model.identity(np.zeros(len(model.identities), np.float32))
    wide = model.express(person, model.weights(aus), np.zeros((2, 2), np.float32))
    renderer = open_renderer(model, side_px, side_px)
    bare = (renderer.openness > 0) | (renderer.bake_openness(wide) > 0)
    renderer.close()
    facing = model.normals(model.neutral)[:, 2]
    hidden_by_others = np.isin(model.kind, [Kind.BACK, Kind.GUM, Kind.TOOTH])
    front = facing > np.where(model.kind == Kind.EYE, BEHIND_EYE, BEHIND)
    seen = (front & (bare | ~hidden_by_others)) | (model.kind == Kind.LASH)
    return np.asarray(seen, np.bool_)


def _keep(model: FaceModel, kept: NDArray[np.bool_], seen: NDArray[np.bool_]) -> FaceModel:
    """Leave out vertices that are not kept, and faces none of whose corners is seen."""
    place = np.cumsum(kept) - 1
    shown = seen[model.triangles].any(axis=1)
    quads = place[model.quads[:, kept[model.quads].all(axis=0)]]

    def pick(offsets: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.ascontiguousarray(offsets.reshape(len(offsets), -1, 3)[:, kept]).reshape(
            len(offsets), -1
        )

    def pick_eye(eye: Eyeball) -> Eyeball:
        return eye._replace(vertices=_moved(eye.vertices, kept), lids=_moved(eye.lids, kept))

    return replace(
        model,
        neutral=model.neutral[kept],
        triangles=place[model.triangles[shown]],
        triangle_uvs=model.triangle_uvs[shown],
        kind=model.kind[kept],
        expressions=pick(model.expressions),
        identities=pick(model.identities),
        eyes=(pick_eye(model.eyes[0]), pick_eye(model.eyes[1])),
        lash_reach=model.lash_reach[kept],
        quads=np.ascontiguousarray(quads),
        incidence=incidence_of(quads.T, int(kept.sum())),
    )


def _moved(vertices: Indices, kept: NDArray[np.bool_]) -> Indices:
    """Give the new indices of those vertices that are kept."""
    return (np.cumsum(kept) - 1)[vertices[kept[vertices]]]
