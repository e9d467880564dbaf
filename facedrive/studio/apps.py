"""Outputs by the name of the app that receives them."""

from __future__ import annotations

from typing import NamedTuple

from facedrive.sinks import describe


class App(NamedTuple):
    """An app that takes faces."""

    name: str
    scheme: str
    advice: str
    """Which text of the table says what to set in it."""

    @property
    def url(self) -> str:
        """The address that reaches it on this computer."""
        return describe(self.scheme).example


APPS: tuple[App, ...] = (
    App("VRChat", "vrchat", "app_vrchat"),
    App("VSeeFace", "vmc", "app_vseeface"),
    App("Warudo", "vmc", "app_warudo"),
    App("VNyan", "vmc", "app_vseeface"),
    App("Unreal Engine", "livelink", "app_unreal"),
    App("VTube Studio", "vts", "app_vts"),
    App("Discord, Zoom, Meet", "camera", "app_camera"),
    App("iFacialMocap apps", "ifacialmocap", "app_ifacialmocap"),
    App("OpenSeeFace apps", "openseeface", "app_openseeface"),
    App("Project Babble apps", "babble", "app_babble"),
    App("Blender", "osc", "app_blender"),
    App("Unity", "osc", "app_unity"),
    App("Godot", "osc", "app_godot"),
    App("OSC", "osc", "app_osc"),
    App("WebSocket", "ws", "app_ws"),
)
