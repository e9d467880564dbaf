"""``facedrive evaluate``: an AU model's figures on people, skins and clips that it never saw."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facedrive.options import option

if TYPE_CHECKING:
    from facedrive.training.evaluation.evaluation import Evaluation


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """Score a model on people and clips that it never saw, and say which goals it reaches."""

    recipe: Path | None = option(None, positional=True)
    """Score what this recipe trained: runs/NAME/model-int8.onnx, or the model that ships where
    there is none."""
    model: Path | None = option(None, metavar="ONNX")
    """Score this model."""
    data: Path = option(metavar="DIR")
    """Folder with faces.zip, faces_teacher.npz, ict, clips and rest."""
    sections: tuple[str, ...] = option((), metavar="NAME", spread=True)
    """Only these, such as: photographs clips."""
    clips: tuple[Path, ...] = option((), metavar="CLIP", spread=True)
    """Score on these in place of the clips in DIR."""
    synthetic: Path | None = option(None, metavar="NPZ")
    """Synthetic faces to score on; rendered for it where left out."""
    teacher_model: Path | None = option(None, metavar="FILE")
    """MediaPipe's face_landmarker.task; where left out, in the folder models beside DIR, else
    fetched."""
    cache: Path = option(Path(".cache"), metavar="DIR")
    """Keeps crops, teacher's scores and rendered faces."""
    workers: int = option(1, low=1)
    """Processes that make test faces."""
    folds: Path | None = option(None, metavar="DIR")
    """Models that were each taught without a fold of the people at rest and of the heads; where
    left out, the folder folds of the recipe's run, if it has one."""
    output: Path | None = option(None, metavar="FILE")
    """Also write the JSON here."""
    card: Path | None = option(None, metavar="FILE")
    """Also renew the tables of this model card."""
    json: bool = False
    """One JSON object, nothing else."""

    def run(self) -> int:
        """Score the model, print its figures and say which of the figures to reach it reaches."""
        from facedrive.files import write_whole
        from facedrive.training.evaluation.card import renew
        from facedrive.training.evaluation.evaluation import SECTIONS, tables

        sections = list(self.sections or SECTIONS)
        card = _read_card(self.card, sections) if self.card else ""
        evaluation, model = self._open()
        report = _report(evaluation, model, sections)
        text = json.dumps(report, indent=1, allow_nan=False)
        if self.output:
            write_whole(self.output, f"{text}\n")
        if self.card:
            write_whole(self.card, renew(card, report))
        print(text if self.json else tables(report))
        return 0

    def _open(self) -> tuple[Evaluation, Path]:
        """Open the model and say what it is evaluated on."""
        from facedrive.regressors.onnx import OnnxRegressor
        from facedrive.training.evaluation.evaluation import Evaluation

        model = self.model or _model_of(self.recipe)
        regressor = OnnxRegressor(model, "cpu")
        return Evaluation(
            regressor, self.data, self.cache, self.teacher_model, self.clips, self.synthetic,
            self.workers, self.folds or _folds_beside(model),
        ), model  # fmt: skip


COMMANDS = {"": Evaluate}


def _read_card(path: Path, sections: list[str]) -> str:
    """Read a model card whose tables can be renewed from these sections."""
    from facedrive.errors import DataError
    from facedrive.training.evaluation.card import check_place

    try:
        card = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    check_place(card, sections)
    return card


def _model_of(recipe: Path | None) -> Path:
    """Find the model that a recipe trained; the one that ships without a recipe or a run."""
    from facedrive.cli.packages import need_train
    from facedrive.regressors.onnx import default_model

    if recipe is None:
        return default_model()
    need_train()
    from facedrive.training.recipe import load_au_recipe

    trained = Path("runs") / load_au_recipe(recipe).name / "model-int8.onnx"
    return trained if trained.is_file() else default_model()


def _folds_beside(model: Path) -> Path | None:
    """Find the models of the folds in the folder of a run's model."""
    folds = model.parent / "folds"
    return folds if folds.is_dir() else None


def _name(model: Path) -> str:
    """Name a model without the folders of this machine."""
    from facedrive.regressors.onnx import default_model

    if model == default_model():
        return "facedrive/weights/default.onnx, which ships"
    return model.name if model.is_absolute() else str(model)


def _report(evaluation: Evaluation, model: Path, sections: list[str]) -> dict[str, Any]:
    from facedrive.bench.machine import machine
    from facedrive.training.evaluation.evaluation import check_goals

    answers = evaluation.run(sections)
    crop = evaluation.regressor.crop
    return {
        "model": _name(model),
        "crop": {"size": crop.size, "padding": crop.padding},
        "machine": machine(),
        **answers,
        "targets": [goal.as_dict() for goal in check_goals(answers)],
    }
