"""glTF, GLB and VRM rigs: what is read, and that no damage does more than raise RigError."""

from __future__ import annotations

import base64
import contextlib
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facedrive.aus import AU_INDEX
from facedrive.errors import RigError
from facedrive.mappings import coverage, match_rig
from facedrive.render.paint import Painter
from facedrive.rig import load, primitive
from facedrive.rig.ktx2 import Ktx2Error, decode_ktx2

Json = dict[str, Any]
Write = Callable[..., Path]

RAISED = [[0, 0, 0], [0, 0, 0], [0, 0, 1], [0, 0, 0.5]]
SQUARE_BINARY = (
    np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], "<f4").tobytes()
    + np.array(RAISED, "<f4").tobytes()
    + np.array([0, 1, 2, 0, 2, 3], "<u2").tobytes()
)


def test_a_glb_gives_vertices_triangles_colours_and_named_targets(
    write_glb: Write,
) -> None:
    rig = load(write_glb())
    assert rig.targets == ("jawOpen",)
    assert rig.triangles.tolist() == [[0, 1, 2], [0, 2, 3]]
    np.testing.assert_array_equal(rig.offsets[0], RAISED)
    np.testing.assert_allclose(rig.colors[0], [1, 0.5, 0, 1])
    assert rig.eyes is None


def test_a_gltf_with_its_buffer_in_a_data_uri_is_the_same(write_glb: Write, tmp_path: Path) -> None:
    data = write_glb().read_bytes()
    size = struct.unpack_from("<I", data, 12)[0]
    document = json.loads(data[20 : 20 + size])
    buffer = base64.b64encode(data[28 + size :]).decode()
    document["buffers"][0]["uri"] = f"data:application/octet-stream;base64,{buffer}"
    path = tmp_path / "head.gltf"
    path.write_text(json.dumps(document))
    np.testing.assert_array_equal(load(path).offsets[0], RAISED)


def test_a_node_places_vertices_and_turns_offsets(write_glb: Write) -> None:
    half = float(np.sqrt(0.5))

    def change(document: Json) -> None:
        document["nodes"] = [
            {"children": [1], "translation": [0, 0, 5]},
            {"mesh": 0, "rotation": [half, 0, 0, half], "scale": [2, 2, 2]},
        ]

    rig = load(write_glb(change))
    np.testing.assert_allclose(rig.vertices[2], [2, 0, 7], atol=1e-6)
    np.testing.assert_allclose(rig.offsets[0][2], [0, -2, 0], atol=1e-6)


def test_meshes_are_merged_and_targets_of_one_name_move_together(
    write_glb: Write,
) -> None:
    def change(document: Json) -> None:
        document["nodes"].append({"mesh": 0, "translation": [9, 0, 0]})
        document["scenes"][0]["nodes"] = [0, 1]

    rig = load(write_glb(change))
    assert rig.targets == ("jawOpen",)
    assert len(rig.vertices) == 8
    np.testing.assert_array_equal(rig.offsets[0], RAISED * 2)


def test_targets_without_names_are_numbered(write_glb: Write) -> None:
    assert load(write_glb(lambda document: document["meshes"][0].pop("extras"))).targets == (
        "Head_0",
    )


def test_a_sparse_target_moves_only_the_vertices_it_lists(write_glb: Write) -> None:
    binary = (
        np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], "<f4").tobytes()
        + np.array([0, 1, 2, 0, 2, 3], "<u2").tobytes()
        + np.array([1], "<u4").tobytes()
        + np.array([[0, 3, 0]], "<f4").tobytes()
    )

    def change(document: Json) -> None:
        document["buffers"][0]["byteLength"] = len(binary)
        places = [(0, 48), (48, 12), (60, 4), (64, 12)]
        document["bufferViews"] = [
            {"buffer": 0, "byteOffset": first, "byteLength": size} for first, size in places
        ]
        document["accessors"][1].pop("bufferView")
        document["accessors"][1]["sparse"] = {
            "count": 1,
            "indices": {"bufferView": 2, "componentType": 5125},
            "values": {"bufferView": 3},
        }
        document["accessors"][2]["bufferView"] = 1

    rig = load(write_glb(change, binary))
    np.testing.assert_array_equal(rig.offsets[0], [[0, 0, 0], [0, 3, 0], [0, 0, 0], [0, 0, 0]])


def test_quantised_positions_are_decoded(write_glb: Write) -> None:
    square = np.array([[0, 0, 0, 0], [127, 0, 0, 0], [127, 127, 0, 0], [0, 127, 0, 0]], np.int8)
    raised = np.array([[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, -128, 0], [0, 0, 0, 0]], np.int8)
    binary = square.tobytes() + raised.tobytes() + np.array([0, 1, 2, 0, 2, 3], "<u2").tobytes()

    def change(document: Json) -> None:
        document["extensionsRequired"] = ["KHR_mesh_quantization"]
        document["buffers"][0]["byteLength"] = len(binary)
        for view, first, size in zip(
            document["bufferViews"], (0, 16, 32), (16, 16, 12), strict=True
        ):
            view |= {"byteOffset": first, "byteLength": size}
        for number in (0, 1):
            document["accessors"][number] |= {"componentType": 5120, "normalized": True}
            document["bufferViews"][number]["byteStride"] = 4

    rig = load(write_glb(change, binary))
    np.testing.assert_allclose(rig.vertices[2], [1, 1, 0])
    np.testing.assert_allclose(rig.offsets[0][2], [0, 0, -1])


def test_a_texture_is_decoded_with_its_coordinates(write_glb: Write) -> None:
    bgr = np.zeros((2, 2, 3), np.uint8)
    bgr[..., 2] = 200
    png = cv2.imencode(".png", bgr)[1].tobytes()
    uri = "data:image/png;base64," + base64.b64encode(png).decode()

    def change(document: Json) -> None:
        document["accessors"].append(
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC2"}
        )
        document["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = 3
        document["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"] = {"index": 0}
        document["textures"] = [{"source": 0}]
        document["images"] = [{"uri": uri}]

    rig = load(write_glb(change))
    assert rig.uv is not None
    assert rig.uv.shape == (4, 2)
    texture = rig.parts[0].texture
    assert texture is not None
    assert texture[0, 0].tolist() == [200, 0, 0, 255]


def _textured(document: Json, texture: Json, reference: Json) -> None:
    """Paint the square with a WebP picture, by the texture and the reference to it."""
    bgr = np.full((2, 2, 3), (0, 0, 200), np.uint8)
    webp = cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    uri = "data:image/webp;base64," + base64.b64encode(webp).decode()
    document["accessors"].append(
        {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC2"}
    )
    document["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = 3
    surface = document["materials"][0]["pbrMetallicRoughness"]
    surface["baseColorTexture"] = {"index": 0, **reference}
    document["textures"], document["images"] = [texture], [{"uri": uri}]


def test_a_webp_texture_is_decoded(write_glb: Write) -> None:
    texture = {"extensions": {"EXT_texture_webp": {"source": 0}}}
    rig = load(write_glb(lambda document: _textured(document, texture, {})))
    assert rig.parts[0].texture is not None
    assert rig.parts[0].texture[0, 0].tolist() == [200, 0, 0, 255]


KTX2 = Path(__file__).resolve().parents[1] / "data" / "flag.ktx2"
"""8 by 8 pixels, red above blue, with smaller copies; ETC1S."""


def test_a_ktx2_texture_is_grey_and_said_to_be(
    write_glb: Write, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    texture = {"extensions": {"KHR_texture_basisu": {"source": 0}}}

    def change(document: Json) -> None:
        document["extensionsRequired"] = ["KHR_texture_basisu"]
        _textured(document, texture, {})

    monkeypatch.setattr(primitive, "can_decode", lambda: False)
    assert load(write_glb(change)).parts[0].texture is None
    assert "head.glb: a texture is KTX2, which is drawn grey" in caplog.text
    assert "facedrive[ktx2]" in caplog.text


def test_a_ktx2_texture_is_decoded(write_glb: Write) -> None:
    pytest.importorskip("opengl_basisu")
    data = KTX2.read_bytes()
    texture = {"extensions": {"KHR_texture_basisu": {"source": 0}}}

    def change(document: Json) -> None:
        document["extensionsRequired"] = ["KHR_texture_basisu"]
        _textured(document, texture, {})
        url = base64.b64encode(data).decode()
        document["images"] = [{"uri": f"data:image/ktx2;base64,{url}"}]

    picture = load(write_glb(change)).parts[0].texture
    assert picture is not None and picture.shape == (8, 8, 4)
    np.testing.assert_allclose(picture[[0, 7], 0], [[200, 0, 0, 255], [0, 0, 200, 255]], atol=12)


@pytest.mark.parametrize("at", [21, 24, 40, 90, 130])
def test_a_damaged_ktx2_texture_is_refused_or_decoded(at: int) -> None:
    pytest.importorskip("opengl_basisu")
    data = bytearray(KTX2.read_bytes())
    data[at] ^= 0xFF
    with contextlib.suppress(Ktx2Error):
        assert decode_ktx2(bytes(data), 1024).shape[2] == 4
    with pytest.raises(Ktx2Error):
        decode_ktx2(bytes(data)[:60], 1024)


def test_texture_coordinates_are_scaled_turned_and_moved(write_glb: Write) -> None:
    moved = {"scale": [2, 4], "rotation": np.pi / 2, "offset": [0.5, 0.25]}

    def change(document: Json) -> None:
        document["extensionsRequired"] = ["KHR_texture_transform"]
        _textured(document, {"source": 0}, {"extensions": {"KHR_texture_transform": moved}})

    plain = load(write_glb(lambda document: _textured(document, {"source": 0}, {})))
    rig = load(write_glb(change))
    assert plain.uv is not None
    assert rig.uv is not None
    # Counter-clockwise on a picture whose v goes down: u becomes v, and v becomes -u.
    wanted = np.column_stack([4 * plain.uv[:, 1] + 0.5, -2 * plain.uv[:, 0] + 0.25])
    np.testing.assert_allclose(rig.uv, wanted, atol=1e-6)


def _with_vrm0(document: Json) -> None:
    document["nodes"] = [{"mesh": 0}, {"name": "eye.L"}, {"name": "eye.R"}]
    document["scenes"][0]["nodes"] = [0, 1, 2]
    document["extensions"] = {
        "VRM": {
            "blendShapeMaster": {
                "blendShapeGroups": [
                    {
                        "presetName": "a",
                        "binds": [{"mesh": 0, "index": 0, "weight": 50}],
                    },
                    {"presetName": "neutral", "binds": []},
                    {
                        "presetName": "unknown",
                        "name": "Wow",
                        "binds": [{"mesh": 0, "index": 0}],
                    },
                ]
            }
        }
    }


def test_vrm0_expressions_are_targets_and_its_model_is_turned_to_the_front(
    write_glb: Write,
) -> None:
    rig = load(write_glb(_with_vrm0, name="head.vrm"))
    assert rig.targets == ("A", "Wow", "jawOpen")
    np.testing.assert_allclose(rig.offsets[0][2], [0, 0, -0.5])
    np.testing.assert_allclose(rig.vertices[2], [-1, 1, 0])


def test_vrm1_expressions_are_targets(write_glb: Write) -> None:
    def change(document: Json) -> None:
        bind = {"node": 0, "index": 0, "weight": 0.5}
        expressions = {
            "preset": {"aa": {"morphTargetBinds": [bind]}, "blink": {}},
            "custom": {"tongueOut": {"morphTargetBinds": [bind]}},
        }
        document["extensions"] = {"VRMC_vrm": {"specVersion": "1.0", "expressions": expressions}}

    rig = load(write_glb(change, name="head.vrm"))
    assert rig.targets == ("aa", "tongueOut", "jawOpen")
    np.testing.assert_allclose(rig.offsets[0], np.array(RAISED) / 2)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("LeftEye", "Eye_R"),
        ("DEF-eye.L", "DEF-eye.R"),
        ("FACIAL_L_Eye", "FACIAL_R_Eye"),
        ("左目", "右目"),
    ],
)
def test_vertices_on_eye_bones_are_eyes_that_turn_about_the_bone(
    write_glb: Write, left: str, right: str
) -> None:
    joints = np.array([[0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]], np.uint8)
    weights = np.array([[255, 0, 0, 0]] * 4, np.uint8)

    def change(document: Json) -> None:
        document["nodes"] = [
            {"mesh": 0, "skin": 0},
            {"name": left, "translation": [3, 0, 0]},
            {"name": right, "translation": [0, 3, 0]},
        ]
        document["scenes"][0]["nodes"] = [0, 1, 2]
        document["skins"] = [{"joints": [1, 2]}]
        document["buffers"][0]["byteLength"] = 140
        document["bufferViews"] += [
            {"buffer": 0, "byteOffset": first, "byteLength": 16} for first in (108, 124)
        ]
        document["accessors"] += [
            {"bufferView": 3, "componentType": 5121, "count": 4, "type": "VEC4"},
            {
                "bufferView": 4,
                "componentType": 5121,
                "count": 4,
                "type": "VEC4",
                "normalized": True,
            },
        ]
        document["meshes"][0]["primitives"][0]["attributes"] |= {
            "JOINTS_0": 3,
            "WEIGHTS_0": 4,
        }

    source = load(write_glb())
    square = source.vertices.tobytes() + source.offsets.tobytes()
    binary = square + np.array([0, 1, 2, 0, 2, 3], "<u2").tobytes()
    rig = load(write_glb(change, binary + joints.tobytes() + weights.tobytes()))
    assert rig.eyes is not None
    assert rig.eyes.left.vertices.tolist() == [0, 1]
    assert rig.eyes.right.vertices.tolist() == [2, 3]
    np.testing.assert_array_equal(rig.eyes.left.pivot, [3, 0, 0])
    np.testing.assert_allclose(rig.vertices[0], [3, 0, 0])
    np.testing.assert_allclose(rig.vertices[3], [0, 4, 0])


def _skinned(document: Json, joints: list[str]) -> None:
    """Skin the square, its first two corners to the first joint and the others to the second."""
    document["nodes"] = [{"mesh": 0, "skin": 0}]
    document["nodes"] += [{"name": name, "translation": [3, 0, 0]} for name in joints]
    document["scenes"][0]["nodes"] = list(range(len(joints) + 1))
    document["skins"] = [{"joints": list(range(1, len(joints) + 1)), "inverseBindMatrices": 5}]
    sizes = [(108, 16), (124, 16), (140, 64 * len(joints))]
    document["buffers"][0]["byteLength"] = 140 + 64 * len(joints)
    document["bufferViews"] += [
        {"buffer": 0, "byteOffset": first, "byteLength": size} for first, size in sizes
    ]
    corner = {"componentType": 5121, "count": 4, "type": "VEC4"}
    document["accessors"] += [
        {"bufferView": 3, **corner},
        {"bufferView": 4, **corner, "normalized": True},
        {"bufferView": 5, "componentType": 5126, "count": len(joints), "type": "MAT4"},
    ]
    attributes = document["meshes"][0]["primitives"][0]["attributes"]
    attributes |= {"JOINTS_0": 3, "WEIGHTS_0": 4}


def _skin_binary(joints: int) -> bytes:
    """Return the buffer that ``_skinned`` describes."""
    places = np.array([[0, 0, 0, 0]] * 2 + [[1, 0, 0, 0]] * 2, np.uint8)
    weights = np.array([[255, 0, 0, 0]] * 4, np.uint8)
    inverse = np.tile(np.eye(4, dtype="<f4"), (joints, 1, 1))
    inverse[:, 3, 0] = -3
    return SQUARE_BINARY + places.tobytes() + weights.tobytes() + inverse.tobytes()


def _write_skinned(
    write_glb: Write, joints: list[str], change: Callable[[Json], None] = lambda document: None
) -> Path:
    def both(document: Json) -> None:
        _skinned(document, joints)
        change(document)

    return write_glb(both, _skin_binary(len(joints)))


def test_the_bone_that_moves_the_face_is_the_heads(write_glb: Write) -> None:
    rig = load(_write_skinned(write_glb, ["Hips", "mixamorig:Head"]))
    assert rig.head is not None
    np.testing.assert_array_equal(rig.head.pivot, [3, 0, 0])
    np.testing.assert_array_equal(rig.head.share, [0, 0, 1, 1])


def test_a_bone_that_does_not_move_the_face_is_not_the_heads(write_glb: Write) -> None:
    assert load(_write_skinned(write_glb, ["Head", "Face"])).head is None


def test_a_rig_with_only_a_head_bone_nods(write_glb: Write) -> None:
    def change(document: Json) -> None:
        document["meshes"][0]["primitives"][0].pop("targets")

    rig = load(_write_skinned(write_glb, ["Hips", "Head"], change))
    assert rig.targets == ()
    assert rig.head is not None
    assert match_rig(rig).channels == ()


def test_a_jaw_bone_without_morphs_drops_slides_and_thrusts(write_glb: Write) -> None:
    def change(document: Json) -> None:
        document["meshes"][0]["primitives"][0].pop("targets")
        document["nodes"].append({"name": "Head", "children": [1, 2]})
        document["scenes"][0]["nodes"] = [0, 3]

    rig = load(_write_skinned(write_glb, ["Skull", "Jaw"], change))
    mapping = match_rig(rig)
    for name in ("jaw_drop", "jaw_slide_left", "jaw_slide_right", "jaw_thrust"):
        assert mapping.matrix[rig.targets.index(f"bone.{name}"), AU_INDEX[name]] == 1
    assert coverage(rig).tables == {"bones": rig.targets}
    left = rig.offsets[rig.targets.index("bone.jaw_slide_left")]
    np.testing.assert_array_equal(left[:2], 0)
    assert (left[2:, 0] > 0).all()


@pytest.mark.parametrize("holder", ["meshes", "nodes"])
def test_weights_of_mesh_or_node_are_the_resting_shape(write_glb: Write, holder: str) -> None:
    rig = load(write_glb(lambda document: document[holder][0].update(weights=[0.25])))
    np.testing.assert_allclose(rig.vertices[2], [1, 1, 0.25])
    # What is left of the target brings the face to all of it.
    np.testing.assert_allclose(rig.offsets[0][2], [0, 0, 0.75])


def test_the_nodes_resting_weights_come_before_the_meshs(write_glb: Write) -> None:
    def change(document: Json) -> None:
        document["meshes"][0]["weights"] = [0.5]
        document["nodes"][0]["weights"] = [0.0]

    np.testing.assert_allclose(load(write_glb(change)).vertices[2], [1, 1, 0])


def test_vrm0_as_exporters_write_it_loads(write_glb: Write) -> None:
    def change(document: Json) -> None:
        _with_vrm0(document)
        vrm = document["extensions"]["VRM"]
        vrm["humanoid"] = {"humanBones": [{"bone": "leftEye", "node": -1}, {"bone": "head"}]}
        groups = vrm["blendShapeMaster"]["blendShapeGroups"]
        groups[0]["binds"] += [
            {"mesh": -1, "index": 0, "weight": 100},
            {"mesh": 0, "index": -1, "weight": 100},
            {"mesh": 0, "index": 9, "weight": 100},
            {"mesh": 7, "index": 0},
            None,
        ]
        groups += [{"presetName": "blink", "binds": None}, None, {"binds": [], "name": None}]

    rig = load(write_glb(change, name="head.vrm"))
    assert rig.targets == ("A", "Wow", "jawOpen")
    np.testing.assert_allclose(rig.offsets[0][2], [0, 0, -0.5])


def test_vrm1_as_exporters_write_it_loads(write_glb: Write) -> None:
    def change(document: Json) -> None:
        document["nodes"].append({"name": "no mesh"})
        binds = [{"node": 0, "index": 0, "weight": 0.5}, {"node": -1, "index": 0}, None]
        binds += [{"node": 1, "index": 0}, {"index": 0}, {"node": 0, "index": 5}]
        preset = {
            "aa": {"morphTargetBinds": binds},
            "blink": None,
            "oh": {"morphTargetBinds": None},
        }
        document["extensions"] = {
            "VRMC_vrm": {
                "expressions": {"preset": preset},
                "humanoid": {"humanBones": {"head": {"node": -1}, "jaw": None}},
            }
        }

    assert load(write_glb(change, name="head.vrm")).targets == ("aa", "jawOpen")


def test_vrm1_binary_and_overriding_expressions_hold(write_glb: Write) -> None:
    def change(document: Json) -> None:
        bind = [{"node": 0, "index": 0}]
        preset = {
            "happy": {"morphTargetBinds": bind, "overrideBlink": "block", "overrideMouth": "blend"},
            "blink": {"morphTargetBinds": bind, "isBinary": True},
            "aa": {"morphTargetBinds": bind},
        }
        document["extensions"] = {"VRMC_vrm": {"expressions": {"preset": preset}}}

    rig = load(write_glb(change, name="head.vrm"))
    assert rig.targets == ("happy", "blink", "aa", "jawOpen")
    assert rig.rules is not None
    weights = np.array([[0, 0.6, 0.5, 0], [0, 0.4, 0.5, 0], [0.25, 0.6, 0.8, 0]], np.float32)
    kept = [rig.rules.apply(each) for each in weights]
    np.testing.assert_allclose(kept, [[0, 1, 0.5, 0], [0, 0, 0.5, 0], [0.25, 0, 0.6, 0]])


def test_vrm1_expressions_paint_materials(write_glb: Write) -> None:
    def change(document: Json) -> None:
        _textured(document, {"source": 0}, {})
        document["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"] = [1, 0.5, 0, 1]
        red = {"material": 0, "type": "color", "targetValue": [1, 0, 0, 1]}
        document["materials"][0]["emissiveFactor"] = [0.25, 0, 0]
        glow = {"material": 0, "type": "emissionColor", "targetValue": [1, 0.5, 9, 1]}
        toon = [{"material": 0, "type": kind, "targetValue": [1, 1, 1, 1]}
                for kind in ("rimColor", "shadeColor", "rimColor")]  # fmt: skip
        moved = {"material": 0, "scale": [0.5, 1], "offset": [0.25, 0.5]}
        lost = [{"material": 7, "type": "color", "targetValue": [1, 0, 0, 1]},
                {"material": 0, "type": "color", "targetValue": [1, "x"]}, None]  # fmt: skip
        preset = {
            "happy": {"materialColorBinds": [red, glow, *lost]},
            "aa": {"textureTransformBinds": [moved]},
            "blink": {"materialColorBinds": [glow]},
            "sad": {"materialColorBinds": toon},
        }
        document["extensions"] = {"VRMC_vrm": {"expressions": {"preset": preset}}}

    rig = load(write_glb(change, name="head.vrm"))
    assert rig.targets == ("happy", "aa", "blink", "jawOpen")
    assert rig.empty == ()
    assert rig.parts[0].emission == (0.25, 0, 0)
    assert rig.undrawn == ("rimColor", "shadeColor")
    painter = Painter(rig)
    half = painter.paint(np.float32([0.5, 0, 0, 0]))
    assert half is not None
    np.testing.assert_allclose(half.colors, [[1, 0.25, 0, 1]] * 4)
    np.testing.assert_allclose(half.emission, [[0.625, 0.25, 1]])
    whole = painter.paint(np.float32([0, 1, 0, 0]))
    assert whole is not None and whole.uv is not None and rig.uv is not None
    np.testing.assert_allclose(whole.colors, [[1, 0.5, 0, 1]] * 4)
    np.testing.assert_allclose(whole.uv, rig.uv * [0.5, 1] + [0.25, 0.5], atol=1e-6)
    np.testing.assert_allclose(whole.emission, [[0.25, 0, 0]])
    still = painter.paint(np.zeros(4, np.float32))
    assert still is not None
    np.testing.assert_array_equal(still.uv, rig.uv)


def test_vrm0_expressions_paint_materials_of_a_name(write_glb: Write) -> None:
    def change(document: Json) -> None:
        _textured(document, {"source": 0}, {})
        _with_vrm0(document)
        document["materials"][0]["name"] = "Skin"
        group = document["extensions"]["VRM"]["blendShapeMaster"]["blendShapeGroups"][1]
        values = [("Skin", "_Color", [1, 0, 0, 1]), ("Skin", "_MainTex_ST_S", [1, 1, 0.5, 0.5]),
                  ("Skin", "_EmissionColor", [0, 0.5, 0, 1]), ("Skin", "_RimColor", [1, 1, 1, 1]),
                  ("Hair", "_Color", [0, 0, 0, 1])]  # fmt: skip
        group["materialValues"] = [
            {"materialName": name, "propertyName": kind, "targetValue": value}
            for name, kind, value in values
        ]
        down = {"materialName": "Skin", "propertyName": "_MainTex_ST",
                "targetValue": [1, 0.5, 0, 0.25]}  # fmt: skip
        document["extensions"]["VRM"]["blendShapeMaster"]["blendShapeGroups"][2][
            "materialValues"
        ] = [down]

    rig = load(write_glb(change, name="head.vrm"))
    assert rig.targets == ("A", "neutral", "Wow", "jawOpen")
    assert [each.target for each in rig.paints] == [1, 1, 1, 2]
    assert rig.paints[1].emission == (0, 0.5, 0)
    assert rig.undrawn == ("rimColor",)
    np.testing.assert_allclose(rig.paints[2].uv_offset, [0.5, 0])
    # Unity counts v from below: the lower quarter's upper edge is a quarter from the top.
    np.testing.assert_allclose(rig.paints[3].uv_scale, [1, 0.5])
    np.testing.assert_allclose(rig.paints[3].uv_offset, [0, 0.25])


def test_light_of_a_texture_is_not_drawn_and_said(write_glb: Write) -> None:
    def change(document: Json) -> None:
        _textured(document, {"source": 0}, {})
        document["materials"][0] |= {"emissiveTexture": {"index": 0}, "emissiveFactor": [1, 1, 1]}
        glow = {"material": 0, "type": "emissionColor", "targetValue": [1, 1, 1, 1]}
        preset = {"happy": {"materialColorBinds": [glow]}}
        document["extensions"] = {"VRMC_vrm": {"expressions": {"preset": preset}}}

    rig = load(write_glb(change, name="head.vrm"))
    assert rig.parts[0].emission == (0, 0, 0)
    assert (rig.paints, rig.undrawn) == ((), ("emissionColor",))


def test_nodes_without_mesh_or_skin_may_say_minus_one(write_glb: Write) -> None:
    def change(document: Json) -> None:
        document["nodes"] = [{"mesh": 0, "skin": -1}, {"mesh": -1}]
        document["scenes"][0]["nodes"] = [0, 1]

    assert len(load(write_glb(change)).vertices) == 4


def _many_nodes(document: Json) -> None:
    document["nodes"] = [{"mesh": 0}] * 20_000
    document["scenes"][0]["nodes"] = list(range(20_000))


def _many_binds(document: Json) -> None:
    bind = [{"node": 0, "index": 0}] * 400
    custom = {f"pose {number}": {"morphTargetBinds": bind} for number in range(60)}
    document["extensions"] = {"VRMC_vrm": {"expressions": {"custom": custom}}}


def _many_expressions(document: Json) -> None:
    bind = [{"node": 0, "index": 0}] * 20
    custom = {f"pose {number}": {"morphTargetBinds": bind} for number in range(500)}
    document["extensions"] = {"VRMC_vrm": {"expressions": {"custom": custom}}}
    document["meshes"][0]["primitives"] *= 500


def _many_zeros(document: Json) -> None:
    zeros = {"componentType": 5126, "count": 3_900_000, "type": "VEC3"}
    document["accessors"][:2] = [zeros, zeros]
    document["meshes"][0]["primitives"][0]["targets"] = [{"POSITION": 1}] * 20
    document["meshes"][0]["primitives"][0].pop("indices")


def _many_targets(document: Json) -> None:
    document["meshes"][0]["primitives"][0]["targets"] = [{"POSITION": 1}] * 20_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_many_nodes, "20000 surfaces"),
        (_many_binds, "24000 binds"),
        (_many_expressions, "500 surfaces and 10000 binds"),
        (_many_zeros, "claims 20 targets of 3900000 vertices"),
        (_many_targets, "has 20000 targets"),
    ],
)
def test_a_file_that_would_eat_the_machine_is_refused(
    write_glb: Write, change: Callable[[Json], None], message: str
) -> None:
    path = write_glb(change)
    with pytest.raises(RigError, match=message):
        load(path)


def test_an_eyeball_that_is_a_point_turns_about_it(write_glb: Write) -> None:
    def change(document: Json) -> None:
        document["nodes"] += [
            {"name": "LeftEye", "mesh": 0, "scale": [0, 0, 0], "translation": [3, 0, 0]},
            {"name": "RightEye", "mesh": 0, "scale": [0, 0, 0]},
        ]
        document["scenes"][0]["nodes"] = [0, 1, 2]

    rig = load(write_glb(change))
    assert rig.eyes is not None
    np.testing.assert_allclose(rig.eyes.left.pivot, [3, 0, 0])


def test_an_eyeball_that_is_nowhere_is_refused(write_glb: Write) -> None:
    binary = bytearray(SQUARE_BINARY)
    binary[:4] = np.float32(np.nan).tobytes()

    def change(document: Json) -> None:
        document["nodes"] = [{"name": "LeftEye", "mesh": 0}, {"name": "RightEye", "mesh": 0}]
        document["scenes"][0]["nodes"] = [0, 1]

    with pytest.raises(RigError, match="vertex 0 is not finite"):
        load(write_glb(change, bytes(binary)))


def _set(*path_and_value: Any) -> Callable[[Json], None]:
    *path, key, value = path_and_value

    def change(document: Json) -> None:
        place: Any = document
        for step in path:
            place = place[step]
        place[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("accessors", 0, "count", 1000), "claims 1000 elements of 12 bytes"),
        (_set("accessors", 0, "count", -1), "not a count"),
        (_set("accessors", 0, "count", 10**30), "claims 10{30} elements"),
        (_set("accessors", 0, "bufferView", 7), r"bufferViews\[7\], there are 3"),
        (_set("accessors", 0, "componentType", 9), "component type 9"),
        (_set("accessors", 0, "type", "VEC2"), "'VEC2', 3 numbers"),
        (_set("accessors", 2, "componentType", 5122), "no unsigned integers"),
        (
            _set("accessors", 1, {"count": 10**9, "componentType": 5126, "type": "VEC3"}),
            "no data",
        ),
        (_set("accessors", 1, "count", 3), "target 0 has 3 vertices, its mesh has 4"),
        (
            _set("bufferViews", 0, "byteLength", 500),
            "ends at byte 500 of a buffer of 108",
        ),
        (_set("bufferViews", 0, "byteStride", 4), "claims 4 elements"),
        (_set("buffers", 0, "byteLength", 10**6), "claims 1000000 bytes and has 108"),
        (_set("buffers", 0, "uri", "../../etc/passwd"), "outside its folder"),
        (_set("buffers", 0, "uri", "missing.bin"), "put it beside the rig"),
        (_set("buffers", 0, "uri", "data:;base64,!"), "no base64"),
        (_set("nodes", 0, "children", [0]), "in the scene twice"),
        (_set("nodes", 0, "mesh", 4), r"meshes\[4\]"),
        (_set("nodes", 0, "scale", [1, 2]), "not 3 numbers"),
        (_set("nodes", 0, "scale", [1e300, 1, 1]), "not finite"),
        (_set("scenes", 0, "nodes", []), "no meshes"),
        (_set("meshes", 0, "primitives", 0, "targets", []), "no morph targets"),
        (_set("meshes", 0, "primitives", 0, "mode", 5), "strips or fans"),
        (_set("asset", "version", "1.0"), "version 1.0"),
        (
            _set(
                *("bufferViews", 0, "extensions"),
                {
                    "EXT_meshopt_compression": {
                        "buffer": 0,
                        "byteLength": 48,
                        "count": 4,
                        "byteStride": 12,
                        "mode": "ATTRIBUTES",
                    }
                },
            ),
            r"bufferViews\[0\] is no meshopt data",
        ),
        (_set("extensionsRequired", ["ACME_faces"]), "the extension ACME_faces"),
    ],
)
def test_a_lie_in_the_json_is_named(
    write_glb: Write, change: Callable[[Json], None], message: str
) -> None:
    with pytest.raises(RigError, match=message):
        load(write_glb(change))


def test_an_index_beyond_the_vertices_is_named(write_glb: Write) -> None:
    binary = load(write_glb()).vertices.tobytes() + bytes(48)
    with pytest.raises(RigError, match="a triangle is on vertex 9 of 4"):
        load(write_glb(binary=binary + np.array([0, 1, 9, 0, 2, 3], "<u2").tobytes()))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(write_glb: Write, bad: float) -> None:
    binary = np.full(12, bad, "<f4").tobytes() + bytes(48)
    corners = np.array([0, 1, 2, 0, 2, 3], "<u2").tobytes()
    with pytest.raises(RigError, match="vertex 0 is not finite"):
        load(write_glb(binary=binary + corners))
    with pytest.raises(RigError, match="target 'jawOpen' has vertices that are not finite"):
        load(write_glb(binary=bytes(48) + binary[:48] + corners))


def test_a_truncated_file_is_told_from_a_whole_one_at_every_length(
    write_glb: Write,
) -> None:
    path = write_glb()
    data = path.read_bytes()
    for length in range(0, len(data), 7):
        path.write_bytes(data[:length])
        with pytest.raises(RigError):
            load(path)


def test_lying_lengths_are_refused(write_glb: Write) -> None:
    path = write_glb()
    data = path.read_bytes()
    path.write_bytes(data[:8] + struct.pack("<I", len(data) + 9) + data[12:])
    with pytest.raises(RigError, match="truncated"):
        load(path)
    path.write_bytes(data[:12] + struct.pack("<I", 2**31) + data[16:])
    with pytest.raises(RigError, match="a chunk of 2147483648 bytes"):
        load(path)


def test_json_nested_beyond_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "head.gltf"
    path.write_text("[" * 200_000)
    with pytest.raises(RigError, match="no glTF"):
        load(path)


@settings(
    max_examples=3 * settings.default.max_examples,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits=st.lists(st.tuples(st.integers(0, 2**31), st.integers(0, 255)), max_size=12))
def test_random_bytes_changed_raise_nothing_but_rig_error(
    write_glb: Write, edits: list[tuple[int, int]]
) -> None:
    path = write_glb(_with_vrm0)
    data = bytearray(path.read_bytes())
    for place, value in edits:
        data[place % len(data)] = value
    path.write_bytes(data)
    _load_or_refuse(path)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


@pytest.mark.slow
@settings(
    max_examples=5 * settings.default.max_examples,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_random_json_values_raise_nothing_but_rig_error(
    write_glb: Write, data: st.DataObject
) -> None:
    def change(document: Json) -> None:
        _with_vrm0(document)
        for _ in range(data.draw(st.integers(1, 3))):
            places = list(_places(document))
            place, key = places[data.draw(st.integers(0, len(places) - 1))]
            place[key] = data.draw(JSON_VALUES)

    _load_or_refuse(write_glb(change))


def _places(value: Any) -> Any:
    """Yield every (container, key) of a JSON document."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


def _load_or_refuse(path: Path) -> None:
    try:
        rig = load(path)
    except RigError as error:
        assert "\n" not in str(error)
    else:
        assert np.isfinite(rig.offsets).all()
        assert rig.triangles.max() < len(rig.vertices)


@pytest.mark.parametrize("scale", [1.0, 1e-8])
def test_points_of_the_surface_are_told_apart_in_any_unit(write_glb: Write, scale: float) -> None:
    def change(document: Json) -> None:
        document["nodes"][0]["scale"] = [scale] * 3

    rig = load(write_glb(change))
    assert len(np.unique(rig.smooth)) == len(np.unique(rig.vertices, axis=0))
