"""From labelled pictures to a model that the live path runs, and what torch says of the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import onnx
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from clips import demo_frames  # noqa: E402

from facedrive.cli.main import main  # noqa: E402
from facedrive.errors import DataError  # noqa: E402
from facedrive.feafa.labels.dataset import read_dataset  # noqa: E402
from facedrive.feafa.protocol.experiment import Experiment  # noqa: E402
from facedrive.feafa.protocol.machine import Machine  # noqa: E402
from facedrive.feafa.protocol.model import (  # noqa: E402
    LiveNetwork,
    export_network,
    live_crop,
    make_model,
)
from facedrive.feafa.protocol.networks import build_network  # noqa: E402
from facedrive.feafa.protocol.prepare import prepare  # noqa: E402
from facedrive.feafa.protocol.prepared import CROP, load_prepared  # noqa: E402
from facedrive.feafa.protocol.recipe import ProtocolRecipe, load_protocol  # noqa: E402
from facedrive.regressors.onnx import OnnxRegressor  # noqa: E402
from facedrive.sources.demo import truth  # noqa: E402
from facedrive.types import CropSpec  # noqa: E402

pytestmark = pytest.mark.slow

RECIPE = """
kind = "protocol"
network = "regional"
part = "posed"
video_mean = true
crop = 64
epochs = 1
batch = 2
learning_rate = 0.01
widths = [4, 4, 8]
features = 4
"""

VIDEOS, FRAMES = 3, 2


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames of the demo clip with the AUs that they were rendered from, in three videos."""
    root, labels = tmp_path_factory.mktemp("dataset"), truth()
    for frame, place in zip(demo_frames(), range(VIDEOS * FRAMES), strict=False):
        path = root / f"posed/P01/PV{place // FRAMES:03d}/{frame.index:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".jpg", frame.image[..., ::-1])[1].tobytes())
        path.with_suffix(".auw").write_text(" ".join(f"{au:.3f}" for au in labels[frame.index]))
    return root


@pytest.fixture(scope="module")
def run(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run over folds, and of the model that it ends in."""
    folder = tmp_path_factory.mktemp("run")
    prepare(read_dataset(dataset), folder / "cache", workers=1)
    (folder / "mine.toml").write_text(RECIPE)
    words = ["--data", str(folder / "cache"), "--output", str(folder), "--device", "cpu"]
    assert main(["train", str(folder / "mine.toml"), *words, "--float32"]) == 0
    return folder


def recipe_in(run: Path) -> ProtocolRecipe:
    recipe = load_protocol(run / "mine.toml")
    assert recipe is not None
    return recipe


@pytest.mark.slow
def test_the_model_says_of_a_crop_what_the_network_that_was_trained_on_all_videos_says(
    run: Path,
) -> None:
    kept = torch.load(run / "mine/all/weights.pt", weights_only=True)
    network = build_network(replace(recipe_in(run), video_mean=False), CROP)
    network.load_state_dict(kept["network"])
    crop = load_prepared(run / "cache").crops[0, 96:160, 96:160]
    with torch.no_grad():
        meant, _ = LiveNetwork(network).eval()(torch.from_numpy(crop.copy())[None, None])
    said = OnnxRegressor(run / "mine/model.onnx", "cpu").estimate(crop)
    assert said.aus == pytest.approx(meant[0].numpy(), abs=1e-4)
    assert (said.gaze == 0).all() and said.gaze.shape == (2, 2)
    assert said.landmarks_crop_px is None


@pytest.mark.slow
def test_the_model_says_what_it_is(run: Path) -> None:
    model = onnx.load(run / "mine/model.onnx")
    notes = {each.key: each.value for each in model.metadata_props}
    assert notes["facedrive.gaze"].startswith("none: always 0")
    assert "facedrive.landmarks" not in notes
    assert notes["facedrive.trained_on"] == "6 frames of all 3 labelled videos, posed"
    assert '"video_mean": false' in notes["facedrive.recipe"]


@pytest.mark.slow
def test_extract_runs_the_model(run: Path, dataset: Path, tmp_path: Path) -> None:
    clip, take = dataset / "posed/P01/PV000", tmp_path / "take.csv"
    model = str(run / "mine/model.onnx")
    assert main(["extract", str(clip), "-o", str(take), "--model", model]) == 0
    assert len(take.read_text().splitlines()) == 1 + FRAMES


def test_the_live_crop_is_the_middle_of_the_prepared_one() -> None:
    live = live_crop(CROP, 224)
    assert live.size == 224
    assert live.span / live.size == pytest.approx(CROP.span / CROP.size)
    assert live.span == pytest.approx(CropSpec().span, abs=1e-4)


@pytest.mark.slow
def test_a_model_may_be_of_a_fold_or_not_made(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(
        f"{make_model.__module__}.{export_network.__name__}",
        lambda trained, *_: written.append(trained.videos),
    )
    single = replace(recipe_in(run), video_mean=False)
    machine = Machine(torch.device("cpu"))
    experiment = Experiment(single, load_prepared(run / "cache"), run / "single", machine)
    assert make_model(experiment, "none") is None
    assert make_model(experiment, "posed/fold1") == run / "single/model.onnx"
    assert written == ["4 frames of 2 videos, posed/fold1"]
    with pytest.raises(DataError, match="no fold 'posed/fold4'"):
        make_model(experiment, "posed/fold4")


@pytest.mark.slow
def test_a_fold_that_saw_mean_faces_is_no_model_of_single_crops(run: Path) -> None:
    machine = Machine(torch.device("cpu"))
    data = load_prepared(run / "cache")
    with pytest.raises(DataError, match="mean face of a video"):
        make_model(Experiment(recipe_in(run), data, run / "mine", machine), "posed/fold1")
