"""A corpus gives the same rows whatever the order, the jobs and what was killed meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

import facedrive as fd
from facedrive.aus import AU_NAMES
from facedrive.cli.main import main
from facedrive.corpus.clip import Asked
from facedrive.corpus.inputs import Clip
from facedrive.corpus.manifest import read_manifest
from facedrive.corpus.pool import Done
from facedrive.corpus.rows import checked_columns
from facedrive.corpus.run import Engine, Said, WorkPlan, extract_corpus, extract_one
from facedrive.corpus.store import FolderStore, Store
from facedrive.errors import SinkError
from facedrive.sources.decode import Window, decode_file, read_index
from facedrive.types import Image

from .conftest import write_pictures, write_video

pytestmark = pytest.mark.slow
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, pictures: list[Image]) -> Path:
    """Two clips, one of them twice, pictures, and files that are broken."""
    folder = tmp_path_factory.mktemp("corpus")
    write_video(folder / "a.mp4", pictures)
    write_video(folder / "in/b.mp4", pictures[:6])
    shutil.copy(folder / "a.mp4", folder / "in/same.mp4")
    write_pictures(folder / "photos", [*pictures[:3], np.zeros_like(pictures[0])])
    (folder / "photos/broken.png").write_bytes(b"no picture")
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "half.mp4").write_bytes((folder / "a.mp4").read_bytes()[:3000])
    (folder / "notes.txt").write_text("nothing")
    return folder


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, corpus: Path) -> Path:
    """What two processes make of it."""
    out = tmp_path_factory.mktemp("results") / "out"
    assert main(["extract", str(corpus), "-o", str(out), "--jobs", "2", "--raw"]) == 0
    return out


@pytest.fixture(scope="module")
def here() -> Engine:
    """An engine that works in this process, with one tracker and model."""

    class Here:
        exact = True
        reader: Any = None

        def __call__(self, asked: Asked, store: Store, clips: Sequence[Clip]) -> Iterator[Said]:
            self.reader = self.reader or WorkPlan(asked, store.where).open()[1]
            for clip in clips:
                yield Done(clip, extract_one((asked, self.reader, store), clip, lambda count: None))

    return Here()


def rows(out: Path, name: str) -> Any:
    return pq.read_table(out / name).to_pydict()


def test_every_file_is_accounted_for(results: Path) -> None:
    records = {each.path: each for each in read_manifest(FolderStore(results))}
    assert set(records) == {
        "a.mp4", "in/b.mp4", "in/same.mp4", "empty.mp4", "half.mp4",
        *(f"photos/{name}.png" for name in ("0", "1", "2", "3", "broken")),
    }  # fmt: skip
    clip = records["a.mp4"]
    assert (clip.frames, clip.faces, clip.face_share, clip.error) == (12, 12, 1.0, None)
    assert clip.fps == pytest.approx(25)
    assert (clip.width, clip.height, clip.facedrive) == (320, 240, fd.__version__)
    assert records["in/same.mp4"].same_as == "a.mp4"
    assert records["in/same.mp4"].sha256 == clip.sha256 and len(clip.sha256 or "") == 64
    assert records["photos/3.png"].faces == 0 and records["photos/3.png"].frames == 1
    for name in ("empty.mp4", "half.mp4", "photos/broken.png"):
        assert records[name].error and not records[name].frames


def test_the_rows_are_those_of_the_clip_alone(results: Path, corpus: Path) -> None:
    alone = fd.extract(corpus / "in/b.mp4")
    found = fd.read(results / "in/b.mp4.parquet")
    np.testing.assert_array_equal(found.aus, alone.aus)
    np.testing.assert_array_equal(found.head_position, alone.head_position)
    assert (found["person"] == 1).all()


def test_each_still_is_as_it_is_alone(results: Path, corpus: Path) -> None:
    table = rows(results, "photos/pictures.parquet")
    assert table["clip"] == [f"photos/{index}.png" for index in range(4)]
    assert table["face"] == [1, 1, 1, 0]
    for index in range(3):
        alone = fd.extract(corpus / f"photos/{index}.png")
        assert table["jaw_drop"][index] == alone.aus[0, 8]


def test_order_neighbours_and_jobs_change_no_value(
    results: Path, corpus: Path, tmp_path: Path, here: Engine
) -> None:
    names = ["photos/2.png", "in/b.mp4", "photos/0.png", "a.mp4", "photos/1.png"]
    given = [str(corpus / name) for name in names]
    extract_corpus(given, str(tmp_path), Asked(raw=True), here)
    for mine, theirs in (("a.mp4", "a.mp4"), ("b.mp4", "in/b.mp4")):
        one, other = rows(tmp_path, f"{mine}.parquet"), rows(results, f"{theirs}.parquet")
        assert {one.pop("clip")[0], other.pop("clip")[0]} == {mine, theirs}
        assert json.dumps(one) == json.dumps(other)
    by_name = [dict(zip(map(os.path.basename, table["clip"]), zip(*map(table.get, AU_NAMES),
                    strict=True), strict=True))
               for table in (rows(tmp_path, "pictures.parquet"),
                             rows(results, "photos/pictures.parquet"))]  # fmt: skip
    assert list(by_name[0]) == ["2.png", "0.png", "1.png"]
    assert by_name[0].items() <= by_name[1].items()


def test_what_is_done_is_not_done_again(
    results: Path, corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in results.rglob("*.mp4.parquet")}
    assert main(["extract", str(corpus), "-o", str(results), "--raw"]) == 0
    assert "10 files, 34 frames, 33 faces; 10 files were done before" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in results.rglob("*.mp4.parquet")} == before


def test_other_options_are_not_mixed(
    results: Path, corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["extract", str(corpus), "-o", str(results)]) == 2
    assert "holds results with raw True; this run has False" in capsys.readouterr().err
    about = results / "facedrive.json"
    kept = about.read_text()
    about.write_text(kept.replace(f'"{fd.__version__}"', '"0.0.1"'))
    assert main(["extract", str(corpus), "-o", str(results), "--raw"]) == 2
    assert f"facedrive 0.0.1; this run has {fd.__version__}" in capsys.readouterr().err
    about.write_text(kept)


def test_columns_start_end_and_sample(corpus: Path, tmp_path: Path, here: Engine) -> None:
    columns = checked_columns(["jaw_drop", "time_s", "frame"])
    asked = Asked(raw=True, columns=columns, window=Window(0.08, 0.4, 10.0, threads=1))
    extract_corpus([str(corpus / "a.mp4")], str(tmp_path), asked, here)
    table = rows(tmp_path, "a.mp4.parquet")
    assert list(table) == ["clip", "frame", "time_s", "jaw_drop"]
    # Of each tenth of a second the first frame, of those that come 25 a second.
    assert table["frame"] == [3, 5, 8]
    np.testing.assert_allclose(table["time_s"], [0.12, 0.2, 0.32])


def running(corpus: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "facedrive", "extract", str(corpus), "-o", str(out), "--raw",
               "--jobs", "2"]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_killed_workers_and_a_killed_run_lose_nothing(
    results: Path, corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run = running(corpus, out)
    child = _first_worker(run.pid)
    os.kill(child, signal.SIGKILL)  # another takes its place
    while not list(out.rglob("*.mp4.parquet")) and run.poll() is None:
        time.sleep(0.01)
    workers = [] if run.poll() is not None else psutil.Process(run.pid).children(recursive=True)
    run.kill()
    run.wait()
    psutil.wait_procs(workers, 30)  # they end soon after, and one may be writing
    assert main(["extract", str(corpus), "-o", str(out), "--raw", "--jobs", "1"]) == 0
    assert not list(out.rglob(".parts/*"))
    for path in results.rglob("*.parquet"):
        name = path.relative_to(results)
        assert pq.read_table(path).equals(pq.read_table(out / name)), name


def _first_worker(parent: int) -> int:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for child in psutil.Process(parent).children():
            if "spawn_main" in " ".join(child.cmdline()):
                return child.pid
        time.sleep(0.02)
    raise AssertionError("no worker started")


def test_spans_give_the_rows_of_one_piece(
    pictures: list[Image], tmp_path: Path, here: Engine
) -> None:
    """Both where the overlap is enough and where it is not."""
    there_and_back = [*pictures, *reversed(pictures)] * 4
    write_video(tmp_path / "in/long.mp4", there_and_back)
    found = []
    for name, span_s in (("whole", 1e9), ("spans", 1.2)):
        report = extract_corpus([str(tmp_path / "in")], str(tmp_path / name), Asked(), here,
                                span_s=span_s)  # fmt: skip
        (record,) = report.records
        assert (record.frames, record.faces, record.missing) == (96, 96, 0)
        assert record.fps == pytest.approx(25)
        found.append(pq.read_table(tmp_path / name / "long.mp4.parquet").to_pydict())
    assert json.dumps(found[0]) == json.dumps(found[1])
    assert not list((tmp_path / "spans").rglob("*.spans/*"))


def test_a_video_is_begun_in_its_middle_with_the_same_pictures_and_numbers(
    pictures: list[Image], tmp_path: Path
) -> None:
    path = write_video(tmp_path / "long.mp4", pictures * 4)
    whole = list(decode_file(path, lambda count: None))
    late = list(decode_file(path, lambda count: None, Window(1.0, 1.6), read_index(path)))
    assert [frame.index for frame in late] == list(range(25, 40))
    for frame in late:
        assert frame.time == whole[frame.index].time
        np.testing.assert_array_equal(frame.image, whole[frame.index].image)


def test_a_full_disk_ends_the_run_and_what_is_done_is_kept(
    corpus: Path, tmp_path: Path, here: Engine
) -> None:
    resource = pytest.importorskip("resource")
    extract_corpus([str(corpus / "in/b.mp4")], str(tmp_path), Asked(), here)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(SinkError, match="make room, and run the same again"):
            extract_corpus([str(corpus / "a.mp4")], str(tmp_path), Asked(), here)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {path.name for path in tmp_path.rglob("*.mp4.parquet")} == {"b.mp4.parquet"}
    report = extract_corpus([str(corpus / "a.mp4")], str(tmp_path), Asked(), here)
    assert not report.broken and (tmp_path / "a.mp4.parquet").exists()
    records = read_manifest(FolderStore(tmp_path))
    assert [each.path for each in records] == ["a.mp4", "b.mp4"]  # b of the run before
