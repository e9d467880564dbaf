"""The design in one file: a frame becomes a face, a face action units, and those go to sinks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import NamedTuple

from facedrive.calibration import Profile, default_profile, median_neutral
from facedrive.errors import FacedriveError
from facedrive.lost import LostFace
from facedrive.smoothing import Smoothing, SmoothingOptions
from facedrive.stages import Closable, Estimate, Guided, Regressor, Sink, Source, Tracker
from facedrive.threads import LiveCapture, Stall, now
from facedrive.timing import Timing
from facedrive.types import Face, Frame, Sample, Vector

log = logging.getLogger(__name__)

NEUTRAL_S = 1.0
"""How much of a resting face makes a neutral."""


@dataclass
class Pipeline:
    """Turns frames into samples; all state between frames is in its parts."""

    tracker: Tracker
    regressor: Regressor
    profile: Profile | None = field(default_factory=default_profile)
    """None leaves the model's answers as they are."""
    smoothing: Smoothing = field(default_factory=SmoothingOptions().smoothing)
    lost: LostFace = field(default_factory=LostFace)
    timing: Timing = field(default_factory=Timing)
    raw: Estimate | None = field(default=None, init=False)
    """The model's answer to the newest face, before calibration and smoothing."""
    _neutral: _Neutral | None = field(default=None, init=False)
    _lost: bool = field(default=True, init=False)

    def __call__(self, frame: Frame) -> Sample:
        """Track, read, calibrate and smooth one frame."""
        with self.timing.stage("track"):
            face = self.tracker.track(frame)
        if face is None:
            return self.without_face(frame.time, frame.index)
        if self._lost:
            log.info("face found at %.2f s", frame.time)
            self._lost = False
        with self.timing.stage("regress"):
            self.raw = self.regressor.estimate(face.crop)
            if self.raw.landmarks_px is not None and isinstance(self.tracker, Guided):
                face = self.tracker.guide(self.raw.landmarks_px)
        with self.timing.stage("smooth"):
            sample = self._finish(frame, face, self.raw)
        self.lost.seen(sample)
        return sample

    def without_face(self, time: float, index: int) -> Sample:
        """Return the sample for a time at which no face, or no frame at all, came."""
        sample = self.lost.at(time, index)
        if not self._lost:
            log.info("face lost at %.2f s", time)
            self._lost = True
            self.smoothing.reset()
        return sample

    def set_neutral(self) -> None:
        """Take the next second of the face as its neutral."""
        self._neutral = _Neutral()

    def close(self) -> None:
        """Give back what the tracker and the regressor hold."""
        for stage in (self.tracker, self.regressor):
            if isinstance(stage, Closable):
                stage.close()

    def _finish(self, frame: Frame, face: Face, raw: Estimate) -> Sample:
        if self._neutral is not None:
            self._learn_neutral(self._neutral, raw.aus, frame.time)
        aus = raw.aus if self.profile is None else self.profile.apply(raw.aus)
        estimate, head = self.smoothing.apply(Estimate(aus, raw.gaze), face.head, frame.time)
        return Sample(frame.time, frame.index, estimate.aus, estimate.gaze, head, face)

    def _learn_neutral(self, neutral: _Neutral, aus: Vector, time: float) -> None:
        neutral.add(aus, time)
        if neutral.whole:
            profile = self.profile or default_profile()
            self.profile = profile.with_neutral(median_neutral(neutral.seen))
            self._neutral = None
            log.info("neutral set")


@dataclass
class _Neutral:
    """A second of raw AUs that is being collected."""

    seen: list[Vector] = field(default_factory=list)
    whole: bool = False
    _start: float | None = None

    def add(self, aus: Vector, time: float) -> None:
        self._start = time if self._start is None else self._start
        self.seen.append(aus)
        self.whole = time - self._start >= NEUTRAL_S


class Failure(NamedTuple):
    """An output that is closed because it failed."""

    name: str
    error: FacedriveError


class Outputs:
    """Several sinks as one: a sink that fails is closed and said so, and the others go on."""

    def __init__(self, sinks: Iterable[Sink], names: Iterable[str] = ()) -> None:
        """Send to these sinks; ``names``, in the same order, are what failures call them."""
        self._open: list[tuple[Sink, str]] = []
        self.failures: list[Failure] = []
        self.count = 0
        """The outputs that there were, failed ones too."""
        for sink, name in zip_longest(sinks, names):
            self.add(sink, name)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Give one sample to every sink that still works.

        Raises:
            FacedriveError: when the last sink has failed.
        """
        for sink, name in list(self._open):
            try:
                sink.send(sample, frame)
            except FacedriveError as error:
                self._fail(sink, Failure(name, error))

    def add(self, sink: Sink, name: str | None = None) -> None:
        """Send to one more sink from the next sample on."""
        self._open.append((sink, name or type(sink).__name__))
        self.count += 1

    def close(self) -> None:
        """Close every sink, each whether or not another fails to.

        Raises:
            FacedriveError: the first failure, after all are closed; ``failures`` has them all.
        """
        sinks, self._open = self._open, []
        before = len(self.failures)
        for sink, name in sinks:
            try:
                sink.close()
            except FacedriveError as error:
                self.failures.append(Failure(name, error))
        if len(self.failures) > before:
            raise self.failures[before].error

    def _fail(self, sink: Sink, failure: Failure) -> None:
        self._open = [each for each in self._open if each[0] is not sink]
        self.failures.append(failure)
        try:
            sink.close()
        except FacedriveError as second:
            log.debug("closing after a failure: %s", second)
        if self._open:
            log.error("%s This output is closed; the others go on.", failure.error)
        elif self.count == 1:
            raise failure.error
        else:
            everything = describe(self.failures)
            raise FacedriveError(f"every output has failed: {everything}") from failure.error


def describe(failures: Iterable[Failure]) -> str:
    """Name the outputs that failed, each with its reason."""
    return "; ".join(f"{failure.name} ({failure.error})" for failure in failures)


@dataclass
class Controls:
    """What another thread (a window, a signal) may ask of a running loop."""

    stop: threading.Event = field(default_factory=threading.Event)
    paused: threading.Event = field(default_factory=threading.Event)
    neutral: threading.Event = field(default_factory=threading.Event)

    def wait_while_paused(self) -> None:
        """Return when the loop may go on."""
        while self.paused.is_set() and not self.stop.is_set():
            self.stop.wait(0.05)


def run(
    source: Source,
    pipeline: Pipeline,
    outputs: Outputs,
    controls: Controls | None = None,
) -> None:
    """Drive the outputs from a source until it ends or is stopped; the caller closes them.

    A live source is read in the background: the newest frame is taken, late ones are dropped,
    and while none comes the outputs ease to neutral. From a file no frame is dropped.

    Raises:
        FacedriveError: if the source fails, or every output has failed.
    """
    controls = controls or Controls()
    frames = LiveCapture(source).frames() if source.live else source.frames()
    index = 0
    try:
        for frame in frames:
            if source.live and controls.paused.is_set():
                continue
            controls.wait_while_paused()
            if controls.stop.is_set():
                return
            if controls.neutral.is_set():
                controls.neutral.clear()
                pipeline.set_neutral()
            if isinstance(frame, Stall):
                outputs.send(pipeline.without_face(frame.time, index), None)
            else:
                index = frame.index
                drive(frame, pipeline, outputs)
                if source.live:
                    pipeline.timing.add("capture to wire", now() - frame.time)
    finally:
        if isinstance(frames, Generator):
            frames.close()


def drive(frame: Frame, pipeline: Pipeline, outputs: Outputs) -> Sample:
    """Take one frame all the way, and time it."""
    with pipeline.timing.stage("frame to wire"):
        sample = pipeline(frame)
        with pipeline.timing.stage("send"):
            outputs.send(sample, frame)
    return sample
