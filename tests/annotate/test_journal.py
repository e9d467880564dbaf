"""What a coder did is kept at every edit, taken back without end, and survives being killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from facedrive.annotate import journal
from facedrive.annotate.journal import ConflictError, Document
from facedrive.annotate.keys import Key
from facedrive.errors import DataError

FRAMES = 100


def opened(folder: Path) -> Document:
    return Document(folder / "keys.csv", folder / "journal.jsonl", FRAMES)


def put(document: Document, value: float, frame: int = 3, au: str = "jaw_drop") -> None:
    document.edit(f"set {value}", [document.put(au, Key(frame, value))])


def test_an_edit_is_on_the_disk_and_comes_back(tmp_path: Path) -> None:
    document = opened(tmp_path)
    put(document, 0.5)
    assert (tmp_path / "keys.csv").read_text() == (
        "# facedrive keys 1, revision 1\nau,frame,value,shape,by\njaw_drop,3,0.5,linear,hand\n"
    )
    assert opened(tmp_path).tracks == document.tracks


def test_undo_and_redo_go_on_after_a_restart(tmp_path: Path) -> None:
    for value in (0.1, 0.2, 0.3):
        put(opened(tmp_path), value)
    for expected in (0.2, 0.1):
        document = opened(tmp_path)
        assert document.undo() is not None
        assert document.tracks["jaw_drop"][3].value == expected
    document = opened(tmp_path)
    assert document.undoable == "set 0.1"
    assert document.redoable == "set 0.2"
    document.redo()
    put(document, 0.9)
    assert opened(tmp_path).redoable is None
    for _ in range(3):
        opened(tmp_path).undo()
    assert opened(tmp_path).tracks == {}
    assert opened(tmp_path).undo() is None


def test_an_edit_of_a_key_that_another_window_changed_is_refused(tmp_path: Path) -> None:
    document = opened(tmp_path)
    stale = document.put("jaw_drop", Key(3, 0.7))
    put(document, 0.5)
    other = document.put("jaw_drop", Key(9, 0.1))
    with pytest.raises(ConflictError, match="jaw_drop, frame 3: it was changed meanwhile"):
        document.edit("stale", [other, stale])
    assert document.tracks == {"jaw_drop": {3: Key(3, 0.5)}}
    document.edit("merged", [other])
    assert len(document.tracks["jaw_drop"]) == 2


def test_a_key_that_cannot_be_is_refused(tmp_path: Path) -> None:
    document = opened(tmp_path)
    with pytest.raises(DataError, match=r"1.2; it must be from 0 to 1"):
        put(document, 1.2)
    with pytest.raises(DataError, match="frame 100; the video has 0 to 99"):
        put(document, 0.2, frame=100)
    assert not (tmp_path / "journal.jsonl").exists()


def test_what_was_changed_by_hand_becomes_an_edit_that_can_be_taken_back(tmp_path: Path) -> None:
    put(opened(tmp_path), 0.5)
    path = tmp_path / "keys.csv"
    path.write_text(path.read_text().replace("0.5", "0.6") + "chin_raise,1,0.2,hold,hand\n")
    document = opened(tmp_path)
    assert document.undoable == "changed outside"
    assert document.tracks["jaw_drop"][3].value == 0.6
    document.undo()
    assert document.tracks == {"jaw_drop": {3: Key(3, 0.5)}}


def test_who_has_it_open_knows_that_the_file_was_changed_by_hand(tmp_path: Path) -> None:
    document = opened(tmp_path)
    put(document, 0.5)
    document.undo()
    assert not document.overtaken
    path = tmp_path / "keys.csv"
    path.write_text(path.read_text() + "chin_raise,1,0.2,hold,hand\n")
    assert document.overtaken
    assert not opened(tmp_path).overtaken


def test_keys_without_a_journal_are_where_a_new_one_begins(tmp_path: Path) -> None:
    put(opened(tmp_path), 0.5)
    (tmp_path / "journal.jsonl").unlink()
    assert opened(tmp_path).tracks == {"jaw_drop": {3: Key(3, 0.5)}}
    (tmp_path / "keys.csv").unlink()
    assert opened(tmp_path).tracks == {"jaw_drop": {3: Key(3, 0.5)}}
    assert (tmp_path / "keys.csv").exists()


def test_a_file_that_is_wrong_is_named_and_stays(tmp_path: Path) -> None:
    put(opened(tmp_path), 0.5)
    path = tmp_path / "keys.csv"
    broken = path.read_text().replace("0.5", "1.5")
    path.write_text(broken)
    with pytest.raises(DataError, match=r"line 3: jaw_drop is 1.5"):
        opened(tmp_path)
    assert path.read_text() == broken
    path.unlink()
    (tmp_path / "journal.jsonl").write_text('{"n":1,"do":"dance"}\n')
    with pytest.raises(DataError, match=r"journal.jsonl, line 1: is no edit"):
        opened(tmp_path)


def test_a_torn_line_is_cut_off_and_keys_one_edit_behind_are_written_again(tmp_path: Path) -> None:
    put(opened(tmp_path), 0.5)
    before = (tmp_path / "keys.csv").read_bytes()
    put(opened(tmp_path), 0.6)
    (tmp_path / "keys.csv").write_bytes(before)
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(b'{"n":3,"do":"ed')
    document = opened(tmp_path)
    assert document.tracks["jaw_drop"][3].value == 0.6
    assert document.revision == 2
    assert b"revision 2" in (tmp_path / "keys.csv").read_bytes()
    put(document, 0.7)
    assert opened(tmp_path).tracks["jaw_drop"][3].value == 0.7


def test_a_full_disk_changes_nothing_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = opened(tmp_path)
    put(document, 0.5)
    written = (tmp_path / "journal.jsonl").read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(journal.os, "fsync", full)
        with pytest.raises(DataError, match="No space left on device; the edit is not made"):
            put(document, 0.6)
    assert document.tracks["jaw_drop"][3].value == 0.5
    assert (tmp_path / "journal.jsonl").read_bytes() == written
    put(document, 0.7)
    assert opened(tmp_path).tracks["jaw_drop"][3].value == 0.7


def test_keys_that_cannot_be_written_are_kept_in_the_journal(tmp_path: Path) -> None:
    document = opened(tmp_path)
    put(document, 0.5)
    (tmp_path / "keys.csv").unlink()
    (tmp_path / "keys.csv").mkdir()
    put(document, 0.6)
    assert "The edit is kept in journal.jsonl." in document.warning
    (tmp_path / "keys.csv").rmdir()
    assert opened(tmp_path).tracks["jaw_drop"][3].value == 0.6


KILLER = """
import json, os, random, signal, sys, time
from pathlib import Path
from typing import Any
from facedrive.annotate.journal import Document
from facedrive.annotate.keys import Key

os.fsync = lambda number: None  # a killed program loses nothing that it has written


def edit_for_ever(folder, chance, pipe):
    document = Document(folder / "keys.csv", folder / "journal.jsonl", 100)
    while True:
        doing = chance.random()
        if doing < 0.2:
            document.undo()
        elif doing < 0.3:
            document.redo()
        else:
            name = chance.choice(("jaw_drop", "chin_raise"))
            frames = chance.sample(range(100), chance.randint(1, 5))
            changes = [document.put(name, Key(at, round(chance.random(), 4))) for at in frames]
            if chance.random() < 0.2:
                changes = [each._replace(after=None) for each in changes]
            document.edit("edit", changes)
        state = {name: sorted(track.values()) for name, track in document.tracks.items()}
        os.write(pipe, json.dumps([document.revision, state]).encode() + b"\\n")


for seed in range(int(sys.argv[2]), int(sys.argv[3])):
    folder, chance = Path(sys.argv[1]) / str(seed), random.Random(seed)
    folder.mkdir()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        edit_for_ever(folder, chance, writing)
    os.close(writing)
    with open(reading, "rb") as lines:
        said = [lines.readline() for _ in range(1 + seed % 9)]
        time.sleep(chance.random() * 0.004)  # anywhere within an edit
        os.kill(child, signal.SIGKILL)
        said += lines.readlines()
    os.waitpid(child, 0)
    print(json.dumps([json.loads(line) for line in said if line.endswith(b"\\n")]), flush=True)
"""
"""Lets children edit at random, one after the other, and kills each; prints what each completed."""


def kill_while_they_edit(folder: Path, first: int, last: int) -> None:
    """Kill a child for each seed, and compare what it leaves with what it completed."""
    found = subprocess.run(
        [sys.executable, "-c", KILLER, str(folder), str(first), str(last)], check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    told = [json.loads(line) for line in found.stdout.splitlines()]
    assert len(told) == last - first
    for seed, states in enumerate(told, first):
        check_what_is_left(folder / str(seed), *states[-1])


def check_what_is_left(folder: Path, revision: int, state: dict[str, Any]) -> None:
    tracks = {name: {row[0]: Key(*row) for row in rows} for name, rows in state.items()}
    found = opened(folder)
    # One more may have been completed before it could be told.
    assert found.revision in (revision, revision + 1)
    if found.revision == revision:
        assert found.tracks == tracks
    journal_path = folder / "journal.jsonl"
    lines = journal_path.read_text().splitlines() if journal_path.exists() else []
    assert [json.loads(line)["n"] for line in lines] == list(range(1, found.revision + 1))
    again = opened(folder)
    assert (again.tracks, again.revision) == (found.tracks, found.revision)
    while again.undo():
        pass
    assert again.tracks == {}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_what_a_killed_program_leaves_is_its_last_completed_edit(tmp_path: Path) -> None:
    kill_while_they_edit(tmp_path, 0, 4)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_two_hundred_killed_programs_leave_their_last_completed_edits(tmp_path: Path) -> None:
    kill_while_they_edit(tmp_path, 0, 200)
