"""Renders a dataset in FEAFA+'s layout: posed and spontaneous videos, known labels, coders."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.feafa.simulate.coders import Coder
from facedrive.feafa.simulate.exposure import Exposure
from facedrive.feafa.simulate.posed import pose
from facedrive.feafa.simulate.spontaneous import happen
from facedrive.feafa.simulate.track import Track
from facedrive.files import write_whole
from facedrive.rotations import matrix_from_euler
from facedrive.stats.splits import People
from facedrive.training.rendered.camera import Camera, head_pose
from facedrive.training.rendered.face import Indices
from facedrive.training.rendered.studio import Studio, StudioPlan, sample_look
from facedrive.training.workers import run_jobs
from facedrive.types import Image, Vector

log = logging.getLogger(__name__)

Part = Literal["posed", "spontaneous"]

SIDE_PX = 320
QUALITY = 90
PLAN_FILE = "synth.json"
CODERS = ("A", "B", "C")
CODED: dict[Part, int] = {"posed": 8, "spontaneous": 3}
"""Videos of a part that the coders label; eight go once through the posed protocol."""

CANDIDATES = 5
"""Photographs for each subject's skin, of which the cleanest is taken."""

SUBJECT_PREFIX: dict[Part, str] = {"posed": "P", "spontaneous": "S"}
VIDEO_PREFIX: dict[Part, str] = {"posed": "PV", "spontaneous": "SN"}


@dataclass(frozen=True)
class FeafaPlan:
    """What is rendered; the same plan gives the same dataset."""

    subjects: int = 20
    """Each with a face, skin, hair and eyes of their own; every other one is posed."""
    videos: int = 60
    """Half of them posed."""
    frames: int = 200
    """A video."""
    seed: int = 0
    people: People = "train"
    """Whose photographs may give a skin."""

    def __post_init__(self) -> None:
        """Refuse what cannot be laid out."""
        if self.subjects < 2 or self.videos < self.subjects or self.frames < 2 or self.seed < 0:
            raise DataError(
                f"{self.videos} videos of {self.subjects} subjects, {self.frames} frames each, "
                f"seed {self.seed}; ask for 2 subjects or more, a video or more each, 2 frames "
                "or more and a seed of 0 or more."
            )


class VideoJob(NamedTuple):
    """One video to render."""

    folder: Path
    """``<root>/<part>/<subject>/<video>``."""
    part: Part
    subject: int
    """Number of the subject in the whole dataset."""
    number: int
    """Of the video in its part."""
    frames: int
    seed: int

    @property
    def label_path(self) -> Path:
        """``<part>/<subject>/<video>``."""
        return Path(*self.folder.parts[-3:])


def render_feafa(
    data: Path,
    output: Path,
    plan: FeafaPlan,
    workers: int = 1,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Render a dataset, or what is missing of one that was stopped.

    Args:
        data: The folder with ``faces.zip``, ``faces_teacher.npz`` and ``ict/``.
        output: The dataset's folder.
        plan: What to render; the dataset does not depend on ``workers``.
        workers: Processes to render with.
        progress: Called with the number of frames that are there.

    Raises:
        DataError: if the data cannot be read, the folder cannot be written or holds a dataset of
            another plan.
        RenderError: if there is no OpenGL context.
    """
    jobs = plan_videos(output, plan)
    missing = [job for job in jobs if not job.folder.is_dir()]
    try:
        _claim(output, plan)
        write_coders(output, jobs)
        if progress is not None:
            progress(sum(job.frames for job in jobs) - sum(job.frames for job in missing))
        studios = StudioPlan(data, plan.people, SIDE_PX)
        for index, _ in run_jobs(studios, render_video, missing, workers) if missing else ():
            if progress is not None:
                progress(missing[index].frames)
    except OSError as error:
        raise DataError(f"{output} cannot be written: {error}; is the disk full?") from error


def plan_videos(root: Path, plan: FeafaPlan) -> list[VideoJob]:
    """List the videos; those of a subject follow each other."""
    jobs: list[VideoJob] = []
    parts: tuple[tuple[Part, int, int], ...] = (
        ("posed", (plan.subjects + 1) // 2, (plan.videos + 1) // 2),
        ("spontaneous", plan.subjects // 2, plan.videos // 2),
    )
    before = 0
    for part, subjects, videos in parts:
        for number in range(videos):
            subject = number * subjects // videos
            folder = root / part / f"{SUBJECT_PREFIX[part]}{subject + 1:02d}"
            folder /= f"{VIDEO_PREFIX[part]}{number + 1:03d}"
            jobs.append(VideoJob(folder, part, before + subject, number, plan.frames, plan.seed))
        before += subjects
    return jobs


def perform(job: VideoJob) -> Track:
    """Draw what happens in a video."""
    rng = _generator(job, "track")
    return pose(rng, job.number, job.frames) if job.part == "posed" else happen(rng, job.frames)


def render_video(studio: Studio, job: VideoJob) -> int:
    """Write a video's pictures and labels, and return the number of its frames.

    It is written under another name first, so that a half one is never taken for whole.
    """
    part = job.folder.with_name(f".{job.folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    track = perform(job)
    for frame, picture in enumerate(_shoot(studio, job, track), start=1):
        path = part / f"{frame:05d}.jpg"
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
        path.write_bytes(data.tobytes())
    _write_labels(part, track.aus)
    part.rename(job.folder)
    return job.frames


def write_coders(root: Path, jobs: list[VideoJob]) -> None:
    """Let the coders label the first videos of each part."""
    coded = [job for job in jobs if job.number < CODED[job.part]]
    tracks = [perform(job).aus for job in coded]
    for number, name in enumerate(CODERS):
        coder = Coder(np.random.default_rng([jobs[0].seed, 3, number]))
        for job, truth in zip(coded, tracks, strict=True):
            folder = root / "coders" / name / job.label_path
            folder.mkdir(parents=True, exist_ok=True)
            _write_labels(folder, coder.label(truth))


def _shoot(studio: Studio, job: VideoJob, track: Track) -> list[Image]:
    """Draw all frames of a video, (S, S) uint8 each."""
    person, _ = studio.cast(
        np.random.default_rng([job.seed, 0, job.subject]),
        studio.cleanest(_candidates(studio.rows, job)),
    )
    rng = _generator(job, "camera")
    look = sample_look(rng)
    camera, centre = _place_camera(rng)
    exposure = Exposure(rng, studio.backdrop(rng), SIDE_PX)
    pictures = []
    for frame in range(job.frames):
        act = track.performance(frame)
        weights = studio.model.weights(act.aus, act.extras)
        vertices = studio.model.express(person, weights, act.gaze)
        placed = head_pose(matrix_from_euler(*track.head[frame]), centre)
        face, mask, _ = studio.draw(vertices, placed, camera, look)
        pictures.append(exposure.take(face, mask))
    return pictures


def _candidates(rows: Indices, job: VideoJob) -> Indices:
    """Choose a few photographs for a subject; none is another subject's, if there are enough."""
    shuffled = np.random.default_rng([job.seed, 4]).permutation(rows)
    first = job.subject * CANDIDATES
    return shuffled.take(range(first, first + CANDIDATES), mode="wrap")


def _place_camera(rng: np.random.Generator) -> tuple[Camera, NDArray[np.float32]]:
    """Put the camera so far off, and so narrow, that the picture shows 24 to 27 cm of the head."""
    distance = rng.uniform(55, 110)
    focal = SIDE_PX / rng.uniform(24, 27) * distance
    shift = rng.uniform(-0.7, 0.7, 2)
    return Camera(SIDE_PX, SIDE_PX, focal), np.array([*shift, -distance], np.float32)


def _generator(job: VideoJob, use: Literal["track", "camera"]) -> np.random.Generator:
    stream = {"track": 1, "camera": 2}[use]
    part = {"posed": 0, "spontaneous": 1}[job.part]
    return np.random.default_rng([job.seed, stream, part, job.number])


def _write_labels(folder: Path, aus: Vector) -> None:
    """Write (F, 24) AUs, a file a frame."""
    for frame, values in enumerate(aus, start=1):
        text = " ".join(f"{value:.4f}" for value in values)
        (folder / f"{frame:05d}.auw").write_text(text + "\n")


def _claim(root: Path, plan: FeafaPlan) -> None:
    """Note the plan in the folder, or refuse a folder that holds another one's dataset."""
    path = root / PLAN_FILE
    mine = json.dumps(asdict(plan))
    if path.exists() and path.read_text() != mine:
        raise DataError(
            f"{root} holds a dataset of {path.read_text()}; asked for is {mine}: give another "
            "folder."
        )
    write_whole(path, mine, DataError)
