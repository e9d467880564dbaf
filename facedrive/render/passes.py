"""All pyrender code: its scene and passes, with our vertices, read-back and shaders.

pyrender (0.1.45) stores morph targets without drawing them, uploads vertices once, reads back a
depth picture that nobody wants, and tints highlights with the surface. The lights are in
`shaders/mesh.frag`. Importing this module binds PyOpenGL to a platform: open a context first.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyrender
from numpy.typing import NDArray
from OpenGL import GL
from pyrender.shader_program import ShaderProgramCache

from facedrive.render.closed import single_sided
from facedrive.render.paint import Painted
from facedrive.render.pose import camera_pose, in_view
from facedrive.rig.model import Floats, Indices, Part, Rig
from facedrive.types import Image

FIELD_OF_VIEW = math.radians(28.0)
"""A portrait lens: a longer one flattens the face, a shorter one swells the nose."""

SHADERS = Path(__file__).with_name("shaders")


class Passes:
    """Draws one rig; every method needs the context to be current."""

    def __init__(self, rig: Rig, size: tuple[int, int], samples: int) -> None:
        self._scene = pyrender.Scene(bg_color=(0.0, 0.0, 0.0, 0.0))
        aspect = size[0] / size[1]
        camera = camera_pose(rig, FIELD_OF_VIEW, aspect)
        seen = in_view(rig, camera, FIELD_OF_VIEW, aspect)
        parts = single_sided(rig)
        glowing = {each.part for each in rig.paints if any(each.emission)}
        alike = [(group[0], _seen(rig, [parts[each] for each in group], seen))
                 for group in _alike(parts, glowing)]  # fmt: skip
        self._surfaces = [_Surface(rig, parts[first], first, shown)
                          for first, shown in alike if len(shown)]  # fmt: skip
        # Transparent surfaces come last, over what is behind them.
        self._surfaces.sort(key=lambda surface: surface.transparent)
        for surface in self._surfaces:
            self._scene.add(pyrender.Mesh([surface.primitive]))
        self._add_camera(rig, camera, aspect)
        self._renderer = _Renderer(size, samples)

    def draw(self, vertices: Floats, normals: Floats, painted: Painted | None = None) -> Image:
        """Draw (V, 3) vertices and normals: (H, W, 4) uint8, colour premultiplied by alpha."""
        self._renderer.upload(self._scene)
        for surface in self._surfaces:
            surface.rewrite(vertices, normals, painted)
        picture: Image = self._renderer.render(self._scene, pyrender.RenderFlags.OFFSCREEN)
        return picture

    def close(self) -> None:
        """Free buffers, textures and shaders."""
        self._renderer.delete()

    def _add_camera(self, rig: Rig, pose: NDArray[np.float64], aspect: float) -> None:
        reach = float(np.linalg.norm(rig.vertices - pose[:3, 3], axis=1).max())
        camera = pyrender.PerspectiveCamera(
            yfov=FIELD_OF_VIEW, aspectRatio=aspect, znear=0.01 * reach, zfar=2.0 * reach
        )
        self._scene.add(camera, pose=pose)


class _Surface:
    """Triangles that look like one part, as one primitive with a vertex buffer to rewrite."""

    def __init__(self, rig: Rig, look: Part, part: int, triangles: Indices) -> None:
        self.transparent = look.transparent
        self._part = part
        self._rows, corners = np.unique(triangles, return_inverse=True)
        textured = self._textured = rig.uv is not None and look.texture is not None
        self.primitive = pyrender.Primitive(
            positions=rig.vertices[self._rows],
            normals=np.zeros((len(self._rows), 3), np.float32),
            texcoord_0=rig.uv[self._rows] if textured and rig.uv is not None else None,
            color_0=rig.colors[self._rows],
            indices=corners.reshape(-1, 3),
            material=_material(look, textured),
        )
        # As pyrender interleaves them: position, normal, texture coordinates, colour.
        columns = [np.zeros((len(self._rows), 6), np.float32), rig.colors[self._rows]]
        if textured and rig.uv is not None:
            columns.insert(1, rig.uv[self._rows])
        self._buffer = np.ascontiguousarray(np.hstack(columns), dtype=np.float32)

    def rewrite(self, vertices: Floats, normals: Floats, painted: Painted | None) -> None:
        """Replace positions and normals, and the look if it changes, in the buffer on the GPU."""
        self._buffer[:, :3] = vertices.take(self._rows, axis=0)
        self._buffer[:, 3:6] = normals.take(self._rows, axis=0)
        if painted is not None:
            self.primitive.material.emissiveFactor = painted.emission[self._part]
            self._buffer[:, -4:] = painted.colors.take(self._rows, axis=0)
            if painted.uv is not None and self._textured:
                self._buffer[:, 6:8] = painted.uv.take(self._rows, axis=0)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self.primitive._buffers[0])
        GL.glBufferSubData(GL.GL_ARRAY_BUFFER, 0, self._buffer.nbytes, self._buffer)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, 0)


def _seen(rig: Rig, parts: list[Part], seen: NDArray[np.bool_]) -> Indices:
    """Return the triangles of parts, (f, 3), that have a vertex which may be ``seen``."""
    triangles = np.concatenate([rig.triangles[part.triangles] for part in parts])
    shown: Indices = triangles[seen[triangles].any(axis=1)]
    return shown


class _Texture(pyrender.Texture):
    """pyrender's, with its first row at v = 0 as in glTF, and made without a flaw of PyOpenGL."""

    def _add_to_context(self) -> None:
        # PyOpenGL 3.1.0 fails to make one name alone on Python 3.12 and later.
        self._texid, spare = (int(name) for name in GL.glGenTextures(2))
        GL.glDeleteTextures([spare])
        height, width = self.source.shape[:2]
        kind = GL.GL_TEXTURE_2D
        GL.glBindTexture(kind, self._texid)
        pixels = np.ascontiguousarray(self.source)
        GL.glTexImage2D(
            kind, 0, GL.GL_RGBA8, width, height, 0, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, pixels
        )
        GL.glGenerateMipmap(kind)
        GL.glTexParameteri(kind, GL.GL_TEXTURE_MIN_FILTER, GL.GL_LINEAR_MIPMAP_NEAREST)
        GL.glTexParameteri(kind, GL.GL_TEXTURE_MAG_FILTER, GL.GL_LINEAR)
        GL.glBindTexture(kind, 0)


class _Renderer(pyrender.Renderer):
    """pyrender's, with our shaders and a choice of samples, reading back colour alone."""

    def __init__(self, size: tuple[int, int], samples: int) -> None:
        super().__init__(*size)
        self._program_cache = ShaderProgramCache(shader_dir=str(SHADERS))
        self._samples = samples
        self._picture: NDArray[np.uint8] = np.empty((size[1], size[0], 4), np.uint8)

    def upload(self, scene: pyrender.Scene) -> None:
        """Create the buffers and textures of what is new in the scene."""
        self._update_context(scene, pyrender.RenderFlags.OFFSCREEN)

    def _configure_main_framebuffer(self) -> None:
        if self._main_fb is not None:
            return
        super()._configure_main_framebuffer()
        for buffer, kind in (
            (self._main_cb_ms, GL.GL_RGBA8),
            (self._main_db_ms, GL.GL_DEPTH_COMPONENT24),
        ):
            GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, buffer)
            GL.glRenderbufferStorageMultisample(
                GL.GL_RENDERBUFFER, self._samples, kind, *self._main_fb_dims
            )

    def _read_main_framebuffer(self, scene: pyrender.Scene, flags: int) -> Image:
        width, height = self._main_fb_dims
        area = (0, 0, width, height)
        GL.glBindFramebuffer(GL.GL_READ_FRAMEBUFFER, self._main_fb_ms)
        GL.glBindFramebuffer(GL.GL_DRAW_FRAMEBUFFER, self._main_fb)
        # OpenGL's first row is the lowest; resolving samples and flipping cannot be one blit.
        GL.glBlitFramebuffer(*area, *area, GL.GL_COLOR_BUFFER_BIT, GL.GL_NEAREST)
        GL.glBindFramebuffer(GL.GL_READ_FRAMEBUFFER, self._main_fb)
        GL.glReadPixels(*area, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, self._picture)
        return self._picture[::-1]


def _alike(parts: tuple[Part, ...], glowing: set[int]) -> list[list[int]]:
    """Group the parts, by number, that differ in name and triangles only; what glows is alone."""
    groups: list[list[int]] = []
    for number, part in enumerate(parts):
        fits = (each for each in groups if not glowing & {each[0], number}
                and _looks_as(parts[each[0]], part))  # fmt: skip
        group = next(fits, None)
        if group is None:
            groups.append([number])
        else:
            group.append(number)
    return groups


def _looks_as(one: Part, other: Part) -> bool:
    named = replace(one, name=other.name, triangles=other.triangles, texture=None)
    return one.texture is other.texture and named == replace(other, texture=None)


def _material(part: Part, textured: bool) -> pyrender.Material:
    texture = None
    if textured:
        texture = _Texture(source=part.texture, source_channels="RGBA")
    return pyrender.MetallicRoughnessMaterial(
        baseColorTexture=texture,
        metallicFactor=0.0,
        roughnessFactor=max(part.roughness, 0.08),
        doubleSided=part.double_sided,
        alphaMode="BLEND" if part.transparent else "OPAQUE",
        emissiveFactor=np.clip(part.emission, 0, 1),
    )
