"""A recipe over its folds: each is trained, predicts its test videos, and is scored with the rest.

In the folder of a part: ``fold1/`` and so on with ``checkpoint.pt`` while training, then
``weights.pt``, ``predictions.npz``, ``epochs.csv`` and the TensorBoard log; ``scores.csv``,
``scores.json`` and ``scores.md`` over the folds; and the same in ``constant/`` of the predictor
that says the mean of the training labels, whatever it is shown.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.feafa.labels.video import Part
from facedrive.feafa.protocol.checkpoint import save_checkpoint
from facedrive.feafa.protocol.loader import Rows
from facedrive.feafa.protocol.prepared import Prepared
from facedrive.feafa.protocol.recipe import ProtocolRecipe
from facedrive.feafa.protocol.score_tables import write_scores
from facedrive.feafa.protocol.scores import FoldScores, score_folds
from facedrive.feafa.protocol.trainer import FoldTrainer, Machine, identify
from facedrive.files import whole_file
from facedrive.stats.splits import Fold, make_folds, read_folds, refuse_shared_subjects
from facedrive.types import Vector

log = logging.getLogger(__name__)


class PartScores(NamedTuple):
    """What a recipe reached on one part."""

    network: FoldScores
    constant: FoldScores
    """Of the mean of each fold's training labels."""


class Predictions(NamedTuple):
    """What a trained fold says of its test videos."""

    rows: Rows
    """(n,) of the prepared dataset."""
    predicted: Vector
    """(n, 24) float32, 0 to 1."""
    constant: Vector
    """(24,) float32 mean of the training labels; 0 where none is known."""


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

    def _run_part(self, part: Part) -> PartScores:
        done = []
        for number, fold in enumerate(self._make_folds(part)[: self.recipe.folds], 1):
            done.append(self._run_fold(part, number, fold))
            self.machine.world.wait()
        scores = _score(done, self.data)
        if self.machine.world.leads:
            (self.folder / part / "constant").mkdir(exist_ok=True)
            write_scores(scores.network, self.folder / part)
            write_scores(scores.constant, self.folder / part / "constant")
        return scores

    def _make_folds(self, part: Part) -> tuple[Fold, ...]:
        """Divide a part's videos; the folds' indices are of the dataset's videos."""
        data = self.data
        labelled = np.unique(data.video[np.isfinite(data.aus).any(1)])
        mine = np.array([at for at in labelled if data.parts[at] == part], dtype=np.intp)
        if not len(mine):
            known = ", ".join(sorted(set(data.parts))) or "none"
            raise DataError(f"there is no labelled {part} video in the data; parts: {known}.")
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

    def _run_fold(self, part: Part, number: int, fold: Fold) -> Predictions:
        """Train a fold and keep what it predicts; a fold that was done before is only read."""
        folder = self.folder / part / f"fold{number}"
        train = labelled_rows(self.data, fold.train, self.recipe.frames_per_video)
        test = labelled_rows(self.data, fold.test)
        identity = identify(self.recipe, self.data, train)
        kept = _read_predictions(folder / "predictions.npz", identity)
        if kept is not None:
            return kept
        title = f"{self.recipe.name}, {part} fold {number}"
        trainer = FoldTrainer(self.recipe, self.data, train, test, folder, self.machine, title)
        network = trainer.fit()
        found = Predictions(test, trainer.predict(test), _mean_labels(self.data.aus[train]))
        if self.machine.world.leads:
            weights = {"network": network.state_dict(), "crop": repr(self.data.spec)}
            save_checkpoint(folder / "weights.pt", identity | weights)
            _write_predictions(folder / "predictions.npz", found, self.data, identity)
            (folder / "checkpoint.pt").unlink(missing_ok=True)
        return found


def labelled_rows(data: Prepared, videos: NDArray[np.intp], most: int = 0) -> Rows:
    """Return the rows of some videos that have a label, evenly ``most`` a video; all for 0."""
    rows = []
    for video in videos:
        whole = np.flatnonzero((data.video == video) & np.isfinite(data.aus).any(1))
        if most and len(whole) > most:
            whole = whole[np.linspace(0, len(whole) - 1, most).round().astype(np.intp)]
        rows.append(whole)
    return np.concatenate(rows).astype(np.int64)


def _mean_labels(aus: Vector) -> Vector:
    """Return the (24,) mean over frames of the labels that are known."""
    known = np.isfinite(aus)
    total = np.where(known, aus, 0.0).sum(0)
    return np.asarray(total / np.maximum(known.sum(0), 1), dtype=np.float32)


def _score(done: list[Predictions], data: Prepared) -> PartScores:
    rows = np.concatenate([each.rows for each in done])
    fold = np.repeat(np.arange(1, len(done) + 1), [len(each.rows) for each in done])
    labels, video = data.aus[rows], data.video[rows]
    constant = np.concatenate([np.tile(each.constant, (len(each.rows), 1)) for each in done])
    predicted = np.concatenate([each.predicted for each in done])
    return PartScores(
        score_folds(predicted, labels, video, fold), score_folds(constant, labels, video, fold)
    )


def _write_predictions(
    path: Path, found: Predictions, data: Prepared, identity: dict[str, str]
) -> None:
    """Keep predictions with their labels, and the videos and frames that they are of."""
    names = np.array(data.videos)
    arrays = {
        **found._asdict(),
        "labels": data.aus[found.rows],
        "video": names[data.video[found.rows]],
        "frame": data.frame[found.rows],
        "identity": np.array(sorted(identity.items())),
    }
    with whole_file(path) as file:
        np.savez_compressed(file, **arrays)


def _read_predictions(path: Path, identity: dict[str, str]) -> Predictions | None:
    """Read what ``_write_predictions`` kept; None if there is nothing.

    Raises:
        DataError: if the file is broken, or of another recipe, dataset or fold.
    """
    if not path.exists():
        return None
    try:
        with np.load(path) as table:
            saved = {str(name): str(value) for name, value in table["identity"]}
            found = Predictions(table["rows"], table["predicted"], table["constant"])
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path} is broken: {error}; delete its folder.") from error
    for name, value in identity.items():
        if saved.get(name) != value:
            raise DataError(f"{path} is of another {name}; name another --output, or delete it.")
    return found
