"""Several sinks as one."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from facedrive.errors import FacedriveError, SinkError
from facedrive.outputs import Outputs, describe
from facedrive.types import IDENTITY_HEAD, Frame, Sample

SAMPLE = Sample(
    0.0, 0, np.zeros(24, np.float32), np.zeros((2, 2), np.float32), IDENTITY_HEAD, False
)


class Keeps:
    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.threads: set[int] = set()
        self.closed = 0

    def send(self, sample: Sample, frame: Frame | None) -> None:
        self.samples.append(sample)
        self.threads.add(threading.get_ident())

    def close(self) -> None:
        self.closed += 1


class Slow(Keeps):
    slow = True


class Fails(Keeps):
    def send(self, sample: Sample, frame: Frame | None) -> None:
        raise SinkError("the disk is full.")


def send(outputs: Outputs, count: int) -> None:
    for _ in range(count):
        outputs.send(SAMPLE, None)


def test_a_failing_output_does_not_stop_another() -> None:
    good, bad = Keeps(), Fails()
    outputs = Outputs([bad, good], ["csv:take.csv", "osc:"])
    send(outputs, 5)
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
        send(Outputs([Fails(), Fails()], "ab"), 5)


def test_a_block_closes_them() -> None:
    sink = Keeps()
    with Outputs([sink]) as outputs:
        send(outputs, 1)
    assert sink.closed == 1


def test_what_ends_a_block_is_not_hidden_by_an_output_that_does_not_close() -> None:
    class Unfinished(Keeps):
        def close(self) -> None:
            raise SinkError("no index.")

    with pytest.raises(ZeroDivisionError), Outputs([Unfinished()]):
        raise ZeroDivisionError
    with pytest.raises(SinkError, match="no index"), Outputs([Unfinished()]):
        pass


@pytest.mark.parametrize("live", [True, False])
def test_a_slow_output_has_a_thread_of_its_own_behind_a_live_source(live: bool) -> None:
    slow, quick = Slow(), Keeps()
    with Outputs([slow, quick], live=live) as outputs:
        send(outputs, 3)
    assert (len(slow.samples), slow.closed) == (3, 1)
    assert quick.threads == {threading.get_ident()}
    assert (slow.threads == quick.threads) is not live


def test_each_output_counts_what_it_is_given_and_says_why_nothing_arrives() -> None:
    class Unheard(Slow):
        trouble = "nobody is listening"

    outputs = Outputs([Keeps(), Unheard()], ["a", "b"], live=True)
    send(outputs, 2)
    outputs.enable("b", False)
    send(outputs, 1)
    first, second = outputs.states()
    assert (first.sent, first.trouble) == (3, "")
    assert (second.sent, second.trouble) == (2, "")  # it is off
    outputs.enable("b", True)
    assert outputs.states()[1].trouble == "nobody is listening"
    outputs.close()
