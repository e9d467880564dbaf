"""Every output describes itself: what it is for, its options, an example that opens it."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedrive.errors import SinkError
from facedrive.options import MISSING
from facedrive.sinks import SINKS, describe, open_sink, written


@pytest.mark.parametrize("scheme", SINKS)
def test_every_output_says_what_it_is_and_takes(scheme: str) -> None:
    output = describe(scheme)
    assert output.format.endswith(".")
    assert output.about.endswith(".")
    assert {option.name for option in output.options} & {"host", "path"}


@pytest.mark.parametrize("scheme", SINKS)
def test_every_option_that_is_no_address_is_explained(scheme: str) -> None:
    unexplained = {option.name for option in describe(scheme).options if not option.about}
    assert unexplained <= {"host", "port", "path"}


@pytest.mark.parametrize("scheme", SINKS)
def test_no_option_is_told_twice(scheme: str) -> None:
    names = [option.name for option in describe(scheme).options]
    assert len(names) == len(set(names))


def test_a_video_says_that_it_is_not_the_avatar() -> None:
    assert "the avatar is recorded by --record" in describe("video").about


@pytest.mark.parametrize("scheme", SINKS)
def test_every_example_opens(scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    try:
        sink = open_sink(describe(scheme).example)
    except SinkError as error:
        # Another program has the port, or nobody has made a virtual camera.
        assert "cannot be listened on" in str(error) or "no virtual camera" in str(error)
    else:
        sink.close()


@pytest.mark.parametrize("scheme", SINKS)
def test_every_network_output_has_a_default_port(scheme: str) -> None:
    output = describe(scheme)
    assert (output.port is not None) == any(option.name == "host" for option in output.options)


def test_vmc_is_described_by_its_own_words() -> None:
    output = describe("vmc")
    assert output.port == 39540
    assert output.example == "vmc://127.0.0.1:39540"
    options = {option.name: option for option in output.options}
    assert options["bones"].about == "Send neck, head and eyes."
    assert written(options["bones"]) == "yes"
    assert written(options["mapping"]) == "arkit"


def test_a_file_must_have_a_path() -> None:
    (path,) = (option for option in describe("csv").options if option.name == "path")
    assert path.default is MISSING
    assert written(path) is None
