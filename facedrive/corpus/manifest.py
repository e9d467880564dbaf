"""What is known of every file of a corpus: ``manifest.parquet``, and the notes in each clip's file.

A clip's Parquet file holds its notes in its metadata, so that a result and what is known of it are
there together or not at all. The manifest is gathered from them, and can be made anew at any time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import IO, Any

from facedrive.corpus.store import Store
from facedrive.errors import DataError
from facedrive.takes.parquet import pa, pq

MANIFEST = "manifest.parquet"
NOTES = b"facedrive"
"""The key of the notes among a Parquet file's metadata."""


@dataclass(frozen=True)
class Record:
    """One file of a corpus; what is not known of it is None."""

    path: str
    """Relative to what was given; ``clip`` in the rows."""
    kind: str
    """video, film (its pictures are frames), still, or none where it could not be looked into."""
    output: str | None = None
    """The Parquet file with its rows, relative to the results' folder."""
    sha256: str | None = None
    bytes: int | None = None
    frames: int = 0
    """Pictures that were read."""
    missing: int = 0
    """Pictures that are damaged or missing."""
    fps: float | None = None
    seconds: float | None = None
    """From the first picture to the last."""
    width: int | None = None
    height: int | None = None
    faces: int = 0
    """Rows with a face."""
    persons: int = 0
    """Most numbers of people."""
    face_share: float | None = None
    """Of the pictures, those with a face."""
    error: str | None = None
    """Why it could not be read, or not to its end."""
    same_as: str | None = None
    """The file with the same content that was read in its place."""
    facedrive: str | None = None
    """The version that read it."""
    model: str | None = None
    """SHA-256 of the model that read it."""


KINDS: dict[str, Any] = {"str": pa.string(), "int": pa.int64(), "float": pa.float64()}

SCHEMA = pa.schema(
    [(each.name, KINDS[str(each.type).partition(" ")[0]]) for each in fields(Record)]
)


@dataclass(frozen=True)
class Notes:
    """What a clip's Parquet file says of itself."""

    fingerprint: str
    """Of what it was made from: names, sizes and times of change."""
    records: tuple[Record, ...]

    @property
    def failed(self) -> bool:
        """Whether nothing could be read."""
        return all(each.error is not None and not each.frames for each in self.records)

    def as_metadata(self) -> dict[str, str]:
        """Return what goes into the file."""
        said = {"fingerprint": self.fingerprint, "records": [asdict(each) for each in self.records]}
        return {NOTES.decode(): json.dumps(said)}


def read_notes(file: IO[bytes]) -> Notes | None:
    """Return the notes of a clip's file; None of a file that has none, or is damaged."""
    try:
        metadata: Mapping[bytes, bytes] = pq.read_metadata(file).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return None
    if NOTES not in metadata:
        return None
    said = json.loads(metadata[NOTES])
    return Notes(said["fingerprint"], tuple(Record(**each) for each in said["records"]))


def write_manifest(store: Store, records: Iterable[Record]) -> None:
    """Write ``manifest.parquet``, a row a file.

    Raises:
        SinkError: if it cannot be written.
    """
    rows = [asdict(each) for each in sorted(records, key=lambda each: each.path)]
    with store.writing(MANIFEST) as part:
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), part)


def read_manifest(store: Store) -> list[Record]:
    """Return the manifest's rows; from the clips' own notes where there is no manifest.

    Raises:
        DataError: if there is neither.
    """
    names = store.names()
    if MANIFEST in names:
        with store.open(MANIFEST) as file:
            return [Record(**row) for row in pq.read_table(file).to_pylist()]
    found = [notes for name in sorted(names) if (notes := notes_of(store, name))]
    if not found:
        raise DataError(f"{store.where} holds no results of facedrive extract.")
    return [record for notes in found for record in notes.records]


def notes_of(store: Store, name: str) -> Notes | None:
    """Return the notes of a file of the store; None where it has none."""
    if not name.endswith(".parquet"):
        return None
    with store.open(name) as file:
        return read_notes(file)
