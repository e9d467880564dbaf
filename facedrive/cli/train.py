"""``facedrive train``: a model from its recipe, resumed where it stopped; or the paper's tables."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from facedrive.errors import DataError

if TYPE_CHECKING:
    from facedrive.feafa.protocol.recipe import ProtocolRecipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "recipe", type=Path, nargs="+", metavar="RECIPE",
        help="such as train/recipes/default.toml; several of the paper's protocol share a table",
    )  # fmt: skip
    parser.add_argument("--data", type=Path, required=True, metavar="DIR",
                        help="folder with faces.zip and faces_teacher.npz; for the paper's "
                        "protocol, the cache of facedrive data prepare")  # fmt: skip
    parser.add_argument("--output", type=Path, metavar="DIR",
                        help="checkpoints, log and model; default: runs/NAME, and runs for the "
                        "paper's protocol, which makes a folder a recipe there")  # fmt: skip
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads; default: all")
    parser.add_argument("--compile", action="store_true",
                        help="fuse the network's operations; needs a C++ compiler")  # fmt: skip
    ours = parser.add_argument_group("AU model of the live path")
    ours.add_argument("--teacher-model", type=Path, metavar="TASK",
                      help="MediaPipe's face_landmarker.task; default: ../models beside the data, "
                      "else fetched")  # fmt: skip
    ours.add_argument("--workers", type=int, default=1, metavar="N",
                      help="processes that make faces to train on; default: 1")  # fmt: skip
    ours.add_argument("--start", type=Path, metavar="FILE",
                      help="start from another run's checkpoint.pt, or from an exported "
                      "model.onnx, instead of what the recipe says")  # fmt: skip
    ours.add_argument("--cache", type=Path, default=Path(".cache"), metavar="DIR",
                      help="keeps crops and faces made for training; default: "
                      ".cache")  # fmt: skip
    protocol = parser.add_argument_group("the paper's protocol (recipes that name a network)")
    protocol.add_argument("--folds", default="video", metavar="HOW",
                          help="video (as the paper), subject, or a CSV of video,fold; "
                          "default: video")  # fmt: skip
    protocol.add_argument("--budget", choices=("full", "cpu"), default="full",
                          help="cpu: fewer frames and epochs, for a night on 2 cores")  # fmt: skip
    protocol.add_argument("--export", default="all", metavar="WHAT",
                          help="videos that the exported model is trained on: all, after the "
                          "folds; those of one fold, such as posed/fold1; or none, for no model; "
                          "default: all")  # fmt: skip
    protocol.add_argument("--float32", action="store_true",
                          help="never multiply in bfloat16, even where it is faster")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Train what the recipes describe, and say where it is."""
    from facedrive.cli.options import need_train

    need_train()
    import torch

    from facedrive.feafa.protocol.recipe import load_protocol

    if args.threads:
        torch.set_num_threads(args.threads)
    protocols = [load_protocol(path) for path in args.recipe]
    recipes = [each for each in protocols if each is not None]
    if len(recipes) == len(args.recipe):
        return _cross_validate(args, recipes)
    if len(args.recipe) > 1:
        other = args.recipe[protocols.index(None)]
        raise DataError(f"{other} is no recipe of the paper's protocol; train it by itself.")
    return _distil(args)


def _cross_validate(args: argparse.Namespace, recipes: list[ProtocolRecipe]) -> int:
    """Train recipes of the paper's protocol over their folds, print Table 4, export models."""
    from facedrive.feafa.protocol.machine import Machine, join_world
    from facedrive.feafa.protocol.run import ProtocolRun, run_protocol
    from facedrive.training.run.train import choose_device

    folder = args.output or Path("runs")
    run = ProtocolRun(args.data, folder, args.folds, args.budget, args.export)
    with join_world(choose_device(args.device)) as (world, device):
        machine = Machine(device, world, not args.float32, args.compile)
        outcome = run_protocol(recipes, run, machine)
        if world.leads:
            print(outcome.table, end="")
            for model in outcome.models.values():
                print(f"see it move a face with: facedrive live --model {model}")
    return 0


def _distil(args: argparse.Namespace) -> int:
    """Train the live path's AU model on a teacher's scores, and export it."""
    from facedrive.training.build import Workshop
    from facedrive.training.recipe import load_recipe
    from facedrive.training.run.distil import distil
    from facedrive.training.run.train import Run, choose_device

    recipe = load_recipe(args.recipe[0])
    folder = args.output or Path("runs") / recipe.name
    training = Run(recipe, folder, choose_device(args.device), args.start, args.compile)
    model = distil(training, Workshop(args.data, args.cache, args.teacher_model, args.workers))
    print(f"{folder / 'model.onnx'}, and {model}, which takes less than half the time")
    print(f"score it with: facedrive evaluate {args.recipe[0]} --model {model} --data {args.data}")
    return 0
