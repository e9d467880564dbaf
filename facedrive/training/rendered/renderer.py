"""Opens what draws parametric faces: first a context, then the OpenGL code that is bound to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facedrive.render.context import open_context
from facedrive.training.rendered.face import FaceModel

if TYPE_CHECKING:
    from facedrive.training.rendered.scene import FaceRenderer


def open_renderer(
    model: FaceModel, width: int, height: int, samples: int = 0, grey: bool = False
) -> FaceRenderer:
    """Open a context and upload a face model.

    Args:
        model: Its triangles and texture coordinates are uploaded once.
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        samples: Multisampling; 0 for none.
        grey: Draw the green of everything only, which is faster.

    Raises:
        RenderError: if there is no OpenGL context.
    """
    # Pictures this small are drawn faster without the software renderer's threads.
    context = open_context(software_threads=0)
    context.make_current()
    # Imported late: it binds PyOpenGL to the platform that was chosen.
    from facedrive.training.rendered.scene import FaceRenderer

    return FaceRenderer(context, model, width, height, samples, grey)
