"""The GLB: valid, a rig again, and moved as facedrive's own picture is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedrive.errors import DataError, SinkError
from facedrive.export.gltf import find_bones, write_gltf
from facedrive.export.targets import target_mapping
from facedrive.mappings import match_rig
from facedrive.render.morph import Morpher
from facedrive.render.pose import Neck, turn_eyes
from facedrive.rig import Rig, load
from facedrive.rig.glb import Document, read_document
from facedrive.rotations import matrix_from_quaternion
from facedrive.types import Sample

MakeSample = Callable[..., Sample]

NPM = Path(__file__).resolve().parents[2] / ".venv/npm/node_modules"

VALIDATE = """
require("gltf-validator").validateBytes(new Uint8Array(require("fs").readFileSync(0)))
    .then(report => console.log(JSON.stringify(report.issues)))
"""


@pytest.fixture
def take(make_sample: MakeSample) -> list[Sample]:
    return [
        make_sample(0),
        make_sample(1, jaw_drop=0.5, left_eye_close=1, turned=(10, 25, 0), gaze=(0.1, 0.3)),
        make_sample(2, lip_pucker=1, turned=(-15, -30, 12), gaze=(-0.2, -0.1)),
    ]


@pytest.fixture
def written(rig: Rig, take: list[Sample], tmp_path: Path) -> Path:
    path = tmp_path / "take.glb"
    assert write_gltf(take, path, rig, match_rig(rig)) == 3
    return path


def keys(document: Document, node: str, path: str, width: int) -> Any:
    """Return what an animation's sampler holds for a node: (n, width), or flat weights."""
    (animation,) = document.json["animations"]
    for channel in animation["channels"]:
        target = channel["target"]
        if target["path"] == path and document.json["nodes"][target["node"]]["name"] == node:
            sampler = animation["samplers"][channel["sampler"]]
            return document.accessor(sampler["output"], width)
    raise AssertionError(f"nothing animates {path} of {node}")


def validate(path: Path) -> dict[str, Any]:
    """Return the issues that the Khronos validator finds; skip where it is not installed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    places = os.pathsep.join(filter(None, [os.environ.get("NODE_PATH"), str(NPM)]))
    found = subprocess.run(
        [node, "-e", VALIDATE], input=path.read_bytes(), capture_output=True, check=False,
        env=os.environ | {"NODE_PATH": places},
    )  # fmt: skip
    if b"Cannot find module" in found.stderr:
        pytest.skip("npm's gltf-validator is not installed (NODE_PATH or .venv/npm)")
    assert found.returncode == 0, found.stderr
    issues: dict[str, Any] = json.loads(found.stdout)
    return issues


@pytest.mark.slow
def test_the_khronos_validator_finds_nothing(written: Path) -> None:
    issues = validate(written)
    assert issues["messages"] == []


def test_every_accessor_has_a_view_which_assimp_demands(written: Path) -> None:
    document = read_document(written)
    assert all("bufferView" in accessor for accessor in document.json["accessors"])


def test_the_file_is_the_rig_again(rig: Rig, written: Path) -> None:
    again = load(written)
    assert again.targets == rig.targets
    assert len(again.vertices) == len(rig.vertices)
    assert [part.roughness for part in again.parts] == pytest.approx(
        [part.roughness for part in rig.parts]
    )
    order = np.concatenate([np.unique(rig.triangles[part.triangles]) for part in rig.parts])
    np.testing.assert_allclose(again.vertices, rig.vertices[order], atol=1e-6)
    np.testing.assert_allclose(again.colors, rig.colors[order], atol=1e-6)
    np.testing.assert_allclose(again.offsets, rig.offsets[:, order], atol=1e-6)
    assert again.eyes is not None
    assert rig.eyes is not None
    np.testing.assert_allclose(again.eyes.left.pivot, rig.eyes.left.pivot, atol=1e-6)
    assert len(again.eyes.right.vertices) == len(rig.eyes.right.vertices)


def test_keys_are_what_the_renderer_is_given(rig: Rig, take: list[Sample], written: Path) -> None:
    document, mapping = read_document(written), match_rig(rig)
    weights = keys(document, "basic", "weights", 1).reshape(len(take), -1)
    wanted = np.stack([mapping.apply(sample.aus, sample.gaze, sample.extras) for sample in take])
    np.testing.assert_allclose(weights, wanted, atol=1e-6)
    turns = keys(document, "head", "rotation", 4)
    for turn, sample in zip(turns, take, strict=True):
        np.testing.assert_allclose(
            matrix_from_quaternion(turn), matrix_from_quaternion(sample.head.rotation), atol=1e-6
        )


def test_the_skin_moves_as_the_renderer_does(rig: Rig, take: list[Sample], written: Path) -> None:
    document, bones = read_document(written), find_bones(rig)
    assert rig.eyes is not None
    morpher = Morpher(rig)
    for key, sample in enumerate(take):
        weights = match_rig(rig).apply(sample.aus, sample.gaze, sample.extras)
        shape = morpher.vertices(weights).copy()
        placed = joint_matrices(document, key)
        each = np.einsum("jab,vb->jva", placed[:, :3, :3], shape) + placed[:, None, :3, 3]
        rows = np.arange(len(shape))
        skinned = sum(
            bones.weights[:, slot, None] * each[bones.joints[:, slot], rows] for slot in range(4)
        )
        drawn, normals = shape.copy(), morpher.normals().copy()
        turn_eyes(rig.eyes, drawn, normals, sample.gaze)
        drawn, _ = Neck(rig).bend(drawn, normals, sample.head.rotation)
        np.testing.assert_allclose(skinned, drawn, atol=1e-5)


def joint_matrices(document: Document, key: int) -> np.ndarray:
    """Return (j, 4, 4): each joint's global matrix at a key, times its inverse bind matrix."""
    (skin,) = document.json["skins"]
    inverse = document.accessor(skin["inverseBindMatrices"], 16).reshape(-1, 4, 4)
    parents = {
        child: number
        for number, node in enumerate(document.json["nodes"])
        for child in node.get("children", ())
    }
    world: dict[int, np.ndarray] = {}
    for number in skin["joints"]:
        node = document.json["nodes"][number]
        local = np.eye(4)
        local[:3, 3] = node.get("translation", (0, 0, 0))
        if node["name"] != "body":
            turn = keys(document, node["name"], "rotation", 4)[key]
            local[:3, :3] = matrix_from_quaternion(turn)
        world[number] = world.get(parents.get(number, -1), np.eye(4)) @ local
    return np.stack([world[j] @ inverse[i].T for i, j in enumerate(skin["joints"])])


@pytest.mark.slow
def test_a_textured_transparent_rig_keeps_its_picture(
    rig: Rig, take: list[Sample], tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (8, 16, 4), dtype=np.uint8)
    first, *rest = rig.parts
    parts = (replace(first, texture=picture, transparent=True, double_sided=True), *rest)
    uv = rng.random((len(rig.vertices), 2), dtype=np.float32)
    path = tmp_path / "textured.glb"
    write_gltf(take, path, replace(rig, parts=parts, uv=uv), match_rig(rig))
    again = load(path)
    assert again.parts[0].transparent
    assert again.parts[0].double_sided
    assert again.parts[0].texture is not None
    np.testing.assert_array_equal(again.parts[0].texture, picture)
    assert validate(path)["numErrors"] == 0


def test_a_rig_without_eyeballs_has_no_eye_nodes(
    rig: Rig, take: list[Sample], tmp_path: Path
) -> None:
    path = tmp_path / "blind.glb"
    write_gltf(take, path, replace(rig, eyes=None), match_rig(rig))
    names = [node["name"] for node in read_document(path).json["nodes"]]
    assert names == ["body", "head", "basic"]
    assert load(path).eyes is None


@pytest.mark.slow
def test_a_third_partys_rig_is_valid_and_driven(
    shared: Path, take: list[Sample], tmp_path: Path
) -> None:
    path, rig = tmp_path / "ict.glb", load(shared / "rigs" / "ict_arkit.glb")
    write_gltf(take, path, rig, target_mapping(rig))
    again = load(path)
    assert again.targets == rig.targets
    weights = keys(read_document(path), "ict_arkit", "weights", 1).reshape(3, -1)
    assert weights[1, rig.targets.index("jawOpen")] == pytest.approx(0.5)
    issues = validate(path)
    assert issues["numErrors"] == issues["numWarnings"] == 0


def test_an_empty_take_leaves_an_older_file(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "take.glb"
    path.write_text("kept")
    with pytest.raises(DataError, match="no rows"):
        write_gltf([], path, rig, match_rig(rig))
    assert path.read_text() == "kept"


def test_a_file_instead_of_a_folder_is_named(rig: Rig, take: list[Sample], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match="file is no folder"):
        write_gltf(take, tmp_path / "file" / "take.glb", rig, match_rig(rig))
