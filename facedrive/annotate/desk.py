"""An open project as many windows use it: each coder's keys, pictures, and the model at work.

Any thread may call any of it. What a coder may see is decided here: their own, and the expert all.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from facedrive.annotate.coders import agree, coder_labels, differences, ratings_of
from facedrive.annotate.expert import Decision, decide, read_decisions
from facedrive.annotate.guess import Guess, fill, guess_keys, guess_video, read_guess
from facedrive.annotate.journal import Change, Document, unpack_key
from facedrive.annotate.keys import Key, ordered
from facedrive.annotate.pictures import Shelf
from facedrive.annotate.project import EXPERT, Project
from facedrive.annotate.refine import fit_person, refine
from facedrive.annotate.rules import check_labels, load_rules
from facedrive.aus import AU_NAMES
from facedrive.errors import DataError, FacedriveError, SourceError
from facedrive.mappings.table import gaze_inputs
from facedrive.threads import Worker

SHELVES = 3
"""Videos whose pictures are kept in memory."""

FULL_SPREAD = 0.1
"""What the page shows as no idea at all."""

CHANGES = 200_000
"""Keys that one edit may change."""


class ForbiddenError(DataError):
    """Somebody asks for what is another's."""


class Job(NamedTuple):
    """The model at work on a video."""

    share: float
    """Of the frames that are read, 0 to 1."""
    error: str
    """Why it failed; empty while it has not."""
    done: bool


class Desk:
    """One project, open for any number of windows."""

    def __init__(self, project: Project) -> None:
        """Open the desk; ``close`` gives everything back."""
        self.project = project
        self._documents: dict[tuple[str, str], Document] = {}
        self._shelves: OrderedDict[str, Shelf] = OrderedDict()
        self._guesses: dict[str, Guess | None] = {}
        self._jobs: dict[str, Job] = {}
        self._workers: list[Worker] = []
        self._lock = threading.RLock()

    def close(self) -> None:
        """End what runs, and close the project."""
        for worker in self._workers:
            worker.stop()
        for shelf in self._shelves.values():
            shelf.close()
        self.project.close()

    def allow(self, who: str, coder: str, video: str = "") -> None:
        """Refuse what is another's: a coder sees their own, and the expert all.

        Raises:
            ForbiddenError: if it is.
            DataError: if there is no such video.
        """
        if video and who not in (EXPERT, *self.project.video(video).coders):
            raise ForbiddenError(f"{video} is not for {who} to label.")
        if who not in (coder, EXPERT):
            raise ForbiddenError(f"{coder}'s labels are not for {who} to see.")

    def overview(self, who: str) -> dict[str, Any]:
        """Return the videos that somebody may see, and how far their coders are."""
        with self._lock:
            shown = [name for name, video in self.project.videos.items()
                     if who in (EXPERT, *video.coders)]  # fmt: skip
            return {
                "name": self.project.name,
                "coders": list(self.project.coders) if who == EXPERT else [who],
                "per_video": self.project.per_video,
                "videos": [self._video_row(name, who) for name in shown],
            }

    def _video_row(self, name: str, who: str) -> dict[str, Any]:
        video = self.project.video(name)
        seen = video.coders if who == EXPERT else (who,)
        path = self.project.folder / "guess" / f"{name}.csv"
        times = self.project.clock(name).times
        return {
            "name": name, "subject": video.subject, "part": video.part, "frames": video.frames,
            "seconds": float(times[-1]), "guessed": path.exists(),
            "coders": {coder: self._progress_or_why(name, coder) for coder in seen},
        }  # fmt: skip

    def _progress_or_why(self, name: str, coder: str) -> float | str:
        """Return how far a coder is, or what is wrong with their file: the others' are shown."""
        try:
            return self.progress(name, coder)
        except DataError as error:
            return str(error)

    def progress(self, name: str, coder: str) -> float:
        """Return the share of AUs that a coder has keys of, all of them confirmed."""
        tracks = self.document(name, coder).tracks
        done = [
            au
            for au in AU_NAMES
            if tracks.get(au) and not any(key.machine for key in tracks[au].values())
        ]
        return len(done) / len(AU_NAMES)

    def video(self, name: str) -> dict[str, Any]:
        """Return what a window has to know of a video's frames."""
        clock, guess = self.project.clock(name), self.guess(name)
        return {
            "name": name, "frames": len(clock.times), "times": clock.times.round(5).tolist(),
            "first": int(clock.labels[0]), "guessed": guess is not None,
            "coders": list(self.project.video(name).coders),
        }  # fmt: skip

    def model(self, name: str) -> bytes:
        """Return the model's say on every frame, little-endian; nothing where there is no guess.

        Float32 (F, 20): head x y z w, gaze (4), gaze inputs (8), place (4). Then uint8 (F, 24): the
        curves, of 255; and uint8 (F, 24): the spread, of ``FULL_SPREAD``.
        """
        guess = self.guess(name)
        if guess is None:
            return b""
        frames = len(guess.spread)
        poses = np.zeros((frames, 20), np.float32)
        poses[:, 3] = 1
        at = guess.take.frame[guess.take.face]
        gaze = guess.take.gaze[guess.take.face]
        poses[at, :4] = guess.take.head_rotation[guess.take.face]
        poses[at, 4:8] = gaze.reshape(-1, 4)
        poses[at, 8:16] = np.stack([gaze_inputs(each) for each in gaze])
        poses[:, 16:] = guess.places
        curves = np.rint(guess.curves * 255).astype(np.uint8)
        spread = np.rint((guess.spread / FULL_SPREAD).clip(0, 1) * 255).astype(np.uint8)
        return b"".join((poses.astype("<f4").tobytes(), curves.tobytes(), spread.tobytes()))

    def guess(self, name: str) -> Guess | None:
        """Return the first guess of a video; None where there is none yet."""
        with self._lock:
            if self._guesses.get(name) is None:
                self._guesses[name] = read_guess(self.project, name)
            return self._guesses[name]

    def picture(self, name: str, position: int) -> bytes:
        """Return a frame as JPEG.

        Raises:
            SourceError: if the video is gone or another than it was, or has no such frame.
        """
        return self._shelf(name).jpeg(position)

    def _shelf(self, name: str) -> Shelf:
        with self._lock:
            if name not in self._shelves:
                video = self.project.video(name)
                if (reason := self.project.differs(name)) is not None:
                    raise SourceError(f"{name}: {reason}.")
                place = self.project.place(video)
                self._shelves[name] = Shelf(place, self.project.clock(name))
            self._shelves.move_to_end(name)
            while len(self._shelves) > SHELVES:
                self._shelves.popitem(last=False)[1].close()
            return self._shelves[name]

    def document(self, name: str, coder: str) -> Document:
        """Return what a coder says of a video; a file that was changed by hand is read anew.

        Raises:
            DataError: if a file is wrong.
        """
        with self._lock:
            known = self._documents.get((name, coder))
            if known is not None and known.overtaken:
                del self._documents[name, coder]
            if (name, coder) not in self._documents:
                self._documents[name, coder] = self.project.document(name, coder)
            return self._documents[name, coder]

    def keys(self, name: str, coder: str) -> dict[str, Any]:
        """Return a coder's keys, ready for JSON."""
        with self._lock:
            document = self.document(name, coder)
            tracks = {au: [_row(key) for key in ordered(track)]
                      for au, track in document.tracks.items()}  # fmt: skip
            return _state(document) | {"tracks": tracks}

    def edit(
        self, name: str, coder: str, text: str, changes: Sequence[Sequence[Any]]
    ) -> dict[str, Any]:
        """Make changes: rows of channel, frame, key before and key after.

        A key is value, shape and whether it is the model's; None is none. Changes of other windows
        to other keys stay; one to the same key is a conflict.

        Raises:
            ConflictError: if a key is not what it was said to be.
            DataError: if a change is none, or cannot be saved.
        """
        with self._lock:
            return self._make(name, coder, text, [_change(row) for row in changes[:CHANGES]])

    def undo(self, name: str, coder: str, *, again: bool = False) -> dict[str, Any]:
        """Take the newest edit back, or make it ``again``."""
        with self._lock:
            document = self.document(name, coder)
            edit = document.redo() if again else document.undo()
            changes = edit.changes if edit else ()
            if not again:
                changes = tuple(each.inverse() for each in reversed(changes))
            return _state(document) | {"changes": [_pack(each) for each in changes]}

    def fill(self, name: str, coder: str) -> dict[str, Any]:
        """Put the model's keys wherever the coder has not set any.

        Raises:
            DataError: if there is no guess yet.
        """
        guess = self._known(name)
        with self._lock:
            document = self.document(name, coder)
            return self._make(name, coder, "first guess", fill(document, guess_keys(guess)))

    def fits(self, name: str, coder: str) -> list[dict[str, Any]]:
        """Return what the coder's corrections say of the rest of the video."""
        guess = self.guess(name)
        if guess is None:
            return []
        with self._lock:
            fits = fit_person(self.document(name, coder), guess.curves)
        return [each._asdict() for each in fits]

    def refine(self, name: str, coder: str, aus: Sequence[str]) -> dict[str, Any]:
        """Accept fits of some AUs."""
        guess = self._known(name)
        with self._lock:
            document = self.document(name, coder)
            changes = [change for fit in fit_person(document, guess.curves) if fit.au in aus
                       for change in refine(document, fit, guess.curves)]  # fmt: skip
            return self._make(name, coder, "refine", changes)

    def findings(self, name: str, coder: str) -> list[dict[str, Any]]:
        """Return what in a coder's labels cannot be."""
        with self._lock:
            rules = load_rules(self.project.folder / "rules.toml")
            tracks = self.document(name, coder).tracks
            labels = coder_labels(self.project, name, coder)
            return [each._asdict() for each in check_labels(rules, labels, tracks)]

    def others(self, name: str) -> dict[str, Any]:
        """Return what every coder of a video says, and what the expert has accepted."""
        with self._lock:
            coders = self.project.video(name).coders
            decisions = read_decisions(self.project, name)
            return {
                "coders": {coder: self.keys(name, coder)["tracks"] for coder in coders},
                "decisions": [each._asdict() for each in decisions],
                "apart": [each._asdict() for each in differences([ratings_of(self.project, name)])],
            }

    def decide(self, name: str, decision: Decision) -> list[dict[str, Any]]:
        """Accept somebody's values in a span; return all decisions."""
        with self._lock:
            return [each._asdict() for each in decide(self.project, name, decision)]

    def agreement(self, names: Sequence[str] = ()) -> dict[str, Any]:
        """Return Table 3 over some videos, all where none is named, and where coders differ."""
        with self._lock:
            chosen = names or list(self.project.videos)
            ratings = [ratings_of(self.project, name) for name in chosen]
        apart = [each._asdict() for each in differences(ratings)]
        try:
            found = agree(ratings)
        except DataError as error:
            return {"reason": str(error), "k": 0, "frames": 0, "rows": [], "apart": apart}
        return {"reason": "", "k": found.k, "frames": found.frames, "rows": found.rows(),
                "apart": apart}  # fmt: skip

    def begin_guess(self, name: str) -> None:
        """Have the model read a video, beside everything else; ``job`` tells how far it is."""
        self.project.video(name)
        with self._lock:
            if name in self._jobs and not self._jobs[name].done:
                return
            self._jobs[name] = Job(0.0, "", done=False)
            self._workers.append(Worker(f"guess {name}", lambda stop: self._guess(name, stop)))

    def job(self, name: str) -> Job | None:
        """Return how far the model is with a video; None where it was not asked."""
        return self._jobs.get(name)

    def change(self, action: Callable[[Project], object]) -> None:
        """Change the project while nobody else uses it."""
        with self._lock:
            action(self.project)

    def _guess(self, name: str, stop: threading.Event) -> None:
        def progress(share: float) -> None:
            if stop.is_set():
                raise SourceError("ended before it was done.")
            self._jobs[name] = Job(share, "", done=False)

        try:
            guess = guess_video(self.project, name, progress=progress)
        except FacedriveError as error:
            self._jobs[name] = Job(0.0, str(error), done=True)
            return
        with self._lock:
            self._guesses[name] = guess
        self._jobs[name] = Job(1.0, "", done=True)

    def _known(self, name: str) -> Guess:
        guess = self.guess(name)
        if guess is None:
            raise DataError(f"{name}: the model has not read it yet; let it guess first.")
        return guess

    def _make(self, name: str, coder: str, text: str, changes: Sequence[Change]) -> dict[str, Any]:
        document = self.document(name, coder)
        document.edit(text, changes)
        return _state(document) | {"changes": [_pack(each) for each in changes]}


def _state(document: Document) -> dict[str, Any]:
    return {"revision": document.revision, "undo": document.undoable, "redo": document.redoable,
            "warning": document.warning}  # fmt: skip


def _row(key: Key) -> list[Any]:
    return [key.frame, key.value, key.shape, int(key.machine)]


def _pack(change: Change) -> list[Any]:
    before, after = (None if key is None else _row(key)[1:]
                     for key in (change.before, change.after))  # fmt: skip
    return [change.channel, change.frame, before, after]


def _change(row: Sequence[Any]) -> Change:
    try:
        channel, frame, before, after = row
        if not isinstance(channel, str) or type(frame) is not int:
            raise ValueError(row)
        return Change(channel, frame, unpack_key(frame, before), unpack_key(frame, after))
    except (TypeError, ValueError) as error:
        raise DataError(
            f"an edit is {str(row)[:80]}; it must be channel, frame, two keys."
        ) from error
