"""A project is plain files that say what is there, and notices what is not as it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from facedrive.annotate.project import Project, draw_coders, read_clock
from facedrive.errors import DataError, SourceError

from .conftest import stamp, write_film


def test_a_project_comes_back_as_it_was(project: Project) -> None:
    project.close()
    text = (project.folder / "project.toml").read_text()
    (project.folder / "project.toml").write_text("# of the spring study\n" + text)
    with Project.open(project.folder) as found:
        assert found.videos == project.videos
        assert found.coders == ("anna", "ben", "cleo")
        assert found.videos["clip"].frames == 120
        found.add_coder("dora")
    assert (project.folder / "project.toml").read_text().startswith("# of the spring study\n")


def test_the_hashes_are_as_sha256sum_reads_them(project: Project, film: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("there is no sha256sum")
    said = subprocess.run(
        ["sha256sum", "-c", "videos.sha256"], cwd=project.folder, capture_output=True, text=True
    )
    assert said.returncode == 0
    assert said.stdout.strip().endswith("clip.mp4: OK")


@pytest.mark.slow
def test_a_video_that_changed_is_noticed(project: Project, film: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.mp4"
    shutil.copyfile(film, own)
    project.add(own)
    assert project.changed() == {}
    own.write_bytes(own.read_bytes()[:-2000])
    assert "own.mp4 has another SHA-256" in project.changed()["own"]
    own.unlink()
    assert "is gone; put it back" in project.changed()["own"]
    with pytest.raises(SourceError, match=r"annotate move \S+ --video own --to PATH"):
        project.place(project.video("own"))


def test_a_moved_video_is_found_again_and_another_is_refused(
    project: Project, film: Path, tmp_path: Path
) -> None:
    shutil.copyfile(film, tmp_path / "moved.mp4")
    project.move("clip", tmp_path / "moved.mp4")
    assert project.place(project.video("clip")).name == "moved.mp4"
    other = write_film(tmp_path / "other.mp4", 5)
    with pytest.raises(DataError, match=r"is not clip as it was added: .*another SHA-256"):
        project.move("clip", other)


def test_another_video_of_the_project_in_its_place_is_noticed(
    project: Project, film: Path, tmp_path: Path
) -> None:
    own = write_film(tmp_path / "own.mp4", 5)
    moved = shutil.copyfile(own, tmp_path / "moved.mp4")
    project.add(own)
    with pytest.raises(DataError, match=r"is not clip as it was added: .*another SHA-256"):
        project.move("clip", own)
    shutil.copyfile(film, own)
    assert "own.mp4 has another SHA-256" in project.changed()["own"]
    project.move("own", moved)
    assert project.changed() == {}
    assert "own.mp4" not in (project.folder / "videos.sha256").read_text()


def test_pictures_that_are_gone_or_changed_places_are_noticed(
    project: Project, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.png"), stamp(number))
    project.add(folder)
    assert project.changed() == {}
    shutil.copyfile(folder / "0.png", folder / "1.png")
    assert "1.png has another SHA-256" in project.changed()["pictures"]
    (folder / "2.png").unlink()
    assert "2.png is missing" in project.changed()["pictures"]


def test_a_newer_project_is_refused(project: Project) -> None:
    project.close()
    path = project.folder / "project.toml"
    path.write_text(path.read_text().replace("version = 1", "version = 2"))
    with pytest.raises(DataError, match="project of version 2; this facedrive reads 1: get a new"):
        Project.open(project.folder)


@pytest.mark.slow
def test_a_project_that_is_open_elsewhere_is_refused(project: Project) -> None:
    code = (
        "import sys; from pathlib import Path; from facedrive.annotate.project import Project\n"
        "Project.open(Path(sys.argv[1]))"
    )
    words = [sys.executable, "-c", code, str(project.folder)]
    found = subprocess.run(words, capture_output=True, text=True)
    assert "is open in another facedrive; use that one, or end it." in found.stderr
    project.close()
    assert subprocess.run(words, capture_output=True).returncode == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('coders = ["anna"', 'coders = ["Anna", "anna"'), "there is a coder 'Anna' already"),
        (('name = "clip"', 'name = "a/b"'), "'a/b' is no name for a video"),
        (("frames = 120", "frames = 1000"), ""),
        (("frames = 120", ""), "a line is missing or wrong"),
        (('"cleo"]\n', '"nobody"]\n'), "no coder 'nobody'"),
        (("version = 1", "version = 1 1"), "is no project"),
    ],
)
def test_a_hand_edited_project_that_cannot_be_is_told(
    project: Project, change: tuple[str, str], said: str
) -> None:
    project.close()
    path = project.folder / "project.toml"
    text = path.read_text()
    last = text.rindex(change[0]) if said.startswith("no coder") else text.index(change[0])
    path.write_text(text[:last] + text[last:].replace(*change, 1))
    with pytest.raises(DataError, match=said or "project.toml says 1000"):
        Project.open(project.folder, lock=False).clock("clip")


@pytest.mark.parametrize("name", ["anna", "ANNA", "expert", "Expert", "", "../up", "a b", ".x"])
def test_a_coder_has_a_name_of_its_own(project: Project, name: str) -> None:
    with pytest.raises(DataError, match=r"already|no name for a coder"):
        project.add_coder(name)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(DataError, match="is no project and not empty"):
        Project.create(tmp_path)
    with pytest.raises(DataError, match=r"holds no project.toml; make a project with"):
        Project.open(tmp_path)


def test_a_variable_frame_rate_keeps_its_times(tmp_path: Path) -> None:
    ticks = [0, 4, 8, 20, 24, 50, 51, 60]
    film = write_film(tmp_path / "vfr.mkv", 8, ticks=ticks)
    clock = read_clock(film)
    np.testing.assert_allclose(clock.times, np.array(ticks) / 100, atol=0.002)
    assert clock.labels.tolist() == list(range(1, 9))


@pytest.mark.slow
@pytest.mark.parametrize("fps", [4, 240])
def test_slow_and_fast_films_are_taken(tmp_path: Path, fps: int) -> None:
    clock = read_clock(write_film(tmp_path / "film.mp4", 12, fps=fps))
    np.testing.assert_allclose(clock.times, np.arange(12) / fps, atol=1e-4)


def test_a_folder_of_images_is_numbered_by_its_names(tmp_path: Path) -> None:
    for number in (7, 8, 10):
        cv2.imwrite(str(tmp_path / f"frame{number:03d}.png"), stamp(number))
    clock = read_clock(tmp_path)
    assert clock.labels.tolist() == [7, 8, 10]
    assert clock.sources == ("frame007.png", "frame008.png", "frame010.png")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("no.mp4", None, "no file"),
        ("text.txt", b"words", "is no video that facedrive labels"),
        ("torn.mp4", b"\x00\x00\x00\x18ftypmp42", "cannot be opened as video|holds no readable"),
    ],
)
def test_what_is_no_video_is_told(
    project: Project, tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    before = (project.folder / "project.toml").read_bytes()
    with pytest.raises(SourceError, match=said):
        project.add(path)
    assert (project.folder / "project.toml").read_bytes() == before


def test_videos_are_shared_out_evenly_and_the_same_by_the_same_seed() -> None:
    coders = [f"c{number}" for number in range(7)]
    none: dict[str, tuple[str, ...]] = {f"v{number}": () for number in range(10)}
    drawn = draw_coders(none, coders, 3, seed=5)
    load = [sum(coder in had for had in drawn.values()) for coder in coders]
    assert {len({*had}) for had in drawn.values()} == {3}
    assert max(load) - min(load) <= 1
    assert drawn == draw_coders(none, coders, 3, seed=5)
    assert drawn != draw_coders(none, coders, 3, seed=6)


def test_who_has_begun_keeps_the_video() -> None:
    begun: dict[str, tuple[str, ...]] = {"v1": ("c",), "v2": ()}
    assert "c" in draw_coders(begun, ["a", "b", "c"], 2, seed=1)["v1"]


def test_more_coders_than_there_are_cannot_be_given(project: Project) -> None:
    with pytest.raises(DataError, match="4 coders a video, of 3"):
        project.assign(4)


def test_what_git_shall_not_keep_is_said(project: Project) -> None:
    assert "secrets.toml" in (project.folder / ".gitignore").read_text()
    assert not os.path.isabs(project.video("clip").path) or project.video("clip").path  # noqa: PTH117
