"""Recording the picture that people see, while a run goes on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from facedrive.files import free_path

if TYPE_CHECKING:
    from facedrive.outputs import Outputs
    from facedrive.render.studio import Studio


class Recorder(Protocol):
    """Records on request: the window what it shows, without a window what is drawn for it."""

    studio: Studio

    @property
    def path(self) -> Path | None:
        """Where it records to; None while it does not."""
        ...

    def start(self, path: Path | None = None) -> None:
        """Record to a file; to the next free one of the usual name where None is given."""
        ...

    def stop(self) -> None:
        """Finish the recording, if there is one."""
        ...


class SinkRecorder:
    """Records without a window: as one more output, which draws for itself."""

    def __init__(
        self, studio: Studio, outputs: Outputs, usual: Path, overwrite: bool = False
    ) -> None:
        """Draw with this studio, and record to ``usual`` where no name is given.

        A name that is taken gets a number, unless it is given and may be overwritten.
        """
        self.studio = studio
        self._outputs, self._usual = outputs, usual
        self._overwrite = overwrite
        self._path: Path | None = None

    @property
    def path(self) -> Path | None:
        """Where it records to; None while it does not, or when the recording has failed."""
        opened = {each.name for each in self._outputs.states() if each.state != "failed"}
        return self._path if self._name in opened else None

    def start(self, path: Path | None = None) -> None:
        """Record to a file from the next sample on.

        Raises:
            SinkError: if it cannot be written.
        """
        from facedrive.sinks.video import VideoSink

        self.stop()
        replace = self._overwrite and path is not None
        asked = path or self._usual
        self._path = free_path(asked, overwrite=replace)
        sink = VideoSink(self._path, self.studio.picture, overwrite=replace)
        self._outputs.add(sink, self._name)

    def stop(self) -> None:
        """Finish the recording, if there is one."""
        if self.path is not None:
            self._outputs.remove(self._name)
        self._path = None

    @property
    def _name(self) -> str:
        return f"recording {self._path}"
