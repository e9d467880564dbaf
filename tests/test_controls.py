"""Wishes of other threads are carried out by the loop, between two frames."""

from __future__ import annotations

import threading

import pytest

from facedrive import controls as module
from facedrive.controls import Controls
from facedrive.errors import FacedriveError


def loop(controls: Controls, ready: threading.Event) -> None:
    with controls.looping():
        ready.set()
        while not controls.stop.wait(0.001):
            controls.carry_out()


@pytest.fixture
def running() -> Controls:
    controls, ready = Controls(), threading.Event()
    thread = threading.Thread(target=loop, args=(controls, ready), daemon=True)
    thread.start()
    assert ready.wait(10)
    return controls


def test_a_wish_is_carried_out_in_the_loops_thread(running: Controls) -> None:
    assert running.ask(threading.get_ident) != threading.get_ident()
    running.stop.set()


def test_without_a_loop_it_is_carried_out_here() -> None:
    assert Controls().ask(threading.get_ident) == threading.get_ident()


def test_who_asks_gets_the_error(running: Controls) -> None:
    def fail() -> None:
        raise FacedriveError("no.")

    with pytest.raises(FacedriveError, match="no"):
        running.ask(fail)
    running.stop.set()


def test_an_error_of_a_wish_that_nobody_waits_for_is_logged(
    running: Controls, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise FacedriveError("the disk is full.")

    running.post(fail)
    running.ask(lambda: None)
    running.stop.set()
    assert "the disk is full." in caplog.text


def test_a_loop_that_hangs_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_S", 0.01)
    controls, ready, go = Controls(), threading.Event(), threading.Event()

    def hang() -> None:
        with controls.looping():
            ready.set()
            go.wait(10)

    thread = threading.Thread(target=hang, daemon=True)
    thread.start()
    assert ready.wait(10)
    done: list[int] = []
    with pytest.raises(FacedriveError, match="still connecting"):
        controls.ask(lambda: done.append(1))
    go.set()
    thread.join(10)
    assert not done  # a wish that was given up is not carried out later


def test_a_wish_left_at_the_end_is_still_carried_out() -> None:
    controls, done = Controls(), []
    with controls.looping():
        thread = threading.Thread(target=lambda: controls.post(lambda: done.append(1)))
        thread.start()
        thread.join(10)
        assert not done
    assert done == [1]


def test_wishes_are_carried_out_while_paused(running: Controls) -> None:
    running.stop.set()
    controls, done = Controls(), threading.Event()
    controls.paused.set()

    def wait() -> None:
        with controls.looping():
            controls.wait_while_paused()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    controls.post(done.set)
    assert done.wait(10)
    controls.paused.clear()
    thread.join(10)
    assert not thread.is_alive()


def test_a_wish_that_comes_while_others_are_carried_out_waits_for_the_next_frame() -> None:
    controls, done = Controls(), []

    def drag() -> None:
        done.append(1)
        if len(done) < 10:
            controls.post(drag)

    with controls.looping():
        controls.post(drag)
        for frame in range(1, 4):
            controls.carry_out()
            assert len(done) == frame
