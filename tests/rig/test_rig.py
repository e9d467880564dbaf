"""Loading a rig by its path."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedrive.errors import RigError
from facedrive.rig import SUFFIXES, load


def test_an_unknown_format_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(RigError, match=r"no rig format '\.fbx'; there are \.glb, \.gltf"):
        load(tmp_path / "head.fbx")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_file_is_named(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(RigError, match=rf"head\{suffix} is no file"):
        load(tmp_path / f"head{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_file_is_said_to_be_empty(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"head{suffix}"
    path.touch()
    with pytest.raises(RigError, match="is empty"):
        load(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_of_another_kind_is_no_rig(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"head{suffix}"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(RigError):
        load(path)


def test_a_third_party_arkit_rig_loads(shared: Path) -> None:
    rig = load(shared / "rigs" / "ict_arkit.glb")
    assert len(rig.targets) == 51
    assert "jawOpen" in rig.targets
    assert rig.offsets.shape == (51, len(rig.vertices), 3)
    jaw = rig.offsets[rig.targets.index("jawOpen")]
    assert jaw[:, 1].min() < -0.01, "an open jaw is a centimetre lower"
