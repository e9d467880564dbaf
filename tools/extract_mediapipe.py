"""Extracts clips with MediaPipe's Face Landmarker, as a folder of results that compare reads.

    python tools/extract_mediapipe.py CLIPS -o mediapipe/ --model face_landmarker.task
    facedrive extract CLIPS -o ours/ --raw
    facedrive compare mediapipe/ ours/

Its blendshape scores are turned into action units as the training's labels are.
"""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

import numpy as np

from facedrive.corpus.inputs import Clip, find_clips
from facedrive.corpus.manifest import Notes, Record, write_manifest
from facedrive.corpus.rows import ClipRows
from facedrive.corpus.store import FolderStore
from facedrive.sources.decode import decode_file
from facedrive.takes.columns import COLUMNS, row_of
from facedrive.training.data.labels import from_teacher
from facedrive.training.data.teacher import Teacher
from facedrive.types import IDENTITY_HEAD, Sample


def extract(clip: Clip, teacher: Teacher, names: list[str], store: FolderStore) -> Record:
    """Write a clip's rows; a frame without a face has one too."""
    nothing = np.zeros((2, 2), np.float32)
    faces = frames = 0
    with store.writing(clip.output) as part:
        rows = ClipRows(part, COLUMNS)
        for frame in decode_file(Path(clip.places[0].where), lambda said: None):
            scores = teacher.score(frame)
            blind = np.zeros(len(names), np.float32)
            aus = from_teacher((blind if scores is None else scores)[None], names).aus[0]
            sample = Sample(frame.time, frame.index, aus, nothing, IDENTITY_HEAD,
                            scores is not None, 1.0)  # fmt: skip
            rows.write(clip.titles[0], row_of(sample))
            frames, faces = frames + 1, faces + sample.face
        record = Record(clip.titles[0], clip.kind, clip.output, frames=frames, faces=faces)
        rows.note(Notes("mediapipe", (record,)))
        rows.close()
    return record


def main() -> None:
    """Extract every video that is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    asked = parser.parse_args()
    store = FolderStore(asked.output)
    with np.load(asked.data / "faces_teacher.npz") as table:
        names = [str(each) for each in table["blendshape_names"]]
    records = []
    for clip in find_clips(asked.clips).clips:
        if clip.kind == "video":
            with closing(Teacher(asked.model)) as teacher:
                records.append(extract(clip, teacher, names, store))
    write_manifest(store, records)
    print(f"{asked.output}: {len(records)} clips")


if __name__ == "__main__":
    main()
