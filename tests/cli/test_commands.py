"""The commands end to end, on the clip that ships."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from clips import demo_frames
from waiting import eventually

from facedrive.aus import AU_NAMES
from facedrive.cli.main import main
from facedrive.extras import EXTRA_NAMES
from facedrive.rig import load

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]

FRAMES = 30


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first second of the demo clip, as images."""
    folder = tmp_path_factory.mktemp("clip")
    for frame in islice(demo_frames(), FRAMES):
        cv2.imwrite(str(folder / f"{frame.index:03d}.bmp"), frame.image[..., ::-1])
    return folder


@pytest.fixture(scope="module")
def take(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("take") / "take.csv"
    assert main(["extract", str(clip), "--as", "video", "-o", str(path)]) == 0
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_extract_writes_a_row_a_frame_with_the_documented_columns(take: Path) -> None:
    table = rows(take)
    assert len(table) == FRAMES
    assert list(table[0]) == [
        "frame", "time_s", "face", "score", *AU_NAMES,
        "head_pitch_deg", "head_yaw_deg", "head_roll_deg", "head_x_m", "head_y_m", "head_z_m",
        "gaze_left_pitch_deg", "gaze_left_yaw_deg", "gaze_right_pitch_deg", "gaze_right_yaw_deg",
        *EXTRA_NAMES, "person", "wall_s", "timecode_s",
    ]  # fmt: skip
    assert {row["face"] for row in table} == {"1"}


def test_extracting_twice_gives_the_same_file(clip: Path, take: Path, tmp_path: Path) -> None:
    assert main(["extract", str(clip), "--as", "video", "-o", str(tmp_path / "again.csv")]) == 0
    assert (tmp_path / "again.csv").read_bytes() == take.read_bytes()


def test_raw_leaves_smoothing_out(clip: Path, take: Path, tmp_path: Path) -> None:
    assert (
        main(["extract", str(clip), "--as", "video", "-o", str(tmp_path / "raw.csv"), "--raw"]) == 0
    )

    def jitter(path: Path) -> float:
        aus = np.array([[float(row[name]) for name in AU_NAMES] for row in rows(path)])
        return float(np.median(np.abs(np.diff(aus, axis=0)).mean(axis=1)))  # between movements

    assert jitter(take) < jitter(tmp_path / "raw.csv")


def test_a_replayed_take_records_itself_again(take: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.csv"
    assert main(["replay", str(take), "--out", f"csv:{again}", "--speed", "100"]) == 0
    first, second = rows(take), rows(again)
    assert [row["time_s"] for row in first] == [row["time_s"] for row in second]
    for name in AU_NAMES:
        assert [float(r[name]) for r in second] == pytest.approx([float(r[name]) for r in first])


def test_live_records_a_picture_of_every_frame_of_a_file(clip: Path, tmp_path: Path) -> None:
    picture, short = tmp_path / "picture.mp4", tmp_path / "short"
    short.mkdir()
    for image in sorted(clip.iterdir())[:9]:
        (short / image.name).symlink_to(image)
    words = ["live", "--source", str(short), "--no-view", "--record", str(picture)]
    assert main([*words, "--rig", str(ROOT / "rigs/basic.obj")]) == 0
    with av.open(str(picture)) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    assert len(frames) == 9
    assert frames[0].std() > 20


def test_live_tells_no_times_where_no_frame_was_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"no film")
    assert main(["live", "--source", str(tmp_path / "clip.mp4"), "--no-view"]) == 2
    said = capsys.readouterr().err
    assert "clip.mp4" in said
    assert "median ms" not in said


def test_calibrate_writes_a_profile_that_makes_the_clip_rest(clip: Path, tmp_path: Path) -> None:
    profile, rested = tmp_path / "me.toml", tmp_path / "rested.csv"
    assert main(["calibrate", "--source", str(clip), "-o", str(profile)]) == 0
    words = ["extract", str(clip), "--as", "video", "-o", str(rested), "--profile", str(profile)]
    assert main(words) == 0
    aus = np.array([[float(row[name]) for name in AU_NAMES] for row in rows(rested)[:12]])
    assert aus.mean() < 0.02


def test_rig_inspect_reports_full_coverage_of_our_rig(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rig", "inspect", str(ROOT / "rigs/basic.obj"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["covered"] == list(AU_NAMES)
    assert report["uncovered"] == []
    assert report["vertices"] == len(load(ROOT / "rigs/basic.obj").vertices) <= 12_000


def test_rig_inspect_lists_the_targets_of_a_rig_that_it_does_not_know(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = load(ROOT / "rigs/basic.obj")
    names = tuple(f"shape_{number}" for number in range(len(ours.targets)))
    odd = replace(ours, targets=names, head=None, eyes=None)
    monkeypatch.setattr("facedrive.rig.load", lambda _: odd)
    assert main(["rig", "inspect", "my.glb"]) == 2
    printed = capsys.readouterr()
    assert f"targets: {', '.join(names)}\n" in printed.out
    assert "no target that facedrive knows" in printed.err


def test_rig_inspect_names_what_of_expressions_is_not_drawn(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    toon = replace(load(ROOT / "rigs/basic.obj"), undrawn=("rimColor", "shadeColor"))
    monkeypatch.setattr("facedrive.rig.load", lambda _: toon)
    assert main(["rig", "inspect", "my.vrm"]) == 0
    assert "changed by expressions and not drawn: rimColor, shadeColor\n" in capsys.readouterr().out


def test_doctor_prints_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["AU model"]["works"] and report["landmark model"]["works"]


def test_bench_prints_the_promised_keys(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facedrive.bench.clip.STILL_S", 2.0)
    monkeypatch.setattr("facedrive.bench.clip.ROUNDS", 1)
    words = ["bench", "demo", "--frames", "10", "--memory-frames", "20", "--json"]
    begun = time.monotonic()
    assert main(words) == 0
    report = json.loads(capsys.readouterr().out)
    assert {"median_ms", "p95_ms", "rss_mb", "machine"} <= set(report)
    assert 0 < report["start_s"] < time.monotonic() - begun
    assert report["face_share"] == 1


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_ends_cleanly_with_a_playable_recording(tmp_path: Path) -> None:
    picture, take = tmp_path / "picture.mp4", tmp_path / "take.csv"
    command = [sys.executable, "-m", "facedrive", "live", "--source", "demo", "--no-view"]
    outputs = ["--record", str(picture), "--out", f"csv:{take}"]
    run = subprocess.Popen([*command, *outputs], stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert eventually(lambda: take.exists() and take.stat().st_size > 2000, 60)
    run.send_signal(signal.SIGINT)
    _, log = run.communicate(timeout=60)
    assert run.returncode == 0, log
    assert "frame to wire" in log
    assert len(rows(take)) > 3
    with av.open(str(picture)) as video:
        assert sum(1 for _ in video.decode(video=0)) > 3
