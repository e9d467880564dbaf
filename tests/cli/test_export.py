"""``facedrive export``: both formats end to end, and one line for what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedrive.cli.main import main
from facedrive.rig import load
from facedrive.takes.columns import COLUMNS


@pytest.fixture
def take(tmp_path: Path) -> Path:
    """Ten frames at 30 fps, the jaw opening."""
    path = tmp_path / "take.csv"
    lines = [",".join(COLUMNS)]
    for index in range(10):
        cells = {"frame": index, "time_s": f"{index / 30:.6f}", "face": 1, "jaw_drop": index / 10}
        lines.append(",".join(str(cells.get(name, 0)) for name in COLUMNS))
    path.write_text("\n".join(lines) + "\n")
    return path


def fails(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """Run an export that must fail; return its one line."""
    assert main(["export", *map(str, words)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    return line


def test_a_take_becomes_a_live_link_csv(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "ll.csv"
    assert main(["export", str(take), "--to", "livelink-csv", "-o", str(output)]) == 0
    assert "19 rows at 60 fps" in capsys.readouterr().out
    assert output.read_text().startswith("Timecode,BlendShapeCount,EyeBlinkLeft,")


@pytest.mark.slow
def test_a_take_becomes_a_glb_of_our_rig(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "take.glb"
    assert main(["export", str(take), "--to", "gltf", "-o", str(output)]) == 0
    assert "33 targets, 10 keys" in capsys.readouterr().out
    assert load(output).eyes is not None


@pytest.mark.slow
def test_fps_resamples_a_glb(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", str(take), "--to", "gltf", "-o", str(tmp_path / "t.glb"), "--fps", "60"]
    assert main(words) == 0
    assert "19 keys" in capsys.readouterr().out


def test_an_unknown_format_lists_those_there_are(
    take: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = fails(capsys, take, "--to", "bvh", "-o", "x.bvh")
    assert "to is 'bvh'; it must be one of gltf, livelink-csv, vmd" in line


def test_a_take_becomes_a_vmd(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "take.vmd"
    assert main(["export", str(take), "--to", "vmd", "-o", str(output)]) == 0
    assert "10 frames, 13 morphs" in capsys.readouterr().out
    assert output.read_bytes().startswith(b"Vocaloid Motion Data 0002\0")


def test_a_vmd_of_another_rate_is_refused(take: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = (take, "--to", "vmd", "-o", "x.vmd", "--fps", "60")
    assert "has 30 frames a second" in fails(capsys, *words)


def test_help_says_why_bvh_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    assert "BVH is not written" in " ".join(capsys.readouterr().out.split())


def test_a_missing_rig_is_named(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (take, "--to", "gltf", "-o", tmp_path / "x.glb", "--rig", "none.obj")
    assert "none.obj" in fails(capsys, *words)


def test_a_missing_take_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("none.csv", "--to", "gltf", "-o", tmp_path / "x.glb")
    assert "none.csv cannot be read" in fails(capsys, *words)


@pytest.mark.parametrize(
    ("to", "name"), [("gltf", "x.glb"), ("livelink-csv", "x.csv"), ("vmd", "x.vmd")]
)
def test_a_missing_column_is_named(
    to: str, name: str, take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take.write_text(take.read_text().replace("jaw_drop,", "", 1))
    assert "not jaw_drop" in fails(capsys, take, "--to", to, "-o", tmp_path / name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("to", "name"), [("gltf", "x.glb"), ("livelink-csv", "x.csv"), ("vmd", "x.vmd")]
)
def test_an_empty_take_writes_nothing(
    to: str, name: str, take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take.write_text(",".join(COLUMNS) + "\n")
    assert "no rows" in fails(capsys, take, "--to", to, "-o", tmp_path / name)
    assert not (tmp_path / name).exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("to", "name"), [("gltf", "x.glb"), ("livelink-csv", "x.csv"), ("vmd", "x.vmd")]
)
def test_a_file_instead_of_a_folder_is_named(
    to: str, name: str, take: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "is no folder" in fails(capsys, take, "--to", to, "-o", take / name)


@pytest.mark.parametrize(("to", "name"), [("gltf", "x.csv"), ("livelink-csv", "x.glb")])
def test_a_file_of_another_suffix_is_refused(
    to: str, name: str, take: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "must end in" in fails(capsys, take, "--to", to, "-o", name)


def test_the_take_is_not_overwritten(take: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = take.read_bytes()
    assert "is an input of this run" in fails(capsys, take, "--to", "livelink-csv", "-o", take)
    assert take.read_bytes() == before


def test_a_bad_row_leaves_an_older_file(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "ll.csv"
    output.write_text("kept")
    take.write_text(take.read_text() + "nonsense\n")
    assert "line 12" in fails(capsys, take, "--to", "livelink-csv", "-o", output)
    assert output.read_text() == "kept"


@pytest.mark.parametrize("fps", ["0", "-3", "1000"])
def test_a_rate_that_is_none_is_refused(
    fps: str, take: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = fails(capsys, take, "--to", "livelink-csv", "-o", "x.csv", "--fps", fps)
    assert "from 1 to 240" in line


def test_a_rig_for_a_format_without_one_is_refused(
    take: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (take, "--to", "livelink-csv", "-o", "x.csv", "--rig", "head.glb")
    assert "holds no rig" in fails(capsys, *words)


def test_a_table_with_an_unknown_au_is_refused(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "mine.toml"
    table.write_text("[weights]\njawOpen = { jaw_dorp = 1.0 }\n")
    words = (take, "--to", "livelink-csv", "-o", tmp_path / "x.csv", "--mapping", table)
    assert "no action unit 'jaw_dorp'" in fails(capsys, *words)


@pytest.mark.slow
def test_a_phones_csv_is_exported_and_replayed(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    phone, again = tmp_path / "phone.csv", tmp_path / "again.csv"
    assert main(["export", str(take), "--to", "livelink-csv", "-o", str(phone)]) == 0
    glb = tmp_path / "phone.glb"
    assert main(["export", str(phone), "--to", "gltf", "-o", str(glb)]) == 0
    assert "19 keys" in capsys.readouterr().out
    assert main(["replay", str(phone), "--out", f"csv:{again}", "--speed", "100"]) == 0
    assert "19 samples sent" in capsys.readouterr().out
    assert len(again.read_text().splitlines()) == 20
