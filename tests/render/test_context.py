"""Choosing where OpenGL comes from."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import pytest

from facedrive.errors import RenderError
from facedrive.render import context

pytestmark = pytest.mark.slow

DRAW = """
import numpy as np
from pathlib import Path
from facedrive.errors import RenderError
from facedrive.render.context import choose_platform, current, open_context
print(choose_platform())
try:
    opened = open_context()
except RenderError as error:
    print("none", error)
else:
    with current(opened):
        from OpenGL import GL
        print("version", GL.glGetString(GL.GL_VERSION).decode())
    opened.close()
"""


def _run(code: str = DRAW, **environment: str) -> str:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=True,
        cwd=context.__file__.rsplit("/facedrive/", 1)[0],
    )
    return done.stdout


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere a window is used")
@pytest.mark.parametrize("platform", ["", "egl", "osmesa"])
def test_a_context_opens_without_a_display_or_says_what_to_install(platform: str) -> None:
    output = _run(**({"PYOPENGL_PLATFORM": platform} if platform else {}))
    assert platform in output
    assert "version" in output or "apt-get install" in output


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is no Mesa")
def test_torch_trains_in_a_process_that_has_drawn() -> None:
    pytest.importorskip("torch", reason="training needs the train extra")
    pytest.importorskip("triton", reason="torch without CUDA has no compiler for it")
    assert _run(f"import torch\n{DRAW}\nimport triton\nprint('whole')").endswith("whole\n")


def test_the_users_platform_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYOPENGL_PLATFORM", "osmesa")
    assert context.choose_platform() == "osmesa"


def test_an_unknown_platform_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYOPENGL_PLATFORM", "glx")
    with pytest.raises(RenderError, match="'glx'; facedrive draws with egl or osmesa"):
        context.choose_platform()


def test_no_opengl_at_all_names_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYOPENGL_PLATFORM", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    with pytest.raises(RenderError, match="apt-get install libegl1 libgl1 libgl1-mesa-dri"):
        context.choose_platform()
    assert "PYOPENGL_PLATFORM" not in os.environ


def test_osmesa_is_the_second_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYOPENGL_PLATFORM", "")
    monkeypatch.setattr(sys, "platform", "linux")
    found = {"OSMesa": object()}
    monkeypatch.setattr(context, "_library", found.get)
    assert context.choose_platform() == "osmesa"


def test_elsewhere_than_linux_a_hidden_window_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYOPENGL_PLATFORM", raising=False)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert context.choose_platform() == "window"


def test_an_import_alone_neither_loads_opengl_nor_sets_a_variable() -> None:
    pytest.importorskip("scipy")
    code = """
import os, sys
import facedrive.render.scene, facedrive.training.rendered.studio
print(sorted({"OpenGL", "pyrender"} & set(sys.modules)))
print(sorted(name for name in os.environ if name.startswith(("PYOPENGL", "LP_"))))
"""
    assert _run(code) == "[]\n[]\n"


def test_a_users_number_of_threads_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LP_NUM_THREADS", "3")
    monkeypatch.setattr(context, "choose_platform", lambda: "stub")
    monkeypatch.setitem(context._OPENERS, "stub", object)
    context.open_context(software_threads=0)
    assert os.environ["LP_NUM_THREADS"] == "3"


def test_a_context_that_is_forgotten_or_closed_leaves_the_others_alone() -> None:
    try:
        kept, forgotten, closed = (context.open_context() for _ in range(3))
    except RenderError as error:
        pytest.skip(str(error))
    closed.close()
    del forgotten
    gc.collect()
    with context.current(kept):
        pass
    kept.close()
