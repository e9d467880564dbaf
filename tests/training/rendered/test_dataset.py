from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy")

from facedrive.errors import DataError
from facedrive.stats.splits import split_people
from facedrive.training.rendered import dataset
from facedrive.training.rendered.studio import Studio, StudioPlan
from facedrive.training.workers import run_jobs

pytestmark = pytest.mark.slow


@pytest.fixture
def small_blocks(face_studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 12 faces, rendered by the studio that is there."""
    monkeypatch.setattr(dataset, "FACES_A_BLOCK", 12)
    monkeypatch.setattr(StudioPlan, "open", lambda plan: face_studio)


@pytest.mark.usefixtures("small_blocks")
def test_dataset_is_complete_and_of_the_people_asked_for(tmp_path: Path) -> None:
    added: list[int] = []
    dataset.render_dataset(tmp_path, tmp_path / "faces.npz", 14, 3, "test", progress=added.append)
    with np.load(tmp_path / "faces.npz") as faces:
        assert faces["crops"].shape == (14, 160, 160)
        assert faces["crops"].dtype == np.uint8
        assert faces["aus"].shape == (14, 24)
        assert faces["gaze"].shape == (14, 2, 2)
        assert faces["landmarks"].shape == (14, 68, 2)
        assert len(set(faces["identity"])) == 3
        assert split_people(faces["person"]).test.all()
        assert faces["crops"].std(axis=(1, 2)).min() > 5
    assert added == [12, 2]
    assert [path.name for path in tmp_path.iterdir()] == ["faces.npz"]


def test_a_face_depends_on_seed_and_place_only(face_studio: Studio) -> None:
    blocks = dataset.split_blocks(3 * dataset.FACES_A_BLOCK, 5)
    short = [block._replace(faces=3) for block in blocks]
    in_order = [dataset.render_block(face_studio, block) for block in short]
    turned = [dataset.render_block(face_studio, block) for block in reversed(short)][::-1]
    for first, second in zip(in_order, turned, strict=True):
        for name in first:
            np.testing.assert_array_equal(first[name], second[name])
    other = dataset.render_block(face_studio, short[0]._replace(seed=6))
    assert not np.array_equal(other["aus"], in_order[0]["aus"])
    assert not np.array_equal(in_order[1]["aus"], in_order[0]["aus"])


def test_faces_are_the_same_in_another_process(shared: Path, face_studio: Studio) -> None:
    plan = StudioPlan(shared / "data", "test", dataset.PICTURE)
    blocks = [block._replace(faces=3) for block in dataset.split_blocks(128, 2)[1:2]]
    for index, there in run_jobs(plan, dataset.render_block, blocks, 2):
        here = dataset.render_block(face_studio, blocks[index])
        for name in here:
            np.testing.assert_array_equal(there[name], here[name])


def test_blocks_cover_every_face_once() -> None:
    blocks = dataset.split_blocks(150, 1)
    assert [block.faces for block in blocks] == [60, 60, 30]
    assert [block.number for block in blocks] == [0, 1, 2]
    assert [block.number for block in dataset.split_blocks(80, 1, first=120)] == [2, 3]
    assert dataset.FACES_A_BLOCK % dataset.FACES_A_PERSON == 0


@pytest.mark.parametrize(("count", "seed", "processes"), [(0, 0, 1), (5, -1, 1), (5, 0, 0)])
def test_a_dataset_of_nothing_is_refused(
    tmp_path: Path, count: int, seed: int, processes: int
) -> None:
    with pytest.raises(DataError, match="at least 1"):
        dataset.render_dataset(tmp_path, tmp_path / "none.npz", count, seed, workers=processes)


def test_a_part_does_not_begin_inside_a_block(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="number 100 asked for"):
        dataset.render_dataset(tmp_path, tmp_path / "none.npz", 4, first=100)


@pytest.mark.usefixtures("small_blocks")
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "faces.npz").mkdir()
    with pytest.raises(DataError, match=r"faces\.npz cannot be written"):
        dataset.render_dataset(tmp_path, tmp_path / "faces.npz", 1, people="test")
