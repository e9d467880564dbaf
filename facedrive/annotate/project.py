"""A project's folder: videos that are referenced, coders, who labels what; all of it plain files.

project.toml           the videos, the coders, and who labels what
rules.toml             what cannot be (``rules.py``)
videos.sha256          the videos' hashes, as sha256sum reads them
frames/VIDEO.csv       the frames of a video, and their times
guess/VIDEO.csv        the model's first guess, a take; VIDEO.spread.csv how sure it is
keys/VIDEO/CODER.csv   what a coder says (``journal.py``)
journal/VIDEO/CODER.jsonl  how it came about
expert/VIDEO.csv       what the expert accepts (``expert.py``)
secrets.toml           the coders' invitations; not for others' eyes
"""

from __future__ import annotations

import csv
import json
import os
import random
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import tomlkit
from numpy.typing import NDArray

from facedrive.annotate.journal import Document
from facedrive.annotate.keys import Values
from facedrive.annotate.rules import DEFAULT_RULES
from facedrive.errors import DataError, SourceError, unknown
from facedrive.feafa.labels.folders import frame_number
from facedrive.feafa.labels.pictures import FILM_SUFFIXES
from facedrive.feafa.labels.video import Part
from facedrive.files import file_hash, read_text, read_toml, write_whole
from facedrive.progress import track_frames
from facedrive.sources import IMAGE_SUFFIXES, open_source
from facedrive.sources.images import natural_key

VERSION = 1

EXPERT = "expert"
"""Who accepts or mends what the coders say; no coder may be called so."""

NAME = re.compile(r"[\w][\w.\-]{0,59}")
"""What a video or a coder may be called: it becomes a file's name."""

FILE = "project.toml"
SUMS = "videos.sha256"
IGNORED = ".cache/\n.lock\nsecrets.toml\n"
CACHE = ".cache"

FRAME_COLUMNS = ("position", "label", "source", "time_s")

Positions = NDArray[np.int64]


class Clock(NamedTuple):
    """The F frames of a video."""

    times: Values
    """(F,) seconds, ascending."""
    labels: Positions
    """(F,) the numbers that their ``.auw`` files have."""
    sources: tuple[str, ...]
    """(F,) where each is: its number in the film, or its file in the folder of images."""


MOVE = "facedrive annotate move {folder} --video {video} --to PATH"
"""How a person says where a video is now."""


@dataclass(frozen=True)
class Video:
    """One video of a project."""

    name: str
    path: str
    """Of the film or the folder of images; from the project's folder, or from the root."""
    subject: str
    part: Part = "spontaneous"
    frames: int = 0
    coders: tuple[str, ...] = ()
    """Who labels it."""


@dataclass
class Project:
    """A project that is open; ``close`` lets others open it."""

    folder: Path
    name: str
    videos: dict[str, Video] = field(default_factory=dict)
    coders: tuple[str, ...] = ()
    per_video: int = 3
    """Coders of each video, as in the paper."""
    seed: int = 0
    """Of the assignment."""
    _lock: IO[bytes] | None = None
    _clocks: dict[str, Clock] = field(default_factory=dict, repr=False)

    @classmethod
    def create(cls, folder: Path) -> Project:
        """Make an empty project.

        Raises:
            DataError: if the folder cannot be made, or holds something else.
        """
        if folder.is_dir() and any(each for each in folder.iterdir() if each.name != ".git"):
            raise DataError(
                f"{folder} is no project and not empty; give an empty folder, or one that "
                "facedrive annotate made."
            )
        project = cls(folder, folder.resolve().name or "project")
        write_whole(folder / ".gitignore", IGNORED, DataError)
        write_whole(folder / "rules.toml", DEFAULT_RULES, DataError)
        project._lock = _lock(folder)
        project.save()
        return project

    @classmethod
    def open(cls, folder: Path, *, lock: bool = True) -> Project:
        """Open a project.

        Args:
            folder: The project's.
            lock: Whether to keep others from opening it meanwhile; without, it is only read.

        Raises:
            DataError: if there is none, it is of a newer version, its file is wrong, or another
                program has it open.
        """
        path = folder / FILE
        if not path.is_file():
            raise DataError(
                f"{folder} holds no {FILE}; make a project with: "
                "facedrive annotate PROJECT --add VIDEO."
            )
        project = _read(folder, read_toml(path, DataError, "project"))
        project._lock = _lock(folder) if lock else None
        return project

    def close(self) -> None:
        """Let others open it."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def save(self) -> None:
        """Write the project's file; comments above its first line are kept.

        Raises:
            DataError: if it cannot be written.
        """
        path = self.folder / FILE
        document = tomlkit.parse(read_text(path, DataError, "project")) if path.exists() else (
            tomlkit.document())  # fmt: skip
        document["version"] = VERSION
        document["name"] = self.name
        document["coders"] = list(self.coders)
        document["coders_a_video"] = self.per_video
        document["seed"] = self.seed
        rows = tomlkit.aot()
        for video in self.videos.values():
            row = tomlkit.table()
            row.update({"name": video.name, "path": video.path, "subject": video.subject,
                        "part": video.part, "frames": video.frames,
                        "coders": list(video.coders)})  # fmt: skip
            rows.append(row)
        document["videos"] = rows
        write_whole(path, tomlkit.dumps(document), DataError)

    def video(self, name: str) -> Video:
        """Return a video by its name.

        Raises:
            DataError: if there is none.
        """
        if name not in self.videos:
            raise DataError(unknown("video", name[:60], self.videos))
        return self.videos[name]

    def place(self, video: Video) -> Path:
        """Return where a video's film or images are.

        Raises:
            SourceError: if they are gone.
        """
        path = self.folder / video.path
        if not path.exists():
            command = MOVE.format(folder=self.folder, video=video.name)
            raise SourceError(
                f"{video.name}: {path} is gone; put it back, or say where it is with: {command}."
            )
        return path

    def add(self, path: Path, *, name: str | None = None, subject: str | None = None,
            part: Part = "spontaneous") -> Video:  # fmt: skip
        """Add a film or a folder of images: look through all of it once, and note its hash.

        Raises:
            SourceError: if it cannot be read.
            DataError: if its name is taken, or cannot be a file's.
        """
        name = name or _tame(path.stem if path.is_file() else path.name)
        _check_name("video", name, self.videos)
        clock = read_clock(path)
        video = Video(name, self._from_here(path), subject or name, part, len(clock.times))
        self.videos[name] = video
        self._keep_clock(name, clock)
        self._keep_sums(video)
        self.save()
        return video

    def move(self, name: str, path: Path) -> None:
        """Say where a video is now.

        Raises:
            DataError: if it is another video.
            SourceError: if it cannot be read.
        """
        if not path.exists():
            raise SourceError(f"no file '{path}'; give a video or a folder of images.")
        known = self.video(name)
        moved = replace(known, path=self._from_here(path))
        if (reason := self._differs(moved, self._noted(known))) is not None:
            raise DataError(f"{path} is not {name} as it was added: {reason}.")
        self.videos[name] = moved
        others = {each.path for each in self.videos.values()}
        left = () if known.path in others else self._names(known)
        self._keep_sums(moved, left)
        self.save()

    def clock(self, name: str) -> Clock:
        """Return the frames of a video.

        Raises:
            DataError: if their file is gone or wrong.
        """
        if name not in self._clocks:
            self._clocks[name] = _read_frames(
                self.folder / "frames" / f"{name}.csv", self.video(name).frames
            )
        return self._clocks[name]

    def document(self, name: str, coder: str) -> Document:
        """Open what a coder says of a video.

        Raises:
            DataError: if a file is wrong.
        """
        if coder not in (*self.coders, EXPERT):
            raise DataError(unknown("coder", coder[:60], (*self.coders, EXPERT)))
        video = self.video(name)
        return Document(
            self.folder / "keys" / name / f"{coder}.csv",
            self.folder / "journal" / name / f"{coder}.jsonl",
            video.frames,
            read_only=self._lock is None,
        )

    def add_coder(self, name: str) -> None:
        """Add a coder.

        Raises:
            DataError: if there is one of that name, in whatever case.
        """
        _check_name("coder", name, (*self.coders, EXPERT))
        self.coders = (*self.coders, name)
        self.save()

    def assign(self, per_video: int | None = None, seed: int | None = None) -> None:
        """Give each video its coders, as evenly as can be; drawn by the seed.

        Videos that somebody labels already keep who does, and get others beside.

        Raises:
            DataError: if there are fewer coders than a video shall have.
        """
        self.per_video = self.per_video if per_video is None else per_video
        self.seed = self.seed if seed is None else seed
        if not 1 <= self.per_video <= len(self.coders):
            raise DataError(
                f"{self.per_video} coders a video, of {len(self.coders)}; add coders, or ask for "
                "fewer a video."
            )
        begun = {name: self._labelled_by(name) for name in self.videos}
        drawn = draw_coders(begun, self.coders, self.per_video, self.seed)
        self.videos = {
            name: replace(video, coders=drawn[name]) for name, video in self.videos.items()
        }
        self.save()

    def assign_to(self, name: str, coder: str) -> None:
        """Give a video one more coder."""
        video = self.video(name)
        if coder not in video.coders:
            self.videos[name] = replace(video, coders=(*video.coders, coder))
            self.save()

    def changed(self) -> dict[str, str]:
        """Return the videos that are not what was added, and why; hashes of files are remembered.

        A file whose size and time of change are as when it was last hashed counts as the same.
        """
        reasons = {name: self.differs(name) for name in self.videos}
        return {name: reason for name, reason in reasons.items() if reason is not None}

    def differs(self, name: str) -> str | None:
        """Return why a video is not what was added; None where it is."""
        video = self.video(name)
        return self._differs(video, self._noted(video))

    def _labelled_by(self, name: str) -> tuple[str, ...]:
        folder = self.folder / "keys" / name
        return tuple(each for each in self.coders if (folder / f"{each}.csv").exists())

    def _from_here(self, path: Path) -> str:
        """Return a path from the project's folder, where that is not far."""
        near = os.path.relpath(path.resolve(), self.folder.resolve())
        return near if near.count("..") <= 3 else str(path.resolve())

    def _keep_clock(self, name: str, clock: Clock) -> None:
        rows = zip(range(len(clock.times)), clock.labels.tolist(), clock.sources,
                   clock.times.tolist(), strict=True)  # fmt: skip
        text = "".join(f"{at},{label},{source},{time:.6f}\n" for at, label, source, time in rows)
        write_whole(self.folder / "frames" / f"{name}.csv", ",".join(FRAME_COLUMNS) + "\n" + text,
                    DataError)  # fmt: skip
        self._clocks.pop(name, None)

    def _sums(self) -> dict[str, str]:
        """Return the hashes that are known, by path as it stands in the file."""
        path = self.folder / SUMS
        lines = read_text(path, DataError, "list of hashes").splitlines() if path.exists() else []
        pairs = (line.split("  ", 1) for line in lines if "  " in line)
        return {name: digest for digest, name in pairs}

    def _keep_sums(self, video: Video, left: Collection[str] = ()) -> None:
        """Note a video's hashes, and none of the files that it has left."""
        sums = self._sums() | {each: self._hash(each) for each in self._files(self.place(video))}
        for name in left:
            sums.pop(name, None)
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
        write_whole(self.folder / SUMS, lines, DataError)

    def _files(self, path: Path) -> list[str]:
        files = image_files(path) if path.is_dir() else [path]
        return [self._from_here(each) for each in files]

    def _hash(self, name: str) -> str:
        """Return a file's hash; what was hashed before and has not changed is not read again."""
        path = self.folder / name
        found = path.stat()
        stamp = f"{found.st_size}:{found.st_mtime_ns}"
        cache = self.folder / CACHE / "hashes.json"
        try:
            known: dict[str, Any] = json.loads(cache.read_text()) if cache.exists() else {}
        except (OSError, ValueError):
            known = {}
        if known.get(name, ("", ""))[0] != stamp:
            known[name] = (stamp, file_hash(path))
            write_whole(cache, json.dumps(known), DataError)
        return str(known[name][1])

    def _names(self, video: Video) -> list[str]:
        """Return the noted files of a video."""
        inside = video.path + os.sep
        return [name for name in self._sums() if name == video.path or name.startswith(inside)]

    def _noted(self, video: Video) -> dict[str, str]:
        """Return the hashes of a video as it was added, by what follows its path."""
        sums = self._sums()
        return {name.removeprefix(video.path): sums[name] for name in self._names(video)}

    def _differs(self, video: Video, noted: dict[str, str]) -> str | None:
        """Return why what lies at a video's path is not what was noted.

        Of a path that a person wrote into the project, nothing is noted: any file that was added
        may be there.
        """
        try:
            files = self._files(self.place(video))
            found = {name.removeprefix(video.path): self._hash(name) for name in files}
        except (OSError, SourceError) as error:
            return str(error).removeprefix(f"{video.name}: ").rstrip(".")
        if gone := sorted(noted.keys() - found.keys() - {""}):
            return f"{video.path}{gone[0]} is missing"
        known = set(noted.values() or self._sums().values())
        for name, digest in found.items():
            if digest not in known or noted.get(name, digest) != digest:
                return (
                    f"{video.path}{name} has another SHA-256 than in {SUMS}: it was replaced or "
                    "cut off"
                )
        return None


def read_clock(path: Path) -> Clock:
    """Look through a film or a folder of images, and number its frames.

    Raises:
        SourceError: if it cannot be read, or holds no picture.
    """
    if not path.exists():
        raise SourceError(f"no file '{path}'; give a video or a folder of images.")
    if path.is_dir():
        files = image_files(path)
        if not files:
            raise SourceError(f"{path} holds no images.")
        numbers = [frame_number(each.stem) for each in files]
        counted = None not in numbers and len({*numbers}) == len(numbers)
        labels = np.array(numbers if counted else range(1, len(files) + 1), np.int64)
        order = np.argsort(labels, kind="stable")
        names = tuple(files[at].name for at in order)
        return Clock(np.arange(len(files)) / 30.0, labels[order], names)
    if path.suffix.lower() not in FILM_SUFFIXES:
        raise SourceError(
            f"{path} is no video that facedrive labels; give one of "
            f"{', '.join(sorted(FILM_SUFFIXES))}, or a folder of images."
        )
    source = open_source(str(path))
    found = [(frame.index, frame.time) for frame in track_frames(source.frames(), source)]
    indices = np.array([index for index, _ in found], np.int64)
    times = np.array([time for _, time in found])
    return Clock(times - times[0], indices + 1, tuple(map(str, indices.tolist())))


def image_files(folder: Path) -> list[Path]:
    """Return the images of a folder, in natural order."""
    found = [each for each in folder.iterdir()
             if each.suffix.lower() in IMAGE_SUFFIXES and each.name[0] != "."]  # fmt: skip
    return sorted(found, key=natural_key)


def draw_coders(
    begun: dict[str, tuple[str, ...]], coders: Sequence[str], per_video: int, seed: int
) -> dict[str, tuple[str, ...]]:
    """Give each video so many coders that no two coders differ by more than one video.

    Args:
        begun: Who labels each video already; they stay.
        coders: All of them.
        per_video: How many a video has, at least.
        seed: Decides who.
    """
    chance = random.Random(seed)
    load = {coder: sum(coder in had for had in begun.values()) for coder in coders}
    order = list(begun)
    chance.shuffle(order)
    drawn: dict[str, tuple[str, ...]] = {}
    for name in order:
        chosen = list(begun[name])
        while len(chosen) < per_video:
            free = [each for each in coders if each not in chosen]
            least = min(load[each] for each in free)
            one = chance.choice([each for each in free if load[each] == least])
            chosen.append(one)
            load[one] += 1
        drawn[name] = tuple(sorted(chosen, key=list(coders).index))
    return drawn


def _tame(name: str) -> str:
    """Make a name of a file's."""
    return re.sub(r"[^\w.\-]+", "_", name).strip("._-")[:60] or "video"


def _check_name(kind: str, name: str, taken: Iterable[str]) -> None:
    if not NAME.fullmatch(name):
        raise DataError(
            f"'{name[:60]}' is no name for a {kind}; it must have letters, digits, . _ -, and at "
            "most 60 of them."
        )
    same = [each for each in taken if each.lower() == name.lower()]
    if same:
        raise DataError(f"there is a {kind} '{same[0]}' already; give another name.")


def _lock(folder: Path) -> IO[bytes]:
    """Keep others from opening a project, until the file is closed or the process ends."""
    path = folder / ".lock"
    try:
        file = path.open("ab")
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # Windows
        pass
    except OSError as error:
        file.close()
        raise DataError(
            f"{folder} is open in another facedrive; use that one, or end it."
        ) from error
    return file


def _read(folder: Path, table: dict[str, Any]) -> Project:
    path = folder / FILE
    version = table.get("version")
    if version != VERSION:
        raise DataError(
            f"{path} is a project of version {version}; this facedrive reads {VERSION}: get a "
            "newer facedrive."
        )
    try:
        videos = [_read_video(row) for row in table.get("videos", [])]
        coders = tuple(map(str, table.get("coders", [])))
        numbers = (int(table.get("coders_a_video", 3)), int(table.get("seed", 0)))
        project = Project(folder, str(table.get("name", folder.name)), {}, (), *numbers)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{path}: a line is missing or wrong ({error}).") from error
    for coder in coders:
        _check_name("coder", coder, (*project.coders, EXPERT))
        project.coders = (*project.coders, coder)
    for video in videos:
        _check_name("video", video.name, project.videos)
        for coder in video.coders:
            if coder not in coders:
                raise DataError(f"{path}: {video.name}: {unknown('coder', coder, coders)}")
        project.videos[video.name] = video
    return project


def _read_video(row: dict[str, Any]) -> Video:
    part = row.get("part", "spontaneous")
    if part not in ("posed", "spontaneous"):
        raise ValueError(f"part is {part!r}; it must be posed or spontaneous")
    return Video(str(row["name"]), str(row["path"]), str(row.get("subject", row["name"])),
                 part, int(row["frames"]), tuple(map(str, row.get("coders", []))))  # fmt: skip


def _read_frames(path: Path, frames: int) -> Clock:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))[1:]
        clock = Clock(
            np.array([float(row[3]) for row in rows]),
            np.array([int(row[1]) for row in rows], np.int64),
            tuple(row[2] for row in rows),
        )
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise DataError(f"{path} is no list of frames: {error}; add the video anew.") from error
    if len(clock.times) != frames or (np.diff(clock.times) <= 0).any():
        raise DataError(
            f"{path} has {len(clock.times)} frames, and project.toml says {frames}, with times "
            "that rise; add the video anew."
        )
    return clock
