"""An output's URL opens its sink with its options; what is wrong with it is said."""

from __future__ import annotations

import dataclasses
import socket
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from facedrive.assembly import open_outputs
from facedrive.errors import SinkError
from facedrive.sinks import SINKS, open_sink, open_sinks
from facedrive.stages import Sink
from facedrive.types import Frame, Sample


@dataclass
class PlugIn:
    """A sink from elsewhere, with an option of every type."""

    room: str = "lobby"
    count: int = 1
    gain: float = 1.0
    loud: bool = False
    folder: Path | None = None
    memory: list[str] = field(default_factory=list)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        pass

    def close(self) -> None:
        pass


class NoDataclass:
    """Has no fields."""


@dataclass
class Demanding:
    """Cannot do without an option."""

    room: str

    def send(self, sample: Sample, frame: Frame | None) -> None:
        pass

    def close(self) -> None:
        pass


PLUG_IN = f"{__name__}:PlugIn"


def options(url: str) -> dict[str, object]:
    """Open and close the URL's sink; returns its options."""
    sink = open_sink(url)
    assert isinstance(sink, Sink)
    sink.close()
    fields = dataclasses.fields(sink)
    return {field.name: getattr(sink, field.name) for field in fields}


def test_network_url_gives_host_port_and_options() -> None:
    url = "osc://127.0.0.1:9001?prefix=/me"
    assert options(url) == {
        "host": "127.0.0.1",
        "port": 9001,
        "prefix": "/me",
        "bundle": True,
        "extras": True,
    }


@pytest.mark.parametrize("url", ["osc:", "osc://", "osc://?prefix=/facedrive", "osc://:9000"])
def test_what_a_url_leaves_out_keeps_its_default(url: str) -> None:
    assert options(url) == {
        "host": "127.0.0.1",
        "port": 9000,
        "prefix": "/facedrive",
        "bundle": True,
        "extras": True,
    }


def test_ipv6_hosts_are_understood() -> None:
    if not socket.has_ipv6:
        pytest.skip("this system has no IPv6")
    assert options("osc://[::1]:9002")["host"] == "::1"


@pytest.mark.parametrize("form", ["csv:{}", "csv://{}"])
def test_file_url_gives_a_path(form: str, tmp_path: Path) -> None:
    path = tmp_path / "my take.csv"
    assert options(form.format(path))["path"] == path


def test_video_url_opens_a_recording(tmp_path: Path) -> None:
    assert options(f"video:{tmp_path}/out.mp4")["path"] == tmp_path / "out.mp4"


def test_unknown_scheme_lists_those_there_are() -> None:
    with pytest.raises(SinkError) as caught:
        open_sink("ocs://127.0.0.1:9000")
    listed = ", ".join(sorted(SINKS))
    assert str(caught.value) == f"no sink 'ocs'; there are {listed}. Did you mean osc?"


def test_unknown_option_lists_those_there_are() -> None:
    with pytest.raises(
        SinkError, match="osc: no option 'prefx'; there are bundle, extras, host, port, prefix"
    ):
        open_sink("osc://127.0.0.1:9000?prefx=/a")


def test_option_that_no_text_can_give_is_not_offered(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="no option 'compose'; there are overwrite, path"):
        open_sink(f"video:{tmp_path}/out.mp4?compose=x")


@pytest.mark.parametrize(
    ("url", "example"),
    [("csv:", "csv:take.csv"), ("csv", "csv:take.csv"), ("video:", "video:take.mp4")],
)
def test_missing_path_is_an_error_with_an_example(url: str, example: str) -> None:
    with pytest.raises(SinkError, match=f"needs a path, as in {example}"):
        open_sink(url)


@pytest.mark.parametrize("url", ["csv:", "csv", "video:", "parquet:?overwrite=yes"])
def test_missing_path_is_an_error_beside_inputs_too(url: str, tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="needs a path, as in"):
        open_outputs([url], inputs=[tmp_path / "clip.mp4"])


def test_a_host_for_a_file_is_an_error() -> None:
    with pytest.raises(SinkError, match="csv: no option 'host'; there are overwrite, path"):
        open_sink("csv://take.csv")


@pytest.mark.parametrize("port", ["abc", "70000", "-1", "0"])
def test_port_that_does_not_exist_is_an_error(port: str) -> None:
    with pytest.raises(SinkError, match=r"port.* 1 to 65535"):
        open_sink(f"osc://127.0.0.1:{port}")


def test_dotted_name_is_imported_with_its_options() -> None:
    url = f"{PLUG_IN}?room=hall&count=3&gain=0.5&loud=yes&folder=/tmp/a%20b"
    sink = open_sink(url)
    assert isinstance(sink, Sink)
    assert sink.plugin == PlugIn("hall", 3, 0.5, True, Path("/tmp/a b"))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("count=x", "count is 'x'; it must be a whole number"),
        ("gain=x", "gain is 'x'; it must be a number"),
        ("loud=x", "loud is 'x'; it must be yes or no"),
        ("volume=1", "no option 'volume'; there are count, folder, gain, loud, room"),
        ("memory=1", "no option 'memory'"),
    ],
)
def test_bad_option_is_an_error_that_says_what_it_must_be(query: str, message: str) -> None:
    with pytest.raises(SinkError, match=message):
        open_sink(f"{PLUG_IN}?{query}")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("no.such.module:Sink", "cannot be imported: No module named 'no'"),
        ("facedrive.sinks:Missing", "cannot be imported: .* has no attribute 'Missing'"),
        (PLUG_IN.replace("PlugIn", "NoDataclass"), "is not a dataclass"),
        (PLUG_IN.replace("PlugIn", "Demanding"), r"needs a room, as in .*Demanding\?room="),
    ],
)
def test_bad_plug_in_is_an_error(url: str, message: str) -> None:
    with pytest.raises(SinkError, match=message):
        open_sink(url)


@pytest.mark.parametrize("scheme", sorted(SINKS))
def test_every_scheme_names_a_class_that_exists(scheme: str) -> None:
    with pytest.raises(SinkError, match="no option 'no_such_option'"):
        open_sink(f"{scheme}:?no_such_option=1")


class TestUsersTables:
    """``--mapping``: a table in place of the one that outputs would use."""

    @pytest.fixture
    def table(self, tmp_path: Path) -> Path:
        path = tmp_path / "my.toml"
        path.write_text("extends = 'arkit'\n[weights]\njawOpen = { jaw_drop = 0.5 }\n")
        return path

    def mappings(self, urls: list[str], *tables: Path) -> list[object]:
        sinks = open_sinks(urls, tables)
        for sink in sinks:
            sink.close()
        return [getattr(sink, "mapping", None) for sink in sinks]

    def test_every_output_of_that_table_takes_it(self, table: Path) -> None:
        urls = ["livelink:", "vrchat:", "osc:", "vmc:", "vmc:?mapping=vrm0", "ws://127.0.0.1:0"]
        mine = str(table)
        assert self.mappings(urls, table) == [mine, "unified", None, mine, "vrm0", mine]

    def test_each_table_goes_where_it_belongs(self, table: Path, tmp_path: Path) -> None:
        other = tmp_path / "other.toml"
        other.write_text("extends = 'vrm0'\nnot_driven = ['Angry']\n")
        urls = ["vmc:?mapping=vrm0", "vmc:"]
        assert self.mappings(urls, table, other) == [str(other), str(table)]

    def test_a_table_that_no_output_uses_is_an_error(self, table: Path) -> None:
        with pytest.raises(SinkError, match="it is for arkit, which none of these outputs uses"):
            open_sinks(["vrchat:", "osc:"], [table])

    def test_two_for_one_are_an_error(self, table: Path) -> None:
        with pytest.raises(SinkError, match="are both for arkit"):
            open_sinks(["vmc:"], [table, table])
