"""``facedrive cameras``: the cameras of this computer, and what they can give."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facedrive.cli.tables import table

if TYPE_CHECKING:
    from facedrive.sources.v4l2 import CameraInfo

NONE = 1
"""Exit code where there is no camera."""


@dataclass(frozen=True, kw_only=True)
class Cameras:
    """List cameras by name and stable path, with their formats, sizes and rates (Linux).

    --source takes a camera's number, its path, its stable path, or its name or a part of it.
    """

    json: bool = False
    """One JSON object, nothing else."""

    def run(self) -> int:
        """List them; exit code 1 where there is none."""
        from facedrive.sources.v4l2 import list_cameras

        cameras = list_cameras()
        if self.json:
            print(json.dumps({"cameras": [_as_dict(each) for each in cameras]}))
        elif cameras:
            print("\n\n".join(map(_shown, cameras)))
        else:
            elsewhere = "" if sys.platform == "linux" else " (cameras are listed on Linux only)"
            print(f"no camera; plug one in, or try --source demo{elsewhere}")
        return 0 if cameras else NONE


COMMANDS = {"": Cameras}


def _as_dict(camera: CameraInfo) -> dict[str, object]:
    return camera._asdict() | {"modes": [each._asdict() for each in camera.modes]}


def _shown(camera: CameraInfo) -> str:
    rows = [
        (each.fourcc, f"{each.width}x{each.height}", " ".join(f"{fps:g}" for fps in each.fps))
        for each in camera.modes
    ]
    head = f"{camera.name}\n  {camera.path}" + (f"\n  {camera.stable}" if camera.stable else "")
    body = table(("<format", "<size", "<frames a second"), rows)
    return head + "\n" + "\n".join(f"  {line}" for line in body.splitlines())
