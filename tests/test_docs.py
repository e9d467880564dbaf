"""The documentation site builds without a warning, and the files that it shows can be read."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from itertools import islice
from pathlib import Path

import cv2
import pytest
from clips import demo_frames

import facedrive as fd
from facedrive.calibration import load_profile
from facedrive.mappings import load_mapping
from facedrive.settings import load_layer

ROOT = Path(__file__).resolve().parent.parent


def example(page: str, language: str, folder: Path) -> Path:
    """Return a file with the first example of a language on a page."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found is not None
    path = folder / f"example.{language}"
    path.write_text(found[1], encoding="utf-8")
    return path


@pytest.mark.slow
def test_the_site_builds_with_every_link_and_name_found(tmp_path: Path) -> None:
    if importlib.util.find_spec("mkdocs") is None:
        pytest.skip("mkdocs is not installed; the docs extra has it")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    for page in ("options.html", "outputs.html", "aus.html", "contributing.html"):
        assert (tmp_path / page).stat().st_size > 10_000, page


def write_clip(path: Path, count: int = 8) -> None:
    """Write the first frames of the demo clip."""
    frames = [frame.image for frame in islice(demo_frames(), count)]
    height, width = frames[0].shape[:2]
    clip = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 30, (width, height))
    for image in frames:
        clip.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    clip.release()


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/index.md", "docs/api/index.md"])
def test_python_of_the_guides_runs(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("pandas", "pyarrow", "matplotlib"):
        pytest.importorskip(package)
    write_clip(tmp_path / "clip.mp4")
    (tmp_path / "stream.toml").write_text("version = 1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    text = (ROOT / page).read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    # There is no camera here, and no avatar of the reader's.
    code = code.replace("fd.open(0,", "fd.open('clip.mp4',").replace('rig="my.vrm", ', "")
    exec(compile(code, page, "exec"), {})
    assert fd.read("take.csv").face.any()


def test_nothing_on_the_site_is_loaded_from_elsewhere() -> None:
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "font: false" in config
    assert "http" not in config


def test_set_up_file_of_the_guide_is_one(tmp_path: Path) -> None:
    values = load_layer(example("settings.md", "toml", tmp_path)).values
    assert values["smoothing.aus.min_cutoff_hz"] == 0.7
    assert values["view.rig"] == tmp_path / "my.vrm"


def test_profile_of_the_guide_is_one(tmp_path: Path) -> None:
    profile = load_profile(example("calibration.md", "toml", tmp_path))
    assert profile.gaze is not None
    assert profile.extreme[0] == pytest.approx(0.6)


def test_mapping_of_the_guide_is_one(tmp_path: Path) -> None:
    mapping = load_mapping(example("mappings.md", "toml", tmp_path))
    assert mapping.matrix[mapping.channels.index("browInnerUp")].sum() == pytest.approx(1.4)
