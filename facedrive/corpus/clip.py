"""One clip or a block of stills, from its files to its Parquet file: what a worker does."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

from facedrive import __version__
from facedrive.corpus.inputs import Clip
from facedrive.corpus.manifest import Notes, Record
from facedrive.corpus.rows import ClipRows
from facedrive.corpus.store import Store
from facedrive.errors import SourceError
from facedrive.pipeline import Reader, rows_of
from facedrive.settings import Settings
from facedrive.sources.decode import Alive, Window, decode_file, read_index
from facedrive.sources.places import Place
from facedrive.sources.stills import Stills
from facedrive.sources.turned import PictureOptions, Turned
from facedrive.stages import Source
from facedrive.takes.columns import COLUMNS, row_of
from facedrive.threads import Stall, read_frames
from facedrive.types import Frame, Sample

Tell = Callable[[int], object]
"""Is told how many pictures were read since it was told last."""

FILM_FPS = 30.0
"""Of the pictures of a film, where nobody says."""

TELL_EVERY = 10
"""Pictures."""


@dataclass(frozen=True)
class Asked:
    """What is asked of every clip of a corpus."""

    settings: Settings = field(default_factory=Settings)
    raw: bool = False
    """Leave calibration and smoothing out; stills are never smoothed."""
    picture: PictureOptions = PictureOptions()
    fps: float = FILM_FPS
    """Of a film's pictures."""
    window: Window = Window(threads=1)
    columns: tuple[str, ...] = COLUMNS
    model: str = ""
    """SHA-256 of the model, or the plug-in's name."""


@dataclass
class _Video:
    """The frames of a video that are wanted, decoded in this process, which is a worker's own."""

    place: Place
    window: Window
    alive: Alive
    seeks: bool = False
    """Whether to start in the middle."""

    @property
    def live(self) -> bool:
        return False

    def frames(self) -> Generator[Frame, None, None]:
        with self.place.on_disk() as path:
            index = read_index(path, self.alive) if self.seeks else None
            yield from decode_file(path, lambda said: None, self.window, index, self.alive)


@dataclass
class _Count:
    """What is counted of a file while it is read."""

    frames: int = 0
    with_face: int = 0
    faces: int = 0
    persons: int = 0
    size: tuple[int, int] | None = None
    """Height and width."""
    first: tuple[float, int] = (0.0, 0)
    last: tuple[float, int] = (0.0, 0)
    """Time and number of the first and the last frame."""

    def add(self, frame: Frame, samples: Sequence[Sample]) -> None:
        seen = [each.person for each in samples if each.face]
        self.with_face += bool(seen)
        self.faces += len(seen)
        self.persons = max([self.persons, *seen])
        self.size, self.last = frame.size, (frame.time, frame.index)
        self.first = self.first if self.frames else self.last
        self.frames += 1


def fingerprint(clip: Clip) -> str:
    """Return what changes when a clip's files do: of names, sizes and times."""
    stamps = []
    for place, title in zip(clip.places, clip.titles, strict=True):
        try:
            stamps.append([title, *place.stamp()])
        except SourceError:
            stamps.append([title])
    return hashlib.sha256(json.dumps([clip.kind, stamps]).encode()).hexdigest()[:32]


def extract_clip(clip: Clip, asked: Asked, pipeline: Reader, store: Store, tell: Tell) -> Notes:
    """Read a clip, and leave its Parquet file in the store; what is broken is in the notes.

    Raises:
        SinkError: if the file cannot be written.
    """
    made_of = fingerprint(clip)
    columns = asked.columns if clip.span is None else COLUMNS  # until the spans are joined
    with store.writing(clip.output) as part, closing(ClipRows(part, columns)) as rows:
        read = _read_stills if clip.kind == "stills" else _read_video
        notes = Notes(made_of, tuple(read(clip, asked, pipeline, rows, tell)))
        rows.note(notes)
    return notes


def _read_video(
    clip: Clip, asked: Asked, pipeline: Reader, rows: ClipRows, tell: Tell
) -> Iterator[Record]:
    """Write the rows of a video, or of a film's pictures."""
    count, title, error = _Count(), clip.titles[0] if clip.kind == "video" else clip.name, None
    told = 0
    pipeline.reset()
    try:
        with read_frames(_source(clip, asked, partial(tell, 0))) as frames:
            own_s = -math.inf if clip.span is None else clip.span.start_s
            for number, (frame, samples) in enumerate(_read(frames, pipeline, count, own_s)):
                for sample in rows_of(samples):
                    rows.write(title, row_of(sample, frame.clock))
                if number % TELL_EVERY == TELL_EVERY - 1:  # in an overlap too: it does not hang
                    tell(count.frames - told)
                    told = count.frames
    except SourceError as failure:
        error = str(failure)
    tell(count.frames - told)
    yield _record(clip, 0, title, count, asked, error)


def _read(
    frames: Iterator[Frame | Stall], pipeline: Reader, count: _Count, own_s: float
) -> Iterator[tuple[Frame, list[Sample]]]:
    """Yield each frame with its samples; those before ``own_s`` are another span's to count."""
    for frame in frames:
        assert isinstance(frame, Frame)  # a file has no stalls
        samples = pipeline.read(frame)
        if frame.time >= own_s:
            count.add(frame, samples)
        yield frame, samples


def _read_stills(
    clip: Clip, asked: Asked, pipeline: Reader, rows: ClipRows, tell: Tell
) -> Iterator[Record]:
    """Write the rows of pictures, each searched on its own."""
    stills = Stills(clip.places, asked.window.least_side)
    counts = [_Count() for _ in clip.places]
    for frame in Turned(stills, asked.picture, clip.name, stills=True).frames():
        pipeline.reset()
        samples = pipeline.read(frame)
        counts[frame.index].add(frame, samples)
        for sample in rows_of(samples):
            rows.write(clip.titles[frame.index], row_of(sample))
        tell(1)
    for index, (title, count) in enumerate(zip(clip.titles, counts, strict=True)):
        failure = stills.errors.get(index)
        yield _record(clip, index, title, count, asked, None if failure is None else str(failure))


def _source(clip: Clip, asked: Asked, alive: Alive) -> Source:
    if clip.kind == "film":
        source: Source = Stills(clip.places, asked.window.least_side, fps=asked.fps)
    else:
        window = asked.window
        if clip.span is not None:
            start_s = clip.span.start_s - clip.span.overlap_s
            window = window._replace(start_s=start_s, end_s=clip.span.end_s)
        source = _Video(clip.places[0], window, alive, seeks=window.start_s > -math.inf)
    return Turned(source, asked.picture, clip.name)


def _record(
    clip: Clip, index: int, path: str, count: _Count, asked: Asked, error: str | None
) -> Record:
    """Return what is known of one file of a clip after it was read."""
    video = clip.kind != "stills"
    (start_s, first), (end_s, last) = count.first, count.last
    numbers = last - first + 1 if count.frames else 0
    seconds = end_s - start_s
    return Record(
        path,
        "still" if clip.kind == "stills" else clip.kind,
        clip.output,
        *_content(clip.places[index] if clip.kind != "film" else None),
        frames=count.frames,
        missing=0 if asked.window.rate else max(numbers - count.frames, 0),
        fps=(last - first) / seconds if video and seconds > 0 else None,
        seconds=seconds if video and count.frames else None,
        width=count.size and count.size[1],
        height=count.size and count.size[0],
        faces=count.faces,
        persons=count.persons,
        face_share=count.with_face / count.frames if count.frames else None,
        error=error,
        facedrive=__version__,
        model=asked.model,
    )


def _content(place: Place | None) -> tuple[str | None, int | None]:
    """Return the SHA-256 of a file and its bytes; None of one that cannot be read."""
    if place is None:
        return None, None
    try:
        return place.sha256(), place.stamp()[0]
    except SourceError:
        return None, None
