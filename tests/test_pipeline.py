"""Frames to samples to sinks, with three-line stages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from facedrive.errors import FacedriveError, SinkError
from facedrive.filters import NoFilter
from facedrive.pipeline import (
    Controls,
    Outputs,
    Pipeline,
    describe,
    run,
)
from facedrive.smoothing import Smoothing, SmoothingOptions, no_smoothing
from facedrive.stages import Estimate
from facedrive.types import IDENTITY_HEAD, Face, Frame, Sample

IMAGE = np.zeros((4, 4, 3), np.uint8)
FACE = Face(
    np.zeros((8, 8), np.uint8), np.zeros((68, 2), np.float32), (0, 0, 4, 4), 1.0, IDENTITY_HEAD
)


class Seen:
    """A tracker that sees a face in the frames it is told to."""

    def __init__(self, until: int = 10**9, after: int = 10**9) -> None:
        self.until, self.after = until, after

    def track(self, frame: Frame) -> Face | None:
        return FACE if frame.index < self.until or frame.index >= self.after else None

    def reset(self) -> None: ...


class Says:
    """A regressor that always says the same."""

    def __init__(self, level: float = 0.8) -> None:
        self.level = level

    def estimate(self, crop: np.ndarray) -> Estimate:
        gaze = np.full((2, 2), 0.2, np.float32)
        return Estimate(np.full(24, self.level, np.float32), gaze)


class Points(Says):
    """A regressor that says where it sees the landmarks."""

    def estimate(self, crop: np.ndarray) -> Estimate:
        return super().estimate(crop)._replace(landmarks_px=np.full((68, 2), 7, np.float32))


class Listens(Seen):
    """A tracker that keeps what it is told."""

    def __init__(self) -> None:
        super().__init__(until=2)
        self.told: list[np.ndarray] = []

    def guide(self, landmarks_px: np.ndarray) -> Face:
        self.told.append(landmarks_px)
        return replace(FACE, landmarks_px=landmarks_px)


class Clip:
    live = False

    def __init__(self, count: int) -> None:
        self.count = count
        self.closed = False

    def frames(self) -> Iterator[Frame]:
        try:
            for index in range(self.count):
                yield Frame(IMAGE, index / 30, index)
        finally:
            self.closed = True


class Keeps:
    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.closed = 0

    def send(self, sample: Sample, frame: Frame | None) -> None:
        self.samples.append(sample)

    def close(self) -> None:
        self.closed += 1


class Fails(Keeps):
    def send(self, sample: Sample, frame: Frame | None) -> None:
        raise SinkError("the disk is full.")


def driven(pipeline: Pipeline, count: int) -> list[Sample]:
    sink = Keeps()
    run(Clip(count), pipeline, Outputs([sink]))
    return sink.samples


def test_a_tracker_that_listens_is_told_where_the_model_sees_the_face() -> None:
    tracker = Listens()
    pipeline = Pipeline(tracker, Points())
    faces = [pipeline(Frame(IMAGE, index / 30, index)).face for index in range(3)]
    assert len(tracker.told) == 2
    assert [None if face is None else face.landmarks_px[0, 0] for face in faces] == [7, 7, None]


def test_a_model_without_landmarks_and_a_tracker_that_is_deaf_do_as_well() -> None:
    tracker = Listens()
    Pipeline(tracker, Says())(Frame(IMAGE, 0.0, 0))
    assert not tracker.told
    assert Pipeline(Seen(), Points())(Frame(IMAGE, 0.0, 0)).face is not None


def test_every_frame_of_a_file_becomes_one_sample_at_its_time() -> None:
    samples = driven(Pipeline(Seen(), Says()), 20)
    assert [sample.index for sample in samples] == list(range(20))
    assert [sample.time for sample in samples] == [i / 30 for i in range(20)]


def test_without_calibration_and_smoothing_the_models_answer_comes_out() -> None:
    samples = driven(Pipeline(Seen(), Says(0.4), None, no_smoothing()), 3)
    assert (samples[-1].aus == np.float32(0.4)).all()


def test_lost_face_holds_then_eases_to_neutral() -> None:
    pipeline = Pipeline(Seen(until=10), Says(0.8), None, no_smoothing())
    samples = driven(pipeline, 40)
    jaw = np.array([sample.aus[8] for sample in samples])
    last = 9 / 30
    times = np.array([sample.time for sample in samples])
    assert (jaw[times <= last + 0.2] == np.float32(0.8)).all()
    easing = jaw[(times > last + 0.2) & (times < last + 0.5)]
    assert (np.diff(easing) < 0).all()
    assert (jaw[times >= last + 0.51] == 0).all()
    assert samples[-1].face is None
    assert (samples[-1].gaze == 0).all()


def test_before_any_face_the_sample_is_neutral() -> None:
    sample = driven(Pipeline(Seen(until=0), Says()), 1)[0]
    assert sample.face is None
    assert (sample.aus == 0).all()
    assert (sample.head.rotation == IDENTITY_HEAD.rotation).all()


def test_a_face_that_comes_back_is_not_smoothed_with_the_one_that_left() -> None:
    class Resets(NoFilter):
        count = 0

        def reset(self) -> None:
            self.count += 1

    aus, none = Resets(), NoFilter()
    smoothing = Smoothing(aus, none, none, none)
    driven(Pipeline(Seen(until=5, after=20), Says(), None, smoothing), 30)
    assert aus.count == 1


def test_set_neutral_makes_the_next_second_rest() -> None:
    pipeline = Pipeline(Seen(), Says(0.3), smoothing=no_smoothing())
    pipeline.set_neutral()
    samples = driven(pipeline, 40)
    assert samples[0].aus[8] > 0.2
    assert samples[-1].aus == pytest.approx(0, abs=1e-6)


def test_a_failing_output_does_not_stop_another() -> None:
    good, bad = Keeps(), Fails()
    outputs = Outputs([bad, good], ["csv:take.csv", "osc:"])
    run(Clip(5), Pipeline(Seen(), Says()), outputs)
    outputs.close()
    assert len(good.samples) == 5
    assert (good.closed, bad.closed) == (1, 1)
    assert describe(outputs.failures) == "csv:take.csv (the disk is full.)"
    assert outputs.count == 2


def test_outputs_that_fail_to_close_are_all_named() -> None:
    class Unfinished(Keeps):
        def close(self) -> None:
            raise SinkError("no index.")

    good = Keeps()
    outputs = Outputs([Unfinished(), good, Unfinished()], "abc")
    with pytest.raises(SinkError, match="no index"):
        outputs.close()
    assert [failure.name for failure in outputs.failures] == ["a", "c"]
    assert good.closed == 1


def test_when_all_of_several_outputs_fail_the_error_names_them() -> None:
    with pytest.raises(FacedriveError, match=r"every output has failed: a \(.*\); b \("):
        run(Clip(5), Pipeline(Seen(), Says()), Outputs([Fails(), Fails()], "ab"))


def test_when_the_last_output_fails_the_run_fails() -> None:
    with pytest.raises(SinkError, match="disk is full"):
        run(Clip(5), Pipeline(Seen(), Says()), Outputs([Fails()]))


def test_stopping_closes_the_source() -> None:
    controls, clip = Controls(), Clip(1000)

    class Stops(Keeps):
        def send(self, sample: Sample, frame: Frame | None) -> None:
            controls.stop.set()

    run(clip, Pipeline(Seen(), Says()), Outputs([Stops()]), controls)
    assert clip.closed


def test_runs_are_deterministic() -> None:
    first, second = (driven(Pipeline(Seen(10, 20), Says()), 30) for _ in range(2))
    assert all((a.aus == b.aus).all() for a, b in zip(first, second, strict=True))


def test_rotation_does_not_spin_when_the_quaternion_changes_sign() -> None:
    smoothing = SmoothingOptions().smoothing()
    estimate = Says().estimate(FACE.crop)
    plus = IDENTITY_HEAD
    minus = type(plus)(-plus.rotation, plus.translation)
    smoothing.apply(estimate, plus, 0.0)
    _, head = smoothing.apply(estimate, minus, 1 / 30)
    assert abs(head.rotation[3]) == pytest.approx(1, abs=1e-5)
