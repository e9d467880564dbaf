"""One run from start to stop: a timer reads the stream, moves the scene and keys it."""

from __future__ import annotations

import logging
import time

import bpy
from bpy.app.handlers import persistent
from mathutils import Quaternion

from . import drive
from .settings import FacedriveSettings
from .stream import Stream

log = logging.getLogger(__name__)

INTERVAL_S = 1 / 60
"""Between two looks at the port. Each takes well under a millisecond where nothing has come."""

REDRAW_S = 0.2
"""Between two updates of the panel's figures."""


class Session:
    """Receives while it lives, and moves what the scene's settings name."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.driven = 0
        """Shape keys that followed the newest values."""
        self._rests: dict[str, Quaternion] = {}
        self._recording_from: tuple[int, float] | None = None
        self._redrawn = 0.0

    @property
    def recording(self) -> bool:
        """Whether key frames are set."""
        return self._recording_from is not None

    def record(self, scene: bpy.types.Scene, now: float) -> None:
        """Set key frames from the scene's current frame on, as time goes by."""
        self._recording_from = scene.frame_current, now

    def stop_recording(self) -> None:
        """Set no more key frames."""
        self._recording_from = None

    def tick(self, scene: bpy.types.Scene, now: float) -> bool:
        """Take what has come, if anything, and return whether the panel is to be redrawn."""
        if self.stream.poll(now):
            self._apply(scene, now)
        if now - self._redrawn < REDRAW_S:
            return False
        self._redrawn = now
        return True

    def close(self) -> None:
        """Free the port; a head that is an object turns back to how it was."""
        self.stream.close()
        for name, rest in self._rests.items():
            thing = bpy.data.objects.get(name)
            if thing is not None:
                drive.set_rotation(thing, rest.copy())

    def _apply(self, scene: bpy.types.Scene, now: float) -> None:
        settings: FacedriveSettings = scene.facedrive
        values = self.stream.values
        driven = drive.drive_face(settings.face, values.inputs) if settings.face else []
        self.driven = len(driven)
        head = self._turn_head(settings) if values.rotation else None
        eyes = drive.find_eyes(settings.face, settings.head)
        for side, bone in eyes.items():
            drive.turn_bone(bone, drive.eye_turn(*values.gaze.get(side, (0.0, 0.0))))
        if self._recording_from is not None:
            frame = _frame(scene, now, *self._recording_from)
            drive.key_face(driven, frame)
            for turned in (head, *eyes.values()):
                if turned is not None:
                    drive.key_rotation(turned, frame)

    def _turn_head(
        self, settings: FacedriveSettings
    ) -> bpy.types.Object | bpy.types.PoseBone | None:
        """Turn the bone, or the object where no bone is named; return what was turned."""
        head, name = settings.head, settings.head_bone
        turn = drive.head_turn(self.stream.values.rotation)
        if head is None:
            return None
        if name:
            bone = head.pose.bones.get(name) if head.pose else None
            if bone is not None:
                drive.turn_bone(bone, turn)
            return bone
        rest = self._rests.setdefault(head.name, drive.get_rotation(head))
        drive.set_rotation(head, turn @ rest)
        return head


_session: Session | None = None


def current() -> Session | None:
    """Return the session that runs, if one does."""
    return _session


def start(settings: FacedriveSettings) -> Session:
    """Listen as the settings say, in place of any earlier session.

    Raises:
        OSError: if the port is in use or the address is not this computer's.
    """
    global _session
    stop()
    _session = Session(Stream(settings.host, settings.port, settings.prefix))
    bpy.app.timers.register(timer, first_interval=INTERVAL_S)
    bpy.app.handlers.load_pre.append(_before_load)
    log.info("listening on UDP port %d", _session.stream.port)
    return _session


def stop() -> None:
    """End the session, if one runs."""
    global _session
    if _session is None:
        return
    _session.close()
    _session = None
    bpy.app.handlers.load_pre.remove(_before_load)
    if bpy.app.timers.is_registered(timer):
        bpy.app.timers.unregister(timer)


def timer() -> float | None:
    """Tick once; Blender calls this again after the seconds returned."""
    if _session is None:
        return None
    if _session.tick(bpy.context.scene, time.monotonic()):
        _redraw_sidebars()
    return INTERVAL_S


@persistent
def _before_load(_path: str) -> None:
    """Another file is opened: what is moved goes away with this one."""
    stop()


def _redraw_sidebars() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


def _frame(scene: bpy.types.Scene, now: float, first_frame: int, since: float) -> int:
    """Return the frame that is now, counted from where recording began."""
    fps = scene.render.fps / scene.render.fps_base
    return first_frame + round((now - since) * fps)
