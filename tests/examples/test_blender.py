"""The extension in real Blender (``pip install bpy``), fed by facedrive's own OSC output."""

from __future__ import annotations

import importlib
import math
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from facedrive.aus import AU_NAMES
from facedrive.sinks.osc import OscSink
from facedrive.types import Sample

from .conftest import make_sample

bpy: Any = pytest.importorskip("bpy", reason="Blender (bpy) is not installed")

import facedrive_osc  # noqa: E402

SESSION: Any = importlib.import_module("facedrive_osc.session")
NOD = (math.sin(-0.1), 0.0, 0.0, math.cos(-0.1))
"""Looking up by 0.2 rad: against the right-handed turn about +x."""


@pytest.fixture(autouse=True)
def extension() -> Iterator[None]:
    """Blender with an empty scene and the extension."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    facedrive_osc.register()
    bpy.context.scene.facedrive.port = free_port()
    yield
    facedrive_osc.unregister()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def add_face(*keys: str) -> Any:
    """A triangle with shape keys, chosen as the face."""
    mesh = bpy.data.meshes.new("face")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 0, 1)], [], [(0, 1, 2)])
    face = bpy.data.objects.new("face", mesh)
    bpy.context.collection.objects.link(face)
    for name in ("Basis", *keys):
        face.shape_key_add(name=name).value = 0
    bpy.context.scene.facedrive.face = face
    return face


def add_armature() -> Any:
    """An armature with a head bone that points up, chosen as the head."""
    data = bpy.data.armatures.new("rig")
    rig = bpy.data.objects.new("rig", data)
    bpy.context.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    bone = data.edit_bones.new("head")
    bone.head, bone.tail, bone.roll = (0, 0, 1), (0, 0, 2), 0.7
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.scene.facedrive.head = rig
    bpy.context.scene.facedrive.head_bone = "head"
    return rig


def value(face: Any, key: str) -> float:
    return float(face.data.shape_keys.key_blocks[key].value)


def show(sample: Sample) -> None:
    """Send a sample and let the timer take it."""
    stream = SESSION.current().stream
    sink = OscSink("127.0.0.1", stream.port)
    sink.send(sample, None)
    sink.close()
    frames = len(stream._frames)
    deadline = time.perf_counter() + 10
    while len(stream._frames) == frames and time.perf_counter() < deadline:
        assert SESSION.timer() == SESSION.INTERVAL_S
        time.sleep(0.002)


def test_shape_keys_named_after_aus_follow_the_stream() -> None:
    face = add_face(*AU_NAMES)
    bpy.ops.facedrive.start()
    for i in range(5):
        aus = {name: (j * 5 + i) / 120 for j, name in enumerate(AU_NAMES)}
        show(make_sample(i, **aus))
        assert {name: value(face, name) for name in AU_NAMES} == pytest.approx(aus, abs=1e-6)
    assert SESSION.current().driven == 24


def test_shape_keys_follow_the_extras_by_their_own_names_and_arkits() -> None:
    face = add_face("left_mouth_frown", "mouthFrownLeft", "mouthFrownRight", "mouthLeft")
    bpy.ops.facedrive.start()
    sample = make_sample(left_mouth_frown=0.5, right_mouth_frown=0.25, mouth_left=1)
    show(sample)
    show(sample)  # the extras of the one before have come
    keys = ("left_mouth_frown", "mouthFrownLeft", "mouthFrownRight", "mouthLeft")
    assert [value(face, key) for key in keys] == pytest.approx([0.5, 0, 0.25, 1])


def test_shape_keys_with_arkit_names_follow_the_stream() -> None:
    face = add_face("jawOpen", "eyeBlink_L", "browInnerUp", "eyeLookOutRight", "mine")
    bpy.ops.facedrive.start()
    gaze = ((0.0, -0.27925268), (0.0, -0.27925268))
    show(make_sample(jaw_drop=0.5, left_eye_close=1, left_brow_raise=0.5, gaze=gaze))
    keys = ("jawOpen", "eyeBlink_L", "browInnerUp", "eyeLookOutRight", "mine")
    assert [value(face, key) for key in keys] == pytest.approx([0.5, 1, 0.25, 0.5, 0])


def test_meshes_below_the_chosen_object_follow_together() -> None:
    face, teeth = add_face("jawOpen"), add_face("jaw_drop")
    above = bpy.data.objects.new("above", None)
    bpy.context.collection.objects.link(above)
    face.parent = teeth.parent = above
    bpy.context.scene.facedrive.face = above
    bpy.ops.facedrive.start()
    show(make_sample(jaw_drop=0.5))
    assert value(face, "jawOpen") == value(teeth, "jaw_drop") == 0.5


def test_the_mesh_really_moves() -> None:
    face = add_face("jawOpen")
    face.data.shape_keys.key_blocks["jawOpen"].data[0].co = (0, 0, -1)
    bpy.ops.facedrive.start()
    show(make_sample(jaw_drop=0.5))
    evaluated = face.evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert tuple(evaluated.data.vertices[0].co) == pytest.approx((0, 0, -0.5))


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "ZXY", "AXIS_ANGLE"])
def test_a_head_bone_nods_as_the_subject_does(mode: str) -> None:
    rig = add_armature()
    rig.pose.bones["head"].rotation_mode = mode
    bpy.ops.facedrive.start()
    show(make_sample(rotation=NOD))
    bpy.context.view_layer.update()
    bone = rig.pose.bones["head"]
    turn = bone.matrix.to_quaternion() @ bone.bone.matrix_local.to_quaternion().inverted()
    forward = turn.to_matrix() @ importlib.import_module("mathutils").Vector((0, -1, 0))
    assert tuple(forward) == pytest.approx((0, -math.cos(0.2), math.sin(0.2)), abs=1e-5)


def add_eyes(rig: Any) -> None:
    """Give the armature's head bones of eyes that point along the view."""
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for name, x in (("eye.L", 0.3), ("eye.R", -0.3)):
        bone = rig.data.edit_bones.new(name)
        bone.head, bone.tail = (x, 0, 1.5), (x, -0.2, 1.5)
        bone.parent = rig.data.edit_bones["head"]
    bpy.ops.object.mode_set(mode="OBJECT")


def looks_along(rig: Any, name: str) -> tuple[float, ...]:
    bpy.context.view_layer.update()
    bone = rig.pose.bones[name]
    return tuple((bone.tail - bone.head).normalized())


def test_bones_of_eyes_turn_with_the_gaze_where_no_key_does() -> None:
    face, rig = add_face("jawOpen"), add_armature()
    add_eyes(rig)
    bpy.ops.facedrive.start()
    show(make_sample(gaze=((0.0, 0.3), (0.2, 0.0))))
    # A face along -y has its left at +x.
    left = (math.sin(0.3), -math.cos(0.3), 0)
    assert looks_along(rig, "eye.L") == pytest.approx(left, abs=1e-5)
    right = (0, -math.cos(0.2), math.sin(0.2))
    assert looks_along(rig, "eye.R") == pytest.approx(right, abs=1e-5)
    face.shape_key_add(name="eyeLookUpLeft").value = 0
    show(make_sample(1, gaze=((0.0, -0.3), (0.0, 0.0))))
    assert looks_along(rig, "eye.L") == pytest.approx(left, abs=1e-5)
    assert value(face, "eyeLookUpLeft") == 0


def test_a_head_without_bones_turns_from_how_it_was_and_back_when_stopped() -> None:
    head = add_face("jawOpen")
    head.rotation_euler = (0, 0, 0.5)
    bpy.context.scene.facedrive.head = head
    bpy.ops.facedrive.start()
    left = (0.0, math.sin(0.15), 0.0, math.cos(0.15))
    show(make_sample(rotation=left))
    assert tuple(head.rotation_euler) == pytest.approx((0, 0, 0.8), abs=1e-5)
    show(make_sample(1, rotation=left))
    assert tuple(head.rotation_euler) == pytest.approx((0, 0, 0.8), abs=1e-5)
    bpy.ops.facedrive.stop()
    assert tuple(head.rotation_euler) == pytest.approx((0, 0, 0.5), abs=1e-5)


def test_recording_sets_key_frames_that_play_back(monkeypatch: pytest.MonkeyPatch) -> None:
    face, rig, scene = add_face("jawOpen", "jaw_thrust"), add_armature(), bpy.context.scene
    scene.render.fps, scene.frame_current = 24, 10
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    bpy.ops.facedrive.start()
    show(make_sample(jaw_drop=1))
    bpy.ops.facedrive.record()
    for i, jaw in enumerate([0.0, 0.25, 0.5, 0.75]):
        clock[0] = 100 + i / 24
        show(make_sample(i, jaw_drop=jaw, rotation=NOD))
    bpy.ops.facedrive.record()
    clock[0] += 1
    show(make_sample(9, jaw_drop=1))
    bpy.ops.facedrive.stop()
    played = []
    for frame in (10, 11, 12, 13, 40):
        scene.frame_set(frame)
        played.append(value(face, "jawOpen"))
    assert played == pytest.approx([0, 0.25, 0.5, 0.75, 0.75], abs=1e-6)
    bone = rig.pose.bones["head"]
    assert abs(bone.rotation_quaternion.angle) == pytest.approx(0.2, abs=1e-5)


def test_rubbish_and_an_absent_sender_move_nothing() -> None:
    face = add_face("jawOpen")
    bpy.ops.facedrive.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.sendto(b"rubbish", ("127.0.0.1", SESSION.current().stream.port))
    show(make_sample(jaw_drop=0.5))
    for _ in range(5):
        assert SESSION.timer() == SESSION.INTERVAL_S
    assert value(face, "jawOpen") == 0.5
    assert SESSION.current().stream.malformed == 1


def test_a_face_that_is_deleted_while_running_ends_nothing() -> None:
    face = add_face("jawOpen")
    bpy.context.scene.facedrive.head = face
    bpy.ops.facedrive.start()
    show(make_sample(jaw_drop=0.5))
    bpy.data.objects.remove(face)
    show(make_sample(1, jaw_drop=0.5))
    assert SESSION.current().driven == 0
    bpy.ops.facedrive.stop()


def test_start_registers_a_timer_and_stop_frees_it_and_the_port() -> None:
    bpy.ops.facedrive.start()
    port = SESSION.current().stream.port
    assert bpy.app.timers.is_registered(SESSION.timer)
    bpy.ops.facedrive.start()  # again, on the same port
    bpy.ops.facedrive.stop()
    assert not bpy.app.timers.is_registered(SESSION.timer)
    assert SESSION.timer() is None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", port))


def test_a_port_in_use_is_said_and_nothing_runs() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        bpy.context.scene.facedrive.port = other.getsockname()[1]
        with pytest.raises(RuntimeError, match="another port"):
            bpy.ops.facedrive.start()
    assert SESSION.current() is None
    assert not bpy.ops.facedrive.record.poll()


def test_opening_another_file_stops() -> None:
    bpy.ops.facedrive.start()
    bpy.ops.wm.read_homefile(use_empty=True, load_ui=False)
    assert SESSION.current() is None
