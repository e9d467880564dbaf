"""No trouble is said in English on a Japanese page."""

from __future__ import annotations

import ast
import builtins
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from string import Formatter

import pytest

pytest.importorskip("nicegui")

from facedrive.errors import FacedriveError
from facedrive.mappings import load_mapping
from facedrive.options import Option, find
from facedrive.picturesize import TOO_LARGE
from facedrive.registry import Registry
from facedrive.rig import load
from facedrive.settings import Settings, load_layer, settings_options
from facedrive.sinks import open_sink
from facedrive.sinks.udp import REASONS
from facedrive.sinks.virtualcam import INSTALL
from facedrive.sources.camera import Camera
from facedrive.sources.images import PICTURES_EXTRA
from facedrive.studio.annotate.errors_ja import LABELLING_JA, RULES_JA
from facedrive.studio.desk import Desk
from facedrive.studio.engine import Engine
from facedrive.studio.errors_ja import ERRORS_JA, PARTS_JA, TROUBLES_JA
from facedrive.studio.explain import explain, translated
from facedrive.studio.guard import REFUSED
from facedrive.studio.library import Recording
from facedrive.studio.server import Door
from facedrive.takes.read import read_take
from facedrive.takes.take import Take

PACKAGE = Path(__file__).resolve().parents[2] / "facedrive"

REACHED = (
    *("options.py", "settings.py", "assembly.py", "files.py", "live.py", "controls.py"),
    *("outputs.py", "calibration.py", "picturesize.py", "registry.py", "threads.py", "sources"),
    *("sinks", "studio", "mappings", "takes", "trackers", "regressors", "rig", "export"),
    *("render", "annotate", "remote"),
)
"""Where what a page shows may be raised."""

PARTIAL = re.compile(r"(Shapefile|ShapeFile|Stream|Picture|Ktx2|Query|Answer|Assertion)Error")
"""What is caught below the pages: it stands in another error, or in the log."""

ENGLISH = re.compile(r" (the|is|it|must|be|of|from|that|cannot|with|are|has|have|does) ")

KANA = re.compile(r"[぀-ヿ一-鿿]")


def japanese(english: str) -> str:
    """Return what the Japanese page says, which has no English sentence in it."""
    said = explain("ja", english)
    assert KANA.search(said), said
    assert not ENGLISH.search(said), said
    return said


def raised(action: Callable[..., object], *words: object) -> str:
    with pytest.raises(FacedriveError) as caught:
        action(*words)
    return str(caught.value)


FILLED = {
    "kind.about": "a number", "self.range": "", "known": "no mapping 'x'; there are y, z.",
    "TOO_LARGE": TOO_LARGE, "PICTURES_EXTRA": PICTURES_EXTRA, "INSTALL": INSTALL, "asked": "",
    "_advice(place)": "x exists; close other programs that use it, or try another.",
    "_there_is(cameras)": "there is none; plug one in",
}  # fmt: skip
"""What stands in blanks that a text of the library itself fills."""


def quoted(code: str) -> str:
    """Return what may stand in an error's blank, told by the code that fills it."""
    if code.startswith(("unknown(", "_no_channel(")):
        return "no AU 'x'; there are y, z"
    return FILLED.get(code, "x")


def text_of(node: ast.expr) -> str:
    """Return an error's text with its blanks filled; empty where it is made elsewhere."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.BinOp):
        return text_of(node.left) + text_of(node.right)
    if not isinstance(node, ast.JoinedStr):
        return ""
    parts = (
        str(each.value) if isinstance(each, ast.Constant) else quoted(ast.unparse(each.value))
        for each in node.values
        if isinstance(each, ast.Constant | ast.FormattedValue)
    )
    return "".join(parts)


def errors_in(path: Path) -> Iterator[str]:
    """Yield the texts of the errors that a file makes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        made = ast.unparse(node.func).rpartition(".")[2]
        if made == "broken":
            yield f"x.glb: {text_of(node.args[0])}; the file is damaged, export it again."
        ours = made.endswith("Error") and not hasattr(builtins, made)
        if ours and not PARTIAL.fullmatch(made):
            text = text_of(node.args[0])
            yield text.replace("x", "camera 0", 1) if path.name == "camera.py" else text


@pytest.mark.slow
def test_every_error_that_a_page_may_meet_has_its_japanese() -> None:
    files = [
        path
        for place in REACHED
        for path in (
            [PACKAGE / place] if place.endswith(".py") else sorted((PACKAGE / place).rglob("*.py"))
        )
    ]
    texts = [text for path in files for text in errors_in(path) if ENGLISH.search(text)]
    said = {text: explain("ja", text) for text in texts}
    unknown = [text for text in texts if "次の英文" in said[text] or ENGLISH.search(said[text])]
    assert len(texts) > 250
    assert not unknown


@pytest.mark.parametrize("table", [ERRORS_JA, PARTS_JA, LABELLING_JA, RULES_JA])
def test_a_pattern_is_japanese_and_quotes_nothing_that_its_english_does_not(
    table: dict[str, str],
) -> None:
    for english, translation in table.items():
        blanks = [name for _, name, _, _ in Formatter().parse(translation) if name]
        assert set(blanks) <= set(re.findall(r"\{(\w+)\}", english))
        assert KANA.search(translation) or re.fullmatch(r"AU|\{why\}", translation), translation


@pytest.mark.parametrize("option", settings_options(), ids=lambda option: option.name)
def test_every_refused_value_of_an_option_is_said_in_japanese(option: Option) -> None:
    found = []
    for text in ("", "x", "nan", "-1e9", "1e99", "0x0", "2,2,2,2"):
        try:
            option.read(text)
        except FacedriveError as error:
            found.append(str(error))
    if option.many:
        found.append(raised(option.check, 7))
    assert found or option.hint is str or isinstance(option.read("x"), Path)
    for error in found:
        assert japanese(error).startswith(f"{option.name} の値が ")


def test_an_option_that_there_is_not_and_a_file_that_says_so(tmp_path: Path) -> None:
    said = japanese(raised(find, settings_options(), "lost.hold"))
    assert said == "オプション「lost.hold」はありません。もしかして：lost.hold_s。"
    path = tmp_path / "my.toml"
    path.write_text("[lost]\nhold_s = -1\n")
    said = japanese(raised(load_layer, path))
    assert said == f"{path}, line 2：lost.hold_s の値が -1 です。0〜60の数値を指定してください。"
    assert "TOMLファイルとして読めません" in explain("ja", f"{path} is no TOML: Expected '=' here.")
    assert "（見つかりません）" in japanese(raised(load_layer, tmp_path / "none.toml"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(Engine(Settings()), tmp_path)


def test_a_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = japanese(raised(Door(port=port).bind))
        assert said.startswith(f"スタジオのポート{port}（127.0.0.1）を使えません（すでに別の")
        pytest.importorskip("websockets")
        said = japanese(raised(open_sink, f"ws://127.0.0.1:{port}"))
        assert said.startswith(f"ws：ポート{port}（127.0.0.1）を使えません（すでに別の")


@pytest.mark.parametrize(
    "error",
    [
        "camera 0 stopped giving pictures.",
        "camera 0 cannot be opened. /dev/video0 exists; close other programs that use it.",
        "camera 0 cannot be opened. This user may not use /dev/video0; add them to the group "
        "'video' and log in again.",
        "camera 0 cannot be opened. /dev/video0 does not exist; there is no camera at all; plug "
        "one in, or use the source demo.",
        "camera 0 cannot be opened. Close other programs that use it, allow this one to use it, "
        "or try another index.",
    ],
)
def test_a_camera_that_is_unplugged_busy_or_forbidden(error: str) -> None:
    assert japanese(error).startswith("カメラ 0 ")


def test_a_camera_that_is_not_there() -> None:
    japanese(raised(lambda: next(Camera("/dev/none").frames())))
    japanese(raised(lambda: next(Camera("Nobody's camera").frames())))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.glb", b""), ("a.glb", b"glTF rubbish"), ("a.glb", b"\0" * 40), ("a.vrm", b"{}"),
        ("a.gltf", b"{"), ("a.gltf", b"[]"), ("a.gltf", b'{"asset": {"version": "1"}}'),
        ("a.gltf", b'{"asset": {"version": "2.0"}, "extensionsRequired": ["X"]}'),
        ("a.gltf", b'{"asset": {"version": "2.0"}}'), ("a.obj", b"rubbish"),
        ("a.obj", b"v 1 2 3\nv 1 2 x\n"), ("a.obj", b"v 1 2 3\nf 1 2 9\n"), ("a.png", b"x"),
    ],
)  # fmt: skip
def test_a_rubbish_rig_that_is_dropped(desk: Desk, name: str, content: bytes) -> None:
    japanese(raised(desk.gallery.keep, name, content))


def test_names_of_ten_thousand_letters(desk: Desk) -> None:
    long = "x" * 10_000
    for error in (raised(desk.library.find, long), raised(desk.rig, long), raised(desk.play, long),
                  raised(open_sink, f"osc://{long}:9000"), raised(desk.library.keep, long, b""),
                  raised(load_mapping, long), raised(load, f"{long}.glb")):  # fmt: skip
        assert len(japanese(error)) < 400


def test_a_take_that_was_deleted_is_broken_or_cannot_be_written(desk: Desk, tmp_path: Path) -> None:
    japanese(raised(desk.play, "gone"))
    japanese(raised(lambda: list(read_take(tmp_path / "gone.csv"))))
    (tmp_path / "a.csv").write_text("frame,rubbish\n1,2\n")
    japanese(raised(Take.read, tmp_path / "a.csv"))
    (tmp_path / "folder").write_text("a file")
    japanese(raised(Recording, tmp_path / "folder" / "take.csv"))


@pytest.mark.parametrize("address", ["csv:/none/such/take.csv", "video:/none/take.mp4"])
def test_an_output_whose_place_is_not_there(address: str) -> None:
    assert "に書き込めません（見つかりません）。" in japanese(raised(open_sink, address))


def test_a_full_disk() -> None:
    rows = "take.csv cannot be written: No space left on device. The rows before are kept."
    assert japanese(rows).startswith(
        "take.csv に書き込めません（ディスクの空き容量がありません）。それまでの行は保存"
    )
    japanese("take.mp4 cannot be written: No space left on device.")


@pytest.mark.parametrize("address", [
    "ocs://127.0.0.1", "osc://127.0.0.1:99999", "osc://127.0.0.1:x", "osc://127.0.0.1?port=no",
    "osc://127.0.0.1?bundle=perhaps", "osc://127.0.0.1?prefix=no", "osc://127.0.0.1?no=1", "csv:",
    "vmc://127.0.0.1?mapping=none", "livelink://127.0.0.1?device=x", "none.such:Class",
    "vrchat://127.0.0.1?query=x",
])  # fmt: skip
def test_an_address_that_is_refused(address: str) -> None:
    japanese(raised(open_sink, address))


def test_a_plug_in_that_fails() -> None:
    registry: Registry[object] = Registry("tracker", {}, ("track",))
    japanese(raised(registry.open, "pathlib:Path"))
    japanese(raised(registry.open, "no.such:Tracker"))


@pytest.mark.parametrize("status", REFUSED)
def test_a_wrong_token_and_a_foreign_address(status: int) -> None:
    japanese(REFUSED[status])


def test_why_nothing_arrives() -> None:
    sinks = (PACKAGE / "sinks").glob("*.py")
    code = "".join(path.read_text(encoding="utf-8") for path in sinks)
    assert all(f'"{english}"' in code for english in TROUBLES_JA.keys() - {"timed out"})
    assert set(REASONS.values()) <= set(TROUBLES_JA)
    assert translated("ja", "nobody is listening") == "受信側が起動していません"
    assert translated("ja", "VTube Studio's own words") == "VTube Studio's own words"
    assert translated("en", "nobody is listening") == "nobody is listening"


def test_what_no_pattern_knows_stands_in_english_below_a_line_that_says_so() -> None:
    odd = "the flux capacitor of it is empty; fill it."
    assert explain("ja", odd) == f"エラーが起きました。原因と対処は次の英文をご覧ください：{odd}"
    assert explain("en", odd) == odd
    assert explain("ja", "") == ""


def test_a_hostile_text_is_answered_at_once() -> None:
    assert len(explain("ja", "is a: b. " * 5000)) < 400
