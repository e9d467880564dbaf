"""``facedrive evaluate``: an AU model's figures on people, skins and clips that it never saw."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facedrive.training.evaluation.exam import Exam


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("recipe", type=Path, nargs="?", metavar="RECIPE",
                        help="score what this recipe trained: runs/NAME/model-int8.onnx, "
                        "or the model that ships where there is none")  # fmt: skip
    parser.add_argument("--model", type=Path, metavar="ONNX", help="score this model")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR",
                        help="folder with faces.zip, faces_teacher.npz, ict and clips")  # fmt: skip
    parser.add_argument("--sections", nargs="+", metavar="NAME",
                        help="only these, such as: photographs clips")  # fmt: skip
    parser.add_argument("--clips", type=Path, nargs="+", default=(), metavar="CLIP",
                        help="score on these in place of the clips in DIR")  # fmt: skip
    parser.add_argument("--synthetic", type=Path, metavar="NPZ",
                        help="synthetic faces to score on; default: rendered for it")  # fmt: skip
    parser.add_argument("--teacher-model", type=Path, metavar="FILE",
                        help="MediaPipe's face_landmarker.task; default: in the folder models "
                        "beside DIR, else fetched")  # fmt: skip
    parser.add_argument("--cache", type=Path, default=Path(".cache"), metavar="DIR",
                        help="keeps crops, teacher's scores and rendered faces; "
                        "default: .cache")  # fmt: skip
    parser.add_argument("--workers", type=int, default=1, metavar="N",
                        help="processes that make test faces; default: 1")  # fmt: skip
    parser.add_argument("--output", type=Path, metavar="FILE", help="also write the JSON here")
    parser.add_argument("--card", type=Path, metavar="FILE",
                        help="also renew the tables of this model card")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object, nothing else")


def run(args: argparse.Namespace) -> int:
    """Score the model, print its figures and say which of the figures to reach it reaches."""
    from facedrive.files import write_whole
    from facedrive.training.evaluation.card import renew
    from facedrive.training.evaluation.exam import SECTIONS
    from facedrive.training.evaluation.report import tables

    sections = args.sections or list(SECTIONS)
    card = _read_card(args.card, sections) if args.card else ""
    exam, model = _open_exam(args)
    report = _report(exam, model, sections)
    text = json.dumps(report, indent=1, allow_nan=False)
    if args.output:
        write_whole(args.output, f"{text}\n")
    if args.card:
        write_whole(args.card, renew(card, report))
    print(text if args.json else tables(report))
    return 0


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


def _open_exam(args: argparse.Namespace) -> tuple[Exam, Path]:
    """Open the model and say what it is examined on."""
    from facedrive.regressors.onnx import OnnxRegressor
    from facedrive.training.evaluation.exam import Exam

    model = args.model or _model_of(args.recipe)
    exam = Exam(OnnxRegressor(model, "cpu"), args.data, args.cache, args.teacher_model,
                tuple(args.clips), args.synthetic, args.workers)  # fmt: skip
    return exam, model


def _model_of(recipe: Path | None) -> Path:
    """Find the model that a recipe trained; the one that ships without a recipe or a run."""
    from facedrive.cli.options import need_train
    from facedrive.regressors.onnx import default_model

    if recipe is None:
        return default_model()
    need_train()
    from facedrive.training.recipe import load_recipe

    trained = Path("runs") / load_recipe(recipe).name / "model-int8.onnx"
    return trained if trained.is_file() else default_model()


def _name(model: Path) -> str:
    """Name a model without the folders of this machine."""
    from facedrive.regressors.onnx import default_model

    if model == default_model():
        return "facedrive/weights/default.onnx, which ships"
    return model.name if model.is_absolute() else str(model)


def _report(exam: Exam, model: Path, sections: list[str]) -> dict[str, Any]:
    from facedrive.cli.bench import machine
    from facedrive.training.evaluation.goals import check_goals

    answers = exam.take(sections)
    crop = exam.regressor.crop
    return {
        "model": _name(model),
        "crop": {"size": crop.size, "padding": crop.padding},
        "machine": machine(),
        **answers,
        "targets": [goal.as_dict() for goal in check_goals(answers)],
    }
