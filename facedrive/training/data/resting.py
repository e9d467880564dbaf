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
from facedrive.types import Image

FOLDER = "rest"
"""In the data folder."""

PEOPLE, PICTURES = "london_dev.csv", "london_dev.zip"

FOLDS = 5
"""Parts of the people: each is measured by a model that was taught on the others."""

FEWEST = 4
"""People of an ethnic group whose mean is told."""


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
        return np.arange(len(self)) % FOLDS

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
