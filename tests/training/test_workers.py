"""Jobs shared out over processes: all done, in order, few ahead, and no process left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from facedrive.errors import DataError
from facedrive.training.workers import AHEAD, run_jobs


class Doubling:
    def open(self) -> int:
        return 2


class Noting:
    def open(self) -> None:
        return None


def times(factor: int, job: int) -> int:
    return factor * job


def late_if_first(factor: int, job: int) -> int:
    time.sleep(0.3 * (job == 0))
    return factor * job


def note(_: None, path: Path) -> None:
    path.touch()


def die(factor: int, job: int) -> int:
    os._exit(9)


def test_one_process_works_in_this_one() -> None:
    assert list(run_jobs(Doubling(), times, [5, 6, 7], 1)) == [(0, 10), (1, 12), (2, 14)]
    assert list(run_jobs(Doubling(), times, [], 1)) == []


@pytest.mark.slow
def test_results_come_in_the_jobs_order_although_a_later_job_ends_first() -> None:
    done = list(run_jobs(Doubling(), late_if_first, [0, 1, 2], 2))
    assert done == [(0, 0), (1, 2), (2, 4)]


@pytest.mark.slow
def test_no_more_jobs_are_begun_than_a_few_ahead_of_the_one_wanted(tmp_path: Path) -> None:
    done = run_jobs(Noting(), note, [tmp_path / str(number) for number in range(20)], 2)
    next(done)
    time.sleep(0.3)
    assert len(list(tmp_path.iterdir())) <= 2 * AHEAD
    done.close()
    assert len(list(tmp_path.iterdir())) <= 2 * AHEAD


@pytest.mark.slow
def test_a_process_that_dies_is_an_error_of_ours() -> None:
    with pytest.raises(DataError, match=r"run the same again, with fewer workers"):
        list(run_jobs(Doubling(), die, [1, 2], 2))


KILLED = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from test_workers import Noting, rest
from facedrive.training.workers import run_jobs
if __name__ == "__main__":
    list(run_jobs(Noting(), rest, [Path(sys.argv[2]) / name for name in "ab"], 2))
"""


def rest(_: None, path: Path) -> None:
    path.write_text(str(os.getpid()))
    time.sleep(100)


@pytest.mark.slow
def test_processes_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    command = [sys.executable, str(script), str(Path(__file__).parent), str(tmp_path)]
    parent = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    notes = [tmp_path / name for name in "ab"]
    while not all(path.exists() and path.read_text() for path in notes):
        assert parent.poll() is None
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    pids = [int(path.read_text()) for path in notes]
    for _ in range(100):
        if not any(psutil.pid_exists(pid) for pid in pids):
            break
        time.sleep(0.1)
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
