"""People photographed at rest and smiling: what rest is taught by, and measured on.

The Face Research Lab London Set (DeBruine and Jones 2017): frontal, in even light, each person
once at rest and once smiling, with what they say of their age, gender and ethnicity.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.files import read_text
from facedrive.trackers.align import crop_matrix, warp_crop
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68
from facedrive.training.data.faces import FaceSet
from facedrive.training.data.labels import from_teacher
from facedrive.training.data.photographs import WIDE_SPEC
from facedrive.training.data.teacher import TeacherFile
from facedrive.types import Image

FOLDER = "rest"
"""In the data folder."""

PEOPLE, PICTURES = "london_dev.csv", "london_dev.zip"

VERSION = 1
"""Of how faces are cut; raise it when that changes."""

FOLDS = 5
"""Parts of the people, and of the heads of another maker: each is measured by a model that was
taught on the others."""

FEWEST = 4
"""People of an ethnic group whose mean is told."""


def fold_of(numbers: NDArray[np.integer]) -> NDArray[np.intp]:
    """Return the part, from 0, that each of (N,) people or heads is in, by their number.

    Those of an ethnic group follow one another, so every part has some of each.
    """
    return np.asarray(numbers % FOLDS, np.intp)


def fold_name(fold: int) -> str:
    """Name the model that was taught without a fold, in its folder."""
    return f"without-{fold}.onnx"


@dataclass(frozen=True)
class RestingPeople:
    """N people, in the order of their table, which goes by ethnicity."""

    faces: tuple[str, ...]
    """(N,) the names of their pictures."""
    ethnicities: tuple[str, ...]
    """(N,) what each calls their own."""
    archive: zipfile.ZipFile

    def __len__(self) -> int:
        return len(self.faces)

    @property
    def fold(self) -> NDArray[np.intp]:
        """(N,) from 0: the part that each person is in, with a fifth of every group."""
        return fold_of(np.arange(len(self)))

    @property
    def groups(self) -> dict[str, NDArray[np.bool_]]:
        """(N,) who is in each ethnic group, of those with enough people."""
        counts = Counter(self.ethnicities)
        each = np.array(self.ethnicities)
        return {name: each == name for name in sorted(counts) if counts[name] >= FEWEST}

    def read(self, row: int, *, smiling: bool) -> Image:
        """Read one person's picture, (H, W, 3) uint8 RGB.

        Raises:
            DataError: if it is missing or no picture.
        """
        name = f"{'smiling' if smiling else 'neutral'}/{self.faces[row]}.jpg"
        try:
            encoded = np.frombuffer(self.archive.read(name), np.uint8)
        except (KeyError, zipfile.BadZipFile) as error:
            raise DataError(f"{self.archive.filename}: {name} cannot be read ({error}); "
                            "fetch the file again.") from error  # fmt: skip
        picture = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
        if picture is None:
            raise DataError(f"{self.archive.filename}: {name} is no readable picture; "
                            "fetch the file again.")  # fmt: skip
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def open_resting(data: Path) -> RestingPeople:
    """Open the people at rest in a data folder.

    Raises:
        DataError: if a file is missing or is something else.
    """
    folder = data / FOLDER
    table = list(csv.DictReader(io.StringIO(read_text(folder / PEOPLE, DataError, "table"))))
    try:
        archive = zipfile.ZipFile(folder / PICTURES)
        faces = tuple(row["face"] for row in table)
        ethnicities = tuple(row["ethnicity"] for row in table)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"{folder} has no readable {PICTURES} and {PEOPLE} ({error}); "
                        "fetch them again.") from error  # fmt: skip
    return RestingPeople(faces, ethnicities, archive)


@dataclass(frozen=True)
class RestingFaces:
    """The same people's faces, cut as those that are trained on."""

    faces: FaceSet
    """All at rest, then all smiling; ``person`` is their row among the people."""
    fold: NDArray[np.intp]
    """(N,) of each person."""
    times: NDArray[np.intp]
    """(N,) how often each person is shown, so that no ethnic group outweighs the others."""

    def of(self, fold: int, *, smiling: bool) -> FaceSet:
        """Return the faces of a fold's people, each as often as it is shown."""
        rows = np.flatnonzero(self.fold == fold)
        shown = np.repeat(rows, self.times[rows])
        return self.faces.select(shown + len(self.fold) * smiling)


MOST_TIMES = 5
"""That somebody of a small group is shown for one of the largest."""


def cut_resting(people: RestingPeople, teacher: TeacherFile, channels: tuple[str, ...]) -> FaceSet:
    """Cut all faces, those at rest before those that smile, where the teacher sees them.

    Args:
        people: Whose.
        teacher: Says where the faces are, and what they do.
        channels: (52,) names of its scores.

    Raises:
        DataError: if it finds no face in a picture.
    """
    pictures = [cv2.cvtColor(people.read(row, smiling=smiling), cv2.COLOR_RGB2GRAY)
                for smiling in (False, True) for row in range(len(people))]  # fmt: skip
    said = teacher.ask_all([np.asarray(each, np.uint8) for each in pictures])
    if not np.isfinite(said.scores).all():
        raise DataError(f"the teacher finds no face in a picture of {people.archive.filename}.")
    places = [mesh[MEDIAPIPE_TO_68] for mesh in said.landmarks_px]
    matrices = [crop_matrix(each, WIDE_SPEC) for each in places]
    points = [mesh @ matrix[:, :2].T + matrix[:, 2]
              for mesh, matrix in zip(said.landmarks_px, matrices, strict=True)]  # fmt: skip
    crops = [warp_crop(np.asarray(picture, np.uint8), place, WIDE_SPEC)
             for picture, place in zip(pictures, places, strict=True)]  # fmt: skip
    inside = np.ones((len(crops), WIDE_SPEC.size, WIDE_SPEC.size), np.bool_)
    person = np.tile(np.arange(len(people)), 2)
    return FaceSet(np.stack(crops), inside, np.stack(points).astype(np.float32),
                   from_teacher(said.scores, channels), person, WIDE_SPEC)  # fmt: skip


def balance(ethnicities: tuple[str, ...]) -> NDArray[np.intp]:
    """Return how often to show each person so that groups weigh more alike, (N,)."""
    counts = Counter(ethnicities)
    largest = max(counts.values())
    return np.array([min(largest // counts[each], MOST_TIMES) for each in ethnicities], np.intp)
