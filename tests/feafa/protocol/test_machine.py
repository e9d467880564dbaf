"""Several processes, as torchrun starts them, train one network and leave one set of files."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.feafa.protocol.machine import ALONE, Machine, World, join_world  # noqa: E402
from facedrive.feafa.protocol.prepared import Prepared  # noqa: E402

pytestmark = pytest.mark.slow

RECIPE = """
kind = "protocol"
network = "regional"
part = "posed"
crop = 32
epochs = 1
folds = 1
batch = 8
learning_rate = 0.01
widths = [4, 4, 8]
features = 4
dropout = 0.0
"""


def test_a_process_alone_trains_the_network_itself() -> None:
    network = torch.nn.Linear(2, 2)
    assert Machine(torch.device("cpu")).share(network) is network
    assert float(ALONE.mean(torch.tensor(3.0))) == 3.0
    assert World(1, 2).leads is False
    with join_world(torch.device("cpu")) as (world, device):
        assert (world, device.type) == (ALONE, "cpu")


@pytest.mark.slow
@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without distributed")
def test_two_processes_as_torchrun_starts_them_train_one_network(
    tmp_path: Path,
    faces: Callable[..., Prepared],
    write_cache: Callable[[Prepared, Path], Path],
) -> None:
    cache = write_cache(faces(), tmp_path / "cache")
    recipe = tmp_path / "same.toml"
    recipe.write_text(RECIPE)
    command = [
        sys.executable, "-m", "facedrive", "train", str(recipe), "--data", str(cache),
        "--device", "cpu", "--threads", "1", "--export", "none", "--output", str(tmp_path / "two"),
    ]  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    told = {"OMP_NUM_THREADS": "1", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2",
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}  # fmt: skip
    both = [
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | told | {"RANK": rank, "LOCAL_RANK": rank},
        ) for rank in "01"
    ]  # fmt: skip
    said = [each.communicate() for each in both]
    assert [each.returncode for each in both] == [0, 0], said[0][1][-2000:] + said[1][1][-2000:]
    assert "".join(out for out, _ in said).count("MSE summed over the AUs") == 1
    fold = tmp_path / "two/same/posed/fold1"
    kept = torch.load(fold / "weights.pt", weights_only=True)
    assert all(bool(torch.isfinite(each).all()) for each in kept["network"].values())
    lines = (fold / "epochs.csv").read_text().splitlines()
    assert len(lines) == 2 and "loss" in lines[0]
