from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("scipy")

from facedrive.errors import RenderError
from facedrive.training.synth import workers
from facedrive.training.synth.studio import Studio


class NoStudio(workers.StudioPlan):
    def open(self) -> Studio:
        return None  # type: ignore[return-value]


PLAN = NoStudio(Path(), "test", 8)


def double(studio: Studio, job: int) -> int:
    return 2 * job


def die(studio: Studio, job: int) -> int:
    os._exit(9)


@pytest.mark.parametrize("processes", [1, 2])
def test_every_job_is_rendered_and_keeps_its_number(processes: int) -> None:
    results = dict(workers.render_jobs(PLAN, double, [5, 6, 7], processes))
    assert results == {0: 10, 1: 12, 2: 14}


def test_a_process_that_dies_is_an_error_of_ours() -> None:
    with pytest.raises(RenderError, match="fewer --workers"):
        list(workers.render_jobs(PLAN, die, [1], 2))
