"""``facedrive synth``: synthetic faces with exact AUs, as training crops or in FEAFA+'s layout."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

FEAFA_OPTIONS = ("subjects", "videos", "frames")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR",
                        help="folder with faces.zip, faces_teacher.npz and ict/")  # fmt: skip
    parser.add_argument("--output", "-o", type=Path, required=True, metavar="PATH",
                        help="npz: the file; feafa: the dataset's folder")  # fmt: skip
    parser.add_argument("--layout", choices=("npz", "feafa"), default="npz",
                        help="npz: single faces, cropped; feafa: videos of posed and spontaneous "
                             "expressions, labels and coders as FEAFA+ has them")  # fmt: skip
    parser.add_argument("--seed", type=_count, default=0, metavar="N",
                        help="the same seed gives the same faces; default: 0")  # fmt: skip
    parser.add_argument("--people", choices=("train", "validation", "test"), default="train",
                        help="whose skin may be worn; default: train")  # fmt: skip
    parser.add_argument("--workers", type=_positive, default=os.cpu_count() or 1, metavar="N",
                        help="processes; default: one a core")  # fmt: skip
    parser.add_argument("--count", type=_positive, metavar="N",
                        help="npz: how many faces; default: 6000")  # fmt: skip
    parser.add_argument("--subjects", type=_positive, metavar="N", help="feafa; default: 20")
    parser.add_argument("--videos", type=_positive, metavar="N", help="feafa; default: 60")
    parser.add_argument("--frames", type=_positive, metavar="N",
                        help="feafa: of each video; default: 200")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Render in the layout asked for."""
    from facedrive.cli.options import need_train

    need_train()
    _check(args)
    return _render_faces(args) if args.layout == "npz" else _render_videos(args)


def _check(args: argparse.Namespace) -> None:
    """Refuse what cannot be meant, before anything is rendered."""
    from facedrive.errors import DataError

    others = FEAFA_OPTIONS if args.layout == "npz" else ("count",)
    for name in others:
        if getattr(args, name) is not None:
            raise DataError(f"--{name} has no meaning for --layout {args.layout}; leave it out.")
    if args.layout == "npz" and args.output.suffix != ".npz":
        raise DataError(f"--output {args.output}: it must end in .npz, or say --layout feafa.")


def _render_faces(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from facedrive.training.rendered.dataset import render_dataset

    count = args.count or 6000
    with tqdm(total=count, unit="face", disable=None) as bar:
        render_dataset(
            args.data, args.output, count, args.seed, args.people, args.workers, bar.update
        )
    print(f"{args.output}: {count} faces of seed {args.seed}")
    print("score the model that ships on them with: facedrive evaluate --sections synthetic "
          f"--data {args.data} --synthetic {args.output}")  # fmt: skip
    return 0


def _render_videos(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from facedrive.feafa.simulate.render import FeafaPlan, render_feafa

    given = {name: getattr(args, name) for name in FEAFA_OPTIONS if getattr(args, name)}
    plan = FeafaPlan(seed=args.seed, people=args.people, **given)
    with tqdm(total=plan.videos * plan.frames, unit="frame", disable=None) as bar:
        render_feafa(args.data, args.output, plan, args.workers, bar.update)
    print(f"{args.output}: {plan.videos} videos of {plan.subjects} subjects, "
          f"{plan.videos * plan.frames} frames")  # fmt: skip
    print(f"check it with: facedrive data check {args.output}")
    return 0


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number of 0 or more")
    return int(text)


def _positive(text: str) -> int:
    if _count(text) == 0:
        raise argparse.ArgumentTypeError("0 is too few; give 1 or more")
    return int(text)
