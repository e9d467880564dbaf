"""VMD: its bytes, and what a public reader makes of them."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedrive.errors import DataError, MappingError
from facedrive.export.vmd import write_vmd
from facedrive.mappings import Mapping, load_mapping
from facedrive.types import Sample

MakeSample = Callable[..., Sample]

NPM = Path(__file__).resolve().parents[2] / ".venv/npm/node_modules"

PARSE = """
const file = require("fs").readFileSync(0)
const { Parser } = require("mmd-parser")
const found = new Parser().parseVmd(new Uint8Array(file).buffer, process.argv[1] === "right")
console.log(JSON.stringify(found))
"""


def parse(path: Path, axes: str = "left") -> dict[str, Any]:
    """Return what npm's mmd-parser reads; skip where it is not installed."""
    node = shutil.which("node")
    if node is None or not (NPM / "mmd-parser").is_dir():
        pytest.skip("npm's mmd-parser is not installed (.venv/npm)")
    found = subprocess.run(
        [node, "-e", PARSE, axes], input=path.read_bytes(), capture_output=True, check=True,
        env=os.environ | {"NODE_PATH": str(NPM)},
    )  # fmt: skip
    read: dict[str, Any] = json.loads(found.stdout)
    return read


def test_golden_bytes(make_sample: MakeSample, tmp_path: Path) -> None:
    sample = make_sample(jaw_drop=0.5, turned=(0, 0, 0))
    table = load_mapping("mmd")
    row = table.channels.index("あ")
    write_vmd([sample], tmp_path / "a.vmd", Mapping("mine", ("あ",), table.matrix[[row]]))
    data = (tmp_path / "a.vmd").read_bytes()
    assert data[:50] == b"Vocaloid Motion Data 0002".ljust(30, b"\0") + b"facedrive".ljust(
        20, b"\0"
    )
    assert struct.unpack_from("<I", data, 50) == (3,)
    assert data[54:69] == b"\x93\xaa".ljust(15, b"\0")
    assert struct.unpack_from("<I7f", data, 69) == (0, 0, 0, 0, 0, 0, 0, 1)
    assert data[101:117] == bytes([20] * 8 + [107] * 8)
    morphs = 54 + 3 * 111
    assert struct.unpack_from("<I", data, morphs) == (1,)
    assert data[morphs + 4 : morphs + 19] == b"\x82\xa0".ljust(15, b"\0")
    assert struct.unpack_from("<If", data, morphs + 19) == (0, 0.5)
    assert data[morphs + 27 :] == bytes(12)


def test_a_public_reader_reads_the_same(make_sample: MakeSample, tmp_path: Path) -> None:
    take = [make_sample(i, jaw_drop=i / 4, turned=(10, 5 * i, -3), gaze=(0.1, 0)) for i in range(4)]
    path, table = tmp_path / "take.vmd", load_mapping("mmd")
    assert write_vmd(take, path, table) == 4
    read = parse(path)
    mouth = [(m["frameNum"], m["weight"]) for m in read["morphs"] if m["morphName"] == "あ"]
    assert mouth == [(i, pytest.approx(i / 4)) for i in range(4)]
    assert {m["morphName"] for m in read["morphs"]} == set(table.channels)
    right = [m for m in parse(path, "right")["motions"] if m["boneName"] == "頭"]
    assert len(right) == 4
    for key, sample in zip(right, take, strict=True):
        assert key["rotation"] == pytest.approx(sample.head.rotation.tolist(), abs=1e-6)
        assert key["position"] == [0, 0, 0]
    assert {m["boneName"] for m in read["motions"]} == {"頭", "左目", "右目"}


def test_keys_that_say_nothing_are_left_out(make_sample: MakeSample, tmp_path: Path) -> None:
    jaw = [0, 0, 0, 0.5, 0.5, 0.5, 0.5]
    take = [make_sample(i, jaw_drop=value, turned=(0, 0, 0)) for i, value in enumerate(jaw)]
    write_vmd(take, tmp_path / "take.vmd", load_mapping("mmd"))
    read = parse(tmp_path / "take.vmd")
    frames = [m["frameNum"] for m in read["morphs"] if m["morphName"] == "あ"]
    assert frames == [0, 2, 3]
    assert len(read["motions"]) == 3


@pytest.mark.parametrize(
    ("name", "message"), [("ああああああああ", "16 bytes; a VMD"), ("é🙂", "letters that a VMD")]
)
def test_a_name_that_does_not_fit_is_refused(
    name: str, message: str, make_sample: MakeSample, tmp_path: Path
) -> None:
    table = load_mapping("mmd")
    with pytest.raises(MappingError, match=message):
        write_vmd([make_sample()], tmp_path / "x.vmd", Mapping("m", (name,), table.matrix[:1]))


def test_an_empty_take_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no rows"):
        write_vmd([], tmp_path / "x.vmd", load_mapping("mmd"))
    assert not list(tmp_path.iterdir())


def test_a_blink_is_one_morph_and_a_wink_another() -> None:
    table = load_mapping("mmd")
    aus = np.zeros(24, np.float32)
    aus[:2] = 1.0, 0.25  # left and right eye closed
    values = dict(zip(table.channels, table.apply(aus, np.zeros((2, 2), np.float32)), strict=True))
    assert values["まばたき"] == 0.25
    assert values["ウィンク２"] == 0.75
    assert values["ｳｨﾝｸ２右"] == 0
