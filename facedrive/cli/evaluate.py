"""``facedrive evaluate``: an AU model's figures on people that it never saw."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--model", type=Path, metavar="ONNX", help="default: the one that ships")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR",
                        help="folder with faces.zip and faces_teacher.npz")  # fmt: skip
    parser.add_argument("--synthetic", type=Path, metavar="NPZ",
                        help="synthetic faces to score on as well")  # fmt: skip
    parser.add_argument("--cache", type=Path, default=Path(".cache"), metavar="DIR")
    parser.add_argument("--json", action="store_true", help="one JSON object, nothing else")


def run(args: argparse.Namespace) -> int:
    """Score the model and print its figures."""
    from facedrive.regressors.onnx import OnnxRegressor
    from facedrive.training.data import load_photographs, load_synthetic
    from facedrive.training.evaluation import evaluate
    from facedrive.training.folds import split_people

    regressor = OnnxRegressor(args.model, "cpu")
    faces = load_photographs(args.data, args.cache)
    reports = {"photographs": evaluate(regressor, faces.select(split_people(faces.person).test))}
    if args.synthetic:
        reports["synthetic"] = evaluate(regressor, load_synthetic(args.synthetic))
    tables = {name: report.as_dict() for name, report in reports.items()}
    print(json.dumps(tables) if args.json else "\n\n".join(map(_table, tables, tables.values())))
    return 0


def _table(name: str, report: dict[str, Any]) -> str:
    lines = [
        f"{name}: {report['faces']} faces, mean r {report['mean_pearson']:.3f} "
        f"({report['mean_pearson_live']:.3f} where labels vary), MAE {report['mean_mae']:.3f}, "
        f"{report['face_ms']:.2f} ms a face",
        f"{'channel':<26}{'r':>7}{'MAE':>8}{'slope':>8}{'std':>8}",
    ]
    for channel, row in (report["aus"] | report["gaze"]).items():
        lines.append(f"{channel:<26}{row['pearson']:>7.3f}{row['mae']:>8.3f}"
                     f"{row['slope']:>8.2f}{row['label_std']:>8.3f}")  # fmt: skip
    return "\n".join(lines)
