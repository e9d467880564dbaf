"""Taking back a network's timidity."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.aus import AU_INDEX  # noqa: E402
from facedrive.training.data.faces import FaceSet, Kind  # noqa: E402
from facedrive.training.data.labels import PARAMETRIC_AUS, Targets  # noqa: E402
from facedrive.training.network.network import CHANNELS  # noqa: E402
from facedrive.training.run.gain import (  # noqa: E402
    CALM,
    MOST,
    WANTED_SLOPE,
    calm,
    take_back_timidity,
    unbent,
)
from facedrive.training.run.train import build_model, predict  # noqa: E402
from facedrive.types import CropSpec  # noqa: E402

from .. import noise  # noqa: E402

TINY = replace(noise.TINY, reader_share=0.0)

CROPS = np.random.default_rng(0).integers(0, 256, (64, 52, 52), dtype=np.uint8)


def labelled_by(model: torch.nn.Module, loudness: float) -> FaceSet:
    """Faces whose labels move ``loudness`` times as far as the model's answers."""
    nothing = Targets(np.zeros((64, 24)), np.ones((64, 24), bool), np.zeros((64, 2, 2)))
    points = np.zeros((64, 478, 2), np.float32)
    inside = np.ones(CROPS.shape, bool)
    faces = FaceSet(CROPS, inside, points, nothing, np.arange(64), CropSpec(52, 0.54))
    said, gaze = predict(model, faces, TINY, torch.device("cpu"))
    louder = Targets(
        said.mean(0) + (said - said.mean(0)) * loudness, nothing.known, gaze.reshape(-1, 2, 2)
    )
    return FaceSet(CROPS, inside, points, louder, faces.person, faces.spec)


def lively() -> torch.nn.Module:
    """A model whose answers stay inside 0 to 1 and vary from face to face."""
    torch.manual_seed(0)
    model = build_model(TINY)
    last, crops = model.head[-1], torch.from_numpy(CROPS[:, None, 10:42, 10:42]).float()
    with torch.no_grad():
        said = torch.cat(model(crops)[:2], dim=1)
        scale = 0.05 / said.std(0).clamp(min=1e-6)
        last.weight *= scale[:, None]
        last.bias.copy_((last.bias - said.mean(0)) * scale + 0.5)
    return model


def test_a_timid_channel_moves_as_far_as_its_labels_and_no_gain_is_wild() -> None:
    model = lively()
    quiet, loud = labelled_by(model, 1.2), labelled_by(model, 9)
    jaw, puff = AU_INDEX["jaw_drop"], AU_INDEX[PARAMETRIC_AUS[-1]]
    loud.targets.aus[:, jaw] = quiet.targets.aus[:, jaw]
    gains = take_back_timidity(model, TINY, {Kind.PHOTOGRAPH: quiet, Kind.WARPED: loud})
    assert gains[jaw] == pytest.approx(1.2 * WANTED_SLOPE, rel=0.02)
    assert gains[puff] == pytest.approx(MOST)


def test_photographs_and_moved_faces_count_alike_but_for_what_photographs_do_not_show() -> None:
    model = lively()
    kinds = {kind: labelled_by(model, loudness) for kind, loudness in
             ((Kind.PHOTOGRAPH, 1.4), (Kind.WARPED, 1.2), (Kind.TRANSFERRED, 1.2))}  # fmt: skip
    gains = take_back_timidity(model, TINY, kinds)
    jaw, puff = AU_INDEX["jaw_drop"], AU_INDEX["cheeks_puff"]
    assert gains[jaw] == pytest.approx(1.3 * WANTED_SLOPE, rel=0.02)
    assert gains[puff] == pytest.approx(1.2 * WANTED_SLOPE, rel=0.02)


def test_left_and_right_share_their_gain() -> None:
    model = lively()
    faces = labelled_by(model, 1.0)
    said = faces.targets.aus[:, AU_INDEX["left_eye_close"]]
    said[:] = said.mean() + (said - said.mean()) * 1.4
    gains = take_back_timidity(model, TINY, {Kind.PHOTOGRAPH: faces, Kind.WARPED: faces})
    left, right = gains[AU_INDEX["left_eye_close"]], gains[AU_INDEX["right_eye_close"]]
    assert left == pytest.approx(right)
    assert 1.1 < left < 1.4


def test_the_gain_is_about_the_mean() -> None:
    model = lively()
    faces = labelled_by(model, 1.5)
    before, _ = predict(model, faces, TINY, torch.device("cpu"))
    take_back_timidity(model, TINY, {Kind.PHOTOGRAPH: faces, Kind.WARPED: faces})
    after, _ = predict(model, faces, TINY, torch.device("cpu"))
    jaw = AU_INDEX["jaw_drop"]
    assert after[:, jaw].mean() == pytest.approx(before[:, jaw].mean(), abs=0.02)
    assert after[:, jaw].std() > before[:, jaw].std() * 1.05


def test_faces_at_rest_hardly_show_what_no_photograph_teaches() -> None:
    model, rest = lively(), labelled_by(lively(), 0.0)
    rest.targets.aus[:] = 0
    crowds = [rest.select(np.arange(0, 8)), rest.select(np.arange(8, len(rest)))]
    with torch.no_grad():
        model.head[-1].bias[CHANNELS:] -= 0.45  # from about 0.5 to about 0.05, give or take 0.05
    before, _ = predict(model, rest, TINY, torch.device("cpu"))
    lowered = calm(model, TINY, crowds)
    after, _ = predict(model, rest, TINY, torch.device("cpu"))
    parametric = [AU_INDEX[name] for name in PARAMETRIC_AUS]
    others = [index for index in range(24) if index not in parametric]
    assert (lowered > 0).all()
    shown = [np.percentile(crowd[:, parametric], 95, axis=0) for crowd in np.split(after, [8])]
    assert np.max(shown, axis=0) == pytest.approx(CALM, abs=1e-3)
    assert after[:, others] == pytest.approx(before[:, others])


def test_faces_that_were_made_to_do_something_are_told_from_those_that_were_not() -> None:
    some = noise.faces(24)
    some.targets.aus[:] = 0.3
    some.targets.aus[:, [AU_INDEX[name] for name in PARAMETRIC_AUS]] = 0
    some.targets.aus[5:9, AU_INDEX["cheeks_puff"]] = 0.2
    assert len(unbent(some)) == 20
