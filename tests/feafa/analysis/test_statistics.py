"""Section 3 of the paper as numbers, against NumPy and counting by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.errors import DataError
from facedrive.feafa.analysis.statistics import analyse, correlate, describe
from facedrive.feafa.labels.video import Part, Video

random = np.random.default_rng(0)


def video(name: str, aus: NDArray[np.floating], part: Part = "posed", who: str = "P01") -> Video:
    frames = np.arange(1, len(aus) + 1, dtype=np.int32)
    return Video(name, who, part, frames, aus.astype(np.float32), (None,) * len(aus))


def labels(jaw: list[float]) -> NDArray[np.float64]:
    aus = np.zeros((len(jaw), 24))
    aus[:, AU_INDEX["jaw_drop"]] = jaw
    return aus


def test_occurrence_is_the_share_of_frames_above_0_after_rounding() -> None:
    statistics = describe([video("PV1", labels([0, 0.0004, 0.0006, 0.5, 1, 0, 0, 0]))])
    assert statistics.occurrence[AU_INDEX["jaw_drop"]] == 3 / 8
    assert statistics.occurrence[AU_INDEX["lip_pucker"]] == 0


def test_an_edge_belongs_to_the_interval_below_it() -> None:
    jaw = [0, 0.001, 0.2, 0.201, 0.4, 0.6, 0.601, 0.8, 0.801, 1]
    statistics = describe([video("PV1", labels(jaw))])
    assert statistics.counts[AU_INDEX["jaw_drop"]].tolist() == [2, 2, 1, 2, 2]
    shares = np.array([2, 2, 1, 2, 2]) / 9
    assert statistics.distribution[AU_INDEX["jaw_drop"]] == pytest.approx(shares)


def test_an_au_that_never_occurs_has_no_distribution() -> None:
    statistics = describe([video("PV1", labels([0, 1]))])
    assert np.isnan(statistics.distribution[AU_INDEX["lip_pucker"]]).all()


def test_missing_labels_count_for_nothing() -> None:
    aus = labels([1, 0, 0.3, 0.3])
    aus[0] = np.nan  # a frame without a label
    aus[1, AU_INDEX["jaw_drop"]] = np.nan
    aus[:, AU_INDEX["jaw_thrust"]] = np.nan
    statistics = describe([video("PV1", aus)])
    assert statistics.frames == 3
    assert statistics.labelled[AU_INDEX["jaw_drop"]] == 2
    assert statistics.occurrence[AU_INDEX["jaw_drop"]] == 1
    assert np.isnan(statistics.occurrence[AU_INDEX["jaw_thrust"]])


def test_correlation_is_numpys() -> None:
    aus = random.random((300, 24)) * random.random((300, 1))
    assert correlate(aus) == pytest.approx(np.corrcoef(aus.T))


def test_correlation_is_over_the_frames_that_have_both() -> None:
    aus = random.random((200, 3)) + random.random((200, 1))
    aus[:80, 0] = np.nan
    aus[150:, 1] = np.nan
    found = correlate(aus)
    assert found[0, 1] == pytest.approx(np.corrcoef(aus[80:150, :2].T)[0, 1])
    assert found[0, 2] == pytest.approx(np.corrcoef(aus[80:, [0, 2]].T)[0, 1])
    assert found == pytest.approx(found.T)


def test_what_does_not_vary_correlates_with_nothing() -> None:
    aus = random.random((50, 3))
    aus[:, 1] = 0.7
    found = correlate(aus)
    assert np.isnan(found[1]).all() and np.isnan(found[:, 1]).all()
    assert np.isfinite(found[0, 2])


def test_parts_are_described_apart() -> None:
    analysis = analyse(
        "both",
        [
            video("PV1", labels([1] * 10)),
            video("PV2", labels([0] * 10)),
            video("SN1", labels([0.1] * 5), "spontaneous", "S01"),
            video("SN2", labels([np.nan] * 5) * np.nan, "spontaneous", "S02"),
        ],
        {},
    )
    posed, spontaneous = analysis.parts["posed"], analysis.parts["spontaneous"]
    assert (posed.videos, posed.subjects, posed.frames) == (2, 1, 20)
    assert (spontaneous.videos, spontaneous.frames) == (1, 5)
    assert posed.occurrence[AU_INDEX["jaw_drop"]] == 0.5
    assert analysis.agreement is None


def test_the_report_is_json_without_nan() -> None:
    versions = {name: [video("PV1", random.random((9, 24)))] for name in "AB"}
    report = analyse("one", [video("PV1", labels([0, 1]))], versions).as_dict()
    text = json.dumps(report, allow_nan=False)
    assert json.loads(text)["parts"]["posed"]["aus"]["jaw_drop"]["counts"] == [0, 0, 0, 0, 1]
    assert list(report["agreement"]["aus"]) == list(AU_NAMES)


def test_nothing_to_analyse_is_an_error() -> None:
    with pytest.raises(DataError, match="no labelled frame and no coders"):
        analyse("empty", [], {})
