"""Draws a face off-screen with OpenGL: skin texture, painted eyes, three lights, one camera.

Our own draw call instead of pyrender's: the eyes, the wrap lighting, the mouth's darkness and
the hair need their own shader. Importing this module binds PyOpenGL to a platform: open a
context first, as ``open_renderer`` does.
"""

from __future__ import annotations

import ctypes
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from OpenGL import GL
from OpenGL.GL import shaders

from facedrive.render.context import Context
from facedrive.training.rendered.camera import FAR_CM, NEAR_CM, Camera, head_pose
from facedrive.training.rendered.face import LANDMARKS, FaceModel, Indices, Kind
from facedrive.training.rendered.paint import Look, Paint, hair_mask
from facedrive.training.rendered.shaders import COLOURED, GREY, SHADERS
from facedrive.types import Image, Vector

MATERIAL_OF: dict[Kind, str] = {
    Kind.SKIN: "skin",
    Kind.BACK: "skin",
    Kind.GUM: "mouth",
    Kind.TOOTH: "mouth",
    Kind.EYE: "eye",
    Kind.LASH: "lash",
}
"""Which of the ``SHADERS`` draws a kind; hair is drawn over the scalp again."""


class _Draw(NamedTuple):
    """One program and the triangles that it draws."""

    program: int
    first: int
    """Of the indices."""
    length: int


class FaceRenderer:
    """Owns the context and the buffers; one face model, one picture size."""

    def __init__(
        self,
        context: Context,
        model: FaceModel,
        width: int,
        height: int,
        samples: int,
        grey: bool,
    ) -> None:
        """Take over a context, which is current; the rest is as for ``open_renderer``."""
        self._context = context
        self._model, self._size = model, (width, height)
        triangles, uvs = _with_backs(model)
        pairs = np.column_stack([triangles.ravel(), uvs.ravel()])
        corners, order = np.unique(pairs, axis=0, return_inverse=True)
        self.corner_vertex = corners[:, 0]
        """(C,) vertex of each drawn corner; a vertex on a texture seam has several."""
        self._corner_uv = model.uv[corners[:, 1]]
        groups = _group(model, triangles)
        order = np.vstack([order.reshape(-1, 3)[group] for group in groups.values()])
        self._moving, self._paint = self._upload(np.asarray(order, np.uint32))
        self._draws = _compile(groups, GREY if grey else COLOURED)
        self._scene = int(GL.glGenBuffers(1))
        self._texture = _texture()
        self._openness = np.ones(len(model.neutral), np.float32)
        self._drawn = _framebuffer(width, height, samples)
        self._read = _framebuffer(width, height, 0) if samples else self._drawn
        self.paint(Paint())
        self.openness = self.bake_openness(model.neutral)
        """(V,) of the neutral face, from ``bake_openness``."""
        self._openness = np.clip(0.1 + 1.1 * self.openness, 0, 1)

    def close(self) -> None:
        """Give the context back."""
        self._context.release()
        self._context.close()

    def paint(self, paint: Paint) -> None:
        """Set the colours of everything, and what the skin's texture is multiplied by."""
        self._context.make_current()
        colours, light = paint.colours(self._model, self._openness)
        hair = hair_mask(self._model, paint.hairline) * paint.hair_cover
        values = np.column_stack([colours, light, hair])
        values = values[self.corner_vertex].astype(np.float32)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._paint)
        GL.glBufferData(GL.GL_ARRAY_BUFFER, values.nbytes, values, GL.GL_STATIC_DRAW)

    def bake_openness(self, vertices: NDArray[np.float32], directions: int = 48) -> Vector:
        """Measure the (V,) share of the sky in front that each vertex sees, weighted by cosine."""
        normals = self._model.normals(vertices)
        camera = Camera(*self._size, self._size[1] * 20.0)
        reached, possible = np.zeros((2, len(vertices)))
        for direction in _front_directions(directions):
            pose = _seen_from(direction)
            self.render(vertices, pose, camera, Look(lash_length=0))
            points = vertices @ pose[:3, :3].T + pose[:3, 3]
            column, row = np.round(camera.project(points)).astype(int).T
            inside = np.array(self._size)[::-1] - 1
            depth = self._depth_cm()[np.clip(row, 0, inside[0]), np.clip(column, 0, inside[1])]
            cosine = np.maximum(normals @ direction, 0)
            reached += cosine * (-points[:, 2] < depth + 0.25)
            possible += np.maximum(cosine, 0.05)
        return np.asarray(reached / possible, np.float32)

    def _depth_cm(self) -> NDArray[np.float32]:
        """Read (H, W) distances along the axis of the last picture."""
        width, height = self._size
        self._resolve(GL.GL_DEPTH_BUFFER_BIT)
        raw = GL.glReadPixels(0, 0, width, height, GL.GL_DEPTH_COMPONENT, GL.GL_FLOAT)
        depth = np.frombuffer(raw, np.float32).reshape(height, width)[::-1]
        return NEAR_CM * FAR_CM / (FAR_CM - depth * (FAR_CM - NEAR_CM))

    def set_skin(self, texture: NDArray[np.float32]) -> None:
        """Upload the skin texture, (S, S, 3) linear RGB or (S, S) grey, first row at the top."""
        self._context.make_current()
        rows = np.ascontiguousarray(texture[::-1], np.float32)
        height, width = rows.shape[:2]
        if rows.ndim == 2:
            stored, given, blue_from = GL.GL_R16F, GL.GL_RED, GL.GL_RED
        else:
            stored, given, blue_from = GL.GL_RGB16F, GL.GL_RGB, GL.GL_BLUE
        green_from = GL.GL_RED if rows.ndim == 2 else GL.GL_GREEN
        GL.glBindTexture(GL.GL_TEXTURE_2D, self._texture)
        GL.glTexParameteri(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_SWIZZLE_G, green_from)
        GL.glTexParameteri(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_SWIZZLE_B, blue_from)
        size = (stored, width, height, 0)
        GL.glTexImage2D(GL.GL_TEXTURE_2D, 0, *size, given, GL.GL_FLOAT, rows)
        GL.glGenerateMipmap(GL.GL_TEXTURE_2D)

    def render(
        self,
        vertices: NDArray[np.float32],
        pose: NDArray[np.float32],
        camera: Camera,
        look: Look,
    ) -> tuple[Image, NDArray[np.float32]]:
        """Draw one picture.

        Args:
            vertices: (V, 3) in head axes.
            pose: (4, 4) head to camera, centimetres.
            camera: Of this renderer's size.
            look: Light and material.

        Returns:
            (H, W, 3) uint8 RGB and the (H, W) float32 share of each pixel that the face covers.
        """
        self._context.make_current()
        width, height = self._size
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._drawn)
        GL.glViewport(0, 0, width, height)
        GL.glEnable(GL.GL_DEPTH_TEST)
        GL.glEnable(GL.GL_CULL_FACE)
        GL.glClearColor(0, 0, 0, 0)
        GL.glClear(GL.GL_COLOR_BUFFER_BIT | GL.GL_DEPTH_BUFFER_BIT)
        block = scene_block(pose, camera, look, _mouth_light(vertices))
        GL.glBindBufferBase(GL.GL_UNIFORM_BUFFER, 0, self._scene)
        GL.glBufferData(GL.GL_UNIFORM_BUFFER, block.nbytes, block, GL.GL_STREAM_DRAW)
        self._move(vertices)
        GL.glBindTexture(GL.GL_TEXTURE_2D, self._texture)
        for material, draw in self._draws.items():
            GL.glUseProgram(draw.program)
            if material == "hair":
                _draw_hair(draw, look.hair_layers)
            else:
                _draw(draw)
        return self._read_back()

    def _move(self, vertices: NDArray[np.float32]) -> None:
        """Upload the positions and normals of the corners."""
        moving = np.empty((len(self.corner_vertex), 6), np.float32)
        moving[:, :3] = vertices.take(self.corner_vertex, axis=0)
        moving[:, 3:] = self._model.normals(vertices).take(self.corner_vertex, axis=0)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._moving)
        GL.glBufferData(GL.GL_ARRAY_BUFFER, moving.nbytes, moving, GL.GL_STREAM_DRAW)
        GL.glBindVertexArray(self._array)

    def _read_back(self) -> tuple[Image, NDArray[np.float32]]:
        width, height = self._size
        self._resolve(GL.GL_COLOR_BUFFER_BIT)
        raw = GL.glReadPixels(0, 0, width, height, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE)
        picture = np.frombuffer(raw, np.uint8).reshape(height, width, 4)[::-1]
        return picture[..., :3].copy(), np.asarray(picture[..., 3] / 255, np.float32)

    def _resolve(self, planes: int) -> None:
        """Average the samples into the framebuffer that can be read, and bind that."""
        if self._drawn == self._read:
            return
        area = (0, 0, *self._size)
        GL.glBindFramebuffer(GL.GL_READ_FRAMEBUFFER, self._drawn)
        GL.glBindFramebuffer(GL.GL_DRAW_FRAMEBUFFER, self._read)
        GL.glBlitFramebuffer(*area, *area, planes, GL.GL_NEAREST)
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._read)

    def _upload(self, order: NDArray[np.uint32]) -> tuple[int, int]:
        """Make the buffers: positions and normals (moving), texture and eyes (fixed), paint."""
        self._array = GL.glGenVertexArrays(1)
        GL.glBindVertexArray(self._array)
        moving, fixed, paint, indices = GL.glGenBuffers(4)
        rest = self._model.neutral[self.corner_vertex]
        static = np.column_stack([self._corner_uv, self._eye_axes(), rest]).astype(np.float32)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, fixed)
        GL.glBufferData(GL.GL_ARRAY_BUFFER, static.nbytes, static, GL.GL_STATIC_DRAW)
        _attribute(2, 2, 36, 0)
        _attribute(4, 4, 36, 8)
        _attribute(5, 3, 36, 24)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, moving)
        _attribute(0, 3, 24, 0)
        _attribute(1, 3, 24, 12)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, paint)
        _attribute(3, 4, 20, 0)
        _attribute(6, 1, 20, 16)
        GL.glBindBuffer(GL.GL_ELEMENT_ARRAY_BUFFER, indices)
        GL.glBufferData(GL.GL_ELEMENT_ARRAY_BUFFER, order.nbytes, order, GL.GL_STATIC_DRAW)
        return int(moving), int(paint)

    def _eye_axes(self) -> NDArray[np.float32]:
        """Give (C, 4): where on its eyeball, or how far up its lash, a corner lies; its kind."""
        axes = np.zeros((len(self._model.neutral), 4), np.float32)
        for eye in self._model.eyes:
            axes[eye.vertices, :3] = self._model.neutral[eye.vertices] - eye.centre
        lashes = self._model.kind == Kind.LASH
        axes[lashes, 0] = self._model.lash_reach[lashes]
        axes[:, 3] = self._model.kind
        return axes[self.corner_vertex]


def _front_directions(count: int) -> NDArray[np.float32]:
    """Spread (count, 3) directions over the sky that lights a face: all but far behind it."""
    z = np.linspace(-0.25, 1.0, count)
    turn = np.arange(count) * np.pi * (3 - np.sqrt(5))
    across = np.sqrt(1 - z * z)
    return np.column_stack([across * np.cos(turn), across * np.sin(turn), z]).astype(np.float32)


def _seen_from(direction: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the (4, 4) pose in which a distant camera looks at the head against a direction."""
    side = np.cross([0.0, 1.0, 0.1], direction)
    side /= np.linalg.norm(side)
    rotation = np.stack([side, np.cross(direction, side), direction]).astype(np.float32)
    return head_pose(rotation, np.array([0, 0, -40 * 20.0], np.float32))


def scene_block(
    pose: NDArray[np.float32], camera: Camera, look: Look, mouth_light: float
) -> NDArray[np.float32]:
    """Lay out the shaders' ``SCENE_BLOCK`` as std140 does: columns first, colours in fours."""
    lights = look.lights / np.linalg.norm(look.lights, axis=1, keepdims=True)
    fours = [*lights, *look.light_colours]
    fours += [look.ambient, look.iris_colour, look.sclera_colour, look.hair_colour]
    vectors = np.zeros((len(fours), 4), np.float32)
    vectors[:, :3] = fours
    numbers = [look.hair_length, look.lash_length, look.shine, look.wrap]
    numbers += [look.iris_radius, look.pupil_radius, mouth_light, 0.0]
    matrices = [pose.T.ravel(), camera.projection().T.ravel()]
    return np.concatenate([*matrices, vectors.ravel(), numbers]).astype(np.float32)


def _mouth_light(vertices: NDArray[np.float32]) -> float:
    """Tell how much light falls between the lips: hardly any through a slit."""
    gaps = vertices[LANDMARKS[[61, 62, 63]]] - vertices[LANDMARKS[[67, 66, 65]]]
    gap_cm = float(np.linalg.norm(gaps, axis=1).mean())
    return float(np.clip((gap_cm - 0.08) / 0.35, 0.05, 1.0))


def _with_backs(model: FaceModel) -> tuple[Indices, Indices]:
    """Add the backs of the lashes, which are cards, to the (T, 3) triangles and their uvs."""
    lashes = (model.kind[model.triangles] == Kind.LASH).all(axis=1)
    backs = [model.triangles[lashes][:, ::-1], model.triangle_uvs[lashes][:, ::-1]]
    return np.vstack([model.triangles, backs[0]]), np.vstack([model.triangle_uvs, backs[1]])


def _group(model: FaceModel, triangles: Indices) -> dict[str, Indices]:
    """Find the triangles of each material, in the order in which they are drawn.

    Neighbours come one after the other: a software renderer then moves fewer vertices twice.
    """
    order = np.argsort(triangles.min(axis=1), kind="stable")
    materials = np.array([MATERIAL_OF[kind] for kind in Kind])
    material = materials[model.kind[triangles[order]].max(axis=1)]
    groups = {name: order[material == name] for name in SHADERS}
    hairy = (hair_mask(model)[triangles[order]] > 0).any(axis=1)
    groups["hair"] = order[hairy]
    return groups


def _compile(groups: dict[str, Indices], head: str) -> dict[str, _Draw]:
    """Make each material's program, and find its place among the indices."""
    draws: dict[str, _Draw] = {}
    first = 0
    for name, triangles in groups.items():
        program = shaders.compileProgram(
            shaders.compileShader(head + SHADERS[name].vertex, GL.GL_VERTEX_SHADER),
            shaders.compileShader(head + SHADERS[name].fragment, GL.GL_FRAGMENT_SHADER),
            validate=False,
        )
        block = GL.glGetUniformBlockIndex(program, "Scene")
        GL.glUniformBlockBinding(program, block, 0)
        draws[name] = _Draw(program, first, 3 * len(triangles))
        first += draws[name].length
    return draws


def _draw(draw: _Draw) -> None:
    first = ctypes.c_void_p(4 * draw.first)
    GL.glDrawElements(GL.GL_TRIANGLES, draw.length, GL.GL_UNSIGNED_INT, first)


def _draw_hair(draw: _Draw, layers: int) -> None:
    """Draw the scalp again and again, each time further out and with more gaps."""
    place = GL.glGetUniformLocation(draw.program, "shell")
    for layer in range(layers):
        GL.glUniform1f(place, (layer + 1) / layers)
        _draw(draw)


def _attribute(location: int, count: int, stride: int, offset: int) -> None:
    GL.glEnableVertexAttribArray(location)
    GL.glVertexAttribPointer(
        location, count, GL.GL_FLOAT, GL.GL_FALSE, stride, ctypes.c_void_p(offset)
    )


def _texture() -> int:
    texture = GL.glGenTextures(1)
    GL.glBindTexture(GL.GL_TEXTURE_2D, texture)
    for name, value in (
        (GL.GL_TEXTURE_MIN_FILTER, GL.GL_LINEAR_MIPMAP_LINEAR),
        (GL.GL_TEXTURE_MAG_FILTER, GL.GL_LINEAR),
        (GL.GL_TEXTURE_WRAP_S, GL.GL_CLAMP_TO_EDGE),
        (GL.GL_TEXTURE_WRAP_T, GL.GL_CLAMP_TO_EDGE),
    ):
        GL.glTexParameteri(GL.GL_TEXTURE_2D, name, value)
    return int(texture)


def _framebuffer(width: int, height: int, samples: int) -> int:
    framebuffer = GL.glGenFramebuffers(1)
    GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, framebuffer)
    colour, depth = GL.glGenRenderbuffers(2)
    for buffer, form, place in (
        (colour, GL.GL_RGBA8, GL.GL_COLOR_ATTACHMENT0),
        (depth, GL.GL_DEPTH_COMPONENT24, GL.GL_DEPTH_ATTACHMENT),
    ):
        GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, buffer)
        GL.glRenderbufferStorageMultisample(GL.GL_RENDERBUFFER, samples, form, width, height)
        GL.glFramebufferRenderbuffer(GL.GL_FRAMEBUFFER, place, GL.GL_RENDERBUFFER, buffer)
    return int(framebuffer)
