"""What the desk asks for is answered to whom it may be, and never overwrites in silence."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from facedrive.annotate.desk import Desk
from facedrive.annotate.keys import Key
from facedrive.studio.annotate.invitations import invite

from ...annotate.conftest import number_of
from .conftest import ask

SET = {"text": "set", "changes": [["jaw_drop", 5, None, [0.4, "linear", 0]]]}


def read(answer: tuple[int, bytes]) -> Any:
    assert answer[0] == 200, answer[1]
    return json.loads(answer[1])


@pytest.mark.slow
def test_an_edit_is_saved_and_taken_back(app: Any, desk: Desk) -> None:
    found = read(ask(app, "POST", "/api/edit/clip", "coder=anna", SET))
    assert (found["revision"], found["undo"], found["redo"]) == (1, "set", None)
    assert "jaw_drop,5,0.4" in (desk.project.folder / "keys/clip/anna.csv").read_text()
    found = read(ask(app, "POST", "/api/undo/clip", "coder=anna", {}))
    assert found["changes"] == [["jaw_drop", 5, [0.4, "linear", 0], None]]
    found = read(ask(app, "POST", "/api/redo/clip", "coder=anna", {}))
    assert found["changes"] == [["jaw_drop", 5, None, [0.4, "linear", 0]]]
    keys = read(ask(app, "GET", "/api/keys/clip", "coder=anna"))
    assert keys["tracks"] == {"jaw_drop": [[5, 0.4, "linear", 0]]}
    assert read(ask(app, "GET", "/api/revision/clip", "coder=anna")) == {"revision": 3}


def test_two_windows_merge_or_are_told(app: Any, desk: Desk) -> None:
    read(ask(app, "POST", "/api/edit/clip", "coder=anna", SET))
    other = {"text": "set", "changes": [["jaw_drop", 9, None, [0.1, "linear", 0]]]}
    read(ask(app, "POST", "/api/edit/clip", "coder=anna", other))
    status, said = ask(app, "POST", "/api/edit/clip", "coder=anna", SET)
    assert status == 409
    assert b"it was changed meanwhile, in another window" in said
    assert desk.document("clip", "anna").tracks["jaw_drop"] == {5: Key(5, 0.4), 9: Key(9, 0.1)}


def test_keys_changed_by_hand_while_the_desk_is_open_are_kept(app: Any, desk: Desk) -> None:
    read(ask(app, "POST", "/api/edit/clip", "coder=anna", SET))
    path = desk.project.folder / "keys" / "clip" / "anna.csv"
    good = path.read_text()
    path.write_text(good + "chin_raise,1,1.2,hold,hand\n")
    status, said = ask(app, "POST", "/api/edit/clip", "coder=anna", {"changes": [
        ["jaw_drop", 7, None, [0.6, "linear", 0]]]})  # fmt: skip
    assert status == 400
    assert b"chin_raise is 1.2; it must be from 0 to 1" in said
    assert path.read_text() == good + "chin_raise,1,1.2,hold,hand\n"
    path.write_text(good + "chin_raise,1,0.2,hold,hand\n")
    assert read(ask(app, "GET", "/api/revision/clip", "coder=anna")) == {"revision": 2}
    read(ask(app, "POST", "/api/edit/clip", "coder=anna", {"changes": [
        ["jaw_drop", 7, None, [0.6, "linear", 0]]]}))  # fmt: skip
    assert "chin_raise,1,0.2,hold,hand" in path.read_text()
    assert "jaw_drop,7,0.6" in path.read_text()


def test_a_wrong_file_of_one_coder_hides_nobody_else(desk: Desk, say: Callable[..., None]) -> None:
    for coder in ("anna", "ben"):
        say(coder, "jaw_drop", {0: 0.2})
    path = desk.project.folder / "keys" / "clip" / "anna.csv"
    path.write_text(path.read_text() + "jaw_drop,3,1.2,linear,hand\n")
    coders = desk.overview("expert")["videos"][0]["coders"]
    assert coders["ben"] == 1 / 24
    assert coders["anna"].endswith("line 4: jaw_drop is 1.2; it must be from 0 to 1.")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"changes": [["jaw_drop", 5, None, [1.2, "linear", 0]]]}, b"1.2; it must be from 0 to 1"),
        ({"changes": [["jaw_drip", 5, None, [0.2, "linear", 0]]]}, b"no action unit 'jaw_drip'"),
        ({"changes": [["jaw_drop", 500, None, [0.2, "linear", 0]]]}, b"frame 500"),
        ({"changes": [["jaw_drop", "5", None, [0.2, "linear", 0]]]}, b"it must be channel, frame"),
        ({"changes": [["jaw_drop", 5, None, [0.2]]]}, b"it must be channel, frame"),
        ({"changes": "all"}, b"an edit has a list of changes"),
    ],
)
def test_an_edit_that_cannot_be_is_told(app: Any, desk: Desk, body: Any, said: bytes) -> None:
    status, answer = ask(app, "POST", "/api/edit/clip", "coder=anna", body)
    assert status == 400
    assert said in answer
    assert desk.document("clip", "anna").tracks == {}


def test_a_japanese_page_is_told_in_japanese(app: Any, desk: Desk) -> None:
    frame = ask(app, "GET", "/frame/clip/120.jpg", language="ja")[1].decode()
    assert frame == "フレーム120は動画の範囲（0〜119）の外です。"
    body = {"changes": [["jaw_drip", 5, None, [0.2, "linear", 0]]]}
    said = ask(app, "POST", "/api/edit/clip", "coder=anna", body, language="ja")[1].decode()
    assert "アクションユニット「jaw_drip」はありません" in said
    full = "anna.csv cannot be written: No space left on device. The edit is kept in a.jsonl."
    desk.document("clip", "anna").warning = full
    keys = read(ask(app, "GET", "/api/keys/clip", "coder=anna", language="ja"))
    assert "（ディスクの空き容量がありません）。編集は a.jsonl に残っています。" in keys["warning"]
    (first, *_) = read(ask(app, "GET", "/api/findings/clip", "coder=anna", language="ja"))
    assert first["says"] == "まだ誰もラベル付けしていません"


def test_any_frame_is_sent_exactly(app: Any) -> None:
    for at in (100, 3, 99):
        status, jpeg = ask(app, "GET", f"/frame/clip/{at}.jpg")
        assert status == 200
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert number_of(np.asarray(image, np.uint8)) == at
    status, said = ask(app, "GET", "/frame/clip/120.jpg")
    assert (status, said) == (404, b"frame 120; the video has 0 to 119.")
    video = read(ask(app, "GET", "/api/video/clip", "coder=anna"))
    assert (video["frames"], video["first"], video["guessed"]) == (120, 1, False)
    assert video["times"][25] == 1.0


def test_a_video_that_was_replaced_is_told_and_labels_stay(app: Any, desk: Desk) -> None:
    read(ask(app, "POST", "/api/edit/clip", "coder=anna", SET))
    film = desk.project.place(desk.project.video("clip"))
    other = film.with_name("another.mp4")
    other.write_bytes(film.read_bytes()[:-100])
    videos = desk.project.videos
    videos["clip"] = videos["clip"].__class__(**(vars(videos["clip"]) | {"path": str(other)}))
    status, said = ask(app, "GET", "/frame/clip/1.jpg")
    assert status == 404
    assert b"has another SHA-256" in said
    assert desk.keys("clip", "anna")["tracks"]


def test_what_cannot_be_is_listed(app: Any, desk: Desk) -> None:
    jump = {"changes": [["jaw_drop", 5, None, [0.0, "linear", 0]],
                        ["jaw_drop", 6, None, [0.9, "linear", 0]]]}  # fmt: skip
    read(ask(app, "POST", "/api/edit/clip", "coder=anna", jump))
    found = read(ask(app, "GET", "/api/findings/clip", "coder=anna"))
    assert [(each["kind"], each["first"]) for each in found if each["kind"] == "jump"] == [
        ("jump", 5)
    ]
    (desk.project.folder / "rules.toml").write_text("[[rule]]\nkind = 'dance'\n")
    status, said = ask(app, "GET", "/api/findings/clip", "coder=anna")
    assert status == 404
    assert b"no kind of rule 'dance'" in said


def test_without_a_guess_there_is_nothing_to_fill_with(app: Any) -> None:
    assert ask(app, "GET", "/api/model/clip", "coder=anna") == (200, b"")
    status, said = ask(app, "POST", "/api/fill/clip", "coder=anna", {})
    assert status == 400
    assert b"the model has not read it yet" in said
    assert read(ask(app, "GET", "/api/fits/clip", "coder=anna")) == []
    assert read(ask(app, "GET", "/api/job/clip", "coder=anna"))["done"] is False


def test_the_expert_sees_all_and_decides(app: Any, desk: Desk, say: Callable[..., None]) -> None:
    for coder, value in (("anna", 0.2), ("ben", 0.8)):
        say(coder, "jaw_drop", {0: value})
    found = read(ask(app, "GET", "/api/others/clip"))
    assert set(found["coders"]) == {"anna", "ben", "cleo"}
    assert found["apart"][0]["au"] == "jaw_drop"
    decision = {"au": "jaw_drop", "first": 0, "last": 9, "accept": ["ben"], "reason": "closer"}
    assert len(read(ask(app, "POST", "/api/decide/clip", "", decision))) == 1
    status, said = ask(app, "POST", "/api/decide/clip", "", decision | {"reason": ""})
    assert status == 400
    assert b"a decision needs a reason" in said
    own = decision | {"accept": ["expert"]}
    status, said = ask(app, "POST", "/api/decide/clip", "", own)
    assert status == 400
    assert b"the expert has no key of jaw_drop; set one first" in said
    read(ask(app, "POST", "/api/edit/clip", "coder=expert", SET))
    assert len(read(ask(app, "POST", "/api/decide/clip", "", own))) == 2


def test_an_export_and_a_dump_are_sent_as_zips(app: Any, say: Callable[..., None]) -> None:
    say("anna", "jaw_drop", {0: 0.2})
    status, content = ask(app, "GET", "/export/feafa.zip")
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
    assert "spontaneous/P01/clip/00120.auw" in names
    assert not [name for name in names if name.endswith(".mp4")]
    status, content = ask(app, "GET", "/dump.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert "study/keys/clip/anna.csv" in archive.namelist()
    assert ask(app, "GET", "/export/xls.zip")[0] == 404


def test_a_coder_sees_their_own_and_the_expert_all(
    team: Callable[..., tuple[int, bytes]], say: Callable[..., None]
) -> None:
    say("anna", "jaw_drop", {0: 0.2})
    assert team("anna", "GET", "/api/keys/clip", "coder=anna")[0] == 200
    assert team("expert", "GET", "/api/keys/clip", "coder=anna")[0] == 200
    for path in ("keys", "revision", "findings", "fits", "model", "video", "job"):
        assert team("ben", "GET", f"/api/{path}/clip", "coder=anna")[0] == 403
    for path in ("edit", "undo", "redo", "fill", "refine", "guess"):
        assert team("ben", "POST", f"/api/{path}/clip", "coder=anna", SET)[0] == 403
    assert team("ben", "GET", "/api/others/clip")[0] == 403
    assert team("ben", "GET", "/dump.zip")[0] == 403
    assert team("ben", "GET", "/export/feafa.zip")[0] == 403
    assert team("expert", "GET", "/dump.zip")[0] == 200


def test_a_coder_sees_the_videos_that_are_theirs(
    team: Callable[..., tuple[int, bytes]], desk: Desk
) -> None:
    assert team("anna", "GET", "/frame/clip/0.jpg")[0] == 200
    assert json.loads(team("anna", "GET", "/api/video/clip", "coder=anna")[1])["coders"] == ["anna"]
    videos = desk.project.videos
    videos["clip"] = videos["clip"].__class__(**(vars(videos["clip"]) | {"coders": ("ben",)}))
    assert team("anna", "GET", "/frame/clip/0.jpg")[0] == 403
    assert team("anna", "GET", "/api/keys/clip", "coder=anna")[0] == 403
    assert desk.overview("anna")["videos"] == []
    assert [each["coders"] for each in desk.overview("ben")["videos"]] == [{"ben": 0.0}]


def test_without_an_invitation_nobody_is_let_in(
    team: Callable[..., tuple[int, bytes]], desk: Desk
) -> None:
    for who in (None, "guessed", ""):
        assert team(who, "GET", "/api/keys/clip", "coder=anna")[0] == 401


def test_invitations_stay_the_same_and_are_private(desk: Desk) -> None:
    tokens = invite(desk.project)
    assert set(tokens) == {"expert", "anna", "ben", "cleo"}
    assert len({*tokens.values()}) == 4
    path = desk.project.folder / "secrets.toml"
    assert path.stat().st_mode & 0o077 == 0
    desk.project.add_coder("dora")
    again = invite(desk.project)
    assert {name: again[name] for name in tokens} == tokens
    assert len(again["dora"]) >= 32
