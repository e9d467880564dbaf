"""Frames to samples to sinks, with three-line stages."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest

from facedrive.calibration import default_profile
from facedrive.controls import Controls
from facedrive.errors import SinkError
from facedrive.filters import NoFilter
from facedrive.outputs import Outputs
from facedrive.pipeline import NEUTRAL_S, Pipeline, run
from facedrive.smoothing import Smoothing, no_smoothing
from facedrive.sources import open_source
from facedrive.stages import Estimate
from facedrive.trackers.align import crop_matrix
from facedrive.trackers.patch import MEAN_SHAPE, to_patch
from facedrive.trackers.pose import PoseSolver
from facedrive.types import IDENTITY_HEAD, CropSpec, Face, Frame, Image, Sample

IMAGE = np.zeros((240, 320, 3), np.uint8)
FACE_PX = (MEAN_SHAPE * 60 + [160, 120]).astype(np.float32)
CROP = CropSpec(32, 0.3)


class Seen:
    """A tracker that sees a face in the frames it is told to, and where it is told to."""

    def __init__(self, until: int = 10**9, after: int = 10**9) -> None:
        self.until, self.after = until, after
        self.resets = 0
        self.landmarks_px = FACE_PX

    def track(self, frame: Frame) -> Face | None:
        seen = frame.index < self.until or frame.index >= self.after
        return Face(self.landmarks_px, 1.5) if seen else None

    def reset(self) -> None:
        self.resets += 1


class Says:
    """A regressor that always says the same."""

    crop = CROP

    def __init__(self, level: float = 0.8) -> None:
        self.level = level

    def estimate(self, crop: Image) -> Estimate:
        assert crop.shape == (CROP.size, CROP.size)
        gaze = np.full((2, 2), 0.2, np.float32)
        return Estimate(np.full(24, self.level, np.float32), gaze)


class Points(Says):
    """A regressor that sees a face which is larger by a tenth than where its crop was first put."""

    seen_px = to_patch(crop_matrix(FACE_PX, CROP), MEAN_SHAPE * 66 + [160, 120])

    def __init__(self, level: float = 0.8) -> None:
        super().__init__(level)
        self.crops: list[Image] = []

    def estimate(self, crop: Image) -> Estimate:
        self.crops.append(crop)
        return super().estimate(crop)._replace(landmarks_crop_px=self.seen_px.astype(np.float32))


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


def noise() -> Image:
    return np.random.default_rng(0).integers(0, 256, IMAGE.shape).astype(np.uint8)


def width(sample: Sample) -> float:
    assert sample.landmarks_px is not None
    return float(np.ptp(sample.landmarks_px[:, 0]))


def test_a_sample_has_the_landmarks_that_the_model_sees_in_the_frames_pixels() -> None:
    sample = Pipeline(Seen(), Points())(Frame(IMAGE, 0.0, 0))
    assert sample.landmarks_px == pytest.approx(MEAN_SHAPE * 66 + [160, 120], abs=1e-3)
    assert (sample.face, sample.score) == (True, 1.5)


def test_a_model_without_landmarks_leaves_the_trackers() -> None:
    sample = Pipeline(Seen(), Says())(Frame(IMAGE, 0.0, 0))
    assert (sample.landmarks_px == FACE_PX).all()


def test_the_head_is_solved_once_a_frame_and_from_the_better_landmarks() -> None:
    class Counts(PoseSolver):
        count = 0

        def solve(self, landmarks_px, frame_size):
            self.count += 1
            return super().solve(landmarks_px, frame_size)

    solver = Counts()
    pipeline = Pipeline(Seen(), Points(), None, no_smoothing(), pose=solver)
    sample = pipeline(Frame(IMAGE, 0.0, 0))
    assert solver.count == 1
    expected = PoseSolver().solve(MEAN_SHAPE * 66 + [160, 120], IMAGE.shape[:2])
    assert sample.head.translation == pytest.approx(expected.translation, abs=1e-5)


def test_the_field_of_view_is_the_pose_solvers() -> None:
    far, near = (
        Pipeline(Seen(), Says(), None, no_smoothing(), pose=PoseSolver(fov))(Frame(IMAGE, 0, 0))
        for fov in (30.0, 80.0)
    )
    assert far.head.translation[2] < 2 * near.head.translation[2]


def test_what_the_model_sees_corrects_the_next_crop_whatever_the_tracker() -> None:
    model = Points()
    pipeline = Pipeline(Seen(), model)
    samples = [pipeline(Frame(noise(), index / 30, index)) for index in range(3)]
    assert not (model.crops[0] == model.crops[1]).all()
    assert width(samples[1]) > width(samples[0])  # the same answer on a wider crop


@pytest.mark.parametrize("how", ["lost", "elsewhere", "reset"])
def test_the_correction_is_forgotten_with_the_face(how: str) -> None:
    model, tracker = Points(), Seen(until=3, after=4)
    pipeline = Pipeline(tracker, model)
    picture = noise()
    for index in range(3):
        pipeline(Frame(picture, index / 30, index))
    if how == "lost":
        pipeline(Frame(picture, 3 / 30, 3))
    elif how == "reset":
        pipeline.reset()
    else:
        tracker.landmarks_px = FACE_PX + np.float32(150)
        pipeline(Frame(picture, 4 / 30, 4))
        tracker.landmarks_px = FACE_PX
    pipeline(Frame(picture, 5 / 30, 5))
    assert (model.crops[-1] == model.crops[0]).all()
    assert tracker.resets == (how == "reset")


def test_two_pipelines_read_two_faces_of_one_frame() -> None:
    left, right = Seen(), Seen()
    left.landmarks_px, right.landmarks_px = FACE_PX - np.float32(60), FACE_PX + np.float32(60)
    frame, model = Frame(IMAGE, 0.0, 0), Says()
    one, other = (Pipeline(tracker, model)(frame) for tracker in (left, right))
    assert one.landmarks_px is not None and other.landmarks_px is not None
    assert other.landmarks_px - one.landmarks_px == pytest.approx(120, abs=1e-3)


def test_a_pipeline_closes_what_it_holds_at_the_end_of_its_block() -> None:
    class Holds(Seen):
        closed = 0

        def close(self) -> None:
            self.closed += 1

    tracker = Holds()
    with Pipeline(tracker, Says()) as pipeline:
        pipeline(Frame(IMAGE, 0.0, 0))
        assert not tracker.closed
    assert tracker.closed == 1


@pytest.mark.slow
def test_open_wires_the_stages_that_facedrive_comes_with() -> None:
    tracker = Seen()
    with Pipeline.open(tracker=tracker) as pipeline, Pipeline.open(raw=True) as raw:
        assert pipeline.tracker is tracker
        assert pipeline(Frame(IMAGE, 0.0, 0)).face
        assert pipeline.profile is not None
        assert raw.profile is None
        assert not raw(Frame(IMAGE, 0.0, 0)).face


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
    assert not samples[-1].face
    assert (samples[-1].gaze == 0).all()


def test_before_any_face_the_sample_is_neutral() -> None:
    sample = driven(Pipeline(Seen(until=0), Says()), 1)[0]
    assert not sample.face
    assert np.isnan(sample.score)
    assert sample.landmarks_px is None
    assert (sample.aus == 0).all()
    assert (sample.head.rotation == IDENTITY_HEAD.rotation).all()


def test_a_face_that_comes_back_is_not_smoothed_with_the_one_that_left() -> None:
    class Resets(NoFilter):
        count = 0

        def reset(self) -> None:
            self.count += 1

    aus, none = Resets(), NoFilter()
    smoothing = Smoothing(aus, none, none, none, none)
    driven(Pipeline(Seen(until=5, after=20), Says(), None, smoothing), 30)
    assert aus.count == 1


def test_recentre_makes_the_next_half_second_rest() -> None:
    tracker = Seen()
    tracker.landmarks_px = FACE_PX + np.float32(30)  # to the subject's right of the middle
    pipeline = Pipeline(tracker, Says(0.3), smoothing=no_smoothing())
    pipeline.recentre()
    samples = driven(pipeline, round(NEUTRAL_S * 30) + 3)
    first, last = samples[0], samples[-1]
    assert first.aus[8] > 0.2
    assert np.abs(first.head.translation - IDENTITY_HEAD.translation).max() > 0.02
    assert last.aus == pytest.approx(0, abs=1e-6)
    assert last.gaze == pytest.approx(0, abs=1e-6)
    assert last.head.rotation == pytest.approx(IDENTITY_HEAD.rotation, abs=1e-5)
    assert last.head.translation == pytest.approx(IDENTITY_HEAD.translation, abs=1e-5)
    assert pipeline.profile is not None
    assert pipeline.profile.head_position is not None


def test_recentre_starts_over_when_the_face_is_lost_meanwhile() -> None:
    class Changes(Says):
        """Another expression after the face was away."""

        count = 0

        def estimate(self, crop: Image) -> Estimate:
            self.count += 1
            return (
                super()
                .estimate(crop)
                ._replace(aus=np.full(24, 0.6 if self.count <= 10 else 0.2, np.float32))
            )

    pipeline = Pipeline(Seen(until=10, after=12), Changes(), smoothing=no_smoothing())
    pipeline.recentre()
    driven(pipeline, 40)
    assert pipeline.profile is not None
    assert pipeline.profile.neutral[8] == pytest.approx(0.22, abs=1e-6)


def test_the_controls_recentre_a_running_loop() -> None:
    controls, pipeline = Controls(), Pipeline(Seen(), Says(0.3))
    with controls.looping():
        controls.post(pipeline.recentre)
    run(Clip(20), pipeline, Outputs(), controls)
    assert pipeline.profile is not None
    assert pipeline.profile.gaze == pytest.approx(0.2)


def test_raw_is_relative_to_nothing() -> None:
    tracker = Seen()
    tracker.landmarks_px = FACE_PX + np.float32(30)
    sample = Pipeline(tracker, Says(0.3), None, no_smoothing())(Frame(IMAGE, 0.0, 0))
    solved = PoseSolver().solve(tracker.landmarks_px, IMAGE.shape[:2])
    assert (sample.gaze == np.float32(0.2)).all()
    assert (sample.head.translation == solved.translation).all()
    assert default_profile().head_rotation is None


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


def _wall(random: np.random.Generator) -> Image:
    """Return a lit wall with noise, (512, 512, 3)."""
    shades = cv2.resize(random.normal(170, 25, (9, 9)), (512, 512), interpolation=cv2.INTER_CUBIC)
    noisy = shades[..., None] + random.normal(0, 6, (512, 512, 1)) + [30, 0, -30]
    return noisy.clip(0, 255).astype(np.uint8)


def _covered_lens(random: np.random.Generator) -> Image:
    """Return a finger on the lens: dark red with noise, (512, 512, 3)."""
    noisy = random.normal((60, 10, 8), 3, (512, 512, 3))
    return noisy.clip(0, 255).astype(np.uint8)


def test_the_log_tells_times_from_the_first_frame_on(caplog: pytest.LogCaptureFixture) -> None:
    """A camera's count from when the computer was started."""
    caplog.set_level("INFO", logger="facedrive")
    pipeline = Pipeline(Seen(until=3, after=6), Says())
    for first_s in (59_032.72, 10.0):  # another clip may begin earlier
        for index in range(9):
            pipeline(Frame(IMAGE, first_s + index / 2, index))
        assert caplog.messages == [
            "face found after 0.00 s", "face lost after 1.50 s", "face found after 3.00 s"
        ]  # fmt: skip
        caplog.clear()
        pipeline.reset()


@pytest.fixture(scope="module")
def shipped() -> Pipeline:
    return Pipeline.open()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "after"),
    [("d12.mp4", "wall"), ("d12.mp4", "covered lens"), ("x1.mp4", "no_face.mp4")],
)
def test_not_one_sample_says_face_after_a_cut_to_what_is_none(
    shared: Path, shipped: Pipeline, name: str, after: str
) -> None:
    clips, random = shared / "data" / "clips", np.random.default_rng(0)
    if after == "no_face.mp4":
        faceless = [frame.image for frame in islice(open_source(clips / after).frames(), 8)]
    else:
        draw = {"wall": _wall, "covered lens": _covered_lens}[after]
        faceless = [draw(random) for _ in range(8)]
    shipped.reset()
    with closing(cast("Generator[Frame]", open_source(clips / name).frames())) as frames:
        filmed = [frame.image for frame in islice(frames, 12)]
    said = [shipped(Frame(image, number / 30, number)).face
            for number, image in enumerate(filmed + faceless)]  # fmt: skip
    assert said == [True] * 12 + [False] * 8
