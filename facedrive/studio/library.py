"""The folder of takes: what is in it, recorded into it, cut, renamed and exported from it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facedrive.assembly import load_rig
from facedrive.aus import AU_INDEX
from facedrive.errors import DataError, SinkError
from facedrive.export import SUFFIXES as EXPORTS
from facedrive.export.gltf import write_gltf
from facedrive.export.livelink_csv import write_livelink_csv
from facedrive.export.targets import target_mapping
from facedrive.export.vmd import write_vmd
from facedrive.files import free_path, write_whole
from facedrive.mappings import load_mapping
from facedrive.studio.pictures import small_jpeg
from facedrive.takes.columns import row_of
from facedrive.takes.read import read_take
from facedrive.takes.take import Take
from facedrive.takes.write import open_rows
from facedrive.types import Frame, Sample, Vector

SUFFIXES = (".csv", ".parquet")

BESIDE = (".jpg", ".notes.txt", ".mp4")
"""What the files end in that belong to a take of the same name."""

THUMBNAIL_WIDTH = 160
"""Pixels."""

CURVE = 64
"""Points of the curve that stands for a take's picture where there is none."""

MAX_UPLOAD = 100 * 2**20
"""Bytes of a take that is dropped onto the page."""

MAX_NAME = 80
MAX_NOTES = 2000
"""Characters that are kept."""

UNFIT = re.compile(r'[\x00-\x1f\s/\\:*?"<>|]+')
"""What a file's name cannot hold on one system or another."""


@dataclass(frozen=True)
class Entry:
    """One take of the folder."""

    path: Path
    seconds: float
    """From its first row to its last; NaN where it cannot be read."""
    rows: int
    notes: str
    error: str = ""
    """Why it cannot be read; empty where it can."""
    curve: tuple[float, ...] = ()
    """How much of the face moves along it, 0 to 1, at ``CURVE`` even times."""

    @property
    def name(self) -> str:
        """Its file's name without the suffix."""
        return self.path.stem

    @property
    def thumbnail(self) -> Path:
        """Where its picture is, if it has one."""
        return self.path.with_suffix(".jpg")

    @property
    def picture(self) -> Path:
        """Where the camera's picture is, if it was recorded."""
        return self.path.with_suffix(".mp4")


class Library:
    """The takes of one folder; what other programs put there appears too."""

    def __init__(self, folder: Path) -> None:
        """Look into ``folder``, which may not exist yet."""
        self.folder = folder
        self._known: dict[tuple[Path, int, int], Entry] = {}

    def entries(self) -> list[Entry]:
        """Return the takes, the newest first."""
        paths = [path for path in self.folder.glob("*") if path.suffix.lower() in SUFFIXES]
        stats = sorted(((path.stat(), path) for path in paths if path.is_file()),
                       key=lambda each: -each[0].st_mtime_ns)  # fmt: skip
        known: dict[tuple[Path, int, int], Entry] = {}
        for stat, path in stats:
            key = (path, stat.st_mtime_ns, stat.st_size)
            known[key] = self._known.get(key) or _look(path)
        self._known = known
        return [replace(each, notes=_notes(each.path)) for each in known.values()]

    def find(self, name: str) -> Entry:
        """Return the take of this name.

        Raises:
            DataError: if there is none, or no more.
        """
        for each in self.entries():
            if each.name == name:
                return each
        raise DataError(f"no take '{name[:MAX_NAME]}' in {self.folder}; was it deleted?")

    def free(self, name: str) -> Path:
        """Return a path for a new take of about this name."""
        return free_path(self.folder / f"{tidy(name)}.csv")

    def rename(self, name: str, to: str) -> str:
        """Call a take otherwise; return what it is called now.

        Raises:
            DataError: if it is gone, or cannot be renamed.
        """
        entry, target = self.find(name), tidy(to)
        if target == name:
            return name
        path = free_path(entry.path.with_name(target + entry.path.suffix))
        for suffix in (entry.path.suffix, *BESIDE):
            old = entry.path.with_name(entry.name + suffix)
            if old.exists():
                _move(old, path.with_name(path.stem + suffix))
        return path.stem

    def note(self, name: str, text: str) -> None:
        """Keep a note with a take."""
        write_whole(_notes_path(self.find(name).path), text[:MAX_NOTES], DataError)

    def delete(self, name: str) -> None:
        """Delete a take and what belongs to it."""
        entry = self.find(name)
        for suffix in (entry.path.suffix, *BESIDE):
            entry.path.with_name(entry.name + suffix).unlink(missing_ok=True)

    def trim(self, name: str, low: float, high: float) -> str:
        """Keep the part from ``low`` to ``high`` seconds as a take of its own; return its name.

        Raises:
            DataError: if nothing is in that part.
        """
        entry = self.find(name)
        take = Take.read(entry.path)
        times = take.time - take.time[0]
        kept = Take(take.rows[(times >= low) & (times <= high)])
        if not len(kept):
            raise DataError(f"{name} has nothing from {low:.1f} to {high:.1f} s; choose more.")
        path = self.free(f"{name} cut")
        kept.to_csv(path)
        if entry.thumbnail.exists():
            write_whole(path.with_suffix(".jpg"), entry.thumbnail.read_bytes(), DataError)
        return path.stem

    def keep(self, name: str, content: bytes) -> str:
        """Take a file that was dropped onto the page: facedrive's, or a CSV of Live Link Face.

        It is kept as a take of facedrive's; returned is what it is called.

        Raises:
            DataError: if it is no take, too large or empty.
        """
        plain = Path(name)
        if plain.suffix.lower() not in SUFFIXES:
            raise DataError(f"{name[-MAX_NAME:]} is no take; drop one of {', '.join(SUFFIXES)}.")
        if len(content) > MAX_UPLOAD:
            raise DataError(f"{tidy(plain.stem)}: more than {MAX_UPLOAD >> 20} MiB; cut it first.")
        with tempfile.TemporaryDirectory(prefix="facedrive-") as folder:
            dropped = Path(folder) / f"{tidy(plain.stem)}{plain.suffix.lower()}"
            dropped.write_bytes(content)
            take = _read_dropped(dropped)
        path = self.free(plain.stem)
        take.to_csv(path)
        return path.stem

    def samples(self, name: str) -> list[Sample]:
        """Read a take to play it.

        Raises:
            DataError: if it is gone, broken or empty.
        """
        found = list(read_take(self.find(name).path))
        if not found:
            raise DataError(f"{name} is empty; there is nothing to play.")
        return found

    def export(
        self, name: str, to: str, rig: str = "", tell: Callable[[float], None] = lambda _: None
    ) -> Path:
        """Write a take in another format, below ``exports``; return where.

        ``tell`` hears how far it is, 0 to 1.

        Raises:
            FacedriveError: if it cannot be read or written.
        """
        entry = self.find(name)
        path = free_path(self.folder / "exports" / f"{name}{EXPORTS[to]}")
        path.parent.mkdir(parents=True, exist_ok=True)
        _WRITERS[to](_told(read_take(entry.path), entry.rows, tell), path, rig)
        return path


class Recording:
    """An output that writes a take and keeps a small picture of its first frame."""

    def __init__(self, path: Path) -> None:
        """Record to ``path``; its folder is made.

        Raises:
            SinkError: if it cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"{path.parent} cannot be made: {error.strerror}.") from error
        self.path, self.count, self.seconds = path, 0, 0.0
        self._rows = open_rows(path)
        self._first: float | None = None

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Write one sample, its time from the first.

        Raises:
            SinkError: if the disk is full or gone; earlier rows stay.
        """
        self._first = sample.time if self._first is None else self._first
        self.seconds = sample.time - self._first
        if self.count == 0 and frame is not None:
            write_whole(self.path.with_suffix(".jpg"), small_jpeg(frame.image, THUMBNAIL_WIDTH, 95))
        self._rows.write(row_of(replace(sample, time=self.seconds, index=self.count)))
        self.count += 1

    def close(self) -> None:
        """Finish the file."""
        self._rows.close()


def tidy(name: str, otherwise: str = "take") -> str:
    """Return a name that any system takes for a file; ``otherwise`` where nothing is left."""
    plain = UNFIT.sub(" ", name).strip(" .")[:MAX_NAME].strip()
    return plain or otherwise


def _read_dropped(path: Path) -> Take:
    """Read a file of which people know the name, not the folder."""
    try:
        take = Take.read(path)
    except DataError as error:
        raise DataError(str(error).replace(f"{path.parent}{os.sep}", "")) from error
    if not len(take):
        raise DataError(f"{path.name} is empty; there is nothing to play.")
    return take


def _look(path: Path) -> Entry:
    """Read how long a take is."""
    try:
        take = Take.read(path)
    except DataError as error:
        return Entry(path, float("nan"), 0, "", str(error))
    seconds = float(take.time[-1] - take.time[0]) if len(take) else 0.0
    return Entry(path, seconds, len(take), "", curve=_curve(take))


def _curve(take: Take) -> tuple[float, ...]:
    if not len(take):
        return ()
    at = np.searchsorted(take.time, np.linspace(take.time[0], take.time[-1], CURVE))
    return tuple(activity(np.nan_to_num(take.aus[at])).round(3).tolist())


def activity(aus: Vector) -> Vector:
    """Return (n,) how much of the face moves in (n, 24) AUs, 0 to 1."""
    levels: Vector = np.maximum(4 * aus.mean(axis=1), aus[:, AU_INDEX["jaw_drop"]])
    return np.clip(levels, 0, 1)


def _notes_path(path: Path) -> Path:
    return path.with_name(f"{path.stem}.notes.txt")


def _notes(path: Path) -> str:
    place = _notes_path(path)
    return place.read_text(encoding="utf-8", errors="replace") if place.is_file() else ""


def _move(old: Path, new: Path) -> None:
    try:
        old.rename(new)
    except OSError as error:
        raise DataError(f"{old.name} cannot be renamed: {error.strerror}.") from error


def _told(samples: Iterable[Sample], count: int, tell: Callable[[float], None]) -> Iterator[Sample]:
    """Yield samples and tell after each which share of them has gone by."""
    for done, sample in enumerate(samples, 1):
        yield sample
        tell(min(done / max(count, 1), 1.0))


def _write_glb(samples: Iterable[Sample], path: Path, rig: str) -> None:
    loaded = load_rig(rig or None)
    write_gltf(samples, path, loaded, target_mapping(loaded))


def _write_livelink(samples: Iterable[Sample], path: Path, _: str) -> None:
    write_livelink_csv(samples, path, fps=60, mapping="arkit")


def _write_vmd(samples: Iterable[Sample], path: Path, _: str) -> None:
    write_vmd(samples, path, load_mapping("mmd"))


_WRITERS: dict[str, Callable[[Iterable[Sample], Path, str], None]] = {
    "gltf": _write_glb,
    "livelink-csv": _write_livelink,
    "vmd": _write_vmd,
}
