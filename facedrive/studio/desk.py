"""What the pages share: the run, the takes, the rigs, and what is under way on any of them."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from facedrive.errors import DataError, FacedriveError
from facedrive.files import free_path, user_config_folder
from facedrive.mappings import Mapping, load_mapping
from facedrive.mappings.table import standard_of
from facedrive.options import shown, values_of
from facedrive.settings import load_layers, save_settings
from facedrive.sinks.video import VideoSink
from facedrive.studio.acts import Hand, Player, Wave
from facedrive.studio.apps import App
from facedrive.studio.engine import Engine
from facedrive.studio.library import Library, Recording
from facedrive.studio.maps import save_rows
from facedrive.studio.movements import OTHER_SIDE
from facedrive.studio.rates import Rates
from facedrive.studio.rigs import OURS, Gallery, Packed, RigName

log = logging.getLogger(__name__)

RECORDING = "the recording"
RECORDED_PICTURE = "the recording's picture"
OWN_OUTPUTS = (RECORDING, RECORDED_PICTURE)
"""What a recording and its picture are called among the outputs."""

STAGES = ("track", "crop", "regress", "pose", "smooth", "send", "frame to wire")
"""The steps of a frame's way that the page shows; the last is all of it."""


class Desk:
    """Holds what several pages show, and does what they ask."""

    def __init__(
        self, engine: Engine, folder: Path, url: str = "", rigs: Path | None = None
    ) -> None:
        """Keep takes and rigs below ``folder``; ``url`` is where the page is.

        ``rigs`` is another folder of rigs to choose from.
        """
        self.engine = engine
        self.library = Library(folder / "takes")
        self.gallery = Gallery(folder / "rigs", rigs)
        self.setups = user_config_folder() / "setups"
        self.profiles = user_config_folder() / "profiles"
        self.url = url
        self.recording: Recording | None = None
        self.with_picture = False
        """Whether the camera's picture is recorded too."""
        self.hand = Hand()
        self.rates = Rates()

    @property
    def rig_name(self) -> str:
        """The chosen rig, as it stands in an address."""
        path = self.engine.settings.view.rig
        return OURS if path is None else next(
            each.name for each in self.gallery.names(path) if each.path == str(path)
        )  # fmt: skip

    def find_rig(self, name: str) -> str:
        """Return the path of a rig by its name; empty for ours.

        Raises:
            RigError: if it is none to choose from.
        """
        return self.gallery.find(name, self.engine.settings.view.rig)

    def rig(self, name: str) -> Packed:
        """Return a rig for the browser.

        Raises:
            RigError: if it is none to choose from, or cannot be read.
        """
        view, path = self.engine.settings.view, self.find_rig(name)
        chosen = path == str(view.rig or "")
        return self.gallery.pack(path, view.rig_names if chosen else None)

    def prepare(self) -> None:
        """Make the chosen rig while the first page loads; whoever asks for it is told of errors."""
        with suppress(FacedriveError):
            self.rig(self.rig_name)

    def record(self) -> None:
        """Begin a recording, or finish the one that goes on.

        Raises:
            SinkError: if it cannot be written.
        """
        if self.is_recording:
            self._end_recording()
            return
        self._end_recording()  # of one that failed, what is left
        path = self.library.free(time.strftime("take %Y-%m-%d %H.%M.%S"))
        self.recording = Recording(path)
        self.engine.attach(self.recording, RECORDING)
        if self.with_picture:
            self.engine.attach(VideoSink(path.with_suffix(".mp4")), RECORDED_PICTURE)

    def _end_recording(self) -> None:
        for name in OWN_OUTPUTS:
            self.engine.detach(name)
        self.recording = None

    @property
    def recording_error(self) -> str:
        """Why the newest recording, or its picture, ended by itself; empty where it did not."""
        failed = {each.name: each.error for each in self.engine.outputs()}
        return failed.get(RECORDING, "") or failed.get(RECORDED_PICTURE, "")

    @property
    def is_recording(self) -> bool:
        """Whether a recording goes on; one whose disk is full does not."""
        names = [each.name for each in self.engine.outputs() if each.state != "failed"]
        return self.recording is not None and RECORDING in names

    def play(self, name: str) -> Player:
        """Play a take on the avatar and to the outputs.

        Raises:
            DataError: if it is gone or broken.
        """
        player = Player(self.library.samples(name), name)
        self.engine.perform(player)
        return player

    def picture_of(self, name: str) -> str:
        """Return the address of a take's recorded picture; empty where it has none, or is gone."""
        try:
            has = self.library.find(name).picture.is_file()
        except DataError:
            return ""
        return f"/picture/{quote(name)}" if has else ""

    @property
    def player(self) -> Player | None:
        """The take that plays."""
        return self.engine.act if isinstance(self.engine.act, Player) else None

    def wave(self) -> None:
        """Send a wave through every channel, or end it."""
        if isinstance(self.engine.act, Wave):
            self.engine.resume()
        else:
            self.engine.perform(Wave())

    def move(self, name: str, level: float, *, linked: bool) -> None:
        """Hold a movement by hand, and its other side too where they are linked."""
        self.hand.set(**{name: level} | ({OTHER_SIDE[name]: level} if linked else {}))
        if self.engine.act is not self.hand:
            self.engine.perform(self.hand)

    def let_go(self) -> None:
        """Put all sliders to 0 and go back to the source."""
        self.hand.let_go()
        self.engine.resume()

    def stages_ms(self) -> dict[str, float]:
        """Return the median time of each step of the newest frames, in their order."""
        live = self.engine.live
        if live is None:
            return {}
        timing = live.pipeline.timing
        return {name: timing.recent_ms(name) for name in STAGES if timing.count(name)}

    def figures(self) -> dict[str, float]:
        """Return what a measurement wants to know of the run, in numbers."""
        feed, live = self.engine.feed, self.engine.live
        known = live is not None and bool(live.pipeline.timing.count(STAGES[-1]))
        wire_ms = live.pipeline.timing.recent_ms(STAGES[-1], 90) if live and known else 0.0
        return {"frames": feed.frames, "pictures": feed.pictures, "pages": feed.watchers,
                "picture_s": feed.picture_s, "wire_ms": wire_ms}  # fmt: skip

    def save_setup(self, name: str) -> Path:
        """Write the settings as a file that ``--config`` reads.

        A calibration that is in no file yet is saved with it, as a profile of the same name.

        Raises:
            FacedriveError: if it cannot be written.
        """
        path = self.setups / f"{name}.toml"
        if self.engine.unsaved:
            self._save_tuning(name)
        save_settings(self.engine.settings, path)
        return path

    def _save_tuning(self, name: str) -> None:
        """Save the calibration as a profile; of another's file of that name nothing is lost."""
        own = self.profiles / f"{name}.toml"
        mine = self.engine.settings.calibration.profile == own
        self.engine.keep_profile(own if mine else free_path(own))

    def load_setup(self, name: str) -> None:
        """Take the settings of a file, in place of those in use.

        Raises:
            OptionError: if it is missing or wrong.
        """
        self.engine.replace(load_layers([self.setups / f"{name}.toml"], {}, user=False).settings())

    def compare_setup(self, name: str) -> list[tuple[str, str, str]]:
        """Return the options in which a saved set-up differs: name, value now, value there.

        Raises:
            OptionError: if it is missing or wrong.
        """
        there = load_layers([self.setups / f"{name}.toml"], {}, user=False).settings()
        now, then = values_of(self.engine.settings), values_of(there)
        return [(each, shown(now[each]), shown(then[each])) for each in now
                if now[each] != then[each]]  # fmt: skip

    def rig_picture(self, rig: RigName) -> str | None:
        """Return the address of a rig's picture; None where none was made yet."""
        path = self.gallery.picture(rig.path)
        return f"/rig-picture?name={quote(rig.name)}" if path is not None else None

    def mapping(self, table: str) -> Mapping:
        """Return the table in use in place of one that ships, or that one.

        Raises:
            MappingError: if it is broken.
        """
        own = [path for path in self.engine.settings.outputs.mapping if standard_of(path) == table]
        return load_mapping(own[0] if own else table)

    def save_mapping(self, table: str, rows: dict[str, str]) -> Path:
        """Keep rows of a table as the user's own, and send by them from now on.

        Raises:
            MappingError: if a row is wrong, or the file cannot be written.
        """
        path = user_config_folder() / "mappings" / f"{table}.toml"
        save_rows(table, rows, path)
        others = [each for each in self.engine.settings.outputs.mapping
                  if each != path and standard_of(each) != table]  # fmt: skip
        self.engine.change("outputs.mapping", "\n".join(map(str, [*others, path])))
        return path

    def address_of(self, app: App) -> str:
        """Return the address that reaches an app; a virtual camera shows the chosen rig."""
        rig = self.engine.settings.view.rig
        own = app.scheme == "camera" and rig is not None
        return f"{app.url}?rig={quote(str(rig))}" if own else app.url

    def setup_names(self) -> list[str]:
        """Return the set-ups that are saved."""
        return sorted(path.stem for path in self.setups.glob("*.toml"))
