"""Training data made from checkouts: ours read it, and it is what our own is."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import make_training_data
import numpy as np
import pytest
from training_data.face import Layout, find_face, make_face
from training_data.manifest import differences, read_manifest
from training_data.photographs import load_part, make_part, person_of, plan

from facedrive.errors import DataError
from facedrive.training.rendered.face import load_face_model

PICTURES = 10


@dataclass
class Checkout:
    """Ten photographs of the shared set, in a folder like that of the collection."""

    folder: Path
    rows: list[int]
    """Of the shared set, in the order of the names."""
    model: Path

    def make(self, data: Path, *more: str) -> int:
        options = ["--photographs", self.folder, "--output", data, "--teacher-model", self.model]
        return make_training_data.main([*map(str, options), *more])


@pytest.fixture(scope="module")
def checkout(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    pytest.importorskip("mediapipe", reason="the teacher needs the extra mediapipe")
    model = shared / "models" / "face_landmarker.task"
    if not model.is_file():
        pytest.skip("../shared/models/face_landmarker.task is absent")
    folder = tmp_path_factory.mktemp("facial_expressions")
    (folder / "images").mkdir()
    rows = [round(row) for row in np.linspace(0, 12219, PICTURES)]
    with zipfile.ZipFile(shared / "data" / "faces.zip") as archive:
        for number, row in enumerate(rows):
            encoded = np.frombuffer(archive.read(f"{row:05d}.jpg"), np.uint8)
            picture = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
            name = f"{chr(ord('A') + number // 2)}da_Example_{number % 2 + 1:04d}.jpg"
            cv2.imwrite(str(folder / "images" / name), picture, [cv2.IMWRITE_JPEG_QUALITY, 100])
    (folder / "images" / "457.ipynb").write_text("{}")
    return Checkout(folder, rows, model)


@pytest.fixture(scope="module")
def data(checkout: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    assert checkout.make(folder) == 1  # there is no parametric face
    return folder


def arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    with np.load(path) as archive:
        return dict(archive)


@pytest.mark.slow
def test_the_teachers_file_has_the_shared_ones_fields(data: Path, shared: Path) -> None:
    mine, ours = arrays(data / "faces_teacher.npz"), arrays(shared / "data" / "faces_teacher.npz")
    assert mine.keys() == ours.keys()
    for name, array in mine.items():
        assert array.dtype == ours[name].dtype, name
        assert array.shape[1:] == ours[name].shape[1:], name
    assert len(mine["person"]) == PICTURES
    np.testing.assert_array_equal(mine["blendshape_names"], ours["blendshape_names"])


@pytest.mark.slow
def test_photographs_are_the_shared_ones(data: Path, shared: Path, checkout: Checkout) -> None:
    with (zipfile.ZipFile(data / "faces.zip") as mine,
          zipfile.ZipFile(shared / "data" / "faces.zip") as ours):  # fmt: skip
        assert mine.namelist() == [f"{number:05d}.jpg" for number in range(PICTURES)]
        for name, row in zip(mine.namelist(), checkout.rows, strict=True):
            a, b = (cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_UNCHANGED)
                    for each in (mine.read(name), ours.read(f"{row:05d}.jpg")))  # fmt: skip
            assert a.shape == b.shape and a.ndim == 2
            assert np.abs(a.astype(int) - b).mean() < 1.0


def test_the_teacher_says_what_it_said_of_the_shared_ones(
    data: Path, shared: Path, checkout: Checkout
) -> None:
    mine, ours = arrays(data / "faces_teacher.npz"), arrays(shared / "data" / "faces_teacher.npz")
    ours = {name: array[checkout.rows] for name, array in ours.items() if len(array) > 52}
    # The shared scores are of photographs larger than those kept, which a first look feels.
    apart = np.abs(mine["blendshapes"].astype(float) - ours["blendshapes"])
    assert apart.mean() < 0.015 and apart.max() < 0.25
    points = mine["landmarks"].astype(float) - ours["landmarks"]
    assert np.median(np.linalg.norm(points, axis=2)) < 1.5
    assert np.abs(mine["pose"][:, 2, 3] / ours["pose"][:, 2, 3] - 1).max() < 0.03
    turned = mine["pose"][:, :3, :3] @ ours["pose"][:, :3, :3].transpose(0, 2, 1)
    angles = np.degrees(np.arccos(np.clip((np.trace(turned, axis1=1, axis2=2) - 1) / 2, -1, 1)))
    assert np.median(angles) < 2


def test_facedrives_reader_reads_them(data: Path) -> None:
    try:
        from facedrive.training.data.photographs import open_photographs
    except ImportError:
        from facedrive.training.rendered.photographs import open_photographs
    photographs = open_photographs(data)
    assert len(photographs.person) == PICTURES
    assert photographs.read(PICTURES - 1).shape == (256, 166)
    np.testing.assert_array_equal(photographs.person[::2], photographs.person[1::2])
    assert len(set(photographs.person)) == PICTURES // 2


def test_who_is_who_is_as_in_the_shared_file(shared: Path) -> None:
    known = set(arrays(shared / "data" / "faces_teacher.npz")["person"].tolist())
    assert person_of(Path("Aaron_Peirsol_0003.jpg")) == 2629019455
    for name in ("Abid_Hamid_Mahmud_Al-Tikriti_0001.jpg", "facial-expressions_2868588k.jpg"):
        assert person_of(Path(name)) in known


def test_what_was_made_of_the_same_is_not_made_again(
    data: Path, checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (data / "faces.zip").stat().st_mtime_ns
    checkout.make(data)
    assert "made before" in capsys.readouterr().out
    assert (data / "faces.zip").stat().st_mtime_ns == before


def test_the_manifest_says_what_files_are_and_finds_others(
    data: Path, checkout: Checkout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = read_manifest(data / "manifest.toml")["faces.zip"]
    assert said["bytes"] == (data / "faces.zip").stat().st_size
    assert said["repository"] == "https://github.com/muxspace/facial_expressions"
    options = ["--output", str(data), "--check", str(data / "manifest.toml")]
    assert make_training_data.main(options) == 0
    assert checkout.make(tmp_path, "--first", "2", "--check", str(data / "manifest.toml")) == 1
    assert f"{tmp_path / 'faces.zip'} has SHA-256" in capsys.readouterr().err


def test_a_stopped_run_goes_on(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training_data.photographs.BLOCK", 2)
    jobs, _ = plan(checkout.folder, tmp_path, checkout.model, 4)
    make_part(jobs[0])  # then it was stopped
    asked = []

    def watched(job: Any) -> Path:
        asked.append(job)
        return make_part(job)

    monkeypatch.setattr("training_data.photographs.make_part", watched)
    checkout.make(tmp_path, "--first", "4")
    assert asked == [jobs[1]]
    assert len(arrays(tmp_path / "faces_teacher.npz")["person"]) == 4
    assert not (tmp_path / "parts").exists()


def test_no_picture_and_no_face_are_left_out(checkout: Checkout, tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    (images / "Broken_0001.jpg").write_bytes(b"no picture")
    (images / "Empty_0001.jpg").write_bytes(b"")
    cv2.imwrite(str(images / "Wall_0001.jpg"), np.full((64, 64, 3), 90, np.uint8))
    [job], _ = plan(tmp_path, tmp_path / "data", checkout.model, None)
    part = load_part(make_part(job))
    assert part.unread.tolist() == ["Broken_0001.jpg", "Empty_0001.jpg"]
    assert part.faceless.tolist() == ["Wall_0001.jpg"]
    assert part.landmarks.shape == (0, 478, 3)


@pytest.mark.parametrize(
    ("option", "words"),
    [("--photographs", "muxspace/facial_expressions"), ("--ict", "USC-ICT/ICT-FaceKit")],
)
def test_another_folder_is_refused_with_the_next_step(
    option: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.task").touch()
    options = [option, str(tmp_path), "--output", str(tmp_path), "--teacher-model",
               str(tmp_path / "model.task")]  # fmt: skip
    assert make_training_data.main(options) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and words in said and str(tmp_path) in said


QUAD = """# a comment
mtllib ICTFaceModelMaterial.mtl
v 0 0 0
v 1 0 0
v 1 1 0
v {x} 1 0
vt 0 0
vt 1 0
vt 1 1
vt 0 1
vt 0.5 0.5
usemtl M_Face
f 1/1 2/2 3/3 4/4
usemtl M_Teeth
f 1/1 2/2 3/5
"""

TINY = Layout(vertices=4, faces=2, uvs=5, expressions=2, identities=1)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    folder = tmp_path / "ICT-FaceKit" / "FaceXModel"
    folder.mkdir(parents=True)
    for name, x in {"generic_neutral_mesh": 0, "jawOpen": -1, "browDown_L": 0.5,
                    "identity000": 0.25}.items():  # fmt: skip
        (folder / f"{name}.obj").write_text(QUAD.format(x=x))
    return folder.parent


def test_obj_files_become_the_parametric_face(tiny: Path, tmp_path: Path) -> None:
    files, said = find_face(tiny)
    make_face(files, tmp_path, TINY)
    made = arrays(tmp_path / "ict" / "ict_facekit.npz")
    assert made["neutral"].tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    assert made["quads"].tolist() == [[0, 1, 2, 3], [0, 1, 2, -1]]
    assert made["uv_quads"].tolist() == [[0, 1, 2, 3], [0, 1, 4, -1]]
    assert made["material_names"][made["material"]].tolist() == ["M_Face", "M_Teeth"]
    assert made["expression_names"].tolist() == ["browDown_L", "jawOpen"]
    moved = made["expressions"] * made["expression_scale"][:, None, None]
    np.testing.assert_allclose(moved[:, 3, 0], [0.5, -1], rtol=1e-6)
    np.testing.assert_allclose(made["identities"][0, 3, 0] * made["identity_scale"], 0.25)
    assert np.abs(moved[:, :3]).max() == 0
    assert said["from"] == "FaceXModel/" and said["commit"] == "unknown"


@pytest.mark.parametrize("line", ["v 1 2", "f 1/1 2/x 3/3", "v one 2 3"])
def test_a_broken_mesh_is_named(line: str, tiny: Path, tmp_path: Path) -> None:
    with (tiny / "FaceXModel" / "generic_neutral_mesh.obj").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(DataError, match=r"generic_neutral_mesh\.obj is no mesh of ICT-FaceKit"):
        make_face(find_face(tiny)[0], tmp_path, TINY)


def test_a_shape_of_other_vertices_is_named(tiny: Path, tmp_path: Path) -> None:
    (tiny / "FaceXModel" / "jawOpen.obj").write_text("v 0 0 0\nv 1 1 1\n")
    with pytest.raises(DataError, match=r"jawOpen\.obj is no shape of 4 vertices"):
        make_face(find_face(tiny)[0], tmp_path, TINY)


def test_an_older_facekit_is_refused(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"4 vertices.*facedrive needs 26719 vertices"):
        make_face(find_face(tiny)[0], tmp_path)


@pytest.mark.slow
def test_the_shared_face_comes_out_of_its_own_obj_files(shared: Path, tmp_path: Path) -> None:
    ours = arrays(shared / "data" / "ict" / "ict_facekit.npz")
    models = tmp_path / "FaceXModel"
    models.mkdir()
    (models / "generic_neutral_mesh.obj").write_text(obj_text(ours, ours["neutral"]))
    names = ours["expression_names"].tolist()
    rows = [names.index("eyeBlink_L"), names.index("eyeBlink_R")]
    kept = {"expressions": rows, "identities": [0]}
    for name, row in (("eyeBlink_L", rows[0]), ("eyeBlink_R", rows[1]), ("identity000", 0)):
        kind = "identities" if row == 0 else "expressions"
        scale = ours["identity_scale" if row == 0 else "expression_scale"][row]
        shape = ours["neutral"] + ours[kind][row] * scale
        (models / f"{name}.obj").write_text(obj_text(ours, shape, faces=False))
    make_face(find_face(tmp_path)[0], tmp_path, Layout(26719, 26384, 28911, 2, 1))
    made = arrays(tmp_path / "ict" / "ict_facekit.npz")
    assert made.keys() == ours.keys()
    for name in ("neutral", "quads", "uv", "uv_quads", "material", "material_names"):
        np.testing.assert_array_equal(made[name], ours[name], err_msg=name)
        assert made[name].dtype == ours[name].dtype
    for name, chosen in kept.items():
        assert np.abs(made[name].astype(int) - ours[name][chosen]).max() <= 1, name
    load_face_model(tmp_path / "ict" / "ict_facekit.npz")


def obj_text(mesh: dict[str, Any], vertices: np.ndarray[Any, Any], faces: bool = True) -> str:
    lines = [f"v {x:.9g} {y:.9g} {z:.9g}" for x, y, z in vertices.tolist()]
    lines += [f"vt {u:.9g} {v:.9g}" for u, v in mesh["uv"].tolist()] if faces else []
    last = None
    pairs = zip(mesh["quads"].tolist(), mesh["uv_quads"].tolist(), mesh["material"], strict=True)
    for quad, uvs, material in pairs if faces else ():
        lines += [] if material == last else [f"usemtl {mesh['material_names'][material]}"]
        last = material
        ends = zip(quad, uvs, strict=True)
        lines.append("f " + " ".join(f"{v + 1}/{t + 1}" for v, t in ends if v >= 0))
    return "\n".join(lines) + "\n"


def test_every_difference_to_a_manifest_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "faces.zip").write_bytes(b"other")
    wanted = {"faces.zip": {"sha256": "0" * 64}, "ict/ict_facekit.npz": {"sha256": "0" * 64}}
    first, second = differences(tmp_path, wanted)
    assert "has SHA-256 d9298a10" in first
    assert "ict_facekit.npz is missing; clone https://github.com/USC-ICT/ICT-FaceKit" in second
