"""The documentation site builds without a warning, and the files that it shows can be read."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_nothing_on_the_site_is_loaded_from_elsewhere() -> None:
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "font: false" in config
    assert "http" not in config


def test_set_up_file_of_the_guide_is_one(tmp_path: Path) -> None:
    values = load_layer(example("settings.md", "toml", tmp_path)).values
    assert values["smoothing.aus.min_cutoff_hz"] == 0.7
    assert values["view.rig"] == "my.vrm"


def test_profile_of_the_guide_is_one(tmp_path: Path) -> None:
    profile = load_profile(example("calibration.md", "toml", tmp_path))
    assert profile.gaze is not None
    assert profile.extreme[0] == pytest.approx(0.6)


def test_mapping_of_the_guide_is_one(tmp_path: Path) -> None:
    mapping = load_mapping(example("mappings.md", "toml", tmp_path))
    assert mapping.matrix[mapping.channels.index("browInnerUp")].sum() == pytest.approx(1.4)
