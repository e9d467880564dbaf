"""A training image's walk from disk to loss is short, as the package says it is."""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

import facedrive  # noqa: E402
from facedrive import training  # noqa: E402
from facedrive.training.data.faces import Kind  # noqa: E402
from facedrive.training.data.photographs import open_photographs  # noqa: E402
from facedrive.training.network.loss import Loss  # noqa: E402
from facedrive.training.network.network import Compact  # noqa: E402
from facedrive.training.recipe import Recipe  # noqa: E402
from facedrive.training.run.train import Learner, build_model  # noqa: E402

PACKAGE = str(Path(facedrive.__file__).parent)
MOST_FUNCTIONS, MOST_FILES, MOST_ENTRIES = 20, 8, 3
SMALL = Recipe("small", batch=4, widths=(4, 4, 8, 8), depths=(1, 1, 1), features=16)


class Walk:
    """Notes every function of facedrive that is called until the loss is known.

    The network is one: what its layers call is theirs.
    """

    def __init__(self) -> None:
        self.functions: dict[CodeType, str] = {}
        self.entries: Counter[str] = Counter()
        """By file, how often it is entered from another one."""
        self._inside: list[CodeType] = []
        self._over = False

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if not code.co_filename.startswith(PACKAGE) or code.co_name.startswith("<") or self._over:
            return
        network = Compact.forward.__code__
        if event == "call":
            if network not in self._inside:
                if not self._inside or self._inside[-1].co_filename != code.co_filename:
                    self.entries[self._name(code)] += code not in self.functions
                self.functions.setdefault(code, f"{self._name(code)}:{code.co_name}")
            self._inside.append(code)
        elif event == "return" and self._inside and self._inside[-1] is code:
            self._inside.pop()
            self._over = code is Loss.__call__.__code__

    def _name(self, code: CodeType) -> str:
        return str(Path(code.co_filename).relative_to(PACKAGE).as_posix())


@pytest.fixture(scope="module")
def walk(ten_faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    cache, rows = tmp_path_factory.mktemp("cache"), np.arange(8)
    photographs = open_photographs(ten_faces)
    sets = {Kind.PHOTOGRAPH: photographs.cut(rows, cache)}
    model = build_model(SMALL)
    learner = Learner(SMALL, model, sets, {}, torch.device("cpu"))
    walk, before = Walk(), sys.getprofile()
    sys.setprofile(walk)
    try:
        photographs.cut(rows, cache)
        batch = next(learner.batches(0, learner.steps - 1, np.random.default_rng(0)))
        learner.step(batch, 0, 0)
    finally:
        sys.setprofile(before)
    return walk


def test_a_training_image_passes_few_functions_in_few_files(walk: Walk) -> None:
    names = sorted(walk.functions.values())
    files = {name.partition(":")[0] for name in names}
    assert len(names) <= MOST_FUNCTIONS, names
    assert any(name.endswith("labels.py:from_teacher") for name in names)
    assert len(files) <= MOST_FILES, files
    assert max(walk.entries.values()) <= MOST_ENTRIES, walk.entries


def test_the_walk_that_is_written_down_is_the_one_that_is_taken(walk: Walk) -> None:
    written = inspect.getdoc(training) or ""
    for name in walk.functions.values():
        file, _, function = name.partition(":")
        assert f"``{file.removeprefix('training/')}``" in written, name
        assert function in written, name
