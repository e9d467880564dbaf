"""Fills the prepared cache from labelled videos, as the paper's section 4.1 does, on every core."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from facedrive import __version__
from facedrive.aus import AUS
from facedrive.errors import DataError
from facedrive.feafa.labels.video import Video
from facedrive.feafa.protocol.cutting import Job, Task, TrackerPlan, cut_faces
from facedrive.feafa.protocol.prepared import (
    AGAIN,
    CROP,
    LABELS,
    MANIFEST,
    VERSION,
    CropFile,
    Cut,
    read_manifest,
)
from facedrive.files import whole_file, write_whole
from facedrive.progress import bar
from facedrive.training.workers import run_jobs
from facedrive.types import Vector

log = logging.getLogger(__name__)

PARTS = "parts"
"""Folder of the cache where jobs write until their turn comes."""

DECIMALS = 3
"""Of a label, after the paper: interpolated keyframes have more than that are meant."""

JOB_FRAMES = 500
"""Images that are cut in one go; what a killed run loses is a few of these."""


@dataclass(frozen=True)
class Counts:
    """What became of a video's frames."""

    frames: int
    """All of them."""
    unlabelled: int
    """Left out: no AU has a label."""
    unpictured: int
    """Left out: a label without a picture."""
    unreadable: int
    """Left out: the picture cannot be read."""
    faceless: int
    """Left out: no face was detected."""
    kept: int


def prepare(
    videos: Sequence[Video], cache: Path, workers: int | None = None, job_frames: int = JOB_FRAMES
) -> dict[str, Counts]:
    """Cut every labelled face out and write the cache, going on where a run was stopped.

    Args:
        videos: The dataset, in the order that the cache keeps.
        cache: Its folder; what another run left there is used if it was the same data.
        workers: Processes; None for one a core, 1 for none beside this one.
        job_frames: Images that are cut in one go.

    Returns:
        What became of the frames, by video.

    Raises:
        DataError: if the cache holds other data, no face is found, or the disk is full.
    """
    jobs = list(_jobs(videos, job_frames))
    keys = [job.key for job in jobs]
    digest = _digest(videos, keys)
    if (cache / MANIFEST).exists():
        return _counts_of(cache, digest)
    total = sum(len(job.video.frames) for job in jobs)
    _warn_if_tight(cache, total)
    try:
        file = CropFile(cache)
        cuts = _cut_all(file, jobs, keys, cache / PARTS, workers or os.cpu_count() or 1)
        counts = {video.name: _count(video, jobs, cuts) for video in videos}
        _write_labels(jobs, cuts, cache)
        file.finish()
        _write_manifest(videos, cuts, counts, cache, digest)
        file.forget()
    except OSError as error:
        raise DataError(
            f"{cache} cannot be written: {error.strerror or error}; {AGAIN}."
        ) from error
    return counts


def _jobs(videos: Sequence[Video], job_frames: int) -> Iterator[Job]:
    """Yield the work in the cache's order; a film is one job, so that it is decoded once."""
    for index, video in enumerate(videos):
        rows = np.flatnonzero(video.labelled & video.pictured)
        step = max(len(rows), 1) if video.film else job_frames
        for start in range(0, len(rows), step):
            yield Job(video.select(rows[start : start + step]), index)


def _cut_all(
    file: CropFile, jobs: Sequence[Job], keys: Sequence[str], parts: Path, workers: int
) -> list[Cut]:
    """Do the jobs that are not done yet; return what came of all."""
    cuts = file.resume(keys)
    first = len(cuts)
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir()
    sizes = [len(job.video.frames) for job in jobs]
    todo = [Task(job, parts / f"{place:06d}") for place, job in enumerate(jobs)][first:]
    try:
        results = run_jobs(TrackerPlan(), cut_faces, todo, workers)
        with (
            bar(sum(sizes), "frame", "cutting faces", done=sum(sizes[:first])) as line,
            closing(results),
        ):
            for task, key, (_, cut) in zip(todo, keys[first:], results, strict=True):
                file.append(key, cut, task.output)
                cuts.append(cut)
                line.advance(len(task.job.video.frames))
    finally:
        shutil.rmtree(parts, ignore_errors=True)
    if not any(cut.frames for cut in cuts):
        raise DataError("no labelled frame has a picture with a face; see: facedrive data check.")
    return cuts


def _count(video: Video, jobs: Sequence[Job], cuts: Sequence[Cut]) -> Counts:
    own = [cut for job, cut in zip(jobs, cuts, strict=True) if job.video.name == video.name]
    return Counts(
        frames=len(video.frames),
        unlabelled=int((~video.labelled).sum()),
        unpictured=int((video.labelled & ~video.pictured).sum()),
        unreadable=sum(len(cut.unreadable) for cut in own),
        faceless=sum(cut.faceless for cut in own),
        kept=sum(len(cut.frames) for cut in own),
    )


def _write_labels(jobs: Sequence[Job], cuts: Sequence[Cut], cache: Path) -> None:
    """Write the labels of the crops, in their order."""
    pairs = list(zip(jobs, cuts, strict=True))
    videos = [np.full(len(cut.frames), job.index, np.int32) for job, cut in pairs]
    with whole_file(cache / LABELS, DataError, AGAIN) as file:
        np.savez(
            file,
            aus=np.concatenate([_labels(job.video, cut) for job, cut in pairs]),
            video=np.concatenate(videos),
            frame=np.concatenate([np.array(cut.frames, np.int32) for _, cut in pairs]),
        )


def _write_manifest(
    videos: Sequence[Video],
    cuts: Sequence[Cut],
    counts: dict[str, Counts],
    cache: Path,
    digest: str,
) -> None:
    """Write what the cache holds; that it is there says that the cache is whole."""
    names = ("name", "subject", "part")
    manifest = {
        "version": VERSION,
        "facedrive": __version__,
        "digest": digest,
        "crop": asdict(CROP),
        "videos": [
            {name: getattr(each, name) for name in names} | {"counts": asdict(counts[each.name])}
            for each in videos
        ],
        "unreadable": [name for cut in cuts for name in cut.unreadable],
    }
    write_whole(cache / MANIFEST, json.dumps(manifest, indent=1), DataError, AGAIN)


def _labels(video: Video, cut: Cut) -> Vector:
    """Return the labels of the frames that were kept, (n, 24), rounded as the paper does."""
    rows = np.searchsorted(video.frames, np.array(cut.frames, np.int32))
    rounded = np.round(video.aus[rows].astype(np.float64), DECIMALS)
    return rounded.astype(np.float32).reshape(len(rows), len(AUS))


def _counts_of(cache: Path, digest: str) -> dict[str, Counts]:
    """Return what a finished cache says, if it is of the same data."""
    manifest = read_manifest(cache)
    if manifest["digest"] != digest:
        raise DataError(
            f"{cache} was prepared from other data or labels; delete it, or give another cache."
        )
    return {each["name"]: Counts(**each["counts"]) for each in manifest["videos"]}


def _digest(videos: Sequence[Video], keys: Sequence[str]) -> str:
    """Name the data: pictures, labels and whom they show."""
    digest = hashlib.sha256("\n".join(keys).encode())
    for video in videos:
        digest.update(f"{video.name} {video.subject} {video.part}\n".encode())
        digest.update(video.aus.tobytes())
    return digest.hexdigest()[:32]


def _warn_if_tight(cache: Path, frames: int) -> None:
    there = cache
    while not there.exists():
        there = there.parent
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(there).free
        if free < frames * CROP.size**2:
            log.warning("%s: up to %.1f GB are needed, %.1f GB are free", cache,
                        frames * CROP.size**2 / 1e9, free / 1e9)  # fmt: skip
