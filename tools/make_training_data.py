r"""Makes what the AU model trains on from public material: photographs, their scores, a face.

    git clone --depth 1 https://github.com/muxspace/facial_expressions
    git clone --depth 1 https://github.com/USC-ICT/ICT-FaceKit
    python tools/make_training_data.py --output DATA \
        --photographs facial_expressions --ict ICT-FaceKit --workers 2

It writes ``faces.zip``, ``faces_teacher.npz``, ``ict/ict_facekit.npz`` and ``manifest.toml``, which
says what each was made of. A run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from training_data.face import find_face, make_face
from training_data.manifest import (
    FACE,
    ICT,
    PHOTOGRAPHS,
    PICTURES,
    SCORES,
    add_to_manifest,
    differences,
    made_before,
    missing,
    read_manifest,
)
from training_data.photographs import make_photographs, plan

from facedrive.errors import FacedriveError
from facedrive.trackers.mediapipe import fetch_model


def make(args: argparse.Namespace) -> int:
    """Make what there is material for; 1 if something is missing or is another file."""
    folder: Path = args.output
    if args.photographs:
        model = args.teacher_model or fetch_model()
        jobs, made_of = plan(args.photographs, folder, model, args.first)
        if not made_before(folder, (PICTURES, SCORES), made_of):
            make_photographs(jobs, folder, args.workers)
            add_to_manifest(folder, (PICTURES, SCORES), made_of)
    if args.ict:
        files, made_of = find_face(args.ict)
        if not made_before(folder, (FACE,), made_of):
            make_face(files, folder)
            add_to_manifest(folder, (FACE,), made_of)
    lines = [*differences(folder, read_manifest(args.check))] if args.check else missing(folder)
    for line in lines:
        print(line, file=sys.stderr)
    return 1 if lines else 0


def count(text: str) -> int:
    """Read a number of things from the command line."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def main(argv: Sequence[str] | None = None) -> int:
    """Make the files; return 0, 1 if something is missing, 2 if something is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DATA",
                        help="the data folder that facedrive train gets")  # fmt: skip
    parser.add_argument("--photographs", type=Path, metavar="FOLDER",
                        help=f"checkout of {PHOTOGRAPHS}")  # fmt: skip
    parser.add_argument("--ict", type=Path, metavar="FOLDER", help=f"checkout of {ICT}")
    parser.add_argument("--teacher-model", type=Path, metavar="TASK",
                        help="MediaPipe's face_landmarker.task; fetched if none is")  # fmt: skip
    parser.add_argument("--workers", type=count, default=1, metavar="N")
    parser.add_argument("--first", type=count, metavar="N",
                        help="take only so many photographs, to try it out")  # fmt: skip
    parser.add_argument("--check", type=Path, metavar="TOML",
                        help="manifest whose hashes the files must have")  # fmt: skip
    try:
        return make(parser.parse_args(argv))
    except FacedriveError as error:
        print(f"make_training_data: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
