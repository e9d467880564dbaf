"""The facedrive tab of the 3D view's sidebar, and its buttons."""

from __future__ import annotations

import math
import time

import bpy

from . import session
from .drive import head_turn
from .session import Session
from .settings import FacedriveSettings
from .stream import Values

SHOWN = ("jaw_drop", "left_lip_corner_pull", "right_lip_corner_pull", "left_eye_close",
         "right_eye_close", "left_brow_raise", "right_brow_raise")  # fmt: skip
"""AUs that the panel shows: enough to see that the right face arrives the right way round."""


class FACEDRIVE_OT_start(bpy.types.Operator):  # noqa: N801 - Blender's naming rule
    """Listen to facedrive and move the face."""

    bl_idname = "facedrive.start"
    bl_label = "Start"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Open the port."""
        settings = context.scene.facedrive
        try:
            session.start(settings)
        except OSError as error:
            self.report(
                {"ERROR"},
                f"UDP port {settings.port} of {settings.host} cannot be listened on: {error}; "
                "stop the program that has it, or choose another port.",
            )
            return {"CANCELLED"}
        return {"FINISHED"}


class FACEDRIVE_OT_stop(bpy.types.Operator):  # noqa: N801
    """Stop listening; the face stays as it is."""

    bl_idname = "facedrive.stop"
    bl_label = "Stop"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Free the port."""
        session.stop()
        return {"FINISHED"}


class FACEDRIVE_OT_record(bpy.types.Operator):  # noqa: N801
    """Set key frames from the current frame on, until pressed again."""

    bl_idname = "facedrive.record"
    bl_label = "Record"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only what is received can be recorded."""
        return session.current() is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Begin or end."""
        running = session.current()
        if running is None:
            return {"CANCELLED"}
        if running.recording:
            running.stop_recording()
        else:
            running.record(context.scene, time.monotonic())
        return {"FINISHED"}


class FACEDRIVE_PT_panel(bpy.types.Panel):  # noqa: N801
    """What to listen to, what to move, and what arrives."""

    bl_label = "facedrive"
    bl_idname = "FACEDRIVE_PT_panel"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "facedrive"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings, the buttons and the figures."""
        running = session.current()
        _draw_settings(self.layout, context.scene.facedrive, running is not None)
        if running is None:
            self.layout.operator("facedrive.start", icon="PLAY")
            return
        row = self.layout.row(align=True)
        row.operator("facedrive.stop", icon="PAUSE")
        row.operator("facedrive.record", icon="REC", depress=running.recording)
        _draw_figures(self.layout, running, time.monotonic())


def _draw_settings(layout: bpy.types.UILayout, settings: FacedriveSettings, running: bool) -> None:
    layout.use_property_split = True
    address = layout.column()
    address.enabled = not running
    for name in ("host", "port", "prefix"):
        address.prop(settings, name)
    layout.prop(settings, "face")
    layout.prop(settings, "head")
    if settings.head is not None and settings.head.type == "ARMATURE":
        layout.prop_search(settings, "head_bone", settings.head.pose, "bones")


def _draw_figures(layout: bpy.types.UILayout, running: Session, now: float) -> None:
    rate, values = running.stream.rate(now), running.stream.values
    column = layout.column(align=True)
    if not rate:
        column.label(text="Nothing arrives", icon="ERROR")
    else:
        seen = "face seen" if values.seen else "no face"
        column.label(text=f"{rate:.0f} frames/s, {seen}", icon="CHECKMARK")
    column.label(text=f"{running.driven} shape keys driven")
    if running.stream.malformed:
        column.label(text=f"{running.stream.malformed} packets were no OSC", icon="ERROR")
    _draw_values(column, values)


def _draw_values(column: bpy.types.UILayout, values: Values) -> None:
    for name in SHOWN:
        value = values.inputs.get(name, 0.0)
        column.progress(text=f"{name} {value:.2f}", factor=value)
    if values.rotation is not None:
        angle = math.degrees(head_turn(values.rotation).angle)
        column.label(text=f"Head turned by {min(angle, 360 - angle):.0f}°")


CLASSES = (
    FacedriveSettings,
    FACEDRIVE_OT_start,
    FACEDRIVE_OT_stop,
    FACEDRIVE_OT_record,
    FACEDRIVE_PT_panel,
)


def register() -> None:
    """Add everything to Blender."""
    for each in CLASSES:
        bpy.utils.register_class(each)
    bpy.types.Scene.facedrive = bpy.props.PointerProperty(type=FacedriveSettings)


def unregister() -> None:
    """Stop, and take everything out."""
    session.stop()
    del bpy.types.Scene.facedrive
    for each in reversed(CLASSES):
        bpy.utils.unregister_class(each)
