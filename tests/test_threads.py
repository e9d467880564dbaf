"""The newest wins between threads, errors cross them, and nothing waits for a slow sink."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from facedrive.aus import AUS
from facedrive.errors import FacedriveError, SinkError, SourceError
from facedrive.stages import Sink, Source
from facedrive.threads import (
    HURRY_S,
    BackgroundSink,
    ClosedError,
    Gathered,
    LiveCapture,
    Mailbox,
    Pace,
    Stall,
    pace,
)
from facedrive.types import IDENTITY_HEAD, Frame, Sample

PATIENCE_S = 30.0
"""How long a test waits for another thread before it fails."""


def frame(index: int, time: float | None = None) -> Frame:
    return Frame(np.zeros((1, 1, 3), np.uint8), float(index) if time is None else time, index)


def sample(index: int) -> Sample:
    aus = np.zeros(len(AUS), np.float32)
    return Sample(float(index), index, aus, np.zeros((2, 2), np.float32), IDENTITY_HEAD, False)


class TestMailbox:
    def test_newest_wins_and_the_rest_is_counted(self) -> None:
        box: Mailbox[int] = Mailbox()
        for item in range(5):
            box.put(item)
        assert box.get() == 4
        assert box.dropped == 4

    def test_empty_box_gives_up_after_the_timeout(self) -> None:
        with pytest.raises(queue.Empty):
            Mailbox[int]().get(timeout=0)

    def test_none_is_an_item_like_any_other(self) -> None:
        box: Mailbox[None] = Mailbox()
        box.put(None)
        assert box.get(timeout=0) is None

    def test_what_waits_can_be_taken_after_closing(self) -> None:
        box: Mailbox[int] = Mailbox()
        box.put(1)
        box.close()
        box.put(2)
        assert box.get() == 1
        with pytest.raises(ClosedError):
            box.get()

    def test_closing_wakes_who_waits(self) -> None:
        box: Mailbox[int] = Mailbox()
        closer = threading.Thread(target=box.close)
        closer.start()
        with pytest.raises(ClosedError):
            box.get(timeout=PATIENCE_S)
        closer.join()


@dataclass
class ScriptedSource:
    """A live source whose n-th opening runs the n-th script."""

    scripts: list[Callable[[], Iterator[Frame]]]
    opened: int = 0
    closed: int = 0
    live: bool = True

    def frames(self) -> Iterator[Frame]:
        self.opened += 1
        try:
            yield from self.scripts[self.opened - 1]()
        finally:
            self.closed += 1


def gives(count: int) -> Callable[[], Iterator[Frame]]:
    return lambda: (frame(index) for index in range(count))


def gives_then_fails(count: int) -> Callable[[], Iterator[Frame]]:
    def script() -> Iterator[Frame]:
        yield from gives(count)()
        raise SourceError("camera 0 stopped giving pictures.")

    return script


def capture(*scripts: Callable[[], Iterator[Frame]]) -> LiveCapture:
    return LiveCapture(ScriptedSource(list(scripts)), stall_s=PATIENCE_S, backoff_s=(0.0,))


class TestLiveCapture:
    def test_gives_the_last_frame_and_counts_what_it_missed(self) -> None:
        live = capture(gives(100))
        indices = [item.index for item in live.frames() if isinstance(item, Frame)]
        assert indices[-1] == 99
        assert indices == sorted(set(indices))
        assert live.dropped == 100 - len(indices)

    def test_source_that_never_worked_is_an_error_here(self) -> None:
        with pytest.raises(SourceError, match="stopped giving"):
            list(capture(gives_then_fails(0)).frames())

    def test_bug_in_a_source_is_raised_here(self) -> None:
        def broken() -> Iterator[Frame]:
            yield frame(0)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            list(capture(broken).frames())

    def test_lost_source_is_reopened_and_counting_goes_on(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        fails = gives_then_fails(0)
        live = capture(gives_then_fails(3), fails, fails, gives(2))
        frames = [item for item in live.frames() if isinstance(item, Frame)]
        assert frames[-1].index == 4
        assert isinstance(live.source, ScriptedSource)
        assert live.source.opened == live.source.closed == 4
        assert [record.message for record in caplog.records] == [
            "camera 0 stopped giving pictures. Trying again until it is back.",
            "the source is back",
        ]

    @pytest.mark.slow
    def test_silence_is_reported_with_its_time_until_frames_come_again(self) -> None:
        resume = threading.Event()

        def falls_silent() -> Iterator[Frame]:
            yield frame(0)
            assert resume.wait(PATIENCE_S)
            yield frame(1)

        live = LiveCapture(ScriptedSource([falls_silent]), stall_s=0.0, tick_s=0.001)
        items = live.frames()
        assert isinstance(next(items), Frame)
        stalls = [next(items) for _ in range(3)]
        assert all(isinstance(stall, Stall) for stall in stalls)
        assert stalls[0].time < stalls[2].time
        resume.set()
        assert [item.index for item in items if isinstance(item, Frame)] == [1]

    @pytest.mark.slow
    def test_a_stall_says_why_until_frames_come_again(self) -> None:
        resume = threading.Event()

        def comes_back() -> Iterator[Frame]:
            assert resume.wait(PATIENCE_S)
            yield frame(0)

        source = ScriptedSource([gives_then_fails(1), comes_back])
        live = LiveCapture(source, stall_s=0.0, tick_s=0.001, backoff_s=(0.0,))
        items = live.frames()
        reasons = (each.reason for each in items if isinstance(each, Stall))
        assert next(filter(None, reasons)) == "camera 0 stopped giving pictures."
        resume.set()
        assert [each.index for each in items if isinstance(each, Frame)] == [1]

    def test_no_stall_is_reported_before_the_first_frame(self) -> None:
        def slow_to_start() -> Iterator[Frame]:
            threading.Event().wait(0.05)
            yield frame(0)

        live = LiveCapture(ScriptedSource([slow_to_start]), stall_s=0.0)
        assert isinstance(next(live.frames()), Frame)

    def test_stopping_closes_the_source(self) -> None:
        def endless() -> Iterator[Frame]:
            index = 0
            while True:
                yield frame(index)
                index += 1
                threading.Event().wait(0.001)

        source = ScriptedSource([endless])
        items = LiveCapture(source).frames()
        next(items)
        items.close()
        assert source.closed == 1

    @pytest.mark.slow
    def test_stopping_does_not_wait_for_the_next_attempt(self) -> None:
        source = ScriptedSource([gives_then_fails(1), gives(1)])
        items = LiveCapture(source, stall_s=0.0, backoff_s=(2 * PATIENCE_S,)).frames()
        next(items)
        stall = next(items)
        assert isinstance(stall, Stall)
        assert stall.reason in ("", "camera 0 stopped giving pictures.")
        items.close()
        assert source.opened == 1
        assert not any(thread.name == "capture" for thread in threading.enumerate())

    def test_source_that_hangs_is_left_behind(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        release = threading.Event()

        def hangs() -> Iterator[Frame]:
            yield frame(0)
            release.wait(PATIENCE_S)

        monkeypatch.setattr("facedrive.threads._Reader.STOP_S", 0.0)
        items = capture(hangs).frames()
        next(items)
        items.close()
        assert "leaving it behind" in caplog.text
        release.set()

    @pytest.mark.slow
    def test_a_slow_source_is_no_stalled_one(self) -> None:
        def slow() -> Iterator[Frame]:
            for index in range(4):
                yield frame(index, 10.0 + index * 0.6)
                time.sleep(0.2)

        live = LiveCapture(ScriptedSource([slow]), stall_s=0.05)
        assert all(isinstance(item, Frame) for item in live.frames())

    @pytest.mark.slow
    def test_silence_is_twice_the_sources_own_interval(self) -> None:
        def slow_then_silent() -> Iterator[Frame]:
            for index in range(4):
                yield frame(index, 10.0 + index * 0.2)
            time.sleep(1.0)

        live = LiveCapture(ScriptedSource([slow_then_silent]), stall_s=0.05)
        items = list(live.frames())
        stalls = [item.time for item in items if isinstance(item, Stall)]
        assert 0.4 < stalls[-1] - stalls[0] + live.tick_s < 0.75  # begun 0.4 s after the last frame

    def test_a_source_that_is_not_up_yet_is_waited_for(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        live = capture(gives_then_fails(0), gives_then_fails(0), gives(2))
        live.source.wait = True
        found = [item.index for item in live.frames() if isinstance(item, Frame)]
        assert found[-1] == 1
        assert caplog.text.count("Waiting for it") == 1


@dataclass
class GatedSink:
    """Remembers what it took; waits for its gate before each."""

    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    taken: list[int] = field(default_factory=list)
    closed: int = 0

    def send(self, sample: Sample, frame: Frame | None) -> None:
        self.entered.set()
        assert self.gate.wait(PATIENCE_S)
        self.taken.append(sample.index)

    def close(self) -> None:
        self.closed += 1


class FailingSink:
    """Fails at each call."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.calls = 0
        self.called = threading.Event()

    def send(self, sample: Sample, frame: Frame | None) -> None:
        self.calls += 1
        self.called.set()
        raise self.error

    def close(self) -> None:
        raise self.error


class TestBackgroundSink:
    def test_it_is_a_sink(self) -> None:
        sink = BackgroundSink(GatedSink())
        assert isinstance(sink, Sink)
        sink.close()

    def test_slow_sink_never_holds_up_the_pipeline(self) -> None:
        slow = GatedSink()
        sink = BackgroundSink(slow)
        sink.send(sample(0), None)
        assert slow.entered.wait(PATIENCE_S)
        for index in range(1, 100):
            sink.send(sample(index), None)
        slow.gate.set()
        sink.close()
        assert slow.taken == [0, *range(100 - sink.WAITING, 100)]
        assert sink.dropped == 99 - sink.WAITING
        assert slow.closed == 1

    def test_what_was_dropped_is_said_at_the_end(self, caplog: pytest.LogCaptureFixture) -> None:
        slow = GatedSink()
        sink = BackgroundSink(slow, "video:out.mp4")
        sink.send(sample(0), None)
        assert slow.entered.wait(PATIENCE_S)
        for index in range(1, sink.WAITING + 4):
            sink.send(sample(index), None)
        slow.gate.set()
        sink.close()
        assert caplog.messages == ["video:out.mp4 was too slow: 3 of 12 samples were dropped"]

    def test_a_sink_that_is_held_up_for_a_moment_loses_nothing(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        slow = GatedSink()
        sink = BackgroundSink(slow)
        for index in range(sink.WAITING):
            sink.send(sample(index), None)
        slow.gate.set()
        sink.close()
        assert slow.taken == list(range(sink.WAITING))
        assert not caplog.messages

    def test_a_failure_ends_the_output_and_is_raised_by_the_next_call(self) -> None:
        failing = FailingSink(SinkError("take.mp4: the disk is full."))
        sink = BackgroundSink(failing)
        sink.send(sample(0), None)
        assert failing.called.wait(PATIENCE_S)
        for _ in range(2):
            with pytest.raises(SinkError, match="the disk is full"):
                sink.close()
        with pytest.raises(SinkError, match="the disk is full"):
            sink.send(sample(1), None)
        assert failing.calls == 1

    def test_bug_in_a_plug_in_is_an_error_of_ours(self) -> None:
        sink = BackgroundSink(FailingSink(ZeroDivisionError("by nothing")))
        sink.send(sample(0), None)
        with pytest.raises(FacedriveError, match="FailingSink failed with ZeroDivisionError"):
            sink.close()


class TestGathered:
    def ask_at_once(self, gathered: Gathered[int, int], items: list[int]) -> list[int]:
        """Have as many threads ask as there are items; return the answers."""
        answers = [-1] * len(items)
        part = threading.Barrier(len(items))

        def ask(place: int) -> None:
            with gathered.taking_part():
                part.wait()
                answers[place] = gathered.ask(items[place])

        threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(items))]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        return answers

    def test_all_who_take_part_are_answered_in_one_go(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Gathered, "WAIT_S", 60.0)
        goes: list[int] = []

        def double(items: list[int]) -> list[int]:
            goes.append(len(items))
            return [2 * each for each in items]

        assert self.ask_at_once(Gathered(double, 4), [1, 5, 9]) == [2, 10, 18]
        assert goes == [3]

    def test_no_more_are_answered_in_one_go_than_may_be(self) -> None:
        goes: list[int] = []

        def same(items: list[int]) -> list[int]:
            goes.append(len(items))
            return items

        assert self.ask_at_once(Gathered(same, 2), list(range(5))) == list(range(5))
        assert sum(goes) == 5 and max(goes) <= 2

    def test_one_who_takes_long_is_not_waited_for(self) -> None:
        gathered: Gathered[int, int] = Gathered(lambda items: items, 2)
        with gathered.taking_part(), gathered.taking_part():
            assert gathered.ask(3) == 3

    def test_an_error_is_raised_to_the_one_who_asks(self) -> None:
        def fail(items: list[int]) -> list[int]:
            raise SourceError("no")

        gathered: Gathered[int, int] = Gathered(fail, 2)
        with pytest.raises(SourceError, match="no"):
            gathered.ask(3)


@dataclass
class FakeTime:
    """A clock that only sleeping moves."""

    time: float = 50.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


def paced(fake: FakeTime, times: list[float], speed: float = 1.0) -> Iterator[Frame]:
    frames = (frame(index, time) for index, time in enumerate(times))
    return pace(frames, speed=speed, clock=fake.clock, sleep=fake.sleep)


class TestPace:
    def test_each_item_waits_for_its_own_time(self) -> None:
        fake = FakeTime()
        assert [item.index for item in paced(fake, [3.0, 3.5, 3.6])] == [0, 1, 2]
        assert fake.slept == pytest.approx([0.5, 0.1])

    def test_twice_as_fast_waits_half_as_long(self) -> None:
        fake = FakeTime()
        list(paced(fake, [0.0, 1.0], speed=2.0))
        assert fake.slept == pytest.approx([0.5])

    def test_a_slow_consumer_catches_up_and_misses_nothing(self) -> None:
        fake = FakeTime()
        items = paced(fake, [0.0, 0.1, 0.2, 0.3])
        next(items)
        fake.time += 0.25
        assert [item.index for item in items] == [1, 2, 3]
        assert fake.slept == pytest.approx([0.05])

    def test_after_a_pause_playing_goes_on_at_its_own_speed(self) -> None:
        fake = FakeTime()
        items = paced(fake, [0.0, 0.1, 0.2])
        next(items)
        fake.time += HURRY_S + 5
        list(items)
        assert fake.slept == pytest.approx([0.1])

    def test_a_paced_source_is_a_source_and_closes_what_it_opened(self) -> None:
        inner = ScriptedSource([lambda: iter([frame(0, 0.0), frame(1, 0.001)])], live=False)
        source = Pace(inner)
        assert isinstance(source, Source)
        assert not source.live
        frames = source.frames()
        assert next(frames).index == 0
        frames.close()
        assert inner.closed == 1
