"""The tree of options: where a value comes from, and what is said of a bad file."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedrive.errors import OptionError
from facedrive.options import Size, changed, values_of
from facedrive.settings import (
    Settings,
    line_of,
    load_layer,
    load_layers,
    save_settings,
    settings_options,
    user_file,
)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    return tmp_path / "own"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_every_option_is_explained_and_has_a_default_of_its_kind() -> None:
    for each in settings_options():
        assert each.about.endswith("."), each.name
        if each.default not in (None, ()):
            assert each.check(each.default) == each.default


def test_numbers_have_a_range() -> None:
    for each in settings_options():
        if each.hint in (int, float):
            assert each.facts.low is not None, each.name


def test_a_later_layer_wins_and_each_is_named(tmp_path: Path) -> None:
    write(user_file(), "[smoothing.aus]\nbeta = 1\nmin_cutoff_hz = 2\n[lost]\nhold_s = 3\n")
    config = write(tmp_path / "stage.toml", "[smoothing.aus]\nbeta = 4\nmin_cutoff_hz = 5\n")
    layers = load_layers([config], {"smoothing.aus.beta": 7.0})
    smoothing = layers.settings().smoothing.aus
    assert (smoothing.beta, smoothing.min_cutoff_hz, layers.settings().lost.hold_s) == (7, 5, 3)
    assert layers.origin("smoothing.aus.beta").startswith("the command line, not ")
    assert layers.origin("smoothing.aus.min_cutoff_hz") == f"{config}, not {user_file()}"
    assert layers.origin("lost.hold_s") == str(user_file())
    assert layers.origin("lost.ease_s") == "default"


def test_the_users_own_file_can_be_left_out() -> None:
    write(user_file(), "[lost]\nhold_s = 3\n")
    assert load_layers([], {}, user=False).settings() == Settings()


def test_the_defaults_of_a_group_are_its_own_and_not_its_classes() -> None:
    settings = load_layers([], {"smoothing.gaze.min_cutoff_hz": 3.0}).settings()
    assert settings.smoothing.gaze.beta == Settings().smoothing.gaze.beta != 6.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "\n[smoothing.aus]\nbata = 3\n",
            r"line 3: no option 'smoothing\.aus\.bata'\. Did you mean smoothing\.aus\.beta\?",
        ),
        ("[smoothing]\naus.beta = 'x'\n", r"line 2: smoothing\.aus\.beta is 'x'; it must be"),
        ("[lost]\nhold_s = -1\n", r"line 2: lost\.hold_s is -1; .* from 0 to 60"),
        ("[view]\nmirror = 1\n", r"line 2: view\.mirror is 1; it must be yes or no"),
        ("[outputs]\nto = 'osc:'\n", r"line 2: outputs\.to is 'osc:'; it must be a list"),
        ("[outputs]\nto = [1]\n", r"outputs\.to is 1; it must be text"),
        ("[regressor]\ndevice = 'tpu'\n", "must be one of auto, cpu, cuda"),
        ("beta = 1\n", r"line 1: no option 'beta'\. Did you mean smoothing\.aus\.beta"),
        ("[lost\n", r"no TOML: .*line 1"),
        ("version = 2\n", "has version 2; this facedrive reads 1"),
        ("[source]\nsize = '640'\n", "write it as 640x480"),
    ],
)
def test_a_bad_file_is_told_with_its_line(text: str, message: str, tmp_path: Path) -> None:
    path = write(tmp_path / "bad.toml", text)
    with pytest.raises(OptionError, match=message) as caught:
        load_layer(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x = " + b"[" * 20_000])
def test_rubbish_is_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(OptionError, match="no TOML"):
        load_layer(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"gone\.toml cannot be read"):
        load_layers([tmp_path / "gone.toml"], {})


def test_what_is_saved_reads_back_and_says_what_it_does(tmp_path: Path) -> None:
    settings = Settings()
    for name, value in {
        "source.what": "clip #1.mp4",
        "source.size": Size(640, 480),
        "smoothing.gaze.beta": 4.5,
        "outputs.to": ("osc://127.0.0.1:9000", "csv:a.csv"),
        "view.mirror": True,
        "regressor.model": tmp_path / "my.onnx",
    }.items():
        settings = changed(settings, name, value)
    path = tmp_path / "saved.toml"
    save_settings(settings, path)
    text = path.read_text()
    assert load_layers([path], {}).settings() == settings
    assert "# Show the view as a mirror would" in text
    assert "lost" not in text  # what is as it was is left out


def test_a_path_in_a_file_starts_from_the_files_folder(tmp_path: Path) -> None:
    path = write(tmp_path / "set/up.toml", "[regressor]\nmodel = 'my.onnx'\n")
    assert load_layer(path).values == {"regressor.model": tmp_path / "set/my.onnx"}


@pytest.mark.parametrize(
    ("said", "rig"), [("head.glb", "{}/head.glb"), ("my.rigs:Head?size=2", "my.rigs:Head?size=2")]
)
def test_a_rig_in_a_file_is_a_path_or_a_plug_in(said: str, rig: str, tmp_path: Path) -> None:
    path = write(tmp_path / "up.toml", f"[view]\nrig = '{said}'\n")
    settings = load_layers([path], {}).settings()
    assert str(settings.view.rig) == rig.format(tmp_path)
    save_settings(settings, tmp_path / "again.toml")
    assert load_layers([tmp_path / "again.toml"], {}).settings() == settings


def test_a_line_is_found_however_the_key_is_written() -> None:
    text = "a.b = 1\n[c]\nd = 2\n[ e . f ]\n'g' = 3\n"
    assert [line_of(text, name) for name in ("a.b", "c.d", "c.x", "e.f.g")] == [1, 3, 2, 4]


def test_values_of_the_tree_build_the_tree() -> None:
    assert set(values_of(Settings())) == {each.name for each in settings_options()}
