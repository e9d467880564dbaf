"""A camera that is unplugged, busy or forbidden is said in a line, and heals by itself."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from waiting import eventually

pytest.importorskip("nicegui")

from facedrive.errors import SinkError, SourceError
from facedrive.options import changed
from facedrive.settings import Settings
from facedrive.studio.engine import Engine
from facedrive.threads import now
from facedrive.types import Frame

pytestmark = pytest.mark.slow

GONE = threading.Event()
"""Set, the camera is unplugged."""

BUSY = "camera 0 cannot be opened. /dev/video0 exists; close other programs that use it."


@dataclass
class Unpluggable:
    """A camera that is there unless ``GONE``."""

    live: bool = True

    def frames(self) -> Iterator[Frame]:
        index = 0
        while not GONE.is_set():
            yield Frame(np.zeros((48, 64, 3), np.uint8), now(), index)
            index += 1
            time.sleep(0.01)
        raise SourceError("camera 0 stopped giving pictures.")


@dataclass
class Busy:
    """A camera that another program has."""

    live: bool = True

    def frames(self) -> Iterator[Frame]:
        raise SourceError(BUSY)
        yield


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    settings = changed(Settings(), "source.what", f"{__name__}:Unpluggable")
    opened = Engine(changed(settings, "control.ctl", False))
    opened.start()
    opened.add("osc://127.0.0.1:9")
    assert eventually(lambda: opened.feed.newest is not None)
    yield opened
    opened.close()


def test_an_unplugged_camera_is_said_and_the_outputs_go_on_until_it_is_back(
    engine: Engine,
) -> None:
    assert engine.trouble == ""
    GONE.set()
    assert eventually(lambda: engine.trouble == "camera 0 stopped giving pictures.")
    assert engine.state == "running"
    sent = engine.outputs()[0].sent
    assert eventually(lambda: engine.outputs()[0].sent > sent)
    GONE.clear()
    assert eventually(lambda: engine.trouble == "")


def test_a_busy_camera_is_said_and_another_heals_it(engine: Engine) -> None:
    before = engine.settings.source.what
    engine.change("source.what", f"{__name__}:Busy")
    assert eventually(lambda: engine.state == "failed")
    assert engine.trouble == BUSY
    assert [each.state for each in engine.outputs()] == ["sending"]
    engine.change("source.what", before)
    assert eventually(lambda: engine.state == "running" and engine.trouble == "")


def test_an_output_says_that_nobody_listens_and_what_it_was_given(engine: Engine) -> None:
    assert eventually(lambda: engine.outputs()[0].trouble == "nobody is listening")
    assert eventually(lambda: engine.outputs()[0].sent > 2)


def test_an_output_that_was_refused_is_tried_again(engine: Engine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"ws://127.0.0.1:{taken.getsockname()[1]}"
        engine.change("outputs.to", url)
        (refused,) = engine.outputs()
        assert refused.state == "failed"
        assert "cannot be listened on" in refused.error
        with pytest.raises(SinkError):
            engine.retry(url)
        assert engine.outputs() == (refused,)
    engine.retry(url)
    assert [each.state for each in engine.outputs()] == ["sending"]
    engine.change("outputs.to", "osc://127.0.0.1:9")
    assert [each.name for each in engine.outputs()] == ["osc://127.0.0.1:9"]


def test_a_camera_that_nobody_asked_for_and_cannot_be_opened_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Engine(Settings())
    monkeypatch.setattr("facedrive.studio.engine.video_devices", lambda: ["/dev/video0"])
    engine._fail(SourceError(BUSY))
    assert engine.stand_in
    assert engine.no_camera == BUSY
    monkeypatch.setattr("facedrive.studio.engine.video_devices", list)
    another = Engine(Settings())
    another._fail(SourceError(BUSY))
    assert (another.stand_in, another.no_camera) == (True, "")
