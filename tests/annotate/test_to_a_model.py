"""From two videos to a model that drives a face: coders, labels, training, live."""

from __future__ import annotations

import json
import shutil
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from facedrive.annotate.journal import Document
from facedrive.annotate.keys import Key
from facedrive.annotate.project import Project
from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.cli.main import main

pytest.importorskip("torch")

pytestmark = pytest.mark.slow

FRAMES = 12
"""Of each video: enough for every AU below to be seen to move."""

RECIPE = """\
kind = "protocol"
network = "regional"
part = ["spontaneous"]
crop = 64
epochs = 1
batch = 8
folds = 1
learning_rate = 0.004
optimiser = "adamw"
schedule = "cosine"
widths = [4, 4, 8]
features = 4
"""


def cut(path: Path, first: int) -> Path:
    """Write some frames of the clip that ships, small."""
    from clips import demo_frames

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 30, {"preset": "ultrafast"})
        frames = islice(demo_frames(), first, first + FRAMES)
        for number, frame in enumerate(frames):
            if not number:
                stream.height, stream.width = frame.size
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.image, format="rgb24")))
        container.mux(stream.encode())
    return path


def correct(document: Document, coder: int) -> None:
    """Have a coder set one AU by hand, each a little differently, and confirm all."""
    keys = [Key(0, 0.1 + 0.01 * coder), Key(6, 0.7 + 0.02 * coder), Key(11, 0.3)]
    document.edit("set", document.replace("jaw_drop", keys))
    rest = [document.put(name, key._replace(machine=False)) for name, key in document
            if key.machine]  # fmt: skip
    document.edit("confirm", rest)


def test_two_videos_become_a_model_that_drives_a_face(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from exporting import export_quickly

    export_quickly(monkeypatch)

    def run(*words: str) -> str:
        assert main(words) == 0
        return capsys.readouterr().out

    study, labels, cache = tmp_path / "study", tmp_path / "labels", tmp_path / "cache"
    films = [cut(tmp_path / "one.mp4", 20), cut(tmp_path / "two.mp4", 200)]
    run("annotate", "add", str(study), "--videos", *map(str, films), "--coders", "anna", "ben",
        "cleo", "--per-video", "3")  # fmt: skip
    run("annotate", "guess", str(study))
    with Project.open(study) as project:
        for number, coder in enumerate(project.coders):
            for video in project.videos:
                correct(project.document(video, coder), number)
    run("annotate", "export", str(study), "--output", str(labels))

    assert "Fit to train on." in run("data", "check", str(labels))
    report = json.loads(run("analyze", str(labels), "--json"))
    assert report["parts"]["spontaneous"]["frames"] == 2 * FRAMES
    jaw = report["agreement"]["aus"]["jaw_drop"]
    assert report["agreement"]["k"] == 3
    assert 0.9 < jaw["icc"] < 1

    run("data", "prepare", str(labels), "--cache", str(cache), "--workers", "1")
    truth = np.load(cache / "labels.npz")["aus"]
    assert truth.shape == (2 * FRAMES, len(AU_NAMES))
    np.testing.assert_allclose(truth[[0, 6], AU_INDEX["jaw_drop"]], [0.11, 0.72], atol=1e-6)

    (tmp_path / "tiny.toml").write_text(RECIPE)
    (tmp_path / "folds.csv").write_text("video,fold\none/one,1\ntwo/two,2\n")
    said = run("train", str(tmp_path / "tiny.toml"), "--data", str(cache), "--output",
               str(tmp_path / "runs"), "--folds", str(tmp_path / "folds.csv"),
               "--device", "cpu")  # fmt: skip
    model = said.rpartition("--model ")[2].strip()
    take = tmp_path / "take.csv"
    run("live", "--source", str(films[0]), "--model", model, "--out", f"csv:{take}")
    assert len(take.read_text().splitlines()) == FRAMES + 1
    shutil.rmtree(tmp_path / "runs")
