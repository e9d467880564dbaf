"""Where the live tracker cuts training faces."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.trackers.align import warp_crop  # noqa: E402
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68, interocular_px  # noqa: E402
from facedrive.training.data.faces import FaceSet, Kind  # noqa: E402
from facedrive.training.data.photographs import WIDE_SPEC, open_photographs  # noqa: E402
from facedrive.training.data.tracked import track_faces, tracked_cuts  # noqa: E402
from facedrive.training.network.batches import (  # noqa: E402
    Feeder,
    batch_shares,
    plain_cuts,
    warp,
)
from facedrive.training.recipe import Augment, Recipe  # noqa: E402
from facedrive.types import CropSpec  # noqa: E402

pytestmark = pytest.mark.slow

CROP = CropSpec()


@pytest.fixture(scope="module")
def faces(ten_faces: Path, tmp_path_factory: pytest.TempPathFactory) -> FaceSet:
    return open_photographs(ten_faces).cut(np.arange(10), tmp_path_factory.mktemp("cache"))


def test_landmarks_are_near_the_teachers_and_unknown_where_it_has_none(faces: FaceSet) -> None:
    taught = faces.points_px[:, MEDIAPIPE_TO_68]
    points = faces.points_px.copy()
    points[3] = np.nan
    unknown = replace(faces, points_px=points)
    tracked = track_faces(unknown)
    assert np.isnan(tracked[3]).all()
    seen = np.arange(len(faces)) != 3
    apart = np.linalg.norm(tracked - taught, axis=2)[seen].mean(axis=1)
    assert 0 < np.median(apart / interocular_px(taught[seen])) < 0.06
    assert (tracked[seen] == track_faces(unknown)[seen]).all()


def test_a_cut_shows_what_the_live_crop_shows(faces: FaceSet) -> None:
    landmarks = faces.points_px[:1, MEDIAPIPE_TO_68] + np.float32([4.0, -3.0])
    wide = np.ascontiguousarray(faces.crops[0])
    cut = torch.from_numpy(tracked_cuts(landmarks, WIDE_SPEC, CROP))
    ours = warp(torch.from_numpy(wide)[None, None].float(), cut, CROP.size)[0, 0]
    assert np.abs(ours.numpy() - warp_crop(wide, landmarks[0], CROP)).mean() < 1.5


def test_a_face_without_landmarks_is_cut_in_the_middle() -> None:
    nowhere = np.full((2, 68, 2), np.nan, np.float32)
    plain = plain_cuts(2, WIDE_SPEC, CROP, torch.device("cpu"))
    assert np.allclose(tracked_cuts(nowhere, WIDE_SPEC, CROP), plain)


def test_a_face_that_the_tracker_lost_is_cut_in_the_middle(faces: FaceSet) -> None:
    seen = faces.points_px[:1, MEDIAPIPE_TO_68]
    small = (seen - seen.mean(1)) * np.float32(0.7) + seen.mean(1)
    plain = plain_cuts(1, WIDE_SPEC, CROP, torch.device("cpu"))
    assert np.allclose(tracked_cuts(small, WIDE_SPEC, CROP), plain)
    assert not np.allclose(tracked_cuts(seen, WIDE_SPEC, CROP), plain)


def test_training_draws_both_cuts(faces: FaceSet) -> None:
    one = faces.select(np.zeros(2, np.intp))
    tracked = replace(one, tracked_px=one.points_px[:, MEDIAPIPE_TO_68] + np.float32([4.0, 0.0]))
    nothing = Augment(*(0.0,) * len(fields(Augment)))
    recipe = Recipe("half", batch=400, augment=replace(nothing, tracked=0.5))
    shares = batch_shares(recipe, {Kind.PHOTOGRAPH: tracked})
    feeder = Feeder(recipe, shares, torch.device("cpu"))
    feeder.steps = 1
    torch.manual_seed(0)
    (batch,) = feeder.batches(0, 0, np.random.default_rng(0))
    nose = batch.points[:, 1, 0]
    plain = (nose - nose.max()).abs() < 1e-4
    assert 0.35 < float(plain.float().mean()) < 0.65
    assert float(nose[~plain].std()) < 1e-4
