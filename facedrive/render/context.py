"""An off-screen OpenGL context, current only while something draws with it.

On Linux it comes from EGL, else OSMesa, so that a picture needs no display; elsewhere from a
hidden window. `PYOPENGL_PLATFORM` and `EGL_DEVICE_ID` are respected. PyOpenGL binds to one
platform at its first import, so the choice is made here, before it.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from facedrive.errors import RenderError

log = logging.getLogger(__name__)

INSTALL = "on Debian or Ubuntu: sudo apt-get install libegl1 libgl1 libgl1-mesa-dri"
PLATFORMS = ("egl", "osmesa")

_OSMESA_RGBA = 0x1908
_GL_UNSIGNED_BYTE = 0x1401
# OSMESA_FORMAT, OSMESA_DEPTH_BITS, OSMESA_PROFILE core, context 3.3, end.
_OSMESA_ATTRIBUTES = (
    *(0x22, _OSMESA_RGBA, 0x30, 24, 0x33, 0x34),
    *(0x36, 3, 0x37, 3, 0),
)


class Context(Protocol):
    """What makes OpenGL draw somewhere."""

    def make_current(self) -> None:
        """Direct this thread's OpenGL calls to the context."""
        ...

    def release(self) -> None:
        """Let another thread make it current."""
        ...

    def close(self) -> None:
        """Free it."""
        ...


@contextmanager
def current(context: Context) -> Iterator[None]:
    """Hold the context in this thread for a while; any one thread at a time may."""
    context.make_current()
    try:
        yield
    finally:
        context.release()


def open_context(software_threads: int | None = None) -> Context:
    """Open a context on the first platform that works.

    This is the one place that sets environment variables, and it keeps what the user set.

    Args:
        software_threads: Of Mesa's software renderer, beside the one that draws; None for as many
            as it likes. The first context of a process decides for all.

    Raises:
        RenderError: if there is none; it says what to install.
    """
    _load_triton()
    platform = choose_platform()
    if software_threads is not None:
        os.environ.setdefault("LP_NUM_THREADS", str(software_threads))
    try:
        import OpenGL.error
    except (ImportError, OSError, AttributeError) as error:
        raise RenderError(f"OpenGL cannot be loaded ({error}); {INSTALL}.") from error
    try:
        return _OPENERS[platform]()
    except (OpenGL.error.Error, ImportError, OSError, AttributeError, AssertionError) as error:
        reason = str(error) or type(error).__name__
        raise RenderError(f"no OpenGL context from {platform} ({reason}); {INSTALL}.") from error


def _load_triton() -> None:
    """Load Triton, which torch does when it first trains, before a driver of OpenGL is loaded.

    Both bring an LLVM. Mesa's driver shows its own to all that is loaded after it, and Triton's
    library crashes with that one.
    """
    if "torch" in sys.modules:
        with suppress(ImportError):
            importlib.import_module("triton")


def choose_platform() -> str:
    """Return ``egl``, ``osmesa`` or ``window``, and tell PyOpenGL.

    Raises:
        RenderError: if the user's choice is unknown, or nothing is installed.
    """
    chosen = os.environ.get("PYOPENGL_PLATFORM")
    if chosen in PLATFORMS:
        return chosen
    if chosen:
        raise RenderError(
            f"PYOPENGL_PLATFORM is {chosen!r}; facedrive draws with egl or osmesa: "
            "unset it or choose one."
        )
    if not sys.platform.startswith("linux"):
        return "window"
    platform = "egl" if _egl_devices() else "osmesa" if _library("OSMesa") else None
    if platform is None:
        raise RenderError(f"there is no OpenGL without a display (EGL or OSMesa); {INSTALL}.")
    os.environ["PYOPENGL_PLATFORM"] = platform
    return platform


class _Egl:
    """A context on the first EGL device that gives one: a GPU, or Mesa's software."""

    def __init__(self) -> None:
        from pyrender.platforms import egl

        platform = self._first_working(egl)
        self._display, self._context = platform._egl_display, platform._egl_context
        # Else pyrender would, when it is collected, terminate the display, which all contexts of
        # the device share.
        platform._egl_display = None
        self.release()

    def make_current(self) -> None:
        self._bind(self._context)

    def release(self) -> None:
        from OpenGL import EGL

        self._bind(EGL.EGL_NO_CONTEXT)

    def close(self) -> None:
        from OpenGL import EGL

        EGL.eglDestroyContext(self._display, self._context)

    def _bind(self, context: Any) -> None:
        from OpenGL import EGL

        EGL.eglMakeCurrent(self._display, EGL.EGL_NO_SURFACE, EGL.EGL_NO_SURFACE, context)

    @staticmethod
    def _first_working(egl: Any) -> Any:
        wanted = os.environ.get("EGL_DEVICE_ID", "")
        devices = egl.query_devices()
        if wanted.isdecimal():
            devices = devices[int(wanted) : int(wanted) + 1]
        failure: Exception = OSError(f"no EGL device {wanted}".rstrip())
        for device in devices:
            platform = egl.EGLPlatform(1, 1, device=device)
            try:
                platform.init_context()
            except (AssertionError, _gl_error()) as error:
                failure = error
            else:
                return platform
        raise OSError(f"none of {len(devices)} EGL devices works") from failure


class _OsMesa:
    """Mesa's software renderer drawing into memory; for machines without EGL."""

    def __init__(self) -> None:
        from OpenGL import platform

        # PyOpenGL files what it knows of a context under it, and its own type has no hash.
        platform.PLATFORM.GetCurrentContext.restype = ctypes.c_void_p
        library = platform.PLATFORM.OSMesa
        create = library.OSMesaCreateContextAttribs
        create.restype = ctypes.c_void_p
        create.argtypes = [ctypes.POINTER(ctypes.c_int), ctypes.c_void_p]
        self._destroy = library.OSMesaDestroyContext
        self._destroy.argtypes = [ctypes.c_void_p]
        self._make = library.OSMesaMakeCurrent
        self._make.argtypes = [ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int] * 3]
        # Its own picture; what is drawn goes to a framebuffer object and is never seen here.
        self._memory = (ctypes.c_ubyte * 4)()
        attributes = (ctypes.c_int * len(_OSMESA_ATTRIBUTES))(*_OSMESA_ATTRIBUTES)
        self._context = create(attributes, None)
        if not self._context:
            raise OSError("OSMesa has no OpenGL 3.3 core profile")

    def make_current(self) -> None:
        if not self._make(self._context, self._memory, _GL_UNSIGNED_BYTE, 1, 1):
            raise RenderError("OSMesa's context was lost; start again.")

    def release(self) -> None:
        self._make(None, None, 0, 0, 0)

    def close(self) -> None:
        self._destroy(self._context)


class _Window:
    """A hidden window, where there is always a display: macOS and Windows."""

    def __init__(self) -> None:
        from pyrender.platforms.pyglet_platform import PygletPlatform

        self._platform = PygletPlatform(1, 1)
        self._platform.init_context()

    def make_current(self) -> None:
        self._platform.make_current()

    def release(self) -> None:
        self._platform.make_uncurrent()

    def close(self) -> None:
        self._platform.delete_context()


_OPENERS: dict[str, type[_Egl] | type[_OsMesa] | type[_Window]] = {
    "egl": _Egl,
    "osmesa": _OsMesa,
    "window": _Window,
}


def _gl_error() -> type[Exception]:
    import OpenGL.error

    error: type[Exception] = OpenGL.error.Error
    return error


def _library(name: str) -> ctypes.CDLL | None:
    path = ctypes.util.find_library(name)
    try:
        return ctypes.CDLL(path) if path else None
    except OSError:
        log.debug("%s is installed but does not load", path)
        return None


def _egl_devices() -> int:
    """Count the EGL devices; 0 where EGL, its vendors or libGL are missing."""
    egl = _library("EGL")
    if egl is None or _library("GL") is None:
        return 0
    egl.eglGetProcAddress.restype = ctypes.c_void_p
    address = egl.eglGetProcAddress(b"eglQueryDevicesEXT")
    if not address:
        return 0
    query = ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    count = ctypes.c_int()
    query(address)(0, None, ctypes.byref(count))
    return count.value
