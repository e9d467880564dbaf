"""A corpus from start to finish: what is there is kept, what is missing is made, all is told."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from facedrive import __version__
from facedrive.corpus.clip import Asked, extract_clip, fingerprint
from facedrive.corpus.inputs import SPANS, Clip, Found, Pictures, find_clips
from facedrive.corpus.manifest import (
    Notes,
    Record,
    notes_of,
    write_manifest,
)
from facedrive.corpus.pool import Done, Pool, Progress
from facedrive.corpus.rows import ClipRows
from facedrive.corpus.spans import SPAN_S, first_difference, from_further_back, join, split
from facedrive.corpus.store import FolderStore, Store, open_store
from facedrive.errors import DataError, SourceError
from facedrive.files import file_hash
from facedrive.options import values_of
from facedrive.progress import Bar, bar
from facedrive.settings import Settings
from facedrive.takes.columns import COLUMNS
from facedrive.threads import now

if TYPE_CHECKING:
    from facedrive.pipeline import Reader
    from facedrive.stages import Regressor

log = logging.getLogger(__name__)

ABOUT = "facedrive.json"
"""What the results were made with."""

MANIFEST_S = 30.0
"""How often the manifest is written anew while clips are read."""

Said = Progress | Done[Clip, Notes]


class Engine(Protocol):
    """Has clips extracted somewhere."""

    @property
    def exact(self) -> bool:
        """Whether what was read twice is the same to the bit."""
        ...

    def __call__(self, asked: Asked, store: Store, clips: Sequence[Clip]) -> Iterator[Said]:
        """Extract every clip; say what is done."""
        ...


@dataclass(frozen=True)
class Report:
    """What became of a corpus."""

    records: tuple[Record, ...]
    """A row a file."""
    left_out: int
    """Files of other kinds."""
    kept: int
    """Files that an earlier run had done."""
    frames: int
    """Pictures that were read in this run."""
    seconds: float
    """That this run took."""

    @property
    def broken(self) -> tuple[Record, ...]:
        """The files that could not be read, or not to their end."""
        return tuple(each for each in self.records if each.error)


@dataclass(frozen=True)
class WorkPlan:
    """Opens, in another process, what reads clips."""

    asked: Asked
    where: str
    """The store's folder or URL."""

    def open(self, regressor: Regressor | None = None) -> tuple[Asked, Reader, Store]:
        """Open tracker and model once for all clips of a process; a model may be open already."""
        from facedrive.assembly import open_reader

        pipeline = open_reader(self.asked.settings, raw=self.asked.raw, regressor=regressor)
        return self.asked, pipeline, open_store(self.where)


def extract_one(
    studio: tuple[Asked, Reader, Store], clip: Clip, tell: Callable[[int], object]
) -> Notes:
    """Extract a clip with what ``WorkPlan`` opened."""
    asked, pipeline, store = studio
    return extract_clip(clip, asked, pipeline, store, tell)


@dataclass(frozen=True)
class LocalEngine:
    """Extracts clips in processes of this computer, one core each."""

    jobs: int
    exact: bool = field(default=True, init=False)

    def __call__(self, asked: Asked, store: Store, clips: Sequence[Clip]) -> Iterator[Said]:
        """Extract every clip; say what is done."""
        pool: Pool[Clip, Notes] = Pool(WorkPlan(asked, store.where), extract_one, self.jobs)
        return pool.run(clips)


def extract_corpus(
    given: Sequence[str],
    out: str,
    asked: Asked,
    engine: Engine,
    *,
    pictures: Pictures = "stills",
    retry: bool = False,
    span_s: float = SPAN_S,
) -> Report:
    """Extract every clip and picture into a folder; what it has already is kept.

    Args:
        given: As ``find_clips`` takes it.
        out: The folder, or an fsspec URL.
        asked: Of every clip.
        engine: Where the work is done.
        pictures: What the pictures of a folder are.
        retry: Try again what could not be read.
        span_s: Of longer videos several such spans are read at once.

    Raises:
        DataError: if there is nothing to read, or the folder has results of another version, model
            or set of options.
        SinkError: if results cannot be written; what is done is kept.
    """
    asked = replace(asked, model=model_hash(asked.settings))
    found = find_clips(given, pictures)
    store = open_store(out)
    _agree(store, asked)
    if isinstance(store, FolderStore):
        store.clean()
    work = _Work(store, asked, found, span_s=span_s)
    work.look(retry=retry)
    return work.run(engine)


def model_hash(settings: Settings) -> str:
    """Return the SHA-256 of the AU model's file; a plug-in's name.

    Raises:
        DataError: if there is no such file.
    """
    from facedrive.registry import is_dotted
    from facedrive.regressors.onnx import default_model

    asked = settings.regressor
    if is_dotted(asked.use.partition("?")[0]):
        return asked.use
    path = asked.model or default_model()
    try:
        return file_hash(Path(path))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error


@dataclass
class _Work:
    """The work on one corpus."""

    store: Store
    asked: Asked
    found: Found
    done: dict[str, Notes] = field(default_factory=dict)
    """By clip."""
    todo: list[Clip] = field(default_factory=list)
    """Clips, and spans of long ones."""
    spans: dict[str, list[Clip]] = field(default_factory=dict)
    """Those of each long video that is not done, by its name."""
    span_s: float = SPAN_S
    copies: dict[str, list[Clip]] = field(default_factory=dict)
    """Clips whose content is that of another, by that one's name."""
    others: list[Record] = field(default_factory=list)
    """What runs over other files have left here."""
    kept: int = 0
    frames: int = 0

    def look(self, *, retry: bool) -> None:
        """Find out what is done."""
        names = self.store.names()
        for clip in self.found.clips:
            notes = notes_of(self.store, clip.output) if clip.output in names else None
            fresh = notes is not None and notes.fingerprint == fingerprint(clip)
            if notes is not None and fresh and not (retry and notes.failed):
                self.done[clip.name] = notes
        own = {clip.output for clip in self.found.clips}
        for name in sorted(names - own):
            if SPANS not in name and (notes := notes_of(self.store, name)):
                self.others += notes.records
        twins = same_content(self.found.clips)
        for clip in self.found.clips:
            if clip.name in twins:
                self.copies.setdefault(twins[clip.name], []).append(clip)
            elif clip.name not in self.done:
                self.todo += self._pieces(clip, names)
        # The longest first, so that no core waits for the last one at the end.
        self.todo.sort(key=_size, reverse=True)
        self.kept = len(self.records()) - len(self.found.refused)

    def _pieces(self, clip: Clip, names: set[str]) -> list[Clip]:
        """Return the clip, or the spans of a long one that are not done."""
        pieces = split(clip, self.asked.window, self.span_s) if self._may_split else [clip]
        if len(pieces) == 1:
            return pieces
        self.spans[clip.name] = pieces
        made_of = fingerprint(clip)
        there = (notes_of(self.store, each.output) if each.output in names else None
                 for each in pieces)  # fmt: skip
        return [each for each, notes in zip(pieces, there, strict=True)
                if notes is None or notes.fingerprint != made_of]  # fmt: skip

    @property
    def _may_split(self) -> bool:
        """Whether spans can be joined: the numbers of several people go on only in one piece."""
        return self.asked.settings.tracker.faces == 1

    def run(self, engine: Engine) -> Report:
        """Do what is left, and write the manifest whatever happens."""
        start_s = written_s = now()
        try:
            with bar(len(self.found.clips), "clip", done=len(self.done)) as line:
                while self.todo or self.spans:
                    for said in engine(self.asked, self.store, self.todo) if self.todo else ():
                        self._take(said, line, now() - start_s)
                        if now() - written_s > MANIFEST_S:
                            self._write_manifest()
                            written_s = now()
                    self._join(line, exact=engine.exact)
        finally:
            if self.done or self.found.refused:
                self._write_manifest()
        return Report(tuple(self.records()), self.found.left_out, self.kept, self.frames,
                      now() - start_s)  # fmt: skip

    def records(self) -> list[Record]:
        """Return a row a file, of those that are done."""
        rows = [record for notes in self.done.values() for record in notes.records]
        rows += [Record(each.title, "none", error=each.reason) for each in self.found.refused]
        for name, clips in self.copies.items():
            for record in self.done[name].records if name in self.done else ():
                rows += [replace(record, path=each.titles[0], same_as=record.path)
                         for each in clips]  # fmt: skip
        return sorted(rows, key=lambda each: each.path)

    def _write_manifest(self) -> None:
        write_manifest(self.store, [*self.records(), *self.others])

    def _take(self, said: Said, line: Bar, seconds: float) -> None:
        if isinstance(said, Progress):
            self.frames += said.pictures
            line.say(figures=f"{self.frames / max(seconds, 1e-9):.0f} frames/s")
            return
        notes = said.result or self._bury(said.job, said.killed)
        if said.job.span is None:
            self.done[said.job.name] = notes
            line.advance()

    def _join(self, line: Bar, *, exact: bool) -> None:
        """Join the spans of long videos; those that do not fit together are read again."""
        self.todo = []
        for name, spans in list(self.spans.items()):
            wrong = first_difference(spans, self.store, exact=exact)
            if wrong is not None:
                log.info("%s: span %d is read from further back", name, spans.index(wrong))
                again = self.spans[name] = from_further_back(spans, wrong)
                self.todo.append(again[spans.index(wrong)])
                for output in {each.output for each in spans} - {each.output for each in again}:
                    self.store.remove(output)
                continue
            clip = replace(spans[0], span=None)
            self.done[name] = join(clip, spans, self.store, self.asked.columns)
            del self.spans[name]
            line.advance()

    def _bury(self, clip: Clip, killed: str) -> Notes:
        """Leave the file of a clip that killed every process which read it."""
        error = f"reading it ends the process ({killed}); the file is damaged: convert it anew"
        kind = "still" if clip.kind == "stills" else clip.kind
        records = tuple(
            Record(title, kind, clip.output, error=error, facedrive=__version__,
                   model=self.asked.model)
            for title in clip.titles[: None if clip.kind == "stills" else 1]
        )  # fmt: skip
        notes = Notes(fingerprint(clip), records)
        with self.store.writing(clip.output) as part:
            rows = ClipRows(part, self.asked.columns if clip.span is None else COLUMNS)
            rows.note(notes)
            rows.close()
        return notes


def same_content(clips: Iterable[Clip]) -> dict[str, str]:
    """Return the videos whose content another has: the copy's name → the first one's.

    Only files of the same size are read for it.
    """
    sizes: dict[int, list[Clip]] = {}
    for clip in clips:
        if clip.kind == "video" and not clip.places[0].member and not clip.places[0].remote:
            sizes.setdefault(_size(clip), []).append(clip)
    found: dict[str, str] = {}
    for alike in sizes.values():
        first: dict[str, str] = {}
        for clip in alike if len(alike) > 1 else ():
            try:
                content = clip.places[0].sha256()
            except SourceError:
                continue
            if first.setdefault(content, clip.name) != clip.name:
                found[clip.name] = first[content]
    return found


def _size(clip: Clip) -> int:
    """Return how many bytes a clip has, as far as is known: how long it may take."""
    try:
        return sum(place.stamp()[0] for place in clip.places[:1]) * len(clip.places)
    except SourceError:
        return 0


def _about(asked: Asked) -> dict[str, Any]:
    """Return what results were made with, for JSON."""
    options = {name: each for name, each in values_of(asked.settings).items()
               if name.partition(".")[0] in SECTIONS}  # fmt: skip
    about = {"facedrive": __version__, "model": asked.model, "options": options}
    rest = {each: getattr(asked, each) for each in ("raw", "fps", "columns")}
    about |= rest | {"picture": asdict(asked.picture), "window": asked.window._asdict()}
    plain: dict[str, Any] = json.loads(json.dumps(about, default=str))
    return plain


SECTIONS = ("tracker", "regressor", "calibration", "smoothing", "lost")
"""The settings that a result depends on."""


def _agree(store: Store, asked: Asked) -> None:
    """Refuse a folder of results that were made with something else; note what these are.

    Raises:
        DataError: if so.
    """
    ours = _about(asked)
    if ABOUT not in store.names():
        store.write(ABOUT, json.dumps(ours, indent=1).encode())
        return
    with store.open(ABOUT) as file:
        theirs = json.load(file)
    flat_ours, flat_theirs = _flat(ours), _flat(theirs)
    for name in sorted(flat_ours.keys() | flat_theirs.keys()):
        mine, other = flat_ours.get(name), flat_theirs.get(name)
        if mine != other:
            raise DataError(
                f"{store.where} holds results with {name} {_short(other)}; this run has "
                f"{_short(mine)}. They are not mixed: give another folder, or run it as it was."
            )


def _short(value: object) -> str:
    return str(value) if len(str(value)) < 40 else f"{str(value)[:12]}…"


def _flat(table: dict[str, Any], start: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in table.items():
        found |= _flat(value, f"{start}{key}.") if isinstance(value, dict) else {start + key: value}
    return found
