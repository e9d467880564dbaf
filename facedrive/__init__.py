"""facedrive: a face in front of a camera drives an avatar, through 24 FEAFA+ action units.

    import facedrive as fd

    take = fd.extract("clip.mp4")
    print(take["jaw_drop"].max())

Importing this loads nothing else: each name brings what it needs when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "AU_INDEX",
    "AU_NAMES",
    "FacedriveError",
    "Frame",
    "Live",
    "Pipeline",
    "Sample",
    "Settings",
    "Take",
    "__version__",
    "extract",
    "frames",
    "open",
    "read",
    "samples",
]

if TYPE_CHECKING:
    from facedrive.api import extract, frames, open, read, samples
    from facedrive.aus import AU_INDEX, AU_NAMES
    from facedrive.errors import FacedriveError
    from facedrive.live import Live
    from facedrive.pipeline import Pipeline
    from facedrive.settings import Settings
    from facedrive.takes.take import Take
    from facedrive.types import Frame, Sample
else:
    _HOMES = {
        "AU_INDEX": "aus",
        "AU_NAMES": "aus",
        "FacedriveError": "errors",
        "Frame": "types",
        "Live": "live",
        "Pipeline": "pipeline",
        "Sample": "types",
        "Settings": "settings",
        "Take": "takes.take",
        "extract": "api",
        "frames": "api",
        "open": "api",
        "read": "api",
        "samples": "api",
    }

    def __getattr__(name):
        """Return a public name from the module that it lives in."""
        if name not in _HOMES:
            raise AttributeError(f"facedrive has no {name}; it has {', '.join(__all__)}.")
        return getattr(import_module(f"facedrive.{_HOMES[name]}"), name)

    def __dir__():
        """Return the public names."""
        return __all__
