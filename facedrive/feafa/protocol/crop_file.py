"""The growing cache: crops appended job by job, with a journal that a killed run goes on from."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from numpy.lib import format as npy

from facedrive.errors import DataError
from facedrive.feafa.protocol.cutting import Cut
from facedrive.feafa.protocol.prepared import CROP, CROPS
from facedrive.files import write_whole

JOURNAL = "journal.jsonl"

AGAIN = "what is done is kept: make room and run the same again"
"""The next step where a cache cannot be written."""


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
                "give another --cache."
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
