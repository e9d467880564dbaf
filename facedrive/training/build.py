"""Makes all faces that the AU model is trained on from the data folder alone, and keeps them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Protocol

import numpy as np

from facedrive.extras import ARKIT_OF_EXTRA
from facedrive.files import file_hash
from facedrive.progress import bar, track
from facedrive.stats.splits import People
from facedrive.trackers.shape import default_predictor
from facedrive.training.data import resting, teacher, tracked
from facedrive.training.data.cache import Made
from facedrive.training.data.faceless import faceless_crops
from facedrive.training.data.faces import (
    FaceSet,
    Kind,
    add_teacher,
    digest_faces,
    join_faces,
    load_faces,
    save_faces,
)
from facedrive.training.data.photographs import Photographs, open_photographs
from facedrive.training.data.resting import RestingFaces
from facedrive.training.data.teacher import TeacherFile, find_teacher, load_opinions
from facedrive.training.recipe import Recipe, SetRecipe
from facedrive.training.warped import dataset as warping
from facedrive.training.warped.dataset import warped_set
from facedrive.types import CropSpec, Image, Vector

VALIDATION_WARPED = SetRecipe(faces=800, share=0.0, seed=3)
"""Warped photographs of validation people, to see how a training goes."""

VALIDATION_TRANSFERRED = SetRecipe(faces=1_000, share=0.0, seed=5)
"""The same in the skin of other validation people."""

FACELESS = SetRecipe(faces=24_000, share=0.0, seed=7)
"""Crops that show no face, by which a network learns its presence."""

PART = 6_000
"""Faces that are kept together: a run that is stopped while they are made loses only these. Whole
blocks of warped and of rendered faces."""


class MakePart(Protocol):
    """Makes some of the faces of a set."""

    def __call__(self, path: Path, faces: range) -> None:
        """Write those of these numbers."""


@dataclass(frozen=True)
class Workshop:
    """Makes faces on the first call, and reads them from its cache on the next."""

    data: Path
    """Folder with ``faces.zip``, ``faces_teacher.npz`` and ``ict/``."""
    cache: Path
    """Keeps what is made from the data, for the next run."""
    teacher_model: Path | None = None
    """MediaPipe's model file; None to look beside the data, then in the user's cache."""
    workers: int = 1
    """Processes that make faces."""

    def gather(self, recipe: Recipe) -> dict[Kind, FaceSet]:
        """Gather all kinds of faces that a recipe is trained on."""
        sets = {Kind.PHOTOGRAPH: self._cut("train")}
        if recipe.warped.faces:
            sets[Kind.WARPED] = self.warped(recipe.warped, "train")
        if recipe.transferred.faces:
            sets[Kind.TRANSFERRED] = self.warped(recipe.transferred, "train", transfer=True)
        if recipe.rendered.faces:
            sets[Kind.RENDERED] = self._add_opinions(self.rendered(recipe.rendered, "train"))
        return {kind: self._add_tracked(faces) for kind, faces in sets.items()}

    def validation(self) -> dict[Kind, FaceSet]:
        """Gather faces of people not trained on, to see how a training goes."""
        return {
            Kind.PHOTOGRAPH: self._cut("validation"),
            Kind.WARPED: self.warped(VALIDATION_WARPED, "validation"),
            Kind.TRANSFERRED: self.warped(VALIDATION_TRANSFERRED, "validation", transfer=True),
        }

    def warped(self, recipe: SetRecipe, people: People, *, transfer: bool = False) -> FaceSet:
        """Give photographs of some people whose faces are bent.

        Args:
            recipe: How many, and by which seed.
            people: Whose.
            transfer: As for ``warped_set``.
        """

        def make(path: Path, faces: range) -> None:
            made = warped_set(self.data, people, len(faces), recipe.seed, first=faces.start,
                              teacher=self.teacher, workers=self.workers,
                              transfer=transfer)  # fmt: skip
            save_faces(made, path)

        name = f"{'transferred' if transfer else 'warped'}-{people}"
        made = Made(name, warping.VERSION, (self._made_of(people), self.teacher.digest, transfer))
        return self._in_parts(made, recipe, make)

    def rendered(self, recipe: SetRecipe, people: People) -> FaceSet:
        """Give synthetic faces in the skin of some people; arguments as for ``warped``.

        Raises:
            RenderError: if they are not kept yet and there is no OpenGL context.
        """
        from facedrive.training.rendered import dataset  # loads OpenGL

        def make(path: Path, faces: range) -> None:
            with bar(len(faces), "face", "rendering faces") as line:
                dataset.render_dataset(self.data, path, len(faces), recipe.seed, people,
                                       self.workers, line.advance, faces.start)  # fmt: skip

        made = Made(f"rendered-{people}", dataset.VERSION, (self._made_of(people),))
        return self._in_parts(made, recipe, make)

    def faceless(self, crop: CropSpec) -> Image:
        """Give crops without a face, from the photographs of training people."""
        return faceless_crops(self.photographs, "train", crop, FACELESS.faces, FACELESS.seed)

    def resting(self) -> RestingFaces:
        """Give the people at rest and smiling, as they are to be shown.

        Raises:
            DataError: if their pictures are missing.
        """
        people = resting.open_resting(self.data)
        digest = file_hash(self.data / resting.FOLDER / resting.PICTURES)

        def make(path: Path) -> None:
            save_faces(resting.cut_resting(people, self.teacher, self.photographs.channels), path)

        made = Made("resting", resting.VERSION, (digest, self.teacher.digest))
        faces = load_faces(made.keep(self.cache, ".npz", make))
        return RestingFaces(faces, people.fold, resting.balance(people.ethnicities))

    def avatars(self) -> FaceSet:
        """Give heads of another maker, each AU alone.

        Raises:
            DataError: if there are none beside the data.
            RenderError: if they are not kept yet and there is no OpenGL context.
        """
        from facedrive.training.rendered import avatars  # loads OpenGL

        parts = []
        for person, path in enumerate(track(avatars.find_avatars(self.data), "head", "drawing")):

            def make(output: Path, path: Path = path, person: int = person) -> None:
                save_faces(avatars.draw_avatar(path, person, self.teacher), output)

            of = (file_hash(path), self.teacher.digest, person)
            made = Made("avatar", avatars.VERSION, of)
            parts.append(load_faces(made.keep(self.cache, ".npz", make)))
        return join_faces(parts)

    def extra_scores(self, people: People) -> Vector:
        """Give what the teacher says of the extras on the photographs of some people, (N, E)."""
        rows = self.photographs.rows_of(people)
        columns = [self.believed.score(name)[rows] for name in ARKIT_OF_EXTRA.values()]
        return np.stack(columns, axis=1).astype(np.float32)

    def _in_parts(self, made: Made, recipe: SetRecipe, make: MakePart) -> FaceSet:
        """Make a set in parts, each kept as soon as it is made."""
        parts = []
        for start in range(0, recipe.faces, PART):
            faces = range(start, min(start + PART, recipe.faces))
            part = made._replace(of=(*made.of, recipe.seed, faces.start, faces.stop))
            parts.append(load_faces(part.keep(self.cache, ".npz", partial(make, faces=faces))))
        return join_faces(parts)

    def _cut(self, people: People) -> FaceSet:
        """Give the photographs of some people, by the teacher's converged scores."""
        return self.believed.cut(self.photographs.rows_of(people), self.cache)

    def _add_opinions(self, faces: FaceSet) -> FaceSet:
        """Add what the teacher says of rendered faces."""
        made = Made(
            "rendered-opinions", teacher.VERSION, (digest_faces(faces), self.teacher.digest)
        )
        path = made.keep(
            self.cache,
            ".npz",
            lambda path: self.teacher.ask_all(faces.crops, self.workers).save(path),
        )
        return add_teacher(faces, load_opinions(path), self.photographs.channels)

    def _add_tracked(self, faces: FaceSet) -> FaceSet:
        """Add where the live tracker sees the landmarks of faces."""
        of = (digest_faces(faces), file_hash(default_predictor()))
        path = Made("tracked", tracked.VERSION, of).keep(
            self.cache, ".npy",
            lambda path: np.save(path, tracked.track_faces(faces, workers=self.workers)),
        )  # fmt: skip
        return replace(faces, tracked_px=np.load(path))

    def _made_of(self, people: People) -> str:
        """Say what the faces of some people are made of: the data, and who they are."""
        rows = self.photographs.rows_of(people)
        return self.photographs.digest + self._face_model_digest + rows.tobytes().hex()

    @cached_property
    def _face_model_digest(self) -> str:
        return file_hash(self.data / "ict" / "ict_facekit.npz")

    @cached_property
    def photographs(self) -> Photographs:
        """The photographs, with their first scores."""
        return open_photographs(self.data)

    @cached_property
    def believed(self) -> Photographs:
        """The photographs, with the teacher's converged scores."""
        return self.photographs.believing(
            self.photographs.ask(self.teacher, self.cache, self.workers)
        )

    @cached_property
    def teacher(self) -> TeacherFile:
        """Who scores what is made."""
        return find_teacher(self.data, self.teacher_model)
