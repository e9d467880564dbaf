"""OBJ rigs: what is read, and what is said about files that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from facedrive.errors import RigError
from facedrive.rig import load

WriteObj = Callable[..., Path]

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3 4\n"
RAISED = "v 0 0 0\nv 1 0 0\nv 1 1 2\nv 0 1 0\nf 1 2 3 4\n"


def test_each_file_beside_the_neutral_is_a_target(write_obj: WriteObj) -> None:
    rig = load(write_obj(SQUARE, jaw_drop=RAISED, chin_raise=SQUARE))
    assert rig.targets == ("chin_raise", "jaw_drop")
    np.testing.assert_array_equal(rig.offsets[1], [[0, 0, 0], [0, 0, 0], [0, 0, 2], [0, 0, 0]])
    assert rig.triangles.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert rig.moving.tolist() == [2]


def test_another_folder_may_hold_the_targets(write_obj: WriteObj, tmp_path: Path) -> None:
    path = write_obj(SQUARE, jaw_drop=SQUARE)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "smile.obj").write_text(RAISED)
    assert load(path, targets=tmp_path / "other").targets == ("smile",)


def test_vertex_colours_are_decoded_to_linear_light(write_obj: WriteObj) -> None:
    colored = SQUARE.replace("0\nv", "0 0.5 1 0\nv").replace("0\nf", "0 0.5 1 0\nf")
    rig = load(write_obj(colored, jaw_drop=RAISED))
    np.testing.assert_allclose(rig.colors[0], [0.2140, 1.0, 0.0, 1.0], atol=1e-4)


def test_materials_colour_the_faces_and_split_the_vertices_they_share(
    write_obj: WriteObj, tmp_path: Path
) -> None:
    (tmp_path / "head.mtl").write_text("newmtl red\nKd 1 0 0\nnewmtl blue\nKd 0 0 1\nd 0.5\n")
    faces = "mtllib head.mtl\nusemtl red\nf 1 2 3\nusemtl blue\nf 1 3 4\n"
    rig = load(write_obj(SQUARE.replace("f 1 2 3 4\n", faces), jaw_drop=RAISED.split("f")[0]))
    by_name = {part.name: part for part in rig.parts}
    red, blue = (rig.triangles[by_name[name].triangles] for name in ("red", "blue"))
    np.testing.assert_array_equal(rig.colors[red.ravel()], [[1, 0, 0, 1]] * 3)
    np.testing.assert_array_equal(rig.colors[blue.ravel()], [[0, 0, 1, 0.5]] * 3)
    assert by_name["blue"].transparent
    assert len(rig.vertices) == 6
    assert len(np.unique(rig.smooth)) == 4


def test_corners_may_carry_texture_and_normal_or_count_backwards(
    write_obj: WriteObj,
) -> None:
    faces = "vt 0 0\nvn 0 0 1\nf 1/1/1 2//1 3/1\nf -4 -2 -1\n"
    rig = load(write_obj(SQUARE.replace("f 1 2 3 4\n", faces), jaw_drop=RAISED.split("f")[0]))
    assert rig.triangles.tolist() == [[0, 1, 2], [0, 2, 3]]


def test_eye_groups_turn_about_the_centre_of_their_sphere(write_obj: WriteObj) -> None:
    front_heavy = [(0, 0, 1), (0.6, 0, 0.8), (-0.6, 0, 0.8), (0, 0.6, 0.8), (0, -1, 0)]
    lines = [f"v {x + side} {y} {z}" for side in (3, -3) for x, y, z in front_heavy]
    faces = ["g left_eye", "f 1 2 3", "f 3 4 5", "g right_eye", "f 6 7 8", "f 8 9 10"]
    rig = load(write_obj("\n".join(lines + faces), jaw_drop="\n".join(lines)))
    assert rig.eyes is not None
    np.testing.assert_allclose(rig.eyes.left.pivot, [3, 0, 0], atol=1e-5)
    np.testing.assert_allclose(rig.eyes.right.pivot, [-3, 0, 0], atol=1e-5)
    assert rig.eyes.left.vertices.tolist() == [0, 1, 2, 3, 4]


def test_a_rig_without_eye_groups_has_no_eyes(write_obj: WriteObj) -> None:
    assert load(write_obj(SQUARE, jaw_drop=RAISED)).eyes is None


def test_no_targets_says_where_they_belong(write_obj: WriteObj) -> None:
    with pytest.raises(RigError, match=r"no OBJ files in .*head; put one OBJ for each"):
        load(write_obj(SQUARE))


def test_a_target_of_another_mesh_is_named_with_both_counts(
    write_obj: WriteObj,
) -> None:
    with pytest.raises(RigError, match=r"jaw_drop\.obj has 3 vertices, head\.obj has 4"):
        load(write_obj(SQUARE, jaw_drop="v 0 0 0\nv 1 0 0\nv 1 1 0\nf 1 2 3\n"))


def test_a_target_may_end_in_capitals_and_hidden_files_are_none(
    write_obj: WriteObj, tmp_path: Path
) -> None:
    path = write_obj(SQUARE, jaw_drop=RAISED)
    (path.parent / "head" / "smile.OBJ").write_text(RAISED)
    (path.parent / "head" / "._smile.obj").write_bytes(b"\0\5\x16\7")
    assert load(path).targets == ("jaw_drop", "smile")


@pytest.mark.parametrize(
    "far",
    [
        pytest.param("v 0 1 0\nv 1 1 0\nv 1 0 0\nv 0 0 0\nf 1 2 3 4\n", id="another order"),
        pytest.param("v 3 0 0\nv 4 0 0\nv 4 1 0\nv 3 1 0\nf 1 2 3 4\n", id="beside it"),
    ],
)
def test_a_target_that_is_elsewhere_is_told_of(
    write_obj: WriteObj, caplog: pytest.LogCaptureFixture, far: str
) -> None:
    load(write_obj(SQUARE, jaw_drop=RAISED, smile=far))
    assert [each.split("/")[-1] for each in caplog.messages] == [
        "smile.obj is far from head.obj at most vertices; export it in its place, "
        "with vertex order kept"
    ]


def test_a_target_with_other_faces_is_named_with_both_counts(
    write_obj: WriteObj,
) -> None:
    with pytest.raises(RigError, match=r"jaw_drop\.obj has 2 faces, head\.obj has 1"):
        load(write_obj(SQUARE, jaw_drop=SQUARE + "f 1 2 3\n"))


@pytest.mark.parametrize("bad", ["nan", "inf", "1e99", "1e999"])
def test_vertices_that_are_not_finite_are_refused(write_obj: WriteObj, bad: str) -> None:
    with pytest.raises(RigError, match="vertex 1 is not finite"):
        load(write_obj(SQUARE.replace("v 1 0 0", f"v {bad} 0 0"), jaw_drop=SQUARE))
    with pytest.raises(RigError, match="target 'jaw_drop' has vertices that are not finite"):
        load(write_obj(SQUARE, jaw_drop=SQUARE.replace("v 1 0 0", f"v {bad} 0 0")))


@pytest.mark.parametrize(
    ("neutral", "message"),
    [
        ("", "is empty"),
        ("hello\n", "no vertices"),
        ("v 0 0 0\nv 1 0 0\nv 1 1 0\n", "no faces"),
        (SQUARE.replace("v 1 0 0", "v 1 zero 0"), "not made of numbers"),
        (SQUARE.replace("v 1 0 0", "v 1 0"), "4 vertices but 11 coordinates"),
        (SQUARE + "f 1 2 x\n", "broken face 'f 1 2 x'"),
        (SQUARE + "f 1 2 9\n", r"face on vertices \[1, 2, 9\], but 4"),
        (SQUARE + "f 1 2 99999999999999999999\n", "but 4 vertices"),
        (SQUARE + "f 0 1 2\n", "but 4 vertices"),
    ],
)
def test_a_broken_file_says_what_is_wrong(write_obj: WriteObj, neutral: str, message: str) -> None:
    with pytest.raises(RigError, match=message):
        load(write_obj(neutral, jaw_drop=SQUARE))


def test_a_broken_material_is_named(write_obj: WriteObj, tmp_path: Path) -> None:
    (tmp_path / "head.mtl").write_text("newmtl red\nKd 1 none 0\n")
    with pytest.raises(RigError, match=r"head\.mtl: 'Kd 1 none 0' needs numbers"):
        load(write_obj("mtllib head.mtl\n" + SQUARE, jaw_drop=SQUARE))


def test_bytes_that_are_no_text_are_no_rig(write_obj: WriteObj) -> None:
    path = write_obj(SQUARE, jaw_drop=SQUARE)
    path.write_bytes(b"v \xff\xfe 0 0\n" + bytes(range(256)))
    with pytest.raises(RigError):
        load(path)
