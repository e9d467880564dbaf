"""Tables of scores: what is in them, and that nothing undefined is a number."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.aus import AU_NAMES  # noqa: E402
from facedrive.feafa.protocol.recipe import ProtocolRecipe  # noqa: E402
from facedrive.feafa.protocol.scores import FoldScores, PartScores, score_folds  # noqa: E402
from facedrive.feafa.protocol.tables import (  # noqa: E402
    CONSTANT,
    Table4,
    lay_out,
    row_name,
    to_markdown,
    write_scores,
)
from facedrive.types import CropSpec  # noqa: E402

random = np.random.default_rng(0)
VIDEO = np.arange(180) % 9
LABELS = random.random((180, 24))
LABELS[:, 2] = np.nan
PREDICTED = np.full_like(LABELS, 0.5) + 0.1 * random.random(LABELS.shape)


@pytest.fixture(scope="module")
def scores() -> FoldScores:
    return score_folds(PREDICTED, LABELS, VIDEO, VIDEO % 3)


def test_csv_has_a_row_per_fold_and_au(scores: FoldScores, tmp_path: Path) -> None:
    write_scores(scores, tmp_path)
    with (tmp_path / "scores.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 4 * (24 + 2)
    assert [row["au"] for row in rows[:26]] == [*AU_NAMES, "mean", "sum"]
    assert {row["fold"] for row in rows} == {"0", "1", "2", "all"}
    assert float(rows[0]["mse"]) == pytest.approx(scores.folds[0].aus.value[0, 0], rel=1e-5)
    assert rows[2]["mse"] == "" == rows[2]["pearson_high"]
    total = next(row for row in rows if (row["fold"], row["au"]) == ("all", "sum"))
    assert float(total["mse"]) == pytest.approx(scores.pooled.overall.value[0], rel=1e-5)


def test_json_is_readable_and_has_no_nan(scores: FoldScores, tmp_path: Path) -> None:
    write_scores(scores, tmp_path)
    text = (tmp_path / "scores.json").read_text()
    assert "NaN" not in text
    report = json.loads(text)
    assert report["folds"]["1"]["videos"] == 3
    assert report["pooled"]["aus"]["right_lid_raise"]["mse"]["value"] > 0


def test_every_markdown_row_has_its_tables_columns(scores: FoldScores) -> None:
    for table in to_markdown(scores).split("\n\n")[:2]:
        widths = {line.count("|") for line in table.splitlines()}
        assert len(widths) == 1
    assert "| left_lid_raise | – | – |" in to_markdown(scores)


def test_table_4_has_a_row_per_model_and_a_column_per_part(scores: FoldScores) -> None:
    lines = lay_out({"constant mean": {"posed": scores, "spontaneous": scores},
                    "resnet18": {"spontaneous": scores}}).splitlines()  # fmt: skip
    mean, spread = scores.spread("mse_sum")
    cell = f"{mean:.4f} ± {spread:.4f}"
    assert lines[0] == "| model | posed (FEAFA) | spontaneous (DISFA) |"
    assert lines[2:] == [f"| constant mean | {cell} | {cell} |", f"| resnet18 |  | {cell} |"]


def test_table_4_has_the_constant_predictor_and_the_budget(
    scores: FoldScores, tiny: ProtocolRecipe, tmp_path: Path
) -> None:
    results = Table4()
    cut = replace(tiny, budget="cpu", folds=1)
    results.add(tiny, CropSpec(40, 0.4143), {"posed": PartScores(scores, scores)})
    results.add(cut, CropSpec(40, 0.4143), {"posed": PartScores(scores, scores)})
    text = results.write(tmp_path)
    assert (tmp_path / "table4.md").read_text() == text
    assert f"| {CONSTANT} | " in text and "| tiny | " in text
    assert "| tiny (CPU budget, 1 fold) | " in text and "16 frames a training video" in text
    report = json.loads((tmp_path / "table4.json").read_text())
    assert set(report["models"]) == {CONSTANT, "tiny", "tiny (CPU budget, 1 fold)"}
    assert report["costs"]["tiny"]["macs"] > 0


def test_recipes_for_the_two_parts_share_a_row(tiny: ProtocolRecipe) -> None:
    names = {row_name(replace(tiny, name=name)) for name in ("feafa_vgg16", "disfa_vgg16")}
    assert names == {"vgg16"}
