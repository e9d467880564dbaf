"""Renders the contact sheet: the neutral head, each AU at 1, ten combinations."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .part import Array, Index, Part

os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
import pyrender

TILE_PX, MIXED_PX, HERO_PX, RENDER_PX = 280, 338, 573, 1160
SINGLE_COLUMNS, MARGIN_PX, LABEL_PX, TITLE_PX = 6, 14, 26, 58
BACKDROP = ((0.855, 0.886, 0.914), (0.655, 0.714, 0.776))
"""sRGB at the top and at the bottom of each picture."""
PAPER, INK, SOFT_INK = (247, 247, 244), (38, 42, 50), (110, 116, 126)
LIGHTS = (  # position that the light shines from, strength
    ((-0.45, 0.55, 0.9), 2.15),
    ((0.95, 0.15, 0.45), 1.1),
    ((0.35, 0.6, -0.8), 2.6),
)
AMBIENT = (0.30, 0.30, 0.32)

YAW_DEG = {"jaw_thrust": -55.0, "lip_pucker": -35.0, "right_eye_close": 12.0}
"""AUs that show better from another side."""

Weights = dict[str, float]


def _both(name: str, weight: float = 1.0) -> Weights:
    return {f"left_{name}": weight, f"right_{name}": weight}


COMBINATIONS: dict[str, Weights] = {
    "laugh: smile + jaw drop": _both("lip_corner_pull") | {"jaw_drop": 0.7},
    "content: both eyes closed + smile": _both("eye_close") | _both("lip_corner_pull"),
    "surprise: brows + lids + jaw": _both("brow_raise") | _both("lid_raise") | {"jaw_drop": 0.8},
    "disgust: brows + nose + upper lip": _both("brow_lower")
    | {"nose_wrinkle": 1.0, "upper_lip_raise": 0.8},
    "oh: pucker + jaw drop": {"lip_pucker": 0.9, "jaw_drop": 0.6},
    "wink: left eye + smile": {"left_eye_close": 1.0} | _both("lip_corner_pull"),
    "hamster: cheeks + eyes closed": _both("eye_close") | {"cheeks_puff": 1.0},
    "jaw drop + slide left": {"jaw_drop": 0.7, "jaw_slide_left": 1.0},
    "frown: chin + brows + stretch": {"chin_raise": 1.0}
    | _both("brow_lower")
    | _both("lip_corner_stretch", 0.7),
    "lips sucked in": {"upper_lip_suck": 1.0, "lower_lip_suck": 1.0},
}


def write_sheet(parts: list[Part], aus: tuple[str, ...], path: Path) -> None:
    """Render everything and lay it out."""
    stage = _Stage(parts)
    heroes = [stage.picture({}, yaw, HERO_PX, 0.62) for yaw in (0.0, -35.0, 35.0)]
    single = [(au, stage.picture({au: 1.0}, YAW_DEG.get(au, -12.0), TILE_PX, 0.47)) for au in aus]
    mixed = [
        (name, stage.picture(weights, -12.0, MIXED_PX, 0.47))
        for name, weights in COMBINATIONS.items()
    ]
    _layout(heroes, single, mixed).save(path, optimize=True)


class _Stage:
    """One off-screen scene for all pictures."""

    def __init__(self, parts: list[Part]) -> None:
        self._parts = parts
        self._renderer = pyrender.OffscreenRenderer(RENDER_PX, RENDER_PX)

    def picture(self, weights: Weights, yaw_deg: float, size: int, distance: float) -> Image.Image:
        """The head at these weights, seen from ``yaw_deg``, over the backdrop; (size, size)."""
        scene = pyrender.Scene(ambient_light=AMBIENT, bg_color=(0.0, 0.0, 0.0, 0.0))
        for part in self._parts:
            scene.add(_mesh(part, weights))
        yaw = np.radians(yaw_deg)
        eye = np.array([np.sin(yaw) * distance, 0.0, np.cos(yaw) * distance])
        scene.add(pyrender.PerspectiveCamera(np.radians(30.0), znear=0.05), pose=_looking(eye))
        for place, strength in LIGHTS:
            light = pyrender.DirectionalLight(intensity=strength)
            scene.add(light, pose=_looking(np.asarray(place)))
        colour, _ = self._renderer.render(scene, flags=pyrender.RenderFlags.RGBA)
        head = Image.fromarray(colour, "RGBA")
        whole = Image.alpha_composite(_backdrop(RENDER_PX), head)
        return whole.resize((size, size), Image.Resampling.LANCZOS)


def _mesh(part: Part, weights: Weights) -> pyrender.Mesh:
    points = part.vertices.copy()
    for au, weight in weights.items():
        if au in part.offsets:
            points += weight * part.offsets[au]
    triangles = np.array([(f[0], f[i], f[i + 1]) for f in part.faces for i in range(1, len(f) - 1)])
    linear = np.where(
        part.colours <= 0.04045, part.colours / 12.92, ((part.colours + 0.055) / 1.055) ** 2.4
    )
    glossy = part.name in ("left_eye", "right_eye", "teeth_upper", "teeth_lower")
    material = pyrender.MetallicRoughnessMaterial(
        baseColorFactor=(1.0, 1.0, 1.0, 1.0),
        metallicFactor=0.0,
        roughnessFactor=0.35 if glossy else 0.62,
    )
    primitive = pyrender.Primitive(
        positions=(points * 0.001).astype(np.float32),
        normals=_normals(points, triangles).astype(np.float32),
        color_0=np.column_stack([linear, np.ones(len(linear))]).astype(np.float32),
        indices=triangles.astype(np.uint32),
        material=material,
    )
    return pyrender.Mesh([primitive])


def _normals(points: Array, triangles: Index) -> Array:
    a, b, c = (points[triangles[:, k]] for k in range(3))
    flat = np.cross(b - a, c - a)
    normals = np.zeros_like(points)
    for k in range(3):
        np.add.at(normals, triangles[:, k], flat)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12))


def _looking(eye: Array, target: Array | None = None) -> Array:
    """Camera-to-world matrix of a camera at ``eye`` that looks at ``target``."""
    target = np.array([0.0, 0.0, 0.0]) if target is None else target
    back = (eye - target) / np.linalg.norm(eye - target)
    right = np.cross([0.0, 1.0, 0.0], back)
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2], pose[:3, 3] = right, np.cross(back, right), back, eye
    return pose


def _backdrop(pixels: int) -> Image.Image:
    down = np.linspace(0.0, 1.0, pixels)[:, None, None]
    ramp = np.asarray(BACKDROP[0]) * (1 - down) + np.asarray(BACKDROP[1]) * down
    rgb = np.broadcast_to(np.round(255 * ramp).astype(np.uint8), (pixels, pixels, 3))
    return Image.fromarray(np.ascontiguousarray(rgb), "RGB").convert("RGBA")


Labelled = list[tuple[str, Image.Image]]


def _layout(heroes: list[Image.Image], single: Labelled, mixed: Labelled) -> Image.Image:
    width = SINGLE_COLUMNS * (TILE_PX + MARGIN_PX) + MARGIN_PX
    sheet = Image.new("RGB", (width, 4000), PAPER)
    for column, picture in enumerate(heroes):
        sheet.paste(picture.convert("RGB"), (MARGIN_PX + column * (HERO_PX + MARGIN_PX), MARGIN_PX))
    bottom = MARGIN_PX + HERO_PX
    bottom = _paste_group(sheet, bottom, "The 24 action units of FEAFA+, each at 1", single)
    bottom = _paste_group(sheet, bottom, "Ten combinations", mixed)
    return sheet.crop((0, 0, width, bottom + MARGIN_PX))


def _paste_group(sheet: Image.Image, top: int, title: str, group: Labelled) -> int:
    """Draw a titled grid of labelled pictures; returns where it ends."""
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN_PX + 2, top + 20), title, INK, font=ImageFont.load_default(24))
    top += TITLE_PX
    size = group[0][1].width
    columns = (sheet.width - MARGIN_PX) // (size + MARGIN_PX)
    for index, (label, picture) in enumerate(group):
        x = MARGIN_PX + index % columns * (size + MARGIN_PX)
        y = top + index // columns * (size + MARGIN_PX + LABEL_PX)
        sheet.paste(picture.convert("RGB"), (x, y))
        draw.text((x + 2, y + size + 5), label, SOFT_INK, font=ImageFont.load_default(15))
    return top + -(-len(group) // columns) * (size + MARGIN_PX + LABEL_PX)
