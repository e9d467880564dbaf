"""A corpus is found whole, in the same order every time; what cannot be read is named."""

from __future__ import annotations

import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from facedrive.corpus.inputs import BLOCK, Clip, find_clips, short
from facedrive.errors import DataError
from facedrive.sources.places import Place


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def names(clips: list[Clip]) -> dict[str, tuple[str, ...]]:
    return {clip.name: clip.titles for clip in clips}


def test_videos_are_clips_and_the_pictures_of_a_folder_are_one(tmp_path: Path) -> None:
    touch(tmp_path, "b.mp4", "a/10.jpg", "a/2.JPG", "top.png", "a/x/c.MOV", "notes.md", ".hid.mp4")
    found = find_clips([str(tmp_path)])
    assert names(found.clips) == {
        "b.mp4": ("b.mp4",),
        "a/x/c.MOV": ("a/x/c.MOV",),
        "pictures": ("top.png",),
        "a/pictures": ("a/2.JPG", "a/10.jpg"),
    }
    assert found.left_out == 1
    assert {clip.kind for clip in found.clips} == {"video", "stills"}
    assert find_clips([str(tmp_path)], "video").clips[-1].kind == "film"


def test_many_pictures_are_several_pieces_of_work(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{index}.png" for index in range(BLOCK + 3)))
    one, other = find_clips([str(tmp_path)]).clips
    assert (one.name, other.name) == ("pictures", "pictures-2")
    assert other.titles == tuple(f"{BLOCK + index}.png" for index in range(3))


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.mp4")
    (tmp_path / "in/loop").symlink_to("..")
    (tmp_path / "in/gone.mp4").symlink_to("nowhere")
    assert set(names(find_clips([str(tmp_path)]).clips)) == {"in/a.mp4", "in/gone.mp4"}


def test_archives_are_looked_into(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for name in ("p/1.jpg", "v.mp4", "inner.zip", "readme"):
            archive.writestr(name, "x")
    with tarfile.open(tmp_path / "t.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "z.zip", "q/2.jpg")
    (tmp_path / "bad.zip").write_bytes(b"PK")
    found = find_clips([str(tmp_path)])
    assert set(names(found.clips)) == {"z.zip/v.mp4", "z.zip/p/pictures", "t.tar.gz/q/pictures"}
    assert found.clips[0].places == (Place(str(tmp_path / "z.zip"), "v.mp4"),)
    reasons = {each.title: each.reason for each in found.refused}
    assert "File is not a zip file" in reasons["bad.zip"]
    assert "an archive in an archive" in reasons["z.zip/inner.zip"]


def test_names_in_any_encoding_are_found(tmp_path: Path) -> None:
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xe9t\xe9.mp4")
    Path(odd).write_bytes(b"x")
    (clip,) = find_clips([str(tmp_path)]).clips
    assert clip.titles == ("\\xe9t\\xe9.mp4",)
    assert clip.places == (Place(odd),)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.txt", "clips/a.mp4\nclips/b.mp4\n"),
        ("list.csv", "who,path\nanna,clips/a.mp4\nben,clips/b.mp4\n"),
        ("list.tsv", "path\twho\nclips/a.mp4\tanna\nclips/b.mp4\tben\n"),
    ],
)
def test_a_list_names_clips_from_where_it_lies(tmp_path: Path, name: str, text: str) -> None:
    touch(tmp_path, "clips/a.mp4", "clips/b.mp4", "clips/c.mp4")
    (tmp_path / name).write_text(text)
    assert list(names(find_clips([str(tmp_path / name)]).clips)) == ["clips/a.mp4", "clips/b.mp4"]


def test_a_manifest_without_paths_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("file,who\na.mp4,anna\n")
    with pytest.raises(DataError, match="has columns file, who; a manifest needs one"):
        find_clips([str(tmp_path / "list.csv")])


def test_a_glob_finds_what_it_says(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.mp4", "b/2.mp4", "b/3.png")
    found = find_clips([f"{tmp_path}/**/*.mp4"])
    assert list(names(found.clips)) == ["a/1.mp4", "b/2.mp4"]
    assert find_clips([f"{tmp_path}/*.avi"]).refused[0].reason == "no file has such a name"


def test_what_is_given_twice_comes_once_and_names_are_unlike(tmp_path: Path) -> None:
    touch(tmp_path, "a/x.mp4", "b/x.mp4")
    paths = [str(tmp_path / name) for name in ("a/x.mp4", "b/x.mp4", "a/x.mp4")]
    assert list(names(find_clips(paths).clips)) == ["x.mp4", "x-2.mp4"]


def test_an_empty_folder_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no video or picture"):
        find_clips([str(tmp_path)])


def test_a_long_name_fits_a_disk() -> None:
    name = short("ä" * 150 + "/ok.mp4")
    assert len(name.split("/")[0].encode()) <= 200
    assert name != short("ä" * 151 + "/ok.mp4")


def test_a_url_is_walked() -> None:
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("memory")
    system.pipe_file("/corpus/in/a.mp4", b"x")
    system.pipe_file("/corpus/in/p/1.png", b"x")
    found = find_clips(["memory://corpus/in"])
    assert names(found.clips) == {"a.mp4": ("a.mp4",), "p/pictures": ("p/1.png",)}
    assert found.clips[0].places[0].read(10) == b"x"
