"""Two processes train the network that one process trains."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.cli.main import main  # noqa: E402
from facedrive.feafa.protocol.prepared import Prepared  # noqa: E402

RECIPES = {
    "resnet18": 'network = "resnet18"\nlearning_rate = 0.001\nbatch = 32',
    "regional": 'network = "regional"\nlearning_rate = 0.01\nwidths = [4, 4, 8]\nfeatures = 4\n'
    "dropout = 0.0\nbatch = 8",
}
SHARED = 'part = "posed"\ncrop = 32\nepochs = 1\nfolds = 1\n'


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without distributed")
@pytest.mark.parametrize("network", RECIPES)
def test_two_processes_reach_the_weights_of_one(
    network: str,
    tmp_path: Path,
    faces: Callable[..., Prepared],
    write_cache: Callable[[Prepared, Path], Path],
) -> None:
    cache = write_cache(faces(), tmp_path / "cache")
    recipe = tmp_path / "same.toml"
    recipe.write_text(SHARED + RECIPES[network])
    options = ["--data", str(cache), "--device", "cpu", "--float32", "--threads", "1"]
    assert main(["train", str(recipe), *options, "--output", str(tmp_path / "one")]) == 0
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node",
               "2", "-m", "facedrive", "train", str(recipe), *options,
               "--output", str(tmp_path / "two")]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    one, two = (
        torch.load(tmp_path / each / "same/posed/fold1/weights.pt", weights_only=True)["network"]
        for each in ("one", "two")
    )
    for name, value in one.items():
        assert torch.allclose(value, two[name], rtol=1e-3, atol=1e-4), name
