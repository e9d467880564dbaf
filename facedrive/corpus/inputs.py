"""What a corpus is made of: clips and stills in folders, archives, lists and globs."""

from __future__ import annotations

import csv
import glob
import itertools
import logging
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

from facedrive.errors import DataError, SourceError
from facedrive.sources import IMAGE_SUFFIXES
from facedrive.sources.demo import open_demo
from facedrive.sources.images import natural_key
from facedrive.sources.places import Place, filesystem, is_archive, members_of

log = logging.getLogger(__name__)

VIDEO_SUFFIXES = frozenset(
    {".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg",
     ".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv", ".y4m"}
)  # fmt: skip

LISTS = (".txt", ".csv", ".tsv", ".parquet")
"""How the names of lists and manifests end."""

PATH = "path"
"""The column of a manifest that is read."""

BLOCK = 256
"""Pictures of a folder that are one piece of work, with one Parquet file."""

Pictures = Literal["stills", "video"]
"""What the pictures of a folder are: unrelated, or the frames of a film."""


SPANS = ".spans/"
"""What follows a long video's name where its spans lie until they are joined."""


class Span(NamedTuple):
    """A part of a long video that is one piece of work."""

    number: int
    start_s: float
    """The first time that is its own."""
    end_s: float
    """The first time that is the next one's."""
    overlap_s: float
    """What is read before its first time; infinite: all, and it is the video's last."""


@dataclass(frozen=True)
class Clip:
    """One piece of work with one Parquet file: a video, a film's pictures, or some stills."""

    name: str
    """In the corpus: a relative path that no other clip has, of printable UTF-8."""
    kind: Literal["video", "film", "stills"]
    places: tuple[Place, ...]
    """One for a video; the pictures of a film or of some stills, in their order."""
    titles: tuple[str, ...]
    """What rows and the manifest call each place: relative to what was given."""
    span: Span | None = None
    """The part of it that is meant; None: all."""

    @property
    def output(self) -> str:
        """The name of its Parquet file."""
        if self.span is None:
            return f"{self.name}.parquet"
        last = "-end" if self.span.overlap_s == math.inf else ""
        return f"{self.name}{SPANS}{self.span.number:05d}{last}.parquet"


class Refusal(NamedTuple):
    """Something that was given and cannot be read at all."""

    title: str
    reason: str


@dataclass
class Found:
    """What was found."""

    clips: list[Clip] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    left_out: int = 0
    """Files of other kinds."""


class _File(NamedTuple):
    place: Place
    title: str


def find_clips(given: Sequence[str], pictures: Pictures = "stills") -> Found:
    """Find every video and picture in what is given, in an order that is the same every time.

    Args:
        given: Files, folders, archives, globs, lists (.txt: a path a line; .csv, .tsv or .parquet:
            a column ``path``), and fsspec URLs of files or folders.
        pictures: What the pictures of a folder or archive are.

    Raises:
        DataError: if there is nothing at all, or a list is none.
    """
    found = Found()
    files = list(itertools.chain.from_iterable(_files(each, found) for each in given))
    found.clips = list(_clips(_unlike(files), pictures))
    if not (found.clips or found.refused):
        shown = ", ".join(given)
        raise DataError(
            f"{shown} holds no video or picture (of {found.left_out} files); give a folder, a "
            "list, a glob, or a zip of videos or pictures."
        )
    return found


def _files(given: str, found: Found) -> Iterator[_File]:
    """Yield the videos and pictures of one thing that was given."""
    path = Path(given)
    if "://" not in given and not glob.has_magic(given) and given != "demo":
        path = path.absolute()  # other machines start elsewhere
        given = str(path)
    if "://" in given and not path.exists():
        yield from _kept(_of_url(given), found)
    elif given == "demo" and not path.exists():
        yield _File(Place(str(open_demo().path)), "demo.mp4")
    elif path.is_dir():
        yield from _of_folder(path, found)
    elif is_archive(given):
        yield from _of_archive(given, path.name, found)
    elif path.suffix.lower() in LISTS and path.exists():
        yield from _of_list(path, found)
    elif not path.exists() and glob.has_magic(given):
        yield from _of_glob(given, found)
    elif os.path.lexists(given):
        yield from _kept([_File(Place(given), path.name)], found, named=True)
    else:
        found.refused.append(Refusal(text(given), "there is no such file"))


def _of_folder(root: Path, found: Found) -> Iterator[_File]:
    seen: set[tuple[int, int]] = set()
    _new(root, seen)

    def refuse(error: OSError) -> None:
        title = os.path.relpath(error.filename, root)
        found.refused.append(Refusal(text(title), error.strerror or str(error)))

    for folder, inner, names in os.walk(root, onerror=refuse, followlinks=True):
        inner[:] = [each for each in sorted(inner) if not each.startswith(".")
                    and _new(Path(folder, each), seen)]  # fmt: skip
        paths = [Path(folder, name) for name in names if not name.startswith(".")]
        for path in sorted(paths, key=natural_key):
            title = path.relative_to(root).as_posix()
            if is_archive(path.name):
                yield from _of_archive(str(path), title, found)
            else:
                yield from _kept([_File(Place(str(path)), title)], found)


def _new(folder: Path, seen: set[tuple[int, int]]) -> bool:
    """Say whether a folder was not walked yet, as it may be where links lead in a loop."""
    try:
        what = folder.stat()
    except OSError:
        return True  # os.walk tells why
    key = (what.st_dev, what.st_ino)
    new = key not in seen
    seen.add(key)
    if not new:
        log.warning("%s is a folder that was seen already, by another name; left out", folder)
    return new


def _of_archive(where: str, title: str, found: Found) -> Iterator[_File]:
    try:
        members = members_of(where)
    except SourceError as error:
        found.refused.append(Refusal(text(title), str(error)))
        return
    for member in sorted(members, key=lambda each: natural_key(Path(each))):
        if is_archive(member):
            reason = "an archive in an archive is not opened; unpack the outer one"
            found.refused.append(Refusal(text(f"{title}/{member}"), reason))
        else:
            yield from _kept([_File(Place(where, member), f"{title}/{member}")], found)


def _of_list(path: Path, found: Found) -> Iterator[_File]:
    for line in _listed(path):
        place = line if "://" in line else str(path.parent / line)
        for file in _files(place, found):
            title = line if Path(place).is_file() else f"{line}/{file.title}"
            yield file._replace(title=title.lstrip("/").replace("../", ""))


def _listed(path: Path) -> list[str]:
    """Return the paths that a list or manifest names.

    Raises:
        DataError: if it cannot be read, or has no column of paths.
    """
    if path.suffix.lower() == ".txt":
        return [line for line in _text(path).splitlines() if line.strip()]
    if path.suffix.lower() == ".parquet":
        from facedrive.takes.parquet import read_texts

        columns, names = read_texts(path, PATH)
    else:
        dialect = "excel-tab" if path.suffix.lower() == ".tsv" else "excel"
        reader = csv.DictReader(_text(path).splitlines(), dialect=dialect)
        columns = list(reader.fieldnames or [])
        names = [row[PATH] for row in reader if row.get(PATH)] if PATH in columns else []
    if PATH not in columns:
        said = ", ".join(columns) or "none"
        raise DataError(f"{path} has columns {said}; a manifest needs one that is called '{PATH}'.")
    if others := [each for each in columns if each != PATH]:
        log.info("%s: columns %s: not used", path, ", ".join(others))
    return names


def _text(path: Path) -> str:
    try:
        # A name of any bytes comes back as the name of the file that has them.
        return path.read_bytes().decode("utf-8-sig", "surrogateescape")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error


def _of_glob(pattern: str, found: Found) -> Iterator[_File]:
    pattern = str(Path(pattern).absolute())
    paths = [Path(each) for each in glob.glob(pattern, recursive=True)]  # noqa: PTH207
    if not paths:
        found.refused.append(Refusal(pattern, "no file has such a name"))
        return
    fixed = itertools.takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts)
    root = Path(*fixed)
    for path in sorted(paths, key=lambda each: [natural_key(Path(part)) for part in each.parts]):
        if path.is_file():
            title = path.relative_to(root).as_posix()
            if is_archive(path.name):
                yield from _of_archive(str(path), title, found)
            else:
                yield from _kept([_File(Place(str(path)), title)], found)


def _of_url(url: str) -> Iterator[_File]:
    """Yield the files below a URL, or the one that it is."""
    system = filesystem(url)
    root = system._strip_protocol(url).rstrip("/")
    names = sorted(system.find(root)) or [root]
    for name in names:
        title = name.removeprefix(root).lstrip("/") or PurePosixPath(name).name
        yield _File(Place(system.unstrip_protocol(name)), title)


def _kept(files: Iterable[_File], found: Found, *, named: bool = False) -> Iterator[_File]:
    """Yield videos and pictures, and what was named itself; count the others."""
    for file in files:
        if named or file.place.suffix in VIDEO_SUFFIXES | IMAGE_SUFFIXES:
            yield file
        else:
            found.left_out += 1


def _unlike(files: Iterable[_File]) -> Iterator[_File]:
    """Give every file a title that no other has; a file that was named twice comes once."""
    places: set[Place] = set()
    titles: set[str] = set()
    for place, name in files:
        if place in places:
            continue
        places.add(place)
        title, count = text(name), 1
        while title in titles:
            count += 1
            whole = PurePosixPath(text(name))
            title = str(whole.with_name(f"{whole.stem}-{count}{whole.suffix}"))
        titles.add(title)
        yield _File(place, title)


def _clips(files: Iterable[_File], pictures: Pictures) -> Iterator[Clip]:
    """Make a clip of every video, and clips of the pictures of every folder."""
    folders: dict[str, list[_File]] = {}
    for file in files:
        if file.place.suffix in IMAGE_SUFFIXES:
            folders.setdefault(str(PurePosixPath(file.title).parent), []).append(file)
        else:
            yield Clip(short(file.title), "video", (file.place,), (file.title,))
    for folder, own in folders.items():
        name = short(f"{folder}/pictures".removeprefix("./"))
        if pictures == "video":
            yield _of_pictures(name, "film", own)
            continue
        for number, start in enumerate(range(0, len(own), BLOCK), 1):
            block = name if number == 1 else f"{name}-{number}"
            yield _of_pictures(block, "stills", own[start : start + BLOCK])


def _of_pictures(name: str, kind: Literal["film", "stills"], files: Sequence[_File]) -> Clip:
    places, titles = zip(*files, strict=True)
    return Clip(name, kind, places, titles)


def text(name: str) -> str:
    """Return a name as UTF-8 can have it: bytes that are none are written as escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


LONGEST = 200
"""Bytes of a part of a path, so that what is added fits into the 255 of most disks."""


def short(name: str) -> str:
    """Return a relative path whose parts a disk takes."""
    from hashlib import sha256

    def cut(part: str) -> str:
        if len(part.encode()) <= LONGEST:
            return part
        start = part.encode()[: LONGEST - 9].decode("utf-8", "ignore")
        return f"{start}-{sha256(part.encode()).hexdigest()[:8]}"

    return "/".join(cut(part) for part in name.split("/") if part not in ("", ".", ".."))
