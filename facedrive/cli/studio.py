"""``facedrive studio``: see it, tune it, send it and record it in a browser."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from facedrive.cli.packages import need_studio
from facedrive.errors import FacedriveError
from facedrive.options import option
from facedrive.settings import Settings
from facedrive.threads import Task


@dataclass(frozen=True, kw_only=True)
class StudioCommand:
    """See, tune, send and record a face in a browser, from a page that this computer serves.

    Without a camera the clip that ships plays. The page is for this computer alone, unless --host
    names another address together with a --token.
    """

    port: int = option(8400, low=0, high=65535)
    """Where the page is; 0 is any that is free."""
    host: str = "127.0.0.1"
    """The address to listen on; another than the loopback needs a token."""
    token: str | None = option(None, metavar="TEXT")
    """What the page's address must have for it to be let in; 16 characters or more."""
    open: bool = True
    """Open the browser."""
    folder: Path | None = option(None, metavar="DIR")
    """Where takes and rigs are kept; the user's data folder where left out."""
    rigs: Path | None = option(None, metavar="DIR")
    """Another folder of rigs to choose from."""
    settings: Settings = Settings()

    def run(self) -> int:
        """Serve the page until Ctrl-C."""
        self._check()
        from facedrive.files import user_data_folder
        from facedrive.studio.desk import Desk
        from facedrive.studio.engine import Engine

        engine = Engine(self.settings)
        engine.start()  # loads the models while the page's own packages are imported
        try:
            from facedrive.studio.server import Door, serve

            door = Door(self.host, self.port, self.token or "")
            with door.bind() as listening:
                url = door.url(int(listening.getsockname()[1]))
                print(f"facedrive studio: {url}  (Ctrl-C ends it)", flush=True)
                desk = Desk(engine, self.folder or user_data_folder(), url, self.rigs)
                Task("rig", desk.prepare)
                if self.open:
                    open_browser(url)
                serve(desk, door, listening)
        finally:
            engine.close()
        return 0

    def _check(self) -> None:
        from facedrive.studio.guard import is_own

        need_studio()
        if self.rigs is not None and not self.rigs.is_dir():
            raise FacedriveError(f"--rigs {self.rigs} is no folder; give one that holds rigs.")
        if self.token is not None and len(self.token) < 16:
            raise FacedriveError("--token is too short to be a secret; give 16 characters or more.")
        if not is_own(self.host) and self.token is None:
            raise FacedriveError(
                f"--host {self.host} lets others in; give a --token with it, of 16 characters or "
                "more, that the page's address must have."
            )


COMMANDS = {"": StudioCommand}


def open_browser(url: str) -> None:
    """Open a page, or say that nothing opens it."""
    import webbrowser

    if not webbrowser.open(url):
        print(f"No browser opens; open {url} yourself.", file=sys.stderr)
