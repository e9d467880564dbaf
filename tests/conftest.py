"""Fixtures that many tests share."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

# Before NumPy and PyTorch are imported: tests run in several processes at once, and threads of
# each that wait for one another make all of them slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import settings

with suppress(ImportError):
    # PyTorch's compiler before OpenGL: each brings an LLVM of its own, and loading triton's
    # after the software renderer's ends the process.
    import triton  # noqa: F401

from facedrive.errors import RenderError

if TYPE_CHECKING:
    from facedrive.training.rendered.studio import Studio

settings.register_profile("thorough", deadline=None, derandomize=True, database=None)
settings.register_profile("quick", settings.get_profile("thorough"), max_examples=20)
settings.load_profile("thorough")

ROOT = Path(__file__).resolve().parent.parent


gc.disable()
"""Until all tests are known: what is imported and collected is looked through in vain."""


def pytest_collection_finish() -> None:
    """Leave what is there out of every later search for what may go."""
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    """Have the process end as usual: some libraries tell what they find left of themselves."""
    gc.unfreeze()


LONG = (
    "\npytestmark = pytest.mark.slow\n",
    '\ntorch = pytest.importorskip("torch"',
    '\npytest.importorskip("torch"',
)
"""In a file that the quick tests leave out: all of it is slow, or PyTorch is, which it imports."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave files alone that the quick tests leave out: their imports take as long as tests."""
    if config.option.markexpr != "not slow" or collection_path.suffix != ".py":
        return None
    text = collection_path.read_text(encoding="utf-8")
    return any(each in text for each in LONG) or None


COSTLY = ("face_studio", "trained")
"""Fixtures of a session that take some ten seconds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have tests that share a costly fixture come first, one after the other.

    Each process takes tests in a row and others take over its last ones: so one process makes it.
    """

    def place(item: pytest.Item) -> int:
        needed = getattr(item, "fixturenames", ())
        return next((at for at, name in enumerate(COSTLY) if name in needed), len(COSTLY))

    items.sort(key=place)


@pytest.fixture(scope="session", autouse=True)
def detector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One detector a thread, and none kept in this user's folder: tests open hundreds."""
    try:
        from facedrive.trackers import hog
    except ImportError:  # Blender's Python has no dlib
        yield
        return
    opened: dict[int, object] = {}
    folder = tmp_path_factory.mktemp("detector")
    with pytest.MonkeyPatch.context() as patch:
        open_one = hog.open_detector

        def open_once() -> object:
            thread = threading.get_ident()
            if thread not in opened:
                opened[thread] = open_one(folder)
            return opened[thread]

        patch.setattr(hog, "open_detector", open_once)
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the repository; skips where it is absent."""
    folder = ROOT.parent / "shared"
    if not (folder / "data" / "README.md").exists():
        pytest.skip("reference data in ../shared is absent")
    return folder


@pytest.fixture(scope="session")
def face_studio(shared: Path) -> Studio:
    """Pictures of 256 px, skins of the test people."""
    studio = pytest.importorskip("facedrive.training.rendered.studio")
    try:
        return studio.Studio(shared / "data", "test", 256)
    except RenderError as error:
        pytest.skip(str(error))
