"""A trained network as ONNX."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.regressors.onnx import OnnxRegressor  # noqa: E402
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68  # noqa: E402
from facedrive.training.network.network import Deployed  # noqa: E402
from facedrive.training.run.train import build_model  # noqa: E402

from ..noise import TINY  # noqa: E402
from .conftest import DEEP, Trained  # noqa: E402

pytestmark = pytest.mark.slow


def test_an_exported_model_keeps_the_contract_and_says_what_torch_says(trained: Trained) -> None:
    network, regressor = trained.model.eval(), OnnxRegressor(trained.models[0], "cpu")
    assert regressor.crop == DEEP.crop
    crop = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
    estimate = regressor.estimate(crop)
    with torch.no_grad():
        said = Deployed(network)(torch.from_numpy(crop)[None, None])
    aus, gaze, landmarks_px, presence, extras = said
    assert regressor.follows
    assert estimate.aus.std() > 0.01
    assert estimate.aus == pytest.approx(aus[0].numpy(), abs=1e-4)
    assert estimate.gaze.ravel() == pytest.approx(gaze[0].numpy(), abs=1e-4)
    assert estimate.landmarks_crop_px == pytest.approx(landmarks_px[0].numpy(), abs=1e-2)
    assert estimate.presence == pytest.approx(float(presence[0]), abs=1e-4)
    assert estimate.extras == pytest.approx(extras[0].numpy(), abs=1e-4)


def test_landmarks_are_the_networks_mesh_in_pixels_of_the_crop() -> None:
    torch.manual_seed(0)
    network, last = build_model(TINY), TINY.crop.size - 1
    upper_left, lower_right = MEDIAPIPE_TO_68[36], MEDIAPIPE_TO_68[45]
    with torch.no_grad():
        network.points.weight.zero_()
        bias = network.points.bias.view(-1, 2)
        bias[upper_left] = 1 / TINY.crop.size - 1  # the middle of the first pixel
        bias[lower_right] = 1 - 1 / TINY.crop.size
    with torch.no_grad():
        seen_px = Deployed(network.eval())(torch.zeros(1, 1, last + 1, last + 1))[2][0].numpy()
    assert seen_px[36] == pytest.approx([0, 0], abs=1e-3)
    assert seen_px[45] == pytest.approx([last, last], abs=1e-3)
