"""``facedrive train``: the AU model from a recipe, resumed where it stopped, and its export."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "recipe", type=Path, metavar="RECIPE", help="such as train/recipes/default.toml"
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR",
                        help="folder with faces.zip and faces_teacher.npz")  # fmt: skip
    parser.add_argument("--synthetic", type=Path, metavar="NPZ",
                        help="synthetic faces with exact labels, to train on as well")  # fmt: skip
    parser.add_argument("--output", type=Path, metavar="DIR",
                        help="checkpoints, log and model; default: runs/NAME")  # fmt: skip
    parser.add_argument("--start", type=Path, metavar="CHECKPOINT",
                        help="start from another run's weights instead of random ones")  # fmt: skip
    parser.add_argument("--cache", type=Path, default=Path(".cache"), metavar="DIR",
                        help="keeps the crops; default: .cache")  # fmt: skip
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads; default: all")


def run(args: argparse.Namespace) -> int:
    """Train, export and say where the model is."""
    from facedrive.cli.options import need_train

    need_train()
    import torch

    from facedrive.training.data import load_photographs, load_synthetic
    from facedrive.training.engine import Run, choose_device
    from facedrive.training.export import export
    from facedrive.training.folds import split_people
    from facedrive.training.quantise import calibration_crops, quantise
    from facedrive.training.recipe import load_recipe

    if args.threads:
        torch.set_num_threads(args.threads)
    recipe = load_recipe(args.recipe)
    folder = args.output or Path("runs") / recipe.name
    faces = load_photographs(args.data, args.cache)
    split = split_people(faces.person)
    synthetic = load_synthetic(args.synthetic) if args.synthetic else None
    device = choose_device(args.device)
    model = Run(recipe, folder, device, args.start).fit(
        faces.select(split.train), faces.select(split.validation), synthetic
    )
    export(model, recipe.crop, folder / "model.onnx")
    sets = [faces.select(split.train)] + ([synthetic] if synthetic else [])
    crops = calibration_crops(sets, recipe.crop)
    quantise(folder / "model.onnx", crops, folder / "model-int8.onnx")
    small = folder / "model-int8.onnx"
    print(f"{folder / 'model.onnx'}, and {small}, which takes about half the time")
    print(f"score it with: facedrive evaluate --model {small} --data {args.data}")
    return 0
