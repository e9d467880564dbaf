"""The design in one file: a frame becomes a face, a face action units, and those go to sinks."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from facedrive.calibration import Profile, default_profile, median_reading
from facedrive.controls import Controls
from facedrive.eyes import join_gaze
from facedrive.lost import LostFace
from facedrive.options import Region
from facedrive.outputs import Outputs
from facedrive.resting import RestingLevel
from facedrive.sight import Seen, sight
from facedrive.smoothing import Smoothing, SmoothingOptions, no_smoothing
from facedrive.stages import Closable, Regressor, Source, Tracker
from facedrive.threads import STALL_S, Stall, now, read_frames
from facedrive.timing import Timing
from facedrive.trackers.pose import PoseSolver
from facedrive.types import CropSpec, Frame, Reading, Sample

log = logging.getLogger(__name__)

NEUTRAL_S = 0.5
"""How much of a resting face makes a neutral."""


class Reader(Protocol):
    """What reads frames: a ``Pipeline`` one person in them, ``People`` several."""

    timing: Timing

    @property
    def pipelines(self) -> tuple[Pipeline, ...]:
        """One for each person."""
        ...

    @property
    def has_face(self) -> bool:
        """Whether the newest frame shows one."""
        ...

    @property
    def neutral(self) -> str:
        """Where the neutral of the AUs comes from, for people to read."""
        ...

    def read(self, frame: Frame) -> list[Sample]:
        """Return what a frame says of each person, at least one sample."""
        ...

    @property
    def crop(self) -> CropSpec:
        """How the model's crops are cut."""
        ...

    def lose(self, time: float, index: int) -> list[Sample]:
        """Return what there is of each person at a time at which no frame came."""
        ...

    def recentre(self) -> None:
        """Take the next half second with a face as its neutral."""
        ...

    def reset(self) -> None:
        """Forget the faces and all that came before."""
        ...

    def close(self) -> None:
        """Give back what the stages hold."""
        ...


@dataclass
class Pipeline:
    """Turns frames into samples; all state between frames is in its parts.

    A whole run, without calibration from a profile and without outputs:

        with Pipeline.open() as pipeline:
            for frame in source.frames():
                sample = pipeline(frame)
    """

    tracker: Tracker
    regressor: Regressor
    profile: Profile | None = field(default_factory=default_profile)
    """None leaves the model's answers, and the head, as they are."""
    smoothing: Smoothing = field(default_factory=SmoothingOptions().smoothing)
    lost: LostFace = field(default_factory=LostFace)
    pose: PoseSolver = field(default_factory=PoseSolver)
    timing: Timing = field(default_factory=Timing)
    resting: RestingLevel | None = None
    """Learns the face's rest while it is watched; None leaves the profile's neutral as it is."""
    region: Region | None = None
    """The part of the picture that is watched; None for all of it."""
    raw: Reading | None = field(default=None, init=False)
    """What the newest face says, before calibration and smoothing."""
    _rest: list[tuple[float, Reading]] | None = field(default=None, init=False, repr=False)
    """Times and readings of a resting face, while they are collected."""
    _lost: bool = field(default=True, init=False, repr=False)
    _began: float = field(default=math.nan, init=False, repr=False)

    def __post_init__(self) -> None:
        self._sight = sight(self.tracker, self.regressor, self.timing, self.region)

    @classmethod
    def open(
        cls,
        model: Path | None = None,
        tracker: Tracker | None = None,
        *,
        profile: Profile | None = None,
        raw: bool = False,
    ) -> Pipeline:
        """Open the stages that facedrive comes with, or those given in their place.

        Args:
            model: An ONNX file with an AU model; None for the one that ships.
            tracker: None for dlib's detector with our shape predictor.
            profile: A person's calibration; None for that of nobody in particular.
            raw: Leave calibration and smoothing out.

        Raises:
            ModelError: if the model is missing, broken, or breaks the contract.
        """
        from facedrive.regressors.onnx import OnnxRegressor
        from facedrive.trackers.dlib import DlibTracker

        tracker, regressor = tracker or DlibTracker(), OnnxRegressor(model)
        if raw:
            return cls(tracker, regressor, profile=None, smoothing=no_smoothing())
        return cls(tracker, regressor, profile=profile or default_profile())

    def __call__(self, frame: Frame) -> Sample:
        """Track, read, calibrate and smooth one frame."""
        return self.take(frame, self._sight.look(frame))

    @property
    def crop(self) -> CropSpec:
        """How the model's crops are cut."""
        return self.regressor.crop

    @property
    def pipelines(self) -> tuple[Pipeline, ...]:
        """Itself alone, as ``People`` has one each."""
        return (self,)

    def read(self, frame: Frame) -> list[Sample]:
        """Return the sample of a frame, as ``People`` does those of everybody in it."""
        return [self(frame)]

    def lose(self, time: float, index: int) -> list[Sample]:
        """Return what there is at a time at which no frame came."""
        return [self.without_face(time, index)]

    def take(self, frame: Frame, seen: Seen | None) -> Sample:
        """Make the sample of a frame in which somebody else has looked for the face."""
        if seen is None:
            return self.without_face(frame.time, frame.index)
        self._begin(frame.time)
        if self._lost or seen.new:
            self._take_up(frame.time)
        with self.timing.stage("pose"):
            head = self.pose.solve(seen.landmarks_px, frame.size)
        with self.timing.stage("smooth"):
            estimate = seen.estimate
            self.raw = Reading(estimate.aus, estimate.gaze, head, estimate.extras)
            aus, gaze, head, extras = self._finish(self.raw, frame.time)
        sample = Sample(frame.time, frame.index, aus, gaze, head, True, seen.score,
                        seen.landmarks_px, extras)  # fmt: skip
        self.lost.seen(sample)
        return sample

    def without_face(self, time: float, index: int) -> Sample:
        """Return the sample for a time at which no face, or no frame at all, came."""
        sample = self.lost.at(time, index)
        self._begin(time)
        if not self._lost:
            log.info("face lost after %.2f s", time - self._began)
            self._lost = True
            self._forget_face()
        return sample

    @property
    def has_face(self) -> bool:
        """Whether the newest frame shows one."""
        return not self._lost

    def recentre(self) -> None:
        """Take the next half second with a face as its neutral: AUs, gaze, head and its position.

        Afterwards ``profile`` has it, to be used from then on and to be saved.
        """
        self._rest = []

    @property
    def neutral(self) -> str:
        """Where the neutral of the AUs comes from, for people to read."""
        if self._rest is not None:
            return "being set"
        if self.resting is not None:
            return "automatic" if self.resting.known else "being learnt"
        return "none" if self.profile is None else "fixed"

    def reset(self) -> None:
        """Forget the face and all that came before; calibration and timing stay."""
        self._sight.forget()
        self.lost.reset()
        self._lost, self._began = True, math.nan
        self._forget_face()

    def close(self) -> None:
        """Give back what the tracker and the regressor hold."""
        for stage in (self.tracker, self.regressor):
            if isinstance(stage, Closable):
                stage.close()

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take_up(self, time: float) -> None:
        """Start with a face that was not there in the frame before."""
        if not self._lost:
            self._forget_face()
        log.info("face found after %.2f s", time - self._began)
        self._lost = False

    def _begin(self, time: float) -> None:
        """Take the first frame's time; a camera's count from when the computer was started."""
        if not self._began <= time:  # there was none, or another clip has begun
            self._began = time

    def _forget_face(self) -> None:
        self.smoothing.reset()
        self.pose.reset()
        if self._rest is not None:  # a face that left was not at rest
            self._rest = []

    def _finish(self, reading: Reading, time: float) -> Reading:
        """Calibrate and smooth."""
        if self._rest is not None:
            self._collect_rest(self._rest, reading, time)
        profile = self.profile
        if profile is not None and self.resting is not None:
            profile = self.resting.take_into(profile, reading, time)
        if profile is not None:
            reading = join_gaze(profile.calibrate(reading))
        return self.smoothing.apply(reading, time)

    def _collect_rest(
        self, rest: list[tuple[float, Reading]], reading: Reading, time: float
    ) -> None:
        rest.append((time, reading))
        if time - rest[0][0] >= NEUTRAL_S:
            neutral = median_reading([each for _, each in rest])
            self.profile = (self.profile or default_profile()).with_neutral(neutral)
            self._rest = self.resting = None
            log.info("neutral set")


def rows_of(samples: list[Sample]) -> list[Sample]:
    """Return the samples of a frame that get a row: those with a face, or one where none has."""
    return [each for each in samples if each.face] or samples[:1]


def run(
    source: Source,
    pipeline: Reader,
    outputs: Outputs,
    controls: Controls | None = None,
    stall_s: float = STALL_S,
) -> None:
    """Drive the outputs from a source until it ends or is stopped; the caller closes them.

    A live source is read in the background: the newest frame is taken, late ones are dropped,
    and when none came for ``stall_s`` the outputs ease to neutral. From a file none is dropped.

    Raises:
        FacedriveError: if the source fails, or every output has failed.
    """
    controls = controls or Controls()
    index = 0
    with read_frames(source, stall_s, controls.stop) as frames, controls.looping():
        for frame in frames:
            controls.carry_out()
            if source.live and controls.paused.is_set() and not controls.stop.is_set():
                continue
            controls.wait_while_paused()
            if controls.stop.is_set():
                return
            controls.trouble = frame.reason if isinstance(frame, Stall) else ""
            if isinstance(frame, Stall):
                for sample in pipeline.lose(frame.time, index):
                    outputs.send(sample, None)
            else:
                index = frame.index
                drive(frame, pipeline, outputs)
                if source.live:
                    pipeline.timing.add("capture to wire", now() - frame.time)


def drive(frame: Frame, pipeline: Reader, outputs: Outputs) -> Sample:
    """Take one frame all the way, and time it; return the sample of the first person."""
    with pipeline.timing.stage("frame to wire"):
        samples = pipeline.read(frame)
        with pipeline.timing.stage("send"):
            for sample in samples:
                outputs.send(sample, frame)
    return samples[0]
