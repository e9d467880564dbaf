"""Where the live tracker cuts training faces."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.trackers.align import warp_crop  # noqa: E402
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68, interocular_px  # noqa: E402
from facedrive.training.data.faces import CACHE_SPEC, FaceSet, load_photographs  # noqa: E402
from facedrive.training.data.tracked import track_faces, tracked_cuts  # noqa: E402
from facedrive.training.network import augment  # noqa: E402
from facedrive.training.network.batches import Feeder, Kind, batch_shares  # noqa: E402
from facedrive.training.recipe import Recipe  # noqa: E402
from facedrive.types import CropSpec  # noqa: E402

CROP = CropSpec()


@pytest.fixture(scope="module")
def faces(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> FaceSet:
    photographs = load_photographs(shared / "data", tmp_path_factory.mktemp("cache"))
    return photographs.select(np.arange(12))


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
    cut = torch.from_numpy(tracked_cuts(landmarks, CACHE_SPEC, CROP))
    ours = augment.warp(torch.from_numpy(wide)[None, None].float(), cut, CROP.size)[0, 0]
    assert np.abs(ours.numpy() - warp_crop(wide, landmarks[0], CROP)).mean() < 1.5


def test_a_face_without_landmarks_is_cut_in_the_middle() -> None:
    nowhere = np.full((2, 68, 2), np.nan, np.float32)
    plain = augment.plain_cuts(2, CACHE_SPEC, CROP, torch.device("cpu"))
    assert np.allclose(tracked_cuts(nowhere, CACHE_SPEC, CROP), plain)


def test_a_face_that_the_tracker_lost_is_cut_in_the_middle(faces: FaceSet) -> None:
    seen = faces.points_px[:1, MEDIAPIPE_TO_68]
    small = (seen - seen.mean(1)) * np.float32(0.7) + seen.mean(1)
    plain = augment.plain_cuts(1, CACHE_SPEC, CROP, torch.device("cpu"))
    assert np.allclose(tracked_cuts(small, CACHE_SPEC, CROP), plain)
    assert not np.allclose(tracked_cuts(seen, CACHE_SPEC, CROP), plain)


def test_training_draws_both_cuts(faces: FaceSet) -> None:
    shifted = faces.points_px[:, MEDIAPIPE_TO_68] + np.float32([4.0, 0.0])
    tracked = replace(faces, tracked_px=shifted)
    recipe = Recipe("half", batch=12, augment=augment.Augment(tracked=0.5))
    feeder = Feeder(recipe, batch_shares(recipe, {Kind.PHOTOGRAPH: tracked}), torch.device("cpu"))
    torch.manual_seed(0)
    rows = np.zeros(400, np.intp)
    cuts = feeder._cut(feeder.shares[0], rows)[:, 0, 2]
    assert 0.35 < float((cuts.abs() < 1e-6).float().mean()) < 0.65
