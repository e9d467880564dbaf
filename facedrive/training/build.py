"""Makes all faces that the AU model is trained on from the data folder alone, and keeps them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from facedrive import trackers
from facedrive.progress import bar
from facedrive.stats.splits import People, Split, split_people
from facedrive.trackers.shape import default_predictor
from facedrive.training import rendered as heads
from facedrive.training import warped
from facedrive.training.data import labels, tracked
from facedrive.training.data import teacher as asked
from facedrive.training.data.cache import digest, digest_code, keep
from facedrive.training.data.faces import (
    FaceSet,
    add_teacher,
    join_faces,
    load_faces,
    load_photographs,
    save_faces,
)
from facedrive.training.data.teacher import (
    ask_all,
    find_teacher,
    load_opinions,
    save_opinions,
    settled_opinions,
)
from facedrive.training.network.batches import Kind
from facedrive.training.recipe import Recipe, Source
from facedrive.training.rendered.photographs import open_photographs
from facedrive.training.warped.dataset import warped_set

WATCHED = Source(faces=800, share=0.0, seed=3)
"""Moved photographs of people not trained on, to watch the training by."""

WATCHED_LENT = Source(faces=1_000, share=0.0, seed=5)
"""The same in the skin of others not trained on."""

PART = 6_000
"""Faces that are kept together: a run that is stopped while they are made loses only these. Whole
blocks of moved and of rendered faces."""


@dataclass(frozen=True)
class Workshop:
    """Makes faces on the first call, and reads them from its cache on the next."""

    data: Path
    """Folder with ``faces.zip``, ``faces_teacher.npz`` and ``ict/``."""
    cache: Path
    """Keeps what is made from the data, for the next run."""
    teacher: Path | None = None
    """MediaPipe's model file; None to look beside the data, then in the user's cache."""
    workers: int = 1
    """Processes that make faces."""

    def gather(self, recipe: Recipe) -> dict[Kind, FaceSet]:
        """Gather all kinds of faces that a recipe is trained on."""
        sets = {Kind.PHOTOGRAPH: self._photographs.select(self._split.train)}
        if recipe.moved.faces:
            sets[Kind.MOVED] = self.moved(recipe.moved, "train")
        if recipe.lent.faces:
            sets[Kind.LENT] = self.moved(recipe.lent, "train", lent=True)
        if recipe.rendered.faces:
            sets[Kind.RENDERED] = self._rendered(recipe.rendered)
        return {kind: self._tracked(faces) for kind, faces in sets.items()}

    def watched(self) -> dict[Kind, FaceSet]:
        """Gather faces of people not trained on, to see how a training goes."""
        return {
            Kind.PHOTOGRAPH: self._photographs.select(self._split.validation),
            Kind.MOVED: self.moved(WATCHED, "validation"),
            Kind.LENT: self.moved(WATCHED_LENT, "validation", lent=True),
        }

    def moved(self, source: Source, people: People, *, lent: bool = False) -> FaceSet:
        """Give photographs of some people whose faces were made to move.

        Args:
            source: How many, and by which seed.
            people: Whose.
            lent: As for ``warped_set``.
        """
        made_by = digest_code(warped, heads, asked, labels)

        def part(faces: range) -> FaceSet:
            def write(path: Path) -> None:
                made = warped_set(self.data, people, len(faces), source.seed, first=faces.start,
                                  teacher=self._teacher_file, workers=self.workers,
                                  lent=lent)  # fmt: skip
                save_faces(made, path)

            kind = "lent" if lent else "moved"
            name = f"{kind}-{people}-{source.seed}-{faces.start}-{faces.stop}-{made_by}.npz"
            return load_faces(keep(self.cache / name, write))

        return join_faces([part(faces) for faces in _parts(source)])

    def _rendered(self, source: Source) -> FaceSet:
        made_by = digest_code(heads)
        channels = list(open_photographs(self.data).scores)

        def part(faces: range) -> FaceSet:
            def write(path: Path) -> None:
                from facedrive.training.rendered.dataset import render_dataset  # loads OpenGL

                with bar(len(faces), "face", "rendering faces") as line:
                    render_dataset(self.data, path, len(faces), source.seed, workers=self.workers,
                                   progress=line.advance, first=faces.start)  # fmt: skip

            def ask(path: Path) -> None:
                save_opinions(ask_all(rendered.crops, self._teacher_file, self.workers), path)

            name = f"{source.seed}-{faces.start}-{faces.stop}-{made_by}.npz"
            rendered = load_faces(keep(self.cache / f"rendered-train-{name}", write))
            said = load_opinions(keep(self.cache / f"rendered-opinions-{name}", ask))
            return add_teacher(rendered, said, channels)

        return join_faces([part(faces) for faces in _parts(source)])

    def _tracked(self, faces: FaceSet) -> FaceSet:
        """Add where the live tracker sees the landmarks of faces."""
        code = digest_code(trackers, tracked).encode()
        made_by = digest(code, default_predictor().read_bytes(), faces.crops.tobytes())
        path = self.cache / f"tracked-{made_by}.npy"
        keep(path, lambda part: np.save(part, tracked.track_faces(faces, workers=self.workers)))
        return replace(faces, tracked_px=np.load(path))

    @cached_property
    def _photographs(self) -> FaceSet:
        opinions = settled_opinions(self.data, self.cache, self._teacher_file, self.workers)
        return load_photographs(self.data, self.cache, opinions)

    @cached_property
    def _split(self) -> Split:
        return split_people(self._photographs.person)

    @property
    def _teacher_file(self) -> Path | None:
        return find_teacher(self.data, self.teacher)


def _parts(source: Source) -> list[range]:
    """Cut a set into what is kept as soon as it is made."""
    starts = range(0, source.faces, PART)
    return [range(start, min(start + PART, source.faces)) for start in starts]
