from __future__ import annotations

import os

import pytest

pytest.importorskip("scipy")

from facedrive.errors import DataError
from facedrive.training.workers import run_jobs


class Doubling:
    def open(self) -> int:
        return 2


def times(factor: int, job: int) -> int:
    return factor * job


def die(factor: int, job: int) -> int:
    os._exit(9)


@pytest.mark.parametrize("processes", [1, 2])
def test_every_job_is_done_and_keeps_its_number(processes: int) -> None:
    results = dict(run_jobs(Doubling(), times, [5, 6, 7], processes))
    assert results == {0: 10, 1: 12, 2: 14}


def test_a_process_that_dies_is_an_error_of_ours() -> None:
    with pytest.raises(DataError, match="fewer --workers"):
        list(run_jobs(Doubling(), die, [1], 2))
