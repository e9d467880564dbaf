"""A recipe over its folds: each is trained, predicts its test videos, and is scored with the rest.

In the folder of a part: ``fold1/`` and so on with ``checkpoint.pt`` while training, then
``weights.pt``, ``predictions.npz``, ``epochs.csv`` and the TensorBoard log; ``scores.csv``,
``scores.json`` and ``scores.md`` over the folds; and the same in ``constant/`` of the predictor
that says the mean of the training labels, whatever it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from facedrive.feafa.labels.video import Part
from facedrive.feafa.protocol.machine import Machine
from facedrive.feafa.protocol.predictions import (
    Predictions,
    mean_labels,
    read_predictions,
    write_predictions,
)
from facedrive.feafa.protocol.prepared import Prepared, Rows
from facedrive.feafa.protocol.recipe import ProtocolRecipe
from facedrive.feafa.protocol.scores import PartScores, score_folds
from facedrive.feafa.protocol.tables import write_scores
from facedrive.feafa.protocol.trainer import FoldTrainer, origin_of
from facedrive.stats.splits import Fold, make_folds, read_folds, refuse_shared_subjects


class FoldRows(NamedTuple):
    """Rows of the prepared dataset that a fold trains on, and those that it tests on."""

    train: Rows
    test: Rows


@dataclass(frozen=True)
class Experiment:
    """A recipe, the data that it is run on, and where."""

    recipe: ProtocolRecipe
    data: Prepared
    folder: Path
    machine: Machine
    folds: str = "video"
    """``video`` as the paper, ``subject``, or the path of a CSV of ``video,fold``."""

    def run(self) -> dict[Part, PartScores]:
        """Train and score the recipe's parts one after the other.

        Raises:
            DataError: if a part has too few videos or frames, or the folder holds another run.
        """
        return {part: self._run_part(part) for part in self.recipe.part}

    def rows(self, part: Part) -> list[FoldRows]:
        """Return the rows of each fold of a part that the recipe runs.

        Raises:
            DataError: if the part has too few videos, or a subject is in two folds.
        """
        data, most = self.data, self.recipe.frames_per_video
        return [
            FoldRows(data.labelled_rows(fold.train, most), data.labelled_rows(fold.test))
            for fold in self._divide(part)[: self.recipe.folds]
        ]

    def _run_part(self, part: Part) -> PartScores:
        done = []
        for number, rows in enumerate(self.rows(part), 1):
            done.append(self._run_fold(part, number, rows))
            self.machine.world.wait()
        scores = _score(done, self.data)
        if self.machine.world.leads:
            write_scores(scores.network, self.folder / part)
            write_scores(scores.constant, self.folder / part / "constant")
        return scores

    def _divide(self, part: Part) -> tuple[Fold, ...]:
        """Divide a part's videos; the folds' indices are of the dataset's videos."""
        data = self.data
        mine = data.labelled_videos(part)
        names = [data.videos[at] for at in mine]
        subjects = [data.subjects[at] for at in mine]
        if self.folds == "video":
            folds = make_folds(names)
        elif self.folds == "subject":
            folds = make_folds(subjects)
        else:
            folds = read_folds(Path(self.folds), names)
        if self.folds != "video":
            refuse_shared_subjects(folds, subjects)
        return tuple(Fold(mine[fold.train], mine[fold.test]) for fold in folds)

    def _run_fold(self, part: Part, number: int, rows: FoldRows) -> Predictions:
        """Train a fold and keep what it predicts; a fold that was done before is only read."""
        folder = self.folder / part / f"fold{number}"
        origin = origin_of(self.recipe, self.data, rows.train)
        kept = read_predictions(folder / "predictions.npz", origin)
        if kept is not None:
            return kept
        title = f"{self.recipe.name}, {part} fold {number}"
        trainer = FoldTrainer(self.recipe, self.data, *rows, folder, self.machine, title)
        trainer.fit()
        constant = mean_labels(self.data.aus[rows.train])
        found = Predictions(rows.test, trainer.predict(rows.test), constant)
        if self.machine.world.leads:
            write_predictions(folder / "predictions.npz", found, self.data, origin)
        return found


def _score(done: list[Predictions], data: Prepared) -> PartScores:
    rows = np.concatenate([each.rows for each in done])
    fold = np.repeat(np.arange(1, len(done) + 1), [len(each.rows) for each in done])
    labels, video = data.aus[rows], data.video[rows]
    constant = np.concatenate([np.tile(each.constant, (len(each.rows), 1)) for each in done])
    predicted = np.concatenate([each.predicted for each in done])
    return PartScores(
        score_folds(predicted, labels, video, fold), score_folds(constant, labels, video, fold)
    )
