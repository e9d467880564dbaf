"""The training loop."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.errors import DataError  # noqa: E402
from facedrive.training.data.faces import Kind  # noqa: E402
from facedrive.training.recipe import Recipe  # noqa: E402
from facedrive.training.run import loop  # noqa: E402
from facedrive.training.run.train import Run, plain_crops  # noqa: E402

from ..noise import TINY, every_kind  # noqa: E402
from .conftest import DEEP, Trained  # noqa: E402

pytestmark = pytest.mark.slow

SHORT = replace(TINY, epochs=1)


def weights(model: torch.nn.Module) -> np.ndarray:
    return np.concatenate([each.detach().numpy().ravel() for each in model.parameters()])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """The weights that an unbroken run ends with."""
    sets = every_kind()
    return weights(Run(TINY, tmp_path_factory.mktemp("w"), torch.device("cpu")).fit(sets, sets))


@pytest.mark.parametrize("saves", [3, 9])
def test_a_run_that_was_stopped_ends_bit_for_bit_where_an_unbroken_one_ends(
    whole: np.ndarray, tmp_path: Path, saves: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets, cpu, recipe = every_kind(), torch.device("cpu"), TINY
    real, saved = loop.save_checkpoint, []

    class StoppedError(Exception):
        pass

    def save(*args: Any) -> None:
        real(*args)
        saved.append(args)
        if len(saved) == saves:
            raise StoppedError

    monkeypatch.setattr(loop, "CHECKPOINT_S", 0)
    monkeypatch.setattr(loop, "save_checkpoint", save)
    with pytest.raises(StoppedError):
        Run(recipe, tmp_path / "broken", cpu).fit(sets, sets)
    monkeypatch.undo()
    resumed = Run(recipe, tmp_path / "broken", cpu).fit(sets, sets)
    assert (whole == weights(resumed)).all()


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    sets, cpu = every_kind(), torch.device("cpu")
    Run(SHORT, tmp_path, cpu).fit(sets, sets)
    other = Recipe(**(vars(SHORT) | {"learning_rate": 1e-4}))
    with pytest.raises(DataError, match=r"another recipe \(learning_rate is 0.0015 there"):
        Run(other, tmp_path, cpu).fit(sets, sets)


def test_a_checkpoint_of_other_faces_is_refused(tmp_path: Path) -> None:
    sets, cpu = every_kind(), torch.device("cpu")
    Run(SHORT, tmp_path, cpu).fit(sets, sets)
    sets[Kind.WARPED].targets.aus[3, 3] += 0.1
    with pytest.raises(DataError, match="another data set"):
        Run(SHORT, tmp_path, cpu).fit(sets, sets)


def test_a_reader_is_taught_before_and_then_stays_as_it_is(tmp_path: Path) -> None:
    sets, cpu = every_kind(), torch.device("cpu")
    long, short = (
        Run(replace(TINY, epochs=epochs), tmp_path / str(epochs), cpu).fit(sets, sets)
        for epochs in (2, 1)
    )
    assert long.reader.answer.weight.abs().max() > 0
    assert torch.allclose(long.reader.answer.weight, short.reader.answer.weight)
    assert not torch.equal(long.points.weight, short.points.weight)


def test_a_shallower_network_learns_to_answer_as_the_one_that_it_matches(
    trained: Trained, tmp_path: Path
) -> None:
    sets, cpu = every_kind(), torch.device("cpu")
    recipe = replace(DEEP, name="fast", depths=(1, 1, 1), epochs=6, match=True, first=DEEP)
    run = Run(recipe, tmp_path / "fast", cpu, trained.models[0])
    before, after = run.start_network(sets), run.fit(sets, sets)
    crops = plain_crops(sets[Kind.PHOTOGRAPH], np.arange(24), recipe)
    with torch.no_grad():
        meant, *said = (each.eval()(crops).points for each in (trained.model, before, after))
    missed = [float((each - meant).abs().mean()) for each in said]
    assert missed[1] < 0.8 * missed[0]


def test_what_is_matched_must_be_an_exported_model(tmp_path: Path) -> None:
    sets = every_kind()
    recipe = replace(TINY, name="fast", match=True, first=TINY)
    with pytest.raises(DataError, match="matches an exported model"):
        Run(recipe, tmp_path, torch.device("cpu")).fit(sets, sets)
