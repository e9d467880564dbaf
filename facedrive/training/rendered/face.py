"""The parametric face: identity and expression weights to vertices, from ICT-FaceKit light.

SetRecipe: Li et al., "Learning Formation of Physically-Based Face Attributes", 2020; the file is
described in the data folder's README. Centimetres; y up, +z out of the face, +x the subject's
left. Its own action unit table calls ``mouthShrugUpper`` AU 10; FEAFA+ upper lip raise is
``mouthUpperUp``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import KDTree

from facedrive.aus import AU_INDEX, AUS
from facedrive.errors import DataError
from facedrive.rotations import matrix_from_euler
from facedrive.types import Vector

Indices = NDArray[np.intp]

AU_SHAPES: dict[str, dict[str, float]] = {
    "left_eye_close": {"eyeBlink_L": 1.0},
    "right_eye_close": {"eyeBlink_R": 1.0},
    "left_lid_raise": {"eyeWide_L": 1.25},
    "right_lid_raise": {"eyeWide_R": 1.25},
    "left_brow_lower": {"browDown_L": 2.0},
    "right_brow_lower": {"browDown_R": 2.0},
    "left_brow_raise": {"browOuterUp_L": 1.0, "browInnerUp_L": 1.0},
    "right_brow_raise": {"browOuterUp_R": 1.0, "browInnerUp_R": 1.0},
    "jaw_drop": {"jawOpen": 1.0},
    "jaw_slide_left": {"jawLeft": 1.35},
    "jaw_slide_right": {"jawRight": 1.35},
    "left_lip_corner_pull": {"mouthSmile_L": 1.0},
    "right_lip_corner_pull": {"mouthSmile_R": 1.0},
    "left_lip_corner_stretch": {"mouthStretch_L": 1.25},
    "right_lip_corner_stretch": {"mouthStretch_R": 1.25},
    "upper_lip_suck": {"mouthRollUpper": 1.2, "mouthClose": 0.16},
    "lower_lip_suck": {"mouthRollLower": 1.1, "mouthClose": 0.1},
    "jaw_thrust": {"jawForward": 1.6, "mouthClose": 0.1},
    "upper_lip_raise": {"mouthUpperUp_L": 1.0, "mouthUpperUp_R": 1.0},
    "lower_lip_depress": {"mouthLowerDown_L": 1.5, "mouthLowerDown_R": 1.5},
    "chin_raise": {"mouthShrugLower": 1.25},
    "lip_pucker": {"mouthPucker": 1.2},
    "cheeks_puff": {"cheekPuff_L": 1.25, "cheekPuff_R": 1.25, "mouthClose": 0.08},
    "nose_wrinkle": {
        "noseSneer_L": 1.3,
        "noseSneer_R": 1.3,
        "mouthUpperUp_L": -0.75,
        "mouthUpperUp_R": -0.75,
    },
}
"""The expressions that perform each AU at 1, and their weights.

At 1 an AU is the strongest that a person can do, and looks like itself. ``browDown`` is half of
that, so that a teacher scores it 0.01; 2 looks like a frown. ``eyeWide``, ``jawForward``,
``jawLeft`` and ``mouthLowerDown`` are timid too. Rolled lips, a thrust jaw and puffed cheeks leave
a slit full of teeth, as a raised lip does, unless ``mouthClose`` shuts it; ``noseSneer`` raises
the upper lip by 0.7 cm, most of which is taken back.
"""

DISTRACTORS: dict[str, float] = {
    "cheekRaiser_L": 0.4, "cheekRaiser_R": 0.4, "cheekSquint_L": 0.4, "cheekSquint_R": 0.4,
    "eyeSquint_L": 0.4, "eyeSquint_R": 0.4, "mouthDimple_L": 0.3, "mouthDimple_R": 0.3,
    "mouthFrown_L": 0.3, "mouthFrown_R": 0.3, "mouthFunnel": 0.2, "mouthLeft": 0.15,
    "mouthRight": 0.15, "mouthPress_L": 0.4, "mouthPress_R": 0.4, "mouthShrugUpper": 0.2,
}  # fmt: skip
"""Expressions that belong to no AU, and the most that is made of them: faces make them, labels
must not follow them. Those that look like an AU (``mouthShrugUpper`` raises the upper lip,
``mouthFunnel`` puckers, ``mouthLeft`` moves the lower lip twice as far as a slid jaw) stay weak."""

# fmt: off
LANDMARKS: Indices = np.array([
    1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966, 3661, 4390, 3927, 3924, 2608, 3272, 4088,
    3443, 268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942, 4857, 1140,
    2075, 1147, 4269, 3360, 1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732,
    5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841, 5702, 5711, 5533, 6216,
    6207, 6470, 5517, 5966,
])
# fmt: on
"""(68,) vertices at the iBUG 300-W landmarks."""

LID_FOLLOW_RAD = 0.5
"""Gaze angle at which the lids follow with a whole ``eyeLook`` shape: ``eyeLookDown`` moves the
lid's edge 0.77 cm over an eyeball of 1.55 cm radius. The shapes do not move the eyeballs."""

EYEBALL_CLEARANCE_CM = 0.03


class Kind(IntEnum):
    """What a vertex is made of, for the renderer."""

    SKIN = 0
    BACK = 1
    GUM = 2
    TOOTH = 3
    EYE = 4
    LASH = 5


MATERIALS: dict[str, Kind] = {
    "M_Face": Kind.SKIN,
    "M_BackHead": Kind.BACK,
    "M_GumsTongue": Kind.GUM,
    "M_Teeth": Kind.TOOTH,
    "M_ScleraLeft": Kind.EYE,
    "M_ScleraRight": Kind.EYE,
    "M_EyeLashes": Kind.LASH,
}
"""Materials that are drawn; the iris is painted on the sclera's cornea, so it has no mesh."""


class Person(NamedTuple):
    """Somebody's neutral face."""

    vertices: NDArray[np.float32]
    """(V, 3) centimetres."""
    left_lid_gap: float
    """How far the left eye is open, relative to the mean face: what a blink has to close."""
    right_lid_gap: float


class Eyeball(NamedTuple):
    """One eye's vertices and the lids around them."""

    vertices: Indices
    centre: NDArray[np.float32]
    """(3,) of the neutral face."""
    radius: float
    lids: Indices
    """Skin and lash vertices that must stay outside the eyeball."""


@dataclass(frozen=True)
class FaceModel:
    """Everything about the mesh that does not change; vertices are indexed as in the file."""

    neutral: NDArray[np.float32]
    """(V, 3) centimetres."""
    triangles: Indices
    """(T, 3) of the drawn materials."""
    triangle_uvs: Indices
    """(T, 3) into ``uv``."""
    uv: NDArray[np.float32]
    """(U, 2); skin lies in the unit square, v upwards."""
    kind: NDArray[np.uint8]
    """(V,) a ``Kind``."""
    expression_names: tuple[str, ...]
    expressions: NDArray[np.float32]
    """(57, V * 3) offsets at weight 1."""
    identities: NDArray[np.float32]
    """(100, V * 3) offsets at one standard deviation."""
    eyes: tuple[Eyeball, Eyeball]
    """Left and right."""
    lash_reach: Vector
    """(V,) 0 at a lash's root to 1 at its tip; 0 elsewhere."""
    quads: Indices
    """(4, Q) corners in turn; a triangle's last corner stands twice."""
    incidence: sparse.csr_matrix
    """(V, Q) one where a quad has the vertex: sums the quads' normals to vertex normals."""

    def weights(self, aus: Vector, extras: dict[str, float] | None = None) -> Vector:
        """Turn (24,) AUs, and expressions by name, into (57,) expression weights."""
        weights = np.zeros(len(self.expression_names), np.float32)
        for au in AUS:
            for shape, weight in AU_SHAPES[au.name].items():
                weights[self.expression_names.index(shape)] += weight * aus[AU_INDEX[au.name]]
        for shape, weight in (extras or {}).items():
            weights[self.expression_names.index(shape)] += weight
        return weights

    def uv_of(self, vertices: Indices) -> NDArray[np.float32]:
        """Give the (n, 2) texture places of (n,) vertices that lie on no seam."""
        order = np.argsort(self.triangles, axis=None)
        first = order[np.searchsorted(self.triangles.ravel()[order], vertices)]
        return self.uv[self.triangle_uvs.ravel()[first]]

    def identity(self, weights: Vector) -> Person:
        """Make somebody's neutral face from (100,) weights of about N(0, 1)."""
        change: NDArray[np.float32] = (weights @ self.identities).reshape(-1, 3)
        vertices = self.neutral + change
        return Person(vertices, *(_lid_gap(vertices, s) / _lid_gap(self.neutral, s) for s in "LR"))

    def express(self, person: Person, weights: Vector, gaze: Vector) -> NDArray[np.float32]:
        """Move somebody's face.

        Args:
            person: From ``identity``.
            weights: (57,) from ``weights``.
            gaze: (2, 2) radians as ``Sample.gaze``.

        Returns:
            (V, 3) centimetres; eyeballs turned, lids outside them.
        """
        moving = self._with_lids(person, weights, gaze)
        vertices = person.vertices.copy()
        flat = vertices.reshape(-1)
        for used in np.flatnonzero(moving):  # row by row: a product would copy the rows first
            flat += moving[used] * self.expressions[used]
        for eye, (pitch, yaw) in zip(self.eyes, gaze, strict=True):
            centre = eye.centre + (person.vertices - self.neutral)[eye.vertices].mean(axis=0)
            _turn(vertices, eye.vertices, centre, float(pitch), float(yaw))
            _push_out(vertices, person.vertices, eye, centre)
        return vertices

    def normals(self, vertices: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute (V, 3) unit vertex normals, weighted by the area of the quads around."""
        a, b, c, d = (vertices.take(corner, axis=0) for corner in self.quads)
        summed = self.incidence @ _cross(c - a, d - b)
        length = np.sqrt(np.einsum("ij,ij->i", summed, summed))
        return np.asarray(summed / np.maximum(length, 1e-9)[:, None], np.float32)

    def _with_lids(self, person: Person, weights: Vector, gaze: Vector) -> Vector:
        """Let the lids follow the gaze, and close exactly at 1 whatever else pulls at them."""
        weights = weights.copy()
        sides = zip("LR", gaze, (person.left_lid_gap, person.right_lid_gap), strict=True)
        for side, (pitch, yaw), gap in sides:
            outward = yaw if side == "L" else -yaw
            angles = {"Up": pitch, "Down": -pitch, "Out": outward, "In": -outward}
            blink = self.expression_names.index(f"eyeBlink_{side}")
            for shape, angle in angles.items():
                index = self.expression_names.index(f"eyeLook{shape}_{side}")
                weights[index] = max(0.0, float(angle)) / LID_FOLLOW_RAD
                weights[index] *= 1 - weights[blink]
            for shape in ("eyeSquint", "eyeWide"):
                weights[self.expression_names.index(f"{shape}_{side}")] *= 1 - weights[blink]
            weights[blink] *= gap
        return weights


def load_face_model(path: Path) -> FaceModel:
    """Read ``ict_facekit.npz``.

    Raises:
        DataError: if the file is missing or is something else.
    """
    try:
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
        neutral = arrays["neutral"]
        material = np.array([str(name) for name in arrays["material_names"]])[arrays["material"]]
        expression_names = tuple(str(name) for name in arrays["expression_names"])
        expressions = arrays["expressions"] * arrays["expression_scale"][:, None, None]
        identities = arrays["identities"] * arrays["identity_scale"][:, None, None]
        quads, uv_quads, uv = arrays["quads"], arrays["uv_quads"], arrays["uv"]
    except (OSError, KeyError, ValueError) as error:
        raise DataError(
            f"{path} is not ICT-FaceKit's model ({error}); give the path of ict_facekit.npz."
        ) from error
    drawn = np.isin(material, list(MATERIALS))
    triangles, triangle_uvs = _triangulate(quads[drawn], uv_quads[drawn])
    corners = np.where(quads[drawn] < 0, quads[drawn][:, 2:3], quads[drawn]).astype(np.intp)
    kind = np.full(len(neutral), Kind.BACK, np.uint8)
    for name in reversed(MATERIALS):  # skin last: it owns the vertices of the seams
        members = quads[material == name]
        kind[members[members >= 0]] = MATERIALS[name]
    blinks = [np.abs(expressions[expression_names.index(f"eyeBlink_{side}")]) for side in "LR"]
    return FaceModel(
        neutral=neutral,
        triangles=triangles,
        triangle_uvs=triangle_uvs,
        uv=uv,
        kind=kind,
        expression_names=expression_names,
        expressions=expressions.reshape(len(expressions), -1).astype(np.float32),
        identities=identities.reshape(len(identities), -1).astype(np.float32),
        eyes=(
            _eyeball(neutral, quads[material == "M_ScleraLeft"], blinks[0], kind),
            _eyeball(neutral, quads[material == "M_ScleraRight"], blinks[1], kind),
        ),
        lash_reach=_lash_reach(neutral, kind),
        quads=np.ascontiguousarray(corners.T),
        incidence=incidence_of(corners, len(neutral)),
    )


def random_identity(rng: np.random.Generator, spread: float = 0.8) -> Vector:
    """Draw (100,) identity weights, cut off at two standard deviations."""
    return np.clip(rng.normal(0, spread, 100), -2 * spread, 2 * spread).astype(np.float32)


def _triangulate(quads: Indices, uv_quads: Indices) -> tuple[Indices, Indices]:
    """Cut quads into two triangles; -1 in the last place marks what already is one."""
    halves = [quads[:, [0, 1, 2]], quads[quads[:, 3] >= 0][:, [0, 2, 3]]]
    uv_halves = [uv_quads[:, [0, 1, 2]], uv_quads[quads[:, 3] >= 0][:, [0, 2, 3]]]
    return np.concatenate(halves).astype(np.intp), np.concatenate(uv_halves).astype(np.intp)


def incidence_of(quads: Indices, vertices: int) -> sparse.csr_matrix:
    """Make ``FaceModel.incidence`` from (Q, 4) corners."""
    columns = np.repeat(np.arange(len(quads)), 4)
    ones = np.ones(quads.size, np.float32)
    matrix = sparse.csr_matrix((ones, (quads.ravel(), columns)), (vertices, len(quads)))
    matrix.data[:] = 1  # a triangle's last corner was counted twice
    return matrix


def _cross(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Multiply (N, 3) vectors as ``np.cross`` does, in a third of its time."""
    product = np.empty_like(a)
    for axis in range(3):
        one, two = (axis + 1) % 3, (axis + 2) % 3
        product[:, axis] = a[:, one] * b[:, two] - a[:, two] * b[:, one]
    return product


def _lash_reach(neutral: NDArray[np.float32], kind: NDArray[np.uint8]) -> Vector:
    """Measure how far lash vertices stand off the skin, relative to the longest lash."""
    lashes = np.flatnonzero(kind == Kind.LASH)
    off_skin = KDTree(neutral[kind == Kind.SKIN]).query(neutral[lashes])[0]
    reach = np.zeros(len(neutral), np.float32)
    reach[lashes] = off_skin / off_skin.max()
    return reach


def _eyeball(
    neutral: NDArray[np.float32],
    quads: Indices,
    blink: NDArray[np.floating],
    kind: NDArray[np.uint8],
) -> Eyeball:
    """Fit a sphere to the sclera and find the lids in front of it."""
    vertices = np.unique(quads[quads >= 0]).astype(np.intp)
    points = neutral[vertices].astype(np.float64)
    system = np.column_stack([2 * points, np.ones(len(points))])
    solution = np.linalg.lstsq(system, (points**2).sum(axis=1), rcond=None)[0]
    centre = solution[:3].astype(np.float32)
    radius = float(np.linalg.norm(points - centre, axis=1).max())
    distance = np.linalg.norm(neutral - centre, axis=1)
    in_front = neutral[:, 2] > centre[2]
    soft = np.isin(kind, [Kind.SKIN, Kind.LASH]) & (blink.max(axis=1) > 0.02)
    lids = np.flatnonzero(soft & in_front & (distance < radius + 0.6))
    return Eyeball(vertices, centre, radius, lids)


def _lid_gap(vertices: NDArray[np.float32], side: str) -> float:
    """Measure the height of an open eye, centimetres."""
    upper, lower = ((43, 44), (47, 46)) if side == "L" else ((37, 38), (41, 40))
    gap = vertices[LANDMARKS[list(upper)]] - vertices[LANDMARKS[list(lower)]]
    return float(np.linalg.norm(gap, axis=1).mean())


def _turn(
    vertices: NDArray[np.float32],
    ids: Indices,
    centre: Vector,
    pitch: float,
    yaw: float,
) -> None:
    """Rotate an eyeball in place about its centre; pitch up and yaw to the left are positive."""
    turn = matrix_from_euler(pitch, yaw).astype(np.float32)
    vertices[ids] = (vertices[ids] - centre) @ turn.T + centre


def _push_out(
    vertices: NDArray[np.float32],
    face: NDArray[np.float32],
    eye: Eyeball,
    centre: Vector,
) -> None:
    """Keep the lids from cutting through the eyeball: blends of shapes move on straight lines."""
    offset = vertices[eye.lids] - centre
    distance = np.linalg.norm(offset, axis=1)
    rest = np.linalg.norm(face[eye.lids] - centre, axis=1)
    allowed = np.minimum(rest, eye.radius + EYEBALL_CLEARANCE_CM)
    short = distance < allowed
    vertices[eye.lids[short]] = centre + offset[short] * (allowed / distance)[short, None]
