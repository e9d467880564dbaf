"""``facedrive outputs`` lists all there is to send to."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from facedrive.cli.main import main
from facedrive.mappings import load_mapping
from facedrive.sinks import SINKS


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_every_scheme_is_listed_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outputs"]) == 0
    printed = capsys.readouterr().out
    for scheme in SINKS:
        assert f"    --out {scheme}:" in printed
    assert "--out vmc://127.0.0.1:39540" in printed
    assert "mapping=arkit" in printed


def test_one_scheme_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outputs", "livelink"]) == 0
    printed = capsys.readouterr().out
    assert "Unreal" in printed
    assert "vmc" not in printed


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outputs", "--json"]) == 0
    outputs = json.loads(capsys.readouterr().out)
    assert outputs.keys() == set(SINKS)
    assert outputs["livelink"]["port"] == 11111
    assert outputs["livelink"]["options"]["fps"]["default"] == "60"


def test_the_address_for_pages_of_obs_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["outputs", "ws"]) == 0
    address = re.search(r"ws://127\.0\.0\.1:8765/\?token=[\w-]{32}", capsys.readouterr().out)
    assert address
    assert main(["outputs", "ws", "--json"]) == 0
    assert address[0] in json.loads(capsys.readouterr().out)["ws"]["note"]


def test_unknown_scheme_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outputs", "vnc"]) == 2
    assert "no sink 'vnc'; there are" in capsys.readouterr().err


def test_its_example_of_a_users_table_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["outputs", "vmc"]) == 0
    _, _, after = capsys.readouterr().out.partition("--mapping my.toml:\n\n")
    table = tmp_path / "my.toml"
    table.write_text(after.partition("\n\n")[0])
    arkit, mine = load_mapping("arkit"), load_mapping(table)
    changed = (arkit.matrix != mine.matrix).any(axis=1)
    names = [name for name, other in zip(mine.channels, changed, strict=True) if other]
    assert names == ["jawOpen", "mouthClose", "cheekPuff"]
