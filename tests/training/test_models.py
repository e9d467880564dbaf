"""The network, its loss and its export."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.aus import AU_INDEX  # noqa: E402
from facedrive.errors import DataError  # noqa: E402
from facedrive.regressors.onnx import OnnxRegressor  # noqa: E402
from facedrive.trackers.align import CropSpec  # noqa: E402
from facedrive.training.batches import Batch, Kind  # noqa: E402
from facedrive.training.data import FaceSet  # noqa: E402
from facedrive.training.engine import Learner, Run, build_model  # noqa: E402
from facedrive.training.export import export  # noqa: E402
from facedrive.training.labels import Targets  # noqa: E402
from facedrive.training.loss import make_loss  # noqa: E402
from facedrive.training.models import CHANNELS, TAUGHT, Answer, standardise  # noqa: E402
from facedrive.training.quantise import calibration_crops, quantise  # noqa: E402
from facedrive.training.recipe import Recipe  # noqa: E402

TINY = Recipe(
    "tiny", epochs=2, batch=8, widths=(4, 4, 8, 8), depths=(1, 1, 1), features=16,
    crop=CropSpec(32, 0.3),
)  # fmt: skip


def faces(count: int = 24) -> FaceSet:
    """Noise with labels, enough to turn the crank."""
    random = np.random.default_rng(0)
    spec = CropSpec(52, 0.54)
    return FaceSet(
        random.integers(0, 256, (count, 52, 52), dtype=np.uint8),
        np.ones((count, 52, 52), np.bool_),
        (random.random((1, 478, 2)) * 52 + random.random((count, 478, 2))).astype(np.float32),
        Targets(
            random.random((count, 24)).astype(np.float32),
            np.ones((count, 24), np.bool_),
            random.random((count, 2, 2)).astype(np.float32) * 0.3,
        ),
        np.arange(count),
        spec,
    )


def every_kind() -> dict[Kind, FaceSet]:
    return {kind: faces() for kind in Kind}


def weights(model: torch.nn.Module) -> np.ndarray:
    return np.concatenate([each.detach().numpy().ravel() for each in model.parameters()])


def test_exposure_does_not_change_what_the_network_sees() -> None:
    crop = torch.rand(1, 1, 32, 32) * 100
    assert torch.allclose(standardise(crop), standardise(crop + 60), atol=1e-4)
    contrast = standardise(2 * crop).std() / standardise(crop).std()
    assert 1.0 <= contrast < 1.2


def test_what_the_teacher_sees_follows_it_and_exact_labels_the_parametric_face() -> None:
    taught, parametric = torch.zeros(1, CHANNELS), torch.ones(1, CHANNELS)
    answer = Answer(taught, parametric, torch.zeros(1, 2, 2))
    aus, gaze = answer.settle()
    assert torch.cat([aus, gaze], 1)[0].tolist() == pytest.approx((~TAUGHT).float().tolist())
    aus, gaze = answer.settle(torch.ones(1, 1, dtype=torch.bool))
    assert torch.cat([aus, gaze], 1).tolist() == parametric.tolist()


def test_what_no_photograph_teaches_is_held_weakly_there_and_a_point_without_a_place_not() -> None:
    loss = make_loss(TINY, every_kind(), torch.device("cpu"))
    answer = Answer(*(torch.zeros(1, CHANNELS),) * 2, torch.zeros(1, 478, 2))

    def cost(au: str, kind: Kind, place: float = 0.0, taught: float = float("nan")) -> float:
        aus = torch.zeros(1, 24)
        aus[0, AU_INDEX[au]] = 1
        batch = Batch(
            torch.zeros(1, 1, 32, 32), aus, torch.zeros(1, 4), torch.full((1, 478, 2), place),
            torch.full((1, CHANNELS), taught), torch.tensor([int(kind)]),
        )  # fmt: skip
        return float(loss(answer, batch))

    for au in ("cheeks_puff", "jaw_slide_left"):
        assert 0 < cost(au, Kind.PHOTOGRAPH) < 0.5 * cost(au, Kind.MOVED)
    jaw = cost("jaw_drop", Kind.PHOTOGRAPH)
    assert jaw > cost("cheeks_puff", Kind.PHOTOGRAPH)
    assert cost("jaw_drop", Kind.PHOTOGRAPH, float("nan")) == pytest.approx(jaw)
    assert cost("jaw_drop", Kind.PHOTOGRAPH, 0.5) > jaw
    assert cost("jaw_drop", Kind.PHOTOGRAPH, taught=0.0) == pytest.approx(jaw)
    assert cost("jaw_drop", Kind.PHOTOGRAPH, taught=0.5) > jaw


def test_an_exported_model_keeps_the_contract_and_says_what_torch_says(tmp_path: Path) -> None:
    torch.manual_seed(0)
    export(build_model(TINY), TINY.crop, tmp_path / "tiny.onnx")
    regressor = OnnxRegressor(tmp_path / "tiny.onnx", "cpu")
    assert regressor.crop == TINY.crop
    assert regressor.estimate(np.zeros((32, 32), np.uint8)).aus.shape == (24,)


def test_an_8_bit_model_says_nearly_what_the_whole_one_says(tmp_path: Path) -> None:
    torch.manual_seed(0)
    whole, small = tmp_path / "whole.onnx", tmp_path / "small.onnx"
    export(build_model(TINY), TINY.crop, whole)
    crops = calibration_crops([faces(40)], TINY.crop)
    quantise(whole, crops, small)
    answers = [
        np.stack([OnnxRegressor(path, "cpu").estimate(crop).aus for crop in crops])
        for path in (whole, small)
    ]
    assert answers[0] == pytest.approx(answers[1], abs=0.05)


def test_a_run_that_was_stopped_ends_where_an_unbroken_one_ends(tmp_path: Path) -> None:
    sets, cpu = every_kind(), torch.device("cpu")
    whole = Run(TINY, tmp_path / "whole", cpu).fit(sets, sets)

    class StoppedError(Exception):
        pass

    class StopsAfterOne(Run):
        def _save(self, learner: Learner, epoch: int) -> None:
            super()._save(learner, epoch)
            raise StoppedError

    with pytest.raises(StoppedError):
        StopsAfterOne(TINY, tmp_path / "broken", cpu).fit(sets, sets)
    resumed = Run(TINY, tmp_path / "broken", cpu).fit(sets, sets)
    assert (weights(whole) == weights(resumed)).all()


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    sets, cpu = every_kind(), torch.device("cpu")
    Run(TINY, tmp_path, cpu).fit(sets, sets)
    other = Recipe(**(vars(TINY) | {"learning_rate": 1e-4}))
    with pytest.raises(DataError, match="another recipe"):
        Run(other, tmp_path, cpu).fit(sets, sets)
