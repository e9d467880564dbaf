"""The errors that facedrive raises; each message names the thing, what it got and the next step."""

from __future__ import annotations


class FacedriveError(Exception):
    """Base of every error that a user can mend; the CLI prints it as one line, exit code 2."""

    def __init__(self, message: str) -> None:
        """Keep the message on one line, whatever it quotes from a file."""
        super().__init__(" ".join(message.split()))


class SourceError(FacedriveError):
    """A camera, video, folder or stream cannot be read."""


class ModelError(FacedriveError):
    """A model file is missing, broken or not what facedrive needs."""


class RigError(FacedriveError):
    """A rig file is broken, has no usable morph targets or does not match its targets."""


class MappingError(FacedriveError):
    """A mapping table names an unknown AU or channel, or holds a bad weight."""


class ProfileError(FacedriveError):
    """A calibration profile is missing, broken or of another version."""


class SinkError(FacedriveError):
    """An output cannot be opened or written."""


class RenderError(FacedriveError):
    """No OpenGL context, or a picture cannot be rendered."""


class DataError(FacedriveError):
    """Training or evaluation data is missing, broken or inconsistent."""


class DependencyError(FacedriveError):
    """An optional package is needed and is not installed."""


def unknown(kind: str, name: str, known: object) -> str:
    """Say that ``name`` is no known ``kind``, and list those there are."""
    listed = ", ".join(sorted(str(item) for item in known))  # type: ignore[attr-defined]
    return f"no {kind} '{name}'; there are {listed}."
