"""Renders tests/data/turning_face.mp4: a face that turns, tilts, blinks, leaves and comes back.

    python tools/render_test_clip.py --data ../shared/data

It is the demo's face, which is nobody's. A table beside the clip says what it shows.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.rotations import EulerDegrees
from facedrive.training.rendered import demo_clip
from facedrive.training.rendered.camera import Camera
from facedrive.training.rendered.demo_clip import DemoClip, Script
from facedrive.training.rendered.face import LANDMARKS, load_face_model
from facedrive.training.rendered.performance import BLINK, SMILE, Move
from facedrive.training.rendered.sampling import Performance

ROOT = Path(__file__).resolve().parent.parent
CLIP = ROOT / "tests" / "data" / "turning_face.mp4"

MOVES = (
    *(Move(BLINK, start, 0.08, 0.07, 0.12) for start in (0.7, 2.2, 4.3, 5.9)),
    Move(("jaw_drop",), 1.6, 0.3, 0.9, 0.3, 0.7),
    Move(SMILE, 4.7, 0.3, 0.6, 0.3, 0.8),
)


class Pose(NamedTuple):
    """A key frame of the head; straight lines with soft ends lead from one to the next."""

    time: float
    pitch: float = 0.0
    yaw: float = 0.0
    roll: float = 0.0
    aside_cm: float = 0.0


AWAY_CM = 45.0
"""Far enough to be out of the picture with both shoulders."""

POSES = (
    Pose(0.0), Pose(0.4), Pose(1.1, yaw=-35), Pose(1.3, yaw=-35), Pose(2.6, yaw=35),
    Pose(2.8, yaw=35), Pose(3.4), Pose(3.8, pitch=18), Pose(4.4, pitch=-18), Pose(4.8),
    Pose(5.2, roll=30), Pose(5.4, roll=30), Pose(6.2, roll=-30), Pose(6.4, roll=-30), Pose(6.8),
    Pose(7.3, aside_cm=AWAY_CM), Pose(8.0, aside_cm=AWAY_CM), Pose(8.01, aside_cm=-AWAY_CM),
    Pose(8.2, aside_cm=-AWAY_CM), Pose(8.7), Pose(9.2),
)  # fmt: skip

SEEN = {"left_eye": 45, "right_eye": 36, "nose": 30, "left_mouth": 54, "right_mouth": 48}
"""Landmarks of the table, by their place among the 68: outer corners, and the nose's tip."""

COLUMNS = (
    *demo_clip.COLUMNS,
    "in_picture",
    *(f"{name}_{axis}_px" for name in SEEN for axis in "xy"),
)
"""The demo's; the share of the landmarks within the picture; where five of them lie."""


def pose_at(time: float) -> Pose:
    """Give the head at a time, seconds."""
    after = next((number for number, pose in enumerate(POSES) if pose.time > time), len(POSES) - 1)
    first, second = POSES[after - 1], POSES[after]
    share = np.clip((time - first.time) / (second.time - first.time), 0, 1)
    soft = share * share * (3 - 2 * share)
    return Pose(*(float(a + soft * (b - a)) for a, b in zip(first, second, strict=True)))


def act(time: float) -> Performance:
    """Give AUs at a time, seconds; the eyes look straight ahead."""
    aus = np.zeros(len(AU_NAMES), np.float32)
    for move in MOVES:
        aus[[AU_INDEX[name] for name in move.aus]] += np.float32(move.at(time))
    return Performance(aus, {}, np.zeros((2, 2), np.float32))


SCRIPT = Script(
    act,
    lambda time: EulerDegrees(*pose_at(time)[1:4]),
    lambda time: pose_at(time).aside_cm,
)


def landmarks(clip: DemoClip, data: Path) -> Iterator[NDArray[np.float32]]:
    """Give (68, 2) landmarks, pixels of the clip, for each frame."""
    model = load_face_model(data / "ict" / "ict_facekit.npz")
    person = model.identity(np.zeros(len(model.identities), np.float32))
    focal_px = clip.height * clip.distance_cm / clip.view_cm
    camera = Camera(clip.width, clip.height, focal_px)
    for time in clip.times():
        vertices, pose = clip.posed(model, person, time)
        yield camera.project(vertices[LANDMARKS] @ pose[:3, :3].T + pose[:3, 3])


def rows(clip: DemoClip, data: Path) -> Iterator[list[object]]:
    """Give the table's rows."""
    size = (clip.width, clip.height)
    for index, (time, points) in enumerate(zip(clip.times(), landmarks(clip, data), strict=True)):
        inside = ((points >= 0) & (points < size)).all(axis=1).mean()
        places = points[list(SEEN.values())].ravel()
        yield [index, f"{time:.6f}", *demo_clip.truth(time, clip.script), f"{inside:.3f}",
               *(f"{place:.1f}" for place in places)]  # fmt: skip


def main() -> None:
    """Write the clip and its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER",
                        help="folder with faces.zip, faces_teacher.npz and ict/")  # fmt: skip
    parser.add_argument("--output", type=Path, default=CLIP, metavar="MP4")
    parser.add_argument("--height", type=int, default=480, metavar="PX")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="a 30th of a second")
    args = parser.parse_args()
    clip = DemoClip(
        width=args.height * 4 // 3, height=args.height, fps=30 // args.every,
        duration=POSES[-1].time, rate_bits=430_000 * args.height // 480, script=SCRIPT,
    )  # fmt: skip
    demo_clip.write_table(args.output.with_suffix(".csv"), COLUMNS, rows(clip, args.data))
    demo_clip.write_video(args.output, clip.frames(args.data, clip.times()), clip)


if __name__ == "__main__":
    main()
