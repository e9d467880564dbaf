"""A Ray cluster gives the rows of one computer, also when one of its workers is killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import facedrive.corpus.onray as onray
from facedrive.corpus.clip import Asked
from facedrive.corpus.run import LocalEngine, extract_corpus
from facedrive.errors import DataError
from facedrive.types import Image

from .conftest import write_video

pytestmark = pytest.mark.slow
ray = pytest.importorskip("ray")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers on this computer."""
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    root = str(Path(__file__).resolve().parents[2])
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False,
             runtime_env={"env_vars": {"PYTHONPATH": root}})  # fmt: skip
    yield ray
    ray.shutdown()


@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_killed_worker_costs_a_try_and_the_rows_are_those_of_one_computer(
    cluster: Any, pictures: list[Image], tmp_path: Path
) -> None:
    for name in "abcd":
        write_video(tmp_path / f"in/{name}.mp4", pictures[: 6 + ord(name) % 5])
    killed: list[int] = []

    def kill_one() -> None:
        while not list((tmp_path / "out").glob("*.mp4.parquet")):
            time.sleep(0.02)
        killed.append(_worker())
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    given = [str(tmp_path / "in")]
    report = extract_corpus(given, str(tmp_path / "out"), Asked(), onray.RayEngine(), span_s=1e9)
    killer.join()
    assert killed and not report.broken and len(report.records) == 4
    extract_corpus(given, str(tmp_path / "local"), Asked(), LocalEngine(1))
    for name in "abcd":
        one, other = (pq.read_table(tmp_path / folder / f"{name}.mp4.parquet")
                      for folder in ("out", "local"))  # fmt: skip
        assert one.equals(other)


def _worker() -> int:
    """Return a process that is an extractor."""
    import psutil

    for process in psutil.process_iter(["cmdline"]):
        if any("ray::Extractor" in word for word in process.info["cmdline"] or ()):
            return process.pid
    raise AssertionError("no worker runs")


@pytest.mark.filterwarnings("ignore")
def test_a_worker_of_another_version_is_refused(
    cluster: Any, monkeypatch: pytest.MonkeyPatch, pictures: list[Image], tmp_path: Path
) -> None:
    write_video(tmp_path / "in/a.mp4", pictures[:3])
    monkeypatch.setattr(onray, "__version__", "9.9.9")
    with pytest.raises(DataError, match=r"has facedrive 0\.1\.0, this computer has 9\.9\.9"):
        extract_corpus([str(tmp_path / "in")], str(tmp_path / "out"), Asked(), onray.RayEngine())


def test_an_address_that_does_not_answer_is_told_of() -> None:
    with pytest.raises(DataError, match=r"no Ray cluster answers at 127\.0\.0\.1:9"):
        onray._knock("127.0.0.1:9")
