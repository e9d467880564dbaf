"""``facedrive train``: models from their recipes, the paper's tables, the landmark predictor."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from facedrive.errors import DataError
from facedrive.options import option, options_of, shown, values_of

if TYPE_CHECKING:
    from facedrive.feafa.protocol.recipe import ProtocolRecipe
    from facedrive.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class AuModelOptions:
    """For recipes of the live path's AU model."""

    teacher_model: Path | None = option(None, flag="--teacher-model", metavar="TASK")
    """MediaPipe's face_landmarker.task; where left out, ../models beside the data, else fetched."""
    workers: int = option(1, flag="--workers", low=1)
    """Processes that make faces to train on."""
    start: Path | None = option(None, flag="--start", metavar="FILE")
    """Start from another run's checkpoint.pt, or from an exported model.onnx, instead of what the
    recipe says."""
    refit: Path | None = option(None, flag="--refit", metavar="ONNX")
    """Train nothing: fit only the correction that has faces rest (rest, avatars in the recipe) of
    this exported model anew."""
    cache: Path = option(Path(".cache"), flag="--cache", metavar="DIR")
    """Keeps crops and faces made for training."""


@dataclass(frozen=True, kw_only=True)
class ProtocolOptions:
    """For recipes of the paper's protocol, which name a network."""

    folds: str = option("video", flag="--folds", metavar="HOW")
    """video (as the paper), subject, or a CSV of video,fold."""
    budget: Literal["full", "cpu"] = option("full", flag="--budget")
    """cpu: fewer frames and epochs, for a night on 2 cores."""
    export: str = option("all", flag="--export", metavar="WHAT")
    """Videos that the exported model is trained on: all, after the folds; those of one fold, such
    as posed/fold1; or none, for no model."""
    float32: bool = option(False, flag="--float32")
    """Never multiply in bfloat16, even where it is faster."""


@dataclass(frozen=True, kw_only=True)
class Train:
    """Train the AU model from a recipe, or the tables of the FEAFA+ paper."""

    recipe: tuple[Path, ...] = option(positional=True)
    """Such as train/recipes/default.toml; several of the paper's protocol share a table."""
    data: Path = option(metavar="DIR")
    """Folder with faces.zip and faces_teacher.npz; for the paper's protocol, the cache of facedrive
    data prepare."""
    output: Path | None = option(None, metavar="DIR")
    """Checkpoints, log and model; runs/NAME where left out, and runs for the paper's protocol,
    which makes a folder a recipe there."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train."""
    threads: int | None = option(None, low=1)
    """CPU threads; all where left out."""
    compile: bool = False
    """Fuse the network's operations; needs a C++ compiler."""
    au_model: AuModelOptions = AuModelOptions()
    protocol: ProtocolOptions = ProtocolOptions()

    def run(self) -> int:
        """Train what the recipes describe, and say where it is."""
        from facedrive.cli.packages import need_train

        need_train()
        import torch

        from facedrive.feafa.protocol.recipe import PROTOCOL, ProtocolRecipe
        from facedrive.training.recipe import AU_MODEL, Reader, load_recipe

        if self.threads:
            torch.set_num_threads(self.threads)
        kinds: dict[str, Reader[Recipe | ProtocolRecipe]] = {**AU_MODEL, **PROTOCOL}
        loaded = [load_recipe(path, kinds) for path in self.recipe]
        recipes = [each for each in loaded if isinstance(each, ProtocolRecipe)]
        others = [each for each in loaded if not isinstance(each, ProtocolRecipe)]
        if not others:
            _refuse(self.au_model, "the paper's protocol")
            return self._cross_validate(recipes)
        if len(loaded) > 1:
            other = self.recipe[loaded.index(others[0])]
            raise DataError(f"{other} is no recipe of the paper's protocol; train it by itself.")
        _refuse(self.protocol, "the AU model")
        return self._distil(others[0])

    def _cross_validate(self, recipes: list[ProtocolRecipe]) -> int:
        """Train recipes of the paper's protocol over their folds, print Table 4, export models."""
        from facedrive.feafa.protocol.machine import Machine, join_world
        from facedrive.feafa.protocol.run import ProtocolRun, run_protocol
        from facedrive.training.run.train import choose_device

        asked = self.protocol
        folder = self.output or Path("runs")
        run = ProtocolRun(self.data, folder, asked.folds, asked.budget, asked.export)
        with join_world(choose_device(self.device)) as (world, device):
            machine = Machine(device, world, not asked.float32, self.compile)
            outcome = run_protocol(recipes, run, machine)
            if world.leads:
                print(outcome.table, end="")
                for model in outcome.models.values():
                    print(f"see it move a face with: facedrive live --model {model}")
        return 0

    def _distil(self, recipe: Recipe) -> int:
        """Train the live path's AU model on a teacher's scores, and export it."""
        from facedrive.training.build import Workshop
        from facedrive.training.run.distil import distil, refit
        from facedrive.training.run.train import Run, choose_device

        asked = self.au_model
        folder = self.output or Path("runs") / recipe.name
        shop = Workshop(self.data, asked.cache, asked.teacher_model, asked.workers)
        if asked.refit is not None:
            model = refit(recipe, folder, asked.refit, shop)
            print(f"{model}, which is {asked.refit} with another correction")
        else:
            run = Run(recipe, folder, choose_device(self.device), asked.start, self.compile)
            model = distil(run, shop)
            print(f"{folder / 'model.onnx'}, and {model}, which takes less than half the time")
        print(f"score it with: facedrive evaluate --model {model} --data {self.data}")
        return 0


@dataclass(frozen=True, kw_only=True)
class Landmarks:
    """Train the shape predictor of the 68 landmarks, and measure it on people it never saw."""

    data: Path = option(metavar="DIR")
    """Folder with faces.zip and faces_teacher.npz."""
    output: Path = option(flag="--output -o", metavar="FILE")
    """Where the predictor goes, for --tracker-model; about 100,000 samples, an hour on 1 core."""
    evaluate_only: bool = False
    """Measure the finished predictor there."""

    def run(self) -> int:
        """Train, write, and print the errors as JSON, a line a roll."""
        from facedrive.training.landmarks.train import evaluate_landmarks, train_landmarks

        if not self.evaluate_only:
            train_landmarks(self.data, self.output)
        for roll_deg, errors in evaluate_landmarks(self.data, self.output).items():
            print(json.dumps({"roll_deg": roll_deg} | errors))
        return 0


@dataclass(frozen=True, kw_only=True)
class Turned:
    """Train the detectors that find turned heads, and have a model's presence know these."""

    data: Path = option(metavar="DIR")
    """Folder with faces.zip, faces_teacher.npz and ict; the folders rigs/valid and models lie
    beside it."""
    output: Path = option(flag="--output -o", metavar="FILE")
    """Where the detectors go, such as facedrive/weights/turned.svm; a quarter of an hour on 2
    cores."""
    model: Path | None = option(None, metavar="ONNX")
    """Fit this model's presence anew, with the detectors that ship, instead of training any; the
    output is the model."""

    def run(self) -> int:
        """Train, and write."""
        from facedrive.cli.packages import need_train

        if self.model is None:
            from facedrive.training.finder import train_finder

            train_finder(self.data, self.output)
        else:
            need_train()
            from facedrive.training.run.presence import refit_presence

            refit_presence(self.data, self.model, self.output)
        print(f"score it with: facedrive evaluate --data {self.data} --sections finding tracking")
        return 0


COMMANDS = {"": Train, "landmarks": Landmarks, "turned": Turned}


def _refuse(group: AuModelOptions | ProtocolOptions, kind: str) -> None:
    """Raise a DataError for an option that a recipe of another kind would ignore."""
    values = values_of(group)
    for each in options_of(type(group)):
        if values[each.name] != each.default:
            given = f"{each.facts.flag} {shown(values[each.name])}"
            raise DataError(f"{given}: it has no meaning for a recipe of {kind}; leave it out.")
