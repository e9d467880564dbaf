"""What an AU model is trained on: how it is made, and under which names it is kept."""

from __future__ import annotations

import ast
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.stats import splits
from facedrive.training import build
from facedrive.training.build import PART, Workshop
from facedrive.training.data import photographs as reading
from facedrive.training.data import teacher as teaching
from facedrive.training.data import tracked
from facedrive.training.data.faces import FaceSet, digest_faces
from facedrive.training.recipe import SetRecipe
from facedrive.training.rendered import dataset as rendering
from facedrive.training.warped import dataset as warping

from .noise import faces

FEW = SetRecipe(2, 0.2, 1)


@pytest.fixture
def warped_set(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Noise in place of warped photographs; what it was asked for."""
    asked: list[dict[str, Any]] = []

    def make(data: Path, people: str, count: int, seed: int, **options: Any) -> FaceSet:
        asked.append({"people": people, "count": count, **options})
        first = options["first"]
        return faces(24).select(np.arange(first, first + count))

    monkeypatch.setattr(build, "warped_set", make)
    return asked


def test_faces_that_were_made_before_a_run_was_stopped_are_not_made_again(
    ten_faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warped_set: list[Any]
) -> None:
    class StoppedError(Exception):
        pass

    make = build.warped_set

    def stops(*args: Any, **options: Any) -> FaceSet:
        if len(warped_set) == 1:
            raise StoppedError
        return make(*args, **options)

    monkeypatch.setattr(build, "PART", 10)
    shop, recipe = Workshop(ten_faces, tmp_path), SetRecipe(24, 0.5, 1)
    monkeypatch.setattr(build, "warped_set", stops)
    with pytest.raises(StoppedError):
        shop.warped(recipe, "train")
    monkeypatch.setattr(build, "warped_set", make)
    made = shop.warped(recipe, "train")
    assert [each["first"] for each in warped_set] == [0, 10, 20]
    assert digest_faces(made) == digest_faces(faces(24))


def test_parts_are_whole_blocks() -> None:
    assert PART % warping.BLOCK == 0
    assert PART % rendering.FACES_A_BLOCK == 0


def keys(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def mine(ten_faces: Path, tmp_path: Path) -> Path:
    """A copy of the ten faces that a test may change."""
    folder = tmp_path / "mine" / "data"
    shutil.copytree(ten_faces, folder)
    (folder.parent / "models").mkdir()
    teacher = (ten_faces.parent / "models" / "face_landmarker.task").read_bytes()
    (folder.parent / "models" / "face_landmarker.task").write_bytes(teacher)
    return folder


def change_data(data: Path) -> None:
    with zipfile.ZipFile(data / reading.PICTURES, "a") as archive:
        archive.writestr("readme.txt", "changed")


def change_scores(data: Path) -> None:
    with np.load(data / reading.SCORES) as table:
        arrays = {name: table[name] for name in table}
    arrays["blendshapes"][0, 0] += 0.1
    with (data / reading.SCORES).open("wb") as file:
        np.savez(file, **arrays)


def change_face_model(data: Path) -> None:
    path = data / "ict" / "ict_facekit.npz"
    path.write_bytes(path.read_bytes() + b" ")


def change_teacher(data: Path) -> None:
    path = data.parent / "models" / "face_landmarker.task"
    path.write_bytes(path.read_bytes() + b" ")


@pytest.mark.parametrize("change", [change_data, change_scores, change_face_model, change_teacher])
def test_other_data_or_another_teacher_are_another_set(
    mine: Path, tmp_path: Path, warped_set: list[Any], change: Callable[[Path], None]
) -> None:
    Workshop(mine, tmp_path / "cache").warped(FEW, "train")
    Workshop(mine, tmp_path / "cache").warped(FEW, "train")
    assert len(warped_set) == 1
    change(mine)
    Workshop(mine, tmp_path / "cache").warped(FEW, "train")
    assert len(warped_set) == 2


@pytest.mark.parametrize("name", ["TEST_SHARE", "VALIDATION_SHARE"])
def test_another_split_is_another_set(
    ten_faces: Path, tmp_path: Path, warped_set: list[Any], name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    people = Workshop(ten_faces, tmp_path).photographs.rows_of("train")
    Workshop(ten_faces, tmp_path).warped(FEW, "train")
    monkeypatch.setattr(splits, name, 0.6)
    shop = Workshop(ten_faces, tmp_path)
    assert len(shop.photographs.rows_of("train")) < len(people)
    shop.warped(FEW, "train")
    assert len(warped_set) == 2


@pytest.mark.parametrize(
    ("recipe", "people", "transfer"),
    [
        (replace(FEW, seed=2), "train", False),
        (replace(FEW, faces=3), "train", False),
        (FEW, "test", False),
        (FEW, "train", True),
    ],
)
def test_other_options_are_another_set(
    ten_faces: Path, tmp_path: Path, warped_set: list[Any], recipe: SetRecipe, people: Any,
    transfer: bool,
) -> None:  # fmt: skip
    shop = Workshop(ten_faces, tmp_path)
    shop.warped(FEW, "train")
    shop.warped(recipe, people, transfer=transfer)
    assert len(warped_set) == len(keys(tmp_path)) == 2
    assert warped_set[1]["people"] == people and warped_set[1]["transfer"] is transfer


def test_a_set_is_made_anew_for_another_version_and_not_for_its_share_of_the_batches(
    ten_faces: Path, tmp_path: Path, warped_set: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Workshop(ten_faces, tmp_path)
    shop.warped(FEW, "train")
    shop.warped(replace(FEW, share=0.4), "train")
    assert len(warped_set) == 1
    monkeypatch.setattr(warping, "VERSION", 2)
    shop.warped(FEW, "train")
    assert len(warped_set) == 2


MAKERS = (reading, teaching, tracked, warping, rendering)


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_every_maker_states_its_version_as_a_number(maker: Any) -> None:
    tree = ast.parse(Path(maker.__file__).read_text())
    stated = [
        each.value.value
        for each in tree.body
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "VERSION"
        if isinstance(each.value, ast.Constant)
    ]
    assert len(stated) == 1 and isinstance(stated[0], int)


def test_no_code_is_read_for_a_name(
    ten_faces: Path, tmp_path: Path, warped_set: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Workshop(ten_faces, tmp_path)
    shop.warped(FEW, "train")
    for maker in MAKERS:
        monkeypatch.setattr(maker, "__doc__", "Another docstring.")
        monkeypatch.setattr(maker, "__file__", "elsewhere.py")
    Workshop(ten_faces, tmp_path).warped(FEW, "train")
    assert len(warped_set) == 1
