"""The cache that preparing leaves: whole, the same however it was made, never lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import demo_frames

from facedrive.aus import AU_NAMES, AUS
from facedrive.errors import DataError
from facedrive.feafa.labels.dataset import read_dataset
from facedrive.feafa.protocol import cutting
from facedrive.feafa.protocol import prepare as module
from facedrive.feafa.protocol.cutting import Task, TrackerPlan
from facedrive.feafa.protocol.prepare import prepare
from facedrive.feafa.protocol.prepared import Cut, load_prepared
from facedrive.sources.demo import CLIP, truth
from facedrive.trackers.dlib import DlibTracker

pytestmark = pytest.mark.slow

FRAMES = 6
"""Of each of the two videos."""


@pytest.fixture(scope="module", autouse=True)
def tracker() -> Iterator[DlibTracker]:
    """One tracker for all runs in this process, which each reset it: loading takes longer."""
    loaded = TrackerPlan().open()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrackerPlan, "open", lambda plan: loaded)
        yield loaded


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames of the demo clip with the AUs that they were rendered from; one has no face."""
    root = tmp_path_factory.mktemp("dataset")
    labels = truth()
    for frame in demo_frames():
        if frame.index >= 2 * FRAMES:
            break
        video = "posed/P01/PV001" if frame.index < FRAMES else "spontaneous/S01/SN001"
        image = np.zeros_like(frame.image) if frame.index == 3 else frame.image
        path = root / video / f"{frame.index:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".jpg", image[..., ::-1])[1].tobytes())
        aus = labels[frame.index] if frame.index else np.full(len(AUS), 0.12345)
        path.with_suffix(".auw").write_text(" ".join(f"{value:.5f}" for value in aus))
    return root


@pytest.fixture
def copy(dataset: Path, tmp_path: Path) -> Path:
    """A dataset that a test may change."""
    return Path(shutil.copytree(dataset, tmp_path / "copy"))


@pytest.fixture(scope="module")
def whole(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache of a run in one go, in small jobs."""
    cache = tmp_path_factory.mktemp("whole") / "cache"
    prepare(read_dataset(dataset), cache, workers=1, job_frames=2)
    return cache


def same(cache: Path, other: Path) -> bool:
    names = ("crops.npy", "labels.npz", "manifest.json")
    return all((cache / name).read_bytes() == (other / name).read_bytes() for name in names)


def test_every_labelled_frame_with_a_face_is_kept(dataset: Path, whole: Path) -> None:
    data = load_prepared(whole)
    assert data.crops.shape == (2 * FRAMES - 1, 256, 256) and data.crops.dtype == np.uint8
    assert data.frame.tolist() == [frame for frame in range(2 * FRAMES) if frame != 3]
    assert data.video.tolist() == [0] * (FRAMES - 1) + [1] * FRAMES
    assert (data.videos, data.subjects) == (("PV001", "SN001"), ("P01", "S01"))
    assert data.parts == ("posed", "spontaneous")
    assert data.crops.std(axis=(1, 2)).min() > 20


def test_labels_have_three_decimals(whole: Path) -> None:
    assert load_prepared(whole).aus[0].tolist() == [np.float32(0.123)] * len(AU_NAMES)


def test_what_is_left_out_is_counted(copy: Path, tmp_path: Path) -> None:
    posed, spontaneous = copy / "posed/P01/PV001", copy / "spontaneous/S01/SN001"
    (posed / "00001.auw").unlink()
    (posed / "00002.jpg").unlink()
    (spontaneous / "00007.jpg").write_bytes(b"no picture")
    counts = prepare(read_dataset(copy), tmp_path / "cache", workers=1)
    one, other = counts["PV001"], counts["SN001"]
    assert (one.frames, one.unlabelled, one.unpictured, one.faceless, one.kept) == (6, 1, 1, 1, 3)
    assert (other.unreadable, other.kept) == (1, 5)
    assert "00007.jpg" in (tmp_path / "cache" / "manifest.json").read_text()


def test_more_workers_give_the_same_cache(dataset: Path, whole: Path, tmp_path: Path) -> None:
    prepare(read_dataset(dataset), tmp_path, workers=2, job_frames=2)
    assert same(tmp_path, whole)


def test_a_stopped_run_goes_on_to_the_same_cache(
    dataset: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, done = module.cut_faces, []

    def stop_at_the_third(tracker: DlibTracker, task: Task) -> Cut:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(task.job.key)
        return real(tracker, task)

    with monkeypatch.context() as patch:
        patch.setattr(module, "cut_faces", stop_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            prepare(read_dataset(dataset), tmp_path, workers=1, job_frames=2)
    with pytest.raises(DataError, match="no finished cache"):
        load_prepared(tmp_path)
    again: list[str] = []
    monkeypatch.setattr(module, "cut_faces", lambda t, j: again.append(j.job.key) or real(t, j))
    prepare(read_dataset(dataset), tmp_path, workers=1, job_frames=2)
    assert len(again) == FRAMES - 2 and not {*again} & {*done}
    assert same(tmp_path, whole)


@pytest.mark.parametrize("torn", ["journal.jsonl", "crops.npy"])
def test_a_torn_file_costs_no_more_than_what_it_lacks(
    torn: str, dataset: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("facedrive.feafa.protocol.prepare._write_manifest", _no_room)
        with pytest.raises(DataError, match="No space left"):
            prepare(read_dataset(dataset), tmp_path, workers=1, job_frames=2)
    os.truncate(tmp_path / torn, (tmp_path / torn).stat().st_size - 9)
    prepare(read_dataset(dataset), tmp_path, workers=1, job_frames=2)
    assert same(tmp_path, whole)


def _no_room(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.skipif(os.name != "posix", reason="limits the size of a file")
def test_a_full_disk_is_said_and_nothing_is_lost(
    dataset: Path, whole: Path, tmp_path: Path
) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limits[1]))
    try:
        with pytest.raises(DataError, match=r"cannot be written: File too large.*run the same"):
            prepare(read_dataset(dataset), tmp_path, workers=1, job_frames=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len((tmp_path / "journal.jsonl").read_text().splitlines()) == 2
    prepare(read_dataset(dataset), tmp_path, workers=1, job_frames=2)
    assert same(tmp_path, whole)


@pytest.mark.skipif(os.name != "posix", reason="sends SIGKILL")
def test_a_killed_run_goes_on_to_the_same_cache(dataset: Path, whole: Path, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from facedrive.feafa.labels.dataset import read_dataset\n"
        "from facedrive.feafa.protocol.prepare import prepare\n"
        "prepare(read_dataset(Path(sys.argv[1])), Path(sys.argv[2]), workers=1, job_frames=2)"
    )
    run = subprocess.Popen([sys.executable, "-c", code, str(dataset), str(tmp_path / "cache")],
                           stderr=subprocess.DEVNULL)  # fmt: skip
    journal = tmp_path / "cache" / "journal.jsonl"
    while run.poll() is None and not (journal.exists() and journal.stat().st_size):
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    run.wait()
    prepare(read_dataset(dataset), tmp_path / "cache", workers=1, job_frames=2)
    assert same(tmp_path / "cache", whole)


def test_a_finished_cache_is_left_alone(dataset: Path, copy: Path, whole: Path) -> None:
    before = (whole / "crops.npy").stat().st_mtime_ns
    assert prepare(read_dataset(dataset), whole, job_frames=2)["SN001"].kept == FRAMES
    assert (whole / "crops.npy").stat().st_mtime_ns == before
    label = copy / "posed/P01/PV001/00001.auw"
    label.write_text(label.read_text().replace("0.00000", "0.50000"))
    with pytest.raises(DataError, match="was prepared from other data"):
        prepare(read_dataset(copy), whole, job_frames=2)


def test_the_same_data_cut_in_another_way_is_another_cache(
    dataset: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos = read_dataset(dataset)
    monkeypatch.setattr(cutting, "_landmark_model", lambda: "another landmark model")
    with pytest.raises(DataError, match="was prepared from other data"):
        prepare(videos, whole, job_frames=2)
    monkeypatch.undo()
    keys = [job.key for job in module._jobs(videos, 2)]
    monkeypatch.setattr(cutting, "VERSION", 0)
    assert not {job.key for job in module._jobs(videos, 2)} & {*keys}


def test_an_unfinished_cache_of_other_data_is_refused(
    dataset: Path, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("facedrive.feafa.protocol.prepare._write_manifest", _no_room)
        with pytest.raises(DataError):
            prepare(read_dataset(dataset), tmp_path / "cache", workers=1)
    shutil.rmtree(copy / "posed")
    with pytest.raises(DataError, match="unfinished run over other data"):
        prepare(read_dataset(copy), tmp_path / "cache", workers=1)


def test_a_dataset_without_a_face_is_an_error(copy: Path, tmp_path: Path) -> None:
    for path in copy.rglob("*.jpg"):
        path.unlink()
    with pytest.raises(DataError, match="no labelled frame has a picture with a face"):
        prepare(read_dataset(copy), tmp_path / "cache", workers=1)


def test_frames_of_a_film_are_cut_like_images(copy: Path, whole: Path, tmp_path: Path) -> None:
    for path in copy.rglob("*.jpg"):
        path.unlink()
    shutil.rmtree(copy / "spontaneous")
    shutil.copy(CLIP, copy / "PV001.mp4")
    prepare(read_dataset(copy), tmp_path / "cache", workers=1)
    film, images = load_prepared(tmp_path / "cache"), load_prepared(whole)
    assert film.frame.tolist() == list(range(FRAMES))
    apart = film.crops[0].astype(float) - images.crops[0]
    assert np.abs(apart).mean() < 3
