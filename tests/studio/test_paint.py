"""The page paints its avatar and keeps its rules as the renderer does, by ``static/*.js``."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("nicegui")

from facedrive.render.paint import Painter
from facedrive.rig import Rig, default_rig, load
from facedrive.rig.model import Paint, Rules
from facedrive.studio.rigs import Packed, pack

STATIC = Path(__file__).resolve().parents[2] / "facedrive" / "studio" / "static"

SURFACE = 1

SCRIPT = """
const { Paint } = await import(process.argv[1]);
const { paints, colors, emission, tries } = JSON.parse(process.argv[2]);
const place = () => ({ set(...values) { this.at = values; } });
const map = { clone: () => ({ repeat: place(), offset: place() }) };
const emissive = { toArray: () => emission, setRGB(...values) { this.at = values; } };
const mesh = { geometry: { attributes: { color: { array: new Float32Array(colors) } } }, material: { emissive, map } };
const paint = new Paint(mesh, paints);
console.log(JSON.stringify(tries.map((weights) => {
  paint.show(weights);
  const { map: shown } = mesh.material;
  return { colors: [...mesh.geometry.attributes.color.array], emission: emissive.at, repeat: shown.repeat.at, offset: shown.offset.at, own: shown !== map };
})));
"""  # noqa: E501


@pytest.fixture(scope="module")
def rig() -> Rig:
    """Our head, with a jaw that blushes, glows and moves its texture, and a wrinkled nose."""
    ours = load(default_rig())
    rows = np.unique(ours.triangles[ours.parts[SURFACE].triangles])
    vertices = slice(int(rows[0]), int(rows[-1]) + 1)
    jaw, nose = ours.targets.index("jaw_drop"), ours.targets.index("nose_wrinkle")
    still, none = np.ones(2, np.float32), np.zeros(2, np.float32)
    blush, glow = np.float32([0.4, -0.3, 0, 0]), (0.25, 0.5, 0.0)
    paints = (
        Paint(jaw, SURFACE, vertices, blush, np.float32([0.5, 1]), np.float32([0.25, 0.5]), glow),
        Paint(nose, SURFACE, vertices, -blush, still, none),
    )
    parts = list(ours.parts)
    parts[SURFACE] = replace(parts[SURFACE], emission=(0.5, 0.0, 2.0))
    uv = np.random.default_rng(0).random((len(ours.vertices), 2), np.float32)
    blocks, blends = np.zeros((2, len(ours.targets), len(ours.targets)), np.float32)
    blocks[0, 1] = blends[2, 3] = blends[4, 3] = 1
    binary = np.zeros(len(ours.targets), bool)
    binary[[2, 5]] = True
    rules = Rules(binary, blocks, blends)
    return replace(ours, parts=tuple(parts), paints=paints, uv=uv, rules=rules)


@pytest.fixture(scope="module")
def packed(rig: Rig) -> Packed:
    return pack(rig)


@pytest.mark.slow
def test_the_page_is_told_what_targets_do_to_each_surface(rig: Rig, packed: Packed) -> None:
    first, second = json.loads(packed.json)["paints"]
    assert first == {
        "target": rig.targets.index("jaw_drop"),
        "surface": SURFACE,
        "color": pytest.approx([0.4, -0.3, 0, 0]),
        "emission": [0.25, 0.5, 0],
        "scale": [0.5, 1],
        "offset": [0.25, 0.5],
    }
    assert second["color"] == pytest.approx([-0.4, 0.3, 0, 0])
    assert (second["scale"], second["offset"], second["emission"]) == ([1, 1], [0, 0], [0, 0, 0])


def test_its_surfaces_are_the_primitives_and_keep_their_own_light(
    rig: Rig, packed: Packed, tmp_path: Path
) -> None:
    path = tmp_path / "again.glb"
    path.write_bytes(packed.glb)
    again = load(path)
    assert again.parts[SURFACE].name == rig.parts[SURFACE].name
    assert [part.emission for part in again.parts if any(part.emission)] == [(0.5, 0, 1)]


def test_the_page_paints_what_the_renderer_paints(rig: Rig, packed: Packed) -> None:
    node = node_program()
    rows = np.unique(rig.triangles[rig.parts[SURFACE].triangles])[:5]
    tries = [np.zeros(len(rig.targets), np.float32) for _ in range(4)]
    tries[1][rig.targets.index("jaw_drop")] = 0.5
    tries[2][rig.targets.index("jaw_drop")] = 1
    tries[2][rig.targets.index("nose_wrinkle")] = 0.25
    given = {
        "paints": [each for each in packed.about["paints"] if each["surface"] == SURFACE],
        "colors": rig.colors[rows].ravel().tolist(),
        "emission": np.clip(rig.parts[SURFACE].emission, 0, 1).tolist(),
        "tries": [each.tolist() for each in tries],
    }
    command = [node, "--input-type=module", "-e", SCRIPT, (STATIC / "paint.js").as_uri()]
    shown = json.loads(subprocess.check_output([*command, json.dumps(given)], text=True))
    painter = Painter(replace(rig, parts=tuple(
        replace(part, emission=(0.5, 0.0, 1.0) if any(part.emission) else part.emission)
        for part in rig.parts)))  # fmt: skip
    for weights, page in zip(tries, shown, strict=True):
        ours = painter.paint(weights)
        assert ours is not None and ours.uv is not None and rig.uv is not None
        assert page["own"]
        assert page["colors"] == pytest.approx(ours.colors[rows].ravel(), abs=1e-6)
        assert page["emission"] == pytest.approx(ours.emission[SURFACE], abs=1e-6)
        moved = rig.uv[rows] * page["repeat"] + page["offset"]
        np.testing.assert_allclose(moved, ours.uv[rows], atol=1e-6)


def test_the_page_keeps_the_rules_that_the_rig_keeps(rig: Rig, packed: Packed) -> None:
    rules = json.loads(packed.json)["rules"]
    assert rules == {"binary": [2, 5], "blocks": [[0, 1]], "blends": [[2, 3], [4, 3]]}
    tries = np.random.default_rng(1).random((6, len(rig.targets)), np.float32)
    tries[0] = tries[1, 0] = 0
    script = """
const { obey } = await import(process.argv[1]);
const { rules, tries } = JSON.parse(process.argv[2]);
for (const weights of tries) obey(rules, weights);
console.log(JSON.stringify(tries));
"""
    command = [node_program(), "--input-type=module", "-e", script, (STATIC / "rules.js").as_uri()]
    given = json.dumps({"rules": rules, "tries": tries.tolist()})
    kept = json.loads(subprocess.check_output([*command, given], text=True))
    assert rig.rules is not None
    np.testing.assert_allclose(kept, [rig.rules.apply(each) for each in tries], atol=1e-6)


def node_program() -> str:
    """Return what runs JavaScript: playwright has it."""
    playwright = pytest.importorskip("playwright")
    own = Path(playwright.__file__).parent / "driver" / "node"
    found = str(own) if own.exists() else shutil.which("node")
    if found is None:
        pytest.skip("no Node.js is installed")
    return found
