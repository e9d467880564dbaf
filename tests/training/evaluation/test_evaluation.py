"""An evaluation's sections by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedrive.errors import DataError
from facedrive.training.build import Workshop
from facedrive.training.data.faces import FaceSet
from facedrive.training.evaluation.evaluation import SECTIONS, Evaluation
from facedrive.training.evaluation.sections import SYNTHETIC, WARPED
from facedrive.training.recipe import SetRecipe

PHOTOGRAPHS_MISSING = r"faces\.zip is missing; data must be the folder"
CLIP_MISSING = r"d10\.mp4 is missing; "
MISSING = dict.fromkeys(SECTIONS, PHOTOGRAPHS_MISSING) | {
    "jitter": CLIP_MISSING, "tracking": CLIP_MISSING, "rest": r"london_dev\.csv",
    "avatars": r"has no avatars", "finding": r"no_face\.mp4 is missing; ",
}  # fmt: skip


def test_an_unknown_section_lists_those_there_are(model, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no section 'clip'; there are avatars, clips, converged"):
        Evaluation(model, tmp_path, tmp_path).run(["clip"])


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_whose_data_is_missing_names_the_file(
    section: str, model, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=MISSING[section]):
        Evaluation(model, tmp_path, tmp_path / "cache").run([section])


def test_synthetic_and_warped_faces_are_of_test_people(
    model, faces: FaceSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def make(shop: Workshop, recipe: SetRecipe, people: str) -> FaceSet:
        asked.append((recipe, people))
        return faces

    monkeypatch.setattr(Workshop, "rendered", make)
    monkeypatch.setattr(Workshop, "warped", make)
    figures = Evaluation(model, tmp_path, tmp_path).run(["synthetic", "warped"])
    assert asked == [(SYNTHETIC, "test"), (WARPED, "test")]
    assert list(figures) == ["synthetic", "warped"]
