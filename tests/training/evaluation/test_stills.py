"""Bands of faces, and their brightness."""

from dataclasses import replace

import numpy as np
import pytest

from facedrive.training.data.faces import centre_crops
from facedrive.training.evaluation.comparison import answer
from facedrive.training.evaluation.stills import Stills, mean_grey, score_stills


@pytest.fixture
def stills(model, faces) -> Stills:
    answers = answer(model, centre_crops(faces, model.crop))
    yaw_deg = np.linspace(-30, 30, 60, dtype=np.float32)
    return Stills(faces, np.arange(60), yaw_deg, mean_grey(faces, model.crop), answers)


def test_every_face_is_in_one_band_of_yaw_and_of_brightness(stills) -> None:
    figures = score_stills(stills)
    for bands in (figures["by_yaw_deg"], figures["by_brightness"]):
        assert sum(band["faces"] for band in bands) == figures["faces"] == 60
    assert [band["faces"] for band in figures["by_brightness"]] == [20, 20, 20]


def test_yaw_to_either_side_is_the_same_band(stills) -> None:
    bands = score_stills(stills)["by_yaw_deg"]
    assert [band["to"] for band in bands] == [10, 20, 35]
    assert bands[0]["faces"] == int((np.abs(stills.yaw_deg) < 10).sum())


def test_the_means_come_with_intervals_over_people(stills) -> None:
    figures = score_stills(stills)
    low, high = figures["intervals"]["live"]["pearson"]
    assert figures["people"] == 20
    assert low <= figures["mean_pearson_live"] <= high


def test_brightness_is_that_of_the_photograph_alone(model, faces) -> None:
    crops, inside = faces.crops.copy(), faces.inside.copy()
    crops[:, 20:], inside[:, 20:] = 255, False
    cut = replace(faces, crops=crops, inside=inside)
    assert mean_grey(cut, model.crop) == pytest.approx(mean_grey(faces, model.crop), abs=9)
