"""Memory that is kept from step to step."""

import platform
import subprocess
import sys

import pytest

STEPS = """
import resource
import numpy as np
from facedrive.training.run.memory import keep_memory

if {keep}:
    keep_memory()
np.ones(5_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(5_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages(keep: bool) -> int:
    """Count the pages that twenty steps of 40 MB each ask the kernel for."""
    done = subprocess.run([sys.executable, "-c", STEPS.format(keep=keep)], check=True,
                          capture_output=True, text=True)  # fmt: skip
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")
def test_what_a_step_frees_the_next_one_gets_without_the_kernel() -> None:
    assert pages(keep=True) < 100 < 300 < pages(keep=False)
