"""The prepared cache: aligned crops on disk with their labels, read without decoding anything.

It grows job by job, with a journal that a killed run goes on from; the manifest, written last, says
that it is whole.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from facedrive.arrays import BROKEN, read_arrays
from facedrive.errors import DataError
from facedrive.feafa.labels.video import Part
from facedrive.files import write_whole
from facedrive.types import CropSpec, Image, Vector

CROP = CropSpec(size=256, padding=0.4143)
"""A random 224-pixel part of it is trained on (paper, section 4.2); the middle one shows what the
live crop shows, 2 outer-eye-corner distances."""

VERSION = 2
"""Of how faces are found and cut, how labels are rounded, and of the files. To be raised whenever
the same data would give another cache; what another version made is refused."""

CROPS, LABELS, MANIFEST, JOURNAL = "crops.npy", "labels.npz", "manifest.json", "journal.jsonl"

AGAIN = "what is done is kept: make room and run the same again"
"""The next step where a cache cannot be written."""


Rows = NDArray[np.int64]
"""Frames of a prepared dataset, as indices."""
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Prepared:
    """N faces of V videos, ordered by video and frame."""

    crops: Image
    """(N, S, S) uint8 grayscale, aligned as ``spec`` says; memory-mapped, read-only."""
    aus: Vector
    """(N, 24) float32, 0 to 1, three decimals; NaN where the dataset does not label that AU."""
    video: NDArray[np.int32]
    """(N,) index into ``videos``."""
    frame: NDArray[np.int32]
    """(N,) the frame's number in its video."""
    videos: tuple[str, ...]
    """(V,) names, each once."""
    subjects: tuple[str, ...]
    """(V,) whom each video shows."""
    parts: tuple[str, ...]
    """(V,) ``posed`` or ``spontaneous``."""
    spec: CropSpec

    def __len__(self) -> int:
        return len(self.frame)

    def labelled_videos(self, part: Part) -> Indices:
        """Return (n,) the videos of a part that have a label.

        Raises:
            DataError: if there is none.
        """
        labelled = np.unique(self.video[np.isfinite(self.aus).any(1)])
        found = np.array([at for at in labelled if self.parts[at] == part], dtype=np.intp)
        if not len(found):
            known = ", ".join(sorted(set(self.parts))) or "none"
            raise DataError(f"there is no labelled {part} video in the data; parts: {known}.")
        return found

    def labelled_rows(self, videos: Indices, most: int = 0) -> Rows:
        """Return the rows of some videos that have a label: evenly ``most`` a video, 0 for all."""
        rows = []
        for video in videos:
            whole = np.flatnonzero((self.video == video) & np.isfinite(self.aus).any(1))
            if most and len(whole) > most:
                whole = whole[np.linspace(0, len(whole) - 1, most).round().astype(np.intp)]
            rows.append(whole)
        return np.concatenate(rows).astype(np.int64)


def load_prepared(folder: Path) -> Prepared:
    """Open a cache that ``facedrive data prepare`` filled.

    Raises:
        DataError: if it is missing, unfinished, broken or of another version.
    """
    manifest = read_manifest(folder)
    table = read_arrays(folder / LABELS, DataError, f"{folder} is no whole cache: {{error}}. "
                        "Delete it and prepare.")  # fmt: skip
    try:
        crops = np.load(folder / CROPS, mmap_mode="r")
        aus, video, frame = table["aus"], table["video"], table["frame"]
    except BROKEN as error:
        raise DataError(f"{folder} is no whole cache: {error}. Delete it and prepare.") from error
    videos, spec = manifest["videos"], CropSpec(**manifest["crop"])
    if crops.shape != (len(frame), spec.size, spec.size) or len(aus) != len(frame):
        raise DataError(
            f"{folder} holds crops {crops.shape} for {len(frame)} labels; delete it and prepare."
        )
    return Prepared(
        crops,
        aus,
        video,
        frame,
        tuple(str(each["name"]) for each in videos),
        tuple(str(each["subject"]) for each in videos),
        tuple(str(each["part"]) for each in videos),
        spec,
    )


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read what a finished cache says about itself.

    Raises:
        DataError: if there is none, or it is of another version.
    """
    path = folder / MANIFEST
    try:
        manifest = dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise DataError(
            f"{folder} is no finished cache; make it with: facedrive data prepare DIR "
            f"--cache {folder}"
        ) from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    if manifest.get("version") != VERSION:
        raise DataError(
            f"{path} is of version {manifest.get('version')}; facedrive needs {VERSION}. "
            f"Delete {folder} and prepare it again."
        )
    return manifest


@dataclass(frozen=True)
class Cut:
    """What came of a job: some frames of one video, whose faces were cut out in one go."""

    frames: tuple[int, ...]
    """Numbers of the frames with a face; their crops are in the job's file, in this order."""
    faceless: int
    """Frames without a detected face."""
    unreadable: tuple[str, ...]
    """Pictures that could not be read, or the film and the frame it lacks."""


class CropFile:
    """Crops of the jobs done so far, in order.

    A job counts as done once its line is in the journal; whatever the crop file holds beyond
    that is cut off when a run goes on.
    """

    def __init__(self, folder: Path) -> None:
        """Start in a folder, or look at what another run left there.

        Raises:
            OSError: if the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._crops, self._journal = folder / CROPS, folder / JOURNAL
        self._rows = 0

    def resume(self, keys: Sequence[str]) -> list[Cut]:
        """Keep what was done of jobs with these keys, from the first one on; return it.

        Raises:
            DataError: if another run did other jobs here.
        """
        done: list[Cut] = []
        journal = self._read_journal()
        if keys and journal and journal[0][0] != keys[0]:
            raise DataError(
                f"{self._journal.parent} holds an unfinished run over other data; delete it, or "
                "give another cache."
            )
        size = _header_size()
        there = self._crops.stat().st_size if self._crops.exists() else 0
        for key, (done_key, cut) in zip(keys, journal, strict=False):
            size += len(cut.frames) * CROP.size**2
            if key != done_key or size > there:
                break
            done.append(cut)
        self._rows = sum(len(cut.frames) for cut in done)
        self._cut_off(keys, done)
        return done

    def append(self, key: str, cut: Cut, crops: Path) -> None:
        """Add a job's crops from its file, which is then deleted.

        Raises:
            OSError: if the disk is full; the jobs before are kept.
        """
        with crops.open("rb") as part, self._crops.open("ab") as file:
            shutil.copyfileobj(part, file, 1 << 20)
            _to_disk(file)
        with self._journal.open("ab") as file:
            file.write(_line(key, cut))
            _to_disk(file)
        self._rows += len(cut.frames)
        crops.unlink()

    def finish(self) -> None:
        """Say in the file how many crops it has; then numpy can read it."""
        with self._crops.open("r+b") as file:
            _write_header(file, self._rows)
            _to_disk(file)

    def forget(self) -> None:
        """Take the journal away, once something else says that the cache is whole."""
        self._journal.unlink()

    def _read_journal(self) -> list[tuple[str, Cut]]:
        """Read the jobs that are done; a torn last line is none."""
        if not self._journal.exists():
            return []
        jobs = []
        for line in self._journal.read_bytes().splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                break
            cut = Cut(tuple(entry["frames"]), entry["faceless"], tuple(entry["unreadable"]))
            jobs.append((entry["key"], cut))
        return jobs

    def _cut_off(self, keys: Sequence[str], done: Sequence[Cut]) -> None:
        """Leave only what is done in the crop file and in the journal."""
        with self._crops.open("r+b" if self._crops.exists() else "w+b") as file:
            _write_header(file, 0)
            file.truncate(file.tell() + self._rows * CROP.size**2)
        write_whole(self._journal, b"".join(map(_line, keys, done)), DataError, AGAIN)


def _line(key: str, cut: Cut) -> bytes:
    return json.dumps({"key": key, **asdict(cut)}).encode() + b"\n"


def _write_header(file: BinaryIO, rows: int) -> None:
    # Its size does not depend on the number of rows: numpy leaves room for an array to grow.
    header = {"descr": "|u1", "fortran_order": False, "shape": (rows, CROP.size, CROP.size)}
    npy.write_array_header_1_0(file, header)


def _header_size() -> int:
    header = io.BytesIO()
    _write_header(header, 0)
    return header.tell()


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
