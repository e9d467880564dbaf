"""The column names of OpenFace and py-feat, for the action units that correspond.

OpenFace 2 writes intensities ``AU01_r`` … from 0 to 5 and presences ``AU01_c``; py-feat writes
``AU01`` … from 0 to 1. Ours are FEAFA+'s, learnt from other labels: the names correspond, the
scales only roughly. Angles of the head are left out: each tool has axes of its own.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AUS
from facedrive.corpus.summary import OCCURS
from facedrive.errors import SinkError
from facedrive.files import whole_file
from facedrive.takes.take import Take

Like = Literal["openface", "pyfeat"]

OPENFACE = ("AU01", "AU02", "AU04", "AU05", "AU06", "AU07", "AU09", "AU10", "AU12", "AU14", "AU15",
            "AU17", "AU20", "AU23", "AU25", "AU26", "AU45")  # fmt: skip
"""Those of OpenFace with an intensity and a presence; py-feat has others beside, of which AU18,
AU28 and AU43 are ours."""

PRESENCE_ONLY = ("AU28",)
"""Of OpenFace, with a presence and no intensity."""

PYFEAT = ("AU01", "AU02", "AU04", "AU05", "AU06", "AU07", "AU09", "AU10", "AU11", "AU12", "AU14",
          "AU15", "AU17", "AU20", "AU23", "AU24", "AU25", "AU26", "AU28", "AU43")  # fmt: skip

FROM_EXTRAS: Mapping[str, tuple[str, ...]] = {
    "AU01": ("inner_brow_raise",),
    "AU07": ("left_eye_squint", "right_eye_squint"),
    "AU14": ("left_dimple", "right_dimple"),
    "AU15": ("left_mouth_frown", "right_mouth_frown"),
    "AU24": ("left_lip_press", "right_lip_press"),
}
"""Action units that no FEAFA+ AU is, and which extras show them."""

ALIKE: Mapping[str, str] = {"AU45": "AU43"}
"""OpenFace calls a closed eye a blink."""

OPENFACE_SCALE = 5.0


def columns_for(name: str) -> tuple[str, ...]:
    """Return our columns whose mean an action unit of FACS is, such as AU12; empty of some."""
    facs = ALIKE.get(name, name).replace("AU0", "AU")
    own = tuple(au.name for au in AUS if au.facs == facs)
    return own or FROM_EXTRAS.get(name, ())


def intensity(take: Take, name: str) -> NDArray[np.float64]:
    """Return (n,) an action unit of FACS by ours, 0 to 1; NaN without a face."""
    return np.asarray(np.mean([take[column] for column in columns_for(name)], axis=0))


def table_like(take: Take, like: Like) -> dict[str, NDArray[np.float64]]:
    """Return a take's columns under another tool's names, without AUs that we do not have."""
    face = take.face
    seen = face.astype(float)
    if like == "pyfeat":
        table = {"frame": take["frame"], "FaceScore": seen}
        return table | {name: intensity(take, name) for name in PYFEAT if columns_for(name)}
    person = np.where(face, take["person"] - 1, 0.0)
    table = {"frame": take["frame"] + 1, "face_id": person, "timestamp": take.time,
             "confidence": seen, "success": seen}  # fmt: skip
    known = sorted(name for name in OPENFACE + PRESENCE_ONLY if columns_for(name))
    levels = {name: np.nan_to_num(intensity(take, name)) for name in known}
    table |= {f"{name}_r": OPENFACE_SCALE * level for name, level in levels.items()
              if name not in PRESENCE_ONLY}  # fmt: skip
    return table | {f"{name}_c": (level >= OCCURS).astype(float) for name, level in levels.items()}


def write_like(take: Take, path: Path, like: Like, inputs: Sequence[str] = ()) -> None:
    """Write a CSV that scripts for another tool read.

    Args:
        take: What is written.
        path: Where the file goes.
        like: The tool.
        inputs: Of stills, each row's picture, for a column ``input`` as py-feat has it.

    Raises:
        SinkError: if it cannot be written.
    """
    table = table_like(take, like)
    whole = {"frame", "face_id", "success", *(name for name in table if name.endswith("_c"))}
    with whole_file(path, SinkError) as file:
        text = TextIOWrapper(file, "utf-8", newline="")
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow([*table, *(["input"] if inputs else [])])
        for index, row in enumerate(zip(*(each.tolist() for each in table.values()), strict=True)):
            cells = (_cell(value, name in whole) for name, value in zip(table, row, strict=True))
            lines.writerow([*cells, *inputs[index : index + 1]])
        text.detach()


def _cell(value: float, whole: bool) -> str:
    if value != value:
        return ""
    return str(int(value)) if whole else f"{value:.5f}"
