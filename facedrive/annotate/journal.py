"""What one coder says of one video: keys that are saved at every edit, and undone without end.

Every edit is one line of JSON at the end of a journal, on the disk before it counts, and then the
file of keys is written anew, whole. The journal is never shortened: undo and redo are lines too. So
what a killed program leaves is the last completed edit: a torn line at the journal's end is cut
off, and a file of keys that is one edit behind is written again. Where a person has changed the
file of keys by hand, or with Git, the difference becomes one more edit.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from facedrive.annotate.keys import Key, Tracks, check_key, read_keys, rows_of, title
from facedrive.errors import DataError, FacedriveError
from facedrive.files import write_whole

log = logging.getLogger(__name__)

JOURNAL_BYTES = 2**30
"""A larger journal is none that people made."""


class ConflictError(DataError):
    """An edit is of a key that somebody else has changed meanwhile."""


class Change(NamedTuple):
    """One key that comes, goes or becomes another."""

    channel: str
    frame: int
    before: Key | None
    after: Key | None

    def inverse(self) -> Change:
        """Return what takes it back."""
        return Change(self.channel, self.frame, self.after, self.before)


class Edit(NamedTuple):
    """What was done in one go."""

    text: str
    """What it was, for people."""
    changes: tuple[Change, ...]


class Document:
    """The keys of one coder and video, and their history."""

    def __init__(
        self, keys_path: Path, journal_path: Path, frames: int, *, read_only: bool = False
    ) -> None:
        """Open what is there, or begin anew.

        Args:
            keys_path: The CSV of keys.
            journal_path: Its journal.
            frames: How many the video has.
            read_only: Whether another program may be writing: only the keys are then read.

        Raises:
            DataError: if a file cannot be read, or holds what cannot be; both then stay as they
                are.
        """
        self.keys_path, self._journal_path, self._frames = keys_path, journal_path, frames
        self.tracks: Tracks = {}
        self.revision = 0
        """Counts the lines of the journal."""
        self.warning = ""
        """Why the file of keys could not be written; empty where it was."""
        self._done: list[Edit] = []
        self._undone: list[Edit] = []
        self._rows: dict[str, str] = {}
        self._seen = _version(keys_path)
        if not read_only:
            self._open()
        elif keys_path.exists():
            self.revision, self.tracks = read_keys(keys_path, frames)

    def __iter__(self) -> Iterator[tuple[str, Key]]:
        """Yield every key with its channel."""
        for channel, track in self.tracks.items():
            for key in track.values():
                yield channel, key

    @property
    def overtaken(self) -> bool:
        """Whether the file of keys was changed outside since it was read or written."""
        return _version(self.keys_path) != self._seen

    @property
    def undoable(self) -> str | None:
        """What the newest edit that can be taken back was; None where there is none."""
        return self._done[-1].text if self._done else None

    @property
    def redoable(self) -> str | None:
        """What was taken back last; None where there is nothing."""
        return self._undone[-1].text if self._undone else None

    def edit(self, text: str, changes: Sequence[Change]) -> None:
        """Make changes, all or none of them.

        Raises:
            ConflictError: if a key is another than the change says that it was.
            DataError: if a key cannot be, or the journal cannot be written; nothing is then
                changed.
        """
        edit = Edit(text[:200], tuple(changes))
        self._check(edit.changes)
        if edit.changes:
            self._append({"do": "edit", "text": edit.text, "keys": [*map(_pack, edit.changes)]})
            self._take(edit)

    def undo(self) -> Edit | None:
        """Take the newest edit back, and return it; None where there is none."""
        if not self._done:
            return None
        self._append({"do": "undo"})
        return self._undo()

    def redo(self) -> Edit | None:
        """Make the edit again that was taken back last, and return it; None where there is none."""
        if not self._undone:
            return None
        self._append({"do": "redo"})
        return self._redo()

    def put(self, channel: str, key: Key) -> Change:
        """Return the change that puts a key, whatever is there."""
        return Change(channel, key.frame, self.tracks.get(channel, {}).get(key.frame), key)

    def replace(self, channel: str, keys: Sequence[Key]) -> list[Change]:
        """Return the changes that make a track these keys."""
        wanted, there = {key.frame: key for key in keys}, self.tracks.get(channel, {})
        return [
            Change(channel, frame, there.get(frame), wanted.get(frame))
            for frame in sorted({*wanted, *there})
            if wanted.get(frame) != there.get(frame)
        ]

    def _check(self, changes: Sequence[Change]) -> None:
        for change in changes:
            there = self.tracks.get(change.channel, {}).get(change.frame)
            if there != change.before:
                raise ConflictError(
                    f"{change.channel}, frame {change.frame}: it was changed meanwhile, in another "
                    "window; look at it and do it again."
                )
            if change.after is not None:
                check_key("edit", change.channel, change.after, self._frames)

    def _take(self, edit: Edit) -> None:
        self._done.append(edit)
        self._undone.clear()
        self._apply(edit.changes)

    def _undo(self) -> Edit:
        edit = self._done.pop()
        self._undone.append(edit)
        self._apply([change.inverse() for change in reversed(edit.changes)])
        return edit

    def _redo(self) -> Edit:
        edit = self._undone.pop()
        self._done.append(edit)
        self._apply(edit.changes)
        return edit

    def _apply(self, changes: Sequence[Change]) -> None:
        _apply(self.tracks, changes)
        self._save({change.channel for change in changes})

    def _save(self, channels: set[str]) -> None:
        """Write the file of keys; where that fails, the journal has the edit."""
        for channel in channels:
            self._rows[channel] = rows_of(channel, self.tracks.get(channel, {}))
        rows = (self._rows[channel] for channel in sorted(self._rows))
        try:
            write_whole(self.keys_path, title(self.revision) + "".join(rows), DataError)
            self.warning = ""
        except DataError as error:
            self.warning = f"{error} The edit is kept in {self._journal_path.name}."
            log.warning("%s", self.warning)
        self._seen = _version(self.keys_path)

    def _append(self, line: dict[str, Any]) -> None:
        """Put a line at the journal's end, whole and on the disk, or not at all."""
        text = json.dumps({"n": self.revision + 1} | line, separators=(",", ":")) + "\n"
        path = self._journal_path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab", buffering=0) as file:
                whole = file.tell()
                try:
                    rest = memoryview(text.encode())
                    while rest:  # a disk that is nearly full takes part of it
                        rest = rest[file.write(rest) :]
                    os.fsync(file.fileno())
                except OSError:
                    with contextlib.suppress(OSError):
                        os.truncate(file.fileno(), whole)
                    raise
        except OSError as error:
            raise DataError(
                f"{path} cannot be written: {error.strerror}; the edit is not made: make room, "
                "and do it again."
            ) from error
        self.revision += 1

    def _open(self) -> None:
        there = self.keys_path.exists()
        revision, found = read_keys(self.keys_path, self._frames) if there else (0, {})
        told = self._replay(revision)
        self._rows = {name: rows_of(name, track) for name, track in self.tracks.items()}
        if there and (differs := _difference(told, found)):
            self._take_over(differs)
        elif revision != self.revision or (self.tracks and not there):
            self._save(set())

    def _replay(self, revision: int) -> Tracks:
        """Do again what the journal says; return the tracks as they were at a revision."""
        told: Tracks = {}
        for number, line in enumerate(_read_lines(self._journal_path), 1):
            try:
                self._do_again(line)
            except (KeyError, TypeError, ValueError, IndexError, FacedriveError) as error:
                raise DataError(
                    f"{self._journal_path}, line {number}: is no edit ({error}); move the file "
                    "away, and the keys stay as they are in their own file."
                ) from error
            if self.revision == revision:
                told = {name: dict(track) for name, track in self.tracks.items()}
        return told if revision <= self.revision else self.tracks

    def _do_again(self, line: dict[str, Any]) -> None:
        self.revision += 1
        match line["do"]:
            case "edit":
                edit = Edit(str(line["text"]), tuple(map(_unpack, line["keys"])))
                self._check(edit.changes)
                self._done.append(edit)
                self._undone.clear()
                _apply(self.tracks, edit.changes)
            case "undo":
                edit = self._done.pop()
                self._undone.append(edit)
                _apply(self.tracks, [each.inverse() for each in reversed(edit.changes)])
            case "redo":
                edit = self._undone.pop()
                self._done.append(edit)
                _apply(self.tracks, edit.changes)
            case other:
                raise ValueError(f"'{other}'")

    def _take_over(self, differs: Sequence[Change]) -> None:
        """Make what was changed outside the newest edit."""
        log.info("%s: %d keys were changed outside", self.keys_path, len(differs))
        self.edit("changed outside", [
            each._replace(before=self.tracks.get(each.channel, {}).get(each.frame))
            for each in differs
        ])  # fmt: skip


def _version(path: Path) -> tuple[int, int, int] | None:
    """Return what is another once a file has been written; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _apply(tracks: Tracks, changes: Sequence[Change]) -> None:
    for channel, frame, _, after in changes:
        track = tracks.setdefault(channel, {})
        if after is None:
            track.pop(frame, None)
        else:
            track[frame] = after
        if not track:
            del tracks[channel]


def _difference(one: Tracks, other: Tracks) -> list[Change]:
    """Return what makes one the other."""
    changes = []
    for channel in sorted({*one, *other}):
        before, after = one.get(channel, {}), other.get(channel, {})
        for frame in sorted({*before, *after}):
            if before.get(frame) != after.get(frame):
                changes.append(Change(channel, frame, before.get(frame), after.get(frame)))
    return changes


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the whole lines of a journal; a torn one at its end is cut off."""
    try:
        content = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        log.info("%s: %d bytes of an unfinished edit are cut off", path, len(content) - whole)
        os.truncate(path, whole)
    for number, line in enumerate(content[:whole].splitlines(), 1):
        try:
            found = json.loads(line)
        except ValueError as error:
            raise DataError(
                f"{path}, line {number}: is no JSON; move the file away, and the keys stay as "
                "they are in their own file."
            ) from error
        yield found


def _pack(change: Change) -> list[Any]:
    return [change.channel, change.frame, _pack_key(change.before), _pack_key(change.after)]


def _pack_key(key: Key | None) -> list[Any] | None:
    return None if key is None else [key.value, key.shape, int(key.machine)]


def _unpack(row: list[Any]) -> Change:
    channel, frame, before, after = row
    return Change(channel, frame, unpack_key(frame, before), unpack_key(frame, after))


def unpack_key(frame: int, row: list[Any] | None) -> Key | None:
    """Return the key of value, shape and whether it is the model's; None of None."""
    if row is None:
        return None
    value, shape, machine = row
    return Key(int(frame), round(float(value), 4), shape, bool(machine))
