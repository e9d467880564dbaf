"""What people may rely on in rigs/basic.obj and its targets: the 24 AUs, and nine extras."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX, AU_NAMES, AUS
from facedrive.extras import AU_OF_EXTRA, EXTRA_NAMES
from facedrive.mappings import match_rig
from facedrive.rig import load

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
RIGS = ROOT / "rigs"
EXTRAS = tuple(name for name in EXTRA_NAMES if (RIGS / "basic" / f"{name}.obj").exists())
GROUPS = {
    *("skin", "left_eye", "right_eye", "teeth_upper", "teeth_lower", "tongue"),
    *("mouth_cavity", "brows", "lashes", "hair", "clothes"),
}
SIDED = [au.name for au in AUS if au.side == "left" and au.region != "jaw"]
Floats = NDArray[np.float64]


class Head(NamedTuple):
    vertices: Floats
    colours: Floats
    triangles: NDArray[np.int64]
    groups: dict[str, NDArray[np.int64]]


@cache
def read(path: Path) -> Head:
    points: list[str] = []
    triangles: list[tuple[int, int, int]] = []
    members: dict[str, list[int]] = {}
    group = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "o":
            group = rest
        elif kind == "v":
            members.setdefault(group, []).append(len(points))
            points.append(rest)
        elif kind == "f":
            face = [int(field) - 1 for field in rest.split()]
            triangles += [(face[0], a, b) for a, b in pairwise(face[1:])]
    rows = np.loadtxt(points)
    groups = {name: np.array(ids) for name, ids in members.items()}
    return Head(rows[:, :3], rows[:, 3:], np.array(triangles), groups)


def neutral() -> Head:
    return read(RIGS / "basic.obj")


def offsets(au: str) -> Floats:
    return read(RIGS / "basic" / f"{au}.obj").vertices - neutral().vertices


def posed(**weights: float) -> Floats:
    points = neutral().vertices.copy()
    for au, weight in weights.items():
        points += weight * offsets(au)
    return points


def part(points: Floats, group: str) -> Floats:
    return points[neutral().groups[group]]


def eye(side: str) -> tuple[Floats, float]:
    """Centre and radius of an eyeball, metres."""
    ball = part(neutral().vertices, f"{side}_eye")
    centre = ball.mean(axis=0)
    return centre, float(np.linalg.norm(ball - centre, axis=1).max())


def nearest_along(origins: Floats, direction: Floats, points: Floats, group: str) -> Floats:
    """Distance along ``direction`` to the first triangle of a group; inf where none is met."""
    triangles = neutral().triangles
    corners = points[triangles[np.isin(triangles[:, 0], neutral().groups[group])]]
    across = [axis for axis in range(3) if not direction[axis]]  # where a ray stays
    low, high = origins[:, across].min(axis=0), origins[:, across].max(axis=0)
    flat = corners[..., across]
    near = ((flat.max(axis=1) >= low) & (flat.min(axis=1) <= high)).all(axis=1)
    a, b, c = corners[near].transpose(1, 0, 2)
    ab, ac = b - a, c - a
    normal = np.cross(direction, ac)
    area = np.sum(ab * normal, axis=1)
    usable = np.abs(area) > 1e-15
    a, ab, ac, normal, area = a[usable], ab[usable], ac[usable], normal[usable], area[usable]
    result = np.full(len(origins), np.inf)
    for index, origin in enumerate(origins):
        local = origin - a
        u = np.sum(local * normal, axis=1) / area
        across = np.cross(local, ab)
        v = across @ direction / area
        far = np.sum(ac * across, axis=1) / area
        hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (far > 0)
        result[index] = far[hit].min() if hit.any() else np.inf
    return result


def opening(points: Floats, side: str) -> tuple[Floats, Floats]:
    """Rays onto the front of an eyeball: depth of the skin and of the ball, metres."""
    centre, radius = eye(side)
    across, up = np.meshgrid(np.linspace(-0.62, 0.62, 23), np.linspace(-0.6, 0.6, 23))
    origins = np.column_stack([across.ravel(), up.ravel(), np.full(across.size, 6.0)])
    origins = centre + origins * radius
    forward = np.array([0.0, 0.0, -1.0])
    skin = nearest_along(origins, forward, points, "skin")
    return skin, nearest_along(origins, forward, points, f"{side}_eye")


def test_head_has_every_group_and_at_most_12000_vertices() -> None:
    assert set(neutral().groups) == GROUPS
    assert len(neutral().vertices) <= 12_000


def test_head_is_of_human_size_around_the_origin() -> None:
    face = np.concatenate([part(neutral().vertices, name) for name in ("skin", "hair")])
    chin = part(neutral().vertices, "skin")
    chin = chin[chin[:, 2] > 0.05]
    height = face[:, 1].max() - chin[:, 1].min()
    assert 0.19 < height < 0.26
    assert np.ptp(part(neutral().vertices, "skin")[:, 0]) < 0.19


def test_every_vertex_has_an_srgb_colour() -> None:
    assert neutral().colours.shape == neutral().vertices.shape
    assert neutral().colours.min() >= 0
    assert neutral().colours.max() <= 1


@pytest.mark.parametrize("au", AU_NAMES + EXTRAS)
def test_target_has_the_neutral_topology_and_moves(au: str) -> None:
    target = read(RIGS / "basic" / f"{au}.obj")
    assert target.vertices.shape == neutral().vertices.shape
    assert np.array_equal(target.triangles, neutral().triangles)
    assert np.isfinite(target.vertices).all()
    assert 0.002 < np.linalg.norm(offsets(au), axis=1).max() < 0.06


@pytest.mark.parametrize("side", ["left", "right"])
def test_eyeball_is_a_ball_about_the_mean_of_its_vertices(side: str) -> None:
    centre, radius = eye(side)
    distance = np.linalg.norm(part(neutral().vertices, f"{side}_eye") - centre, axis=1)
    assert distance.min() > 0.98 * radius
    assert centre[0] * (1 if side == "left" else -1) > 0.02
    for au in AU_NAMES:
        assert np.abs(part(offsets(au), f"{side}_eye")).max() == 0


@pytest.mark.parametrize("side", ["left", "right"])
def test_open_eye_shows_the_ball(side: str) -> None:
    skin, ball = opening(neutral().vertices, side)
    assert np.mean(ball < skin) > 0.4


@pytest.mark.parametrize("side", ["left", "right"])
def test_closed_lids_cover_the_whole_ball(side: str) -> None:
    skin, ball = opening(posed(**{f"{side}_eye_close": 1.0}), side)
    assert (skin < ball).all()


@pytest.mark.parametrize("weight", [0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("side", ["left", "right"])
def test_lids_stay_outside_the_ball_on_the_way(side: str, weight: float) -> None:
    centre, radius = eye(side)
    skin = part(posed(**{f"{side}_eye_close": weight}), "skin")
    distance = np.linalg.norm(skin - centre, axis=1)
    assert distance.min() > radius


def test_half_closed_lids_cover_about_half_of_the_opening() -> None:
    seen = []
    for weight in (0.0, 0.5):
        skin, ball = opening(posed(left_eye_close=weight), "left")
        seen.append(float(np.mean(ball < skin)))
    assert 0.3 < seen[1] / seen[0] < 0.7


def test_lid_raise_shows_more_of_the_ball() -> None:
    seen = []
    for weight in (0.0, 1.0):
        skin, ball = opening(posed(left_lid_raise=weight), "left")
        seen.append(float(np.mean(ball < skin)))
    assert seen[1] > 1.1 * seen[0]


@pytest.mark.parametrize("au", SIDED)
def test_left_target_moves_the_left_half(au: str) -> None:
    moved = np.linalg.norm(offsets(au), axis=1)
    left = moved[neutral().vertices[:, 0] > 0].sum()
    share = left / moved.sum()
    assert share > 0.8


@pytest.mark.parametrize("au", AU_NAMES)
def test_target_of_the_other_side_is_the_mirror_image(au: str) -> None:
    skin = neutral().groups["skin"]
    here = np.round(neutral().vertices[skin], 5) * 1e5
    place = {tuple(row): index for index, row in enumerate(here.astype(int).tolist())}
    twins = np.array([place[(-x, y, z)] for x, y, z in here.astype(int).tolist()])
    other = AUS[AU_INDEX[au]].mirror
    expected = offsets(au)[skin] * np.array([-1.0, 1.0, 1.0])
    assert np.allclose(offsets(other)[skin][twins], expected, atol=3e-5)


def mouth_corner(extra: str, side: float) -> Floats:
    """Give the mean offset of a corner of the mouth: +x to the subject's left, +y up."""
    skin = part(neutral().vertices, "skin")
    place = np.abs(skin - [side * 0.027, -0.042, 0.068])
    corner = (place[:, 0] < 0.006) & (place[:, 1] < 0.006) & (place[:, 2] < 0.02)
    assert corner.any()
    return np.asarray(part(offsets(extra), "skin")[corner].mean(axis=0))


def test_a_frown_draws_its_own_corner_down() -> None:
    here, there = (mouth_corner("left_mouth_frown", side) for side in (1, -1))
    assert here[1] < -0.004
    assert abs(there[1]) < 0.3 * abs(here[1])


@pytest.mark.parametrize(("extra", "sign"), [("mouth_left", 1), ("mouth_right", -1)])
def test_a_mouth_goes_to_the_side_that_it_is_called_by(extra: str, sign: int) -> None:
    assert all(sign * mouth_corner(extra, side)[0] > 0.003 for side in (1, -1))


def test_a_funnel_comes_forward_and_narrows() -> None:
    left = mouth_corner("lip_funnel", 1)
    assert left[0] < -0.002
    assert left[2] > 0.002


def test_what_has_no_au_to_go_along_with_has_a_target() -> None:
    assert set(EXTRAS) == set(EXTRA_NAMES) - set(AU_OF_EXTRA) - {"lips_together"}


def test_the_rig_shows_what_extras_a_sample_has() -> None:
    rig = load(str(RIGS / "basic.obj"))
    extras = np.zeros(len(EXTRA_NAMES), np.float32)
    extras[EXTRA_NAMES.index("lip_funnel")] = 0.7
    weights = match_rig(rig).apply(np.zeros(len(AUS), np.float32), np.zeros((2, 2)), extras)
    assert weights[rig.targets.index("lip_funnel")] == pytest.approx(0.7)
    assert weights.sum() == pytest.approx(0.7)


def chin_offset(au: str) -> Floats:
    skin = part(neutral().vertices, "skin")
    chin = (np.abs(skin[:, 0]) < 0.01) & (skin[:, 1] < -0.06) & (skin[:, 2] > 0.055)
    assert chin.any()
    return np.asarray(part(offsets(au), "skin")[chin].mean(axis=0))


def test_jaw_goes_down_forward_and_to_the_subjects_left() -> None:
    assert chin_offset("jaw_drop")[1] < -0.01
    assert chin_offset("jaw_thrust")[2] > 0.005
    assert chin_offset("jaw_slide_left")[0] > 0.005
    assert chin_offset("jaw_slide_right")[0] < -0.005


@pytest.mark.parametrize("group", ["teeth_lower", "tongue"])
def test_lower_teeth_and_tongue_follow_the_jaw(group: str) -> None:
    for au in ("jaw_drop", "jaw_slide_left", "jaw_thrust"):
        moved = part(offsets(au), group)
        assert np.linalg.norm(moved, axis=1).mean() > 0.005
    assert np.abs(part(offsets("jaw_drop"), "teeth_upper")).max() == 0


def mouth_gap(points: Floats) -> bool:
    """Whether a ray through the middle of the mouth meets something behind the skin first."""
    heights = np.linspace(-0.075, -0.03, 60)
    origins = np.column_stack([np.full(60, 0.0007), heights, np.full(60, 0.3)])
    forward = np.array([0.0, 0.0, -1.0])
    skin = nearest_along(origins, forward, points, "skin")
    inside = [
        nearest_along(origins, forward, points, group)
        for group in ("teeth_upper", "teeth_lower", "tongue", "mouth_cavity")
    ]
    return bool((np.min(inside, axis=0) < skin).any())


@pytest.mark.parametrize("au", ["jaw_drop", "upper_lip_raise", "lower_lip_depress"])
def test_mouth_opens(au: str) -> None:
    assert mouth_gap(posed(**{au: 1.0}))


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"left_lip_corner_pull": 1.0, "right_lip_corner_pull": 1.0},
        {"left_lip_corner_stretch": 1.0, "right_lip_corner_stretch": 1.0},
        {"upper_lip_suck": 1.0, "lower_lip_suck": 1.0},
        {"lip_pucker": 1.0},
        {"cheeks_puff": 1.0},
        {"chin_raise": 1.0},
    ],
)
def test_no_tooth_shows_through_closed_lips(weights: dict[str, float]) -> None:
    assert not mouth_gap(posed(**weights))


def test_cheeks_puff_outwards() -> None:
    skin = part(neutral().vertices, "skin")
    cheek = (skin[:, 0] > 0.035) & (np.abs(skin[:, 1] + 0.04) < 0.015) & (skin[:, 2] > 0.025)
    moved = part(offsets("cheeks_puff"), "skin")[cheek].mean(axis=0)
    assert moved[0] > 0.003
    assert moved[2] > 0.002


def test_smile_lifts_the_corner_of_its_own_side() -> None:
    lips = np.argmax(np.abs(offsets("left_lip_corner_pull")[:, 0]))
    moved = offsets("left_lip_corner_pull")[lips]
    assert neutral().vertices[lips, 0] > 0
    assert moved[0] > 0.005
    assert moved[1] > 0.005


@pytest.mark.parametrize(("au", "up"), [("left_brow_raise", 1), ("left_brow_lower", -1)])
def test_brow_moves_with_the_skin(au: str, up: int) -> None:
    brow = part(offsets(au), "brows")[part(neutral().vertices, "brows")[:, 0] > 0]
    assert (brow[:, 1] * up).mean() > 0.003


def test_rebuilding_gives_the_committed_files(tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="building the rig needs scipy")
    command = [sys.executable, str(RIGS / "build_basic.py"), "--out", str(tmp_path)]
    subprocess.run(command, check=True, timeout=280)
    for name in ("basic.obj", *(f"basic/{au}.obj" for au in AU_NAMES + EXTRAS)):
        if (tmp_path / name).read_bytes() == (RIGS / name).read_bytes():
            continue
        built, committed = read(tmp_path / name), read(RIGS / name)
        assert np.array_equal(built.triangles, committed.triangles), name
        # Other versions of the solver may round the fifth decimal differently.
        assert np.allclose(built.vertices, committed.vertices, atol=2.5e-5), name
