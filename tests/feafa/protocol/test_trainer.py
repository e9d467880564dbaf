"""Training of a fold: the loss, going on after a stop, and dividing a batch."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.errors import DataError  # noqa: E402
from facedrive.feafa.protocol.machine import Machine  # noqa: E402
from facedrive.feafa.protocol.prepared import Prepared  # noqa: E402
from facedrive.feafa.protocol.recipe import ProtocolRecipe  # noqa: E402
from facedrive.feafa.protocol.trainer import FoldTrainer, squared_error  # noqa: E402
from facedrive.training.run import loop  # noqa: E402

pytestmark = pytest.mark.slow

Faces = Callable[..., Prepared]
CPU = Machine(torch.device("cpu"), mixed=False)
EVERY_STEP = Machine(torch.device("cpu"), mixed=False, checkpoint_s=0)
TRAIN, TEST = np.arange(32), np.arange(32, 48)


def fold(
    recipe: ProtocolRecipe, data: Prepared, folder: Path, machine: Machine = CPU
) -> FoldTrainer:
    return FoldTrainer(recipe, data, TRAIN, TEST, folder, machine)


def weights(network: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: value.detach().numpy().copy() for name, value in network.state_dict().items()}


def test_the_loss_is_equation_3_and_unknown_labels_add_nothing() -> None:
    answer = torch.tensor([[0.5, 0.25], [1.0, 0.0]])
    labels = torch.tensor([[0.0, 0.25], [0.0, float("nan")]])
    assert float(squared_error(answer, labels, 2)) == pytest.approx((0.25 + 1.0) / 2)


@pytest.fixture(scope="module")
def unbroken(
    tmp_path_factory: pytest.TempPathFactory, tiny: ProtocolRecipe, faces: Faces
) -> tuple[Path, torch.nn.Module]:
    folder = tmp_path_factory.mktemp("whole")
    return folder, fold(replace(tiny, dropout=0.2), faces(), folder, EVERY_STEP).fit()


@pytest.mark.parametrize("saves", [2, 4, 7])
def test_a_run_that_was_killed_ends_bit_for_bit_where_an_unbroken_one_ends(
    unbroken: tuple[Path, torch.nn.Module], tmp_path: Path, tiny: ProtocolRecipe, faces: Faces,
    saves: int, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    data, recipe, (folder, whole) = faces(), replace(tiny, dropout=0.2), unbroken
    real = loop.save_checkpoint
    left = iter(range(saves - 1, -1, -1))

    def save(*arguments: object) -> None:
        real(*arguments)
        if not next(left):
            raise OSError("killed")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="killed"):
        patch.setattr(loop, "save_checkpoint", save)
        fold(recipe, data, tmp_path / "broken", EVERY_STEP).fit()
    again = fold(recipe, data, tmp_path / "broken", EVERY_STEP).fit()
    for name, value in weights(whole).items():
        assert (value == weights(again)[name]).all(), name
    tables = [(each / "epochs.csv").read_text() for each in (folder, tmp_path / "broken")]
    assert tables[0] == tables[1]


def test_the_learning_rate_falls_as_the_recipe_says(
    tmp_path: Path, tiny: ProtocolRecipe, faces: Faces
) -> None:
    fold(replace(tiny, epochs=4, step_epochs=2), faces(), tmp_path).fit()
    with (tmp_path / "epochs.csv").open() as lines:
        rates = [float(row["learning_rate"]) for row in csv.DictReader(lines)]
    assert rates == pytest.approx([0.01, 0.01, 0.001, 0.001])


def test_training_learns_what_is_there_to_learn(
    tmp_path: Path, tiny: ProtocolRecipe, faces: Faces
) -> None:
    recipe = replace(tiny, epochs=12, step_epochs=12)
    trainer = fold(recipe, faces(), tmp_path)
    trainer.fit()
    rows = trainer.loop.at.rows
    assert rows[-1]["loss"] < 0.85 * rows[0]["loss"]


def test_a_batch_in_pieces_has_the_gradient_of_the_whole(
    tmp_path: Path, tiny: ProtocolRecipe, faces: Faces
) -> None:
    data = faces()
    whole = fold(replace(tiny, epochs=1), data, tmp_path / "whole")
    parts = fold(replace(tiny, epochs=1, accumulate=4), data, tmp_path / "parts")
    for trainer in (whole, parts):
        freeze_normalisation(trainer.stepper.network)
        trainer.fit()
    for name, value in weights(whole.stepper.network).items():
        assert value == pytest.approx(weights(parts.stepper.network)[name], abs=2e-3), name


def freeze_normalisation(network: torch.nn.Module) -> None:
    """Have batch normalisation use its stored figures: a piece's own differ from the batch's."""
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            layer.train = lambda _mode=True, layer=layer: layer
            layer.training = False


def test_a_checkpoint_of_another_recipe_is_refused(
    tmp_path: Path, tiny: ProtocolRecipe, faces: Faces
) -> None:
    data = faces()
    fold(tiny, data, tmp_path).fit()
    with pytest.raises(DataError, match="another recipe"):
        fold(replace(tiny, learning_rate=0.5), data, tmp_path)


def test_a_checkpoint_of_other_data_is_refused(
    tmp_path: Path, tiny: ProtocolRecipe, faces: Faces
) -> None:
    data = faces()
    fold(tiny, data, tmp_path).fit()
    with pytest.raises(DataError, match="another data set"):
        fold(tiny, replace(data, aus=1 - data.aus), tmp_path)


def test_a_batch_that_cannot_be_divided_or_filled_is_refused(
    tmp_path: Path, tiny: ProtocolRecipe, faces: Faces
) -> None:
    with pytest.raises(DataError, match="3 equal pieces"):
        fold(replace(tiny, accumulate=3), faces(), tmp_path)
    with pytest.raises(DataError, match="32 frames to train on, less than one batch of 64"):
        fold(replace(tiny, batch=64), faces(), tmp_path)


def test_a_run_that_diverges_stops_and_says_so(
    tmp_path: Path, tiny: ProtocolRecipe, faces: Faces
) -> None:
    with pytest.raises(DataError, match=r"diverged.*learning_rate"):
        fold(replace(tiny, learning_rate=1e9), faces(), tmp_path).fit()
