"""The run behind the pages: a ``Live`` in a thread of its own, opened again when it must be.

An option that may change while a run goes on is changed in it. For another the source or the
pipeline is opened again; the outputs stay open all the while.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

from facedrive.assembly import open_output, open_reader
from facedrive.calibration import Profile, default_profile, save_profile
from facedrive.errors import FacedriveError, SinkError, SourceError
from facedrive.live import Live
from facedrive.options import MISSING, Option, changed, find, shown
from facedrive.outputs import Failure, Outputs, OutputState
from facedrive.pipeline import Pipeline, Reader
from facedrive.remote import listen
from facedrive.settings import Settings, settings_options
from facedrive.sources import open_source, open_turned
from facedrive.sources.camera import video_devices
from facedrive.stages import Sink, Source
from facedrive.studio.acts import Act
from facedrive.studio.clip import Clip
from facedrive.studio.feed import Feed
from facedrive.types import Reading

log = logging.getLogger(__name__)

T = TypeVar("T")

State = Literal["opening", "running", "acting", "stopped", "failed"]

FEED = "the page"
"""What the pages' own output is called among the others."""

DEMO = "demo"
"""The source that stands in where there is no camera."""

PROFILE = "calibration.profile"
"""The option that names the calibration's file."""

NO_STAGE_OF_THE_PIPELINE = {"source", "control"}
"""Groups of options that count when a run starts, whatever pipeline it has."""


class Engine:
    """Drives, from ``start`` to ``close``, whatever the settings say at the time."""

    def __init__(self, settings: Settings) -> None:
        """Open nothing yet."""
        self.live: Live | None = None
        self.settings = settings
        self.feed = Feed(self.raw)
        self.state: State = "opening"
        self.error = ""
        """Why it failed, in a line; empty where it did not."""
        self.stand_in = False
        """Whether the demo clip plays because no camera could be opened."""
        self.no_camera = ""
        """Why it could not, in a line; empty where this computer has none."""
        self.act: Act | None = None
        self._act_stop = threading.Event()
        self._outputs = Outputs([self.feed], [FEED], live=True)
        self._own: set[str] = set()
        """Names of what is sent to but not part of the settings."""
        self._pipeline: Reader | None = None
        self._profile: Profile | None = None
        self.unsaved = False
        """Whether the calibration in use is in no file yet."""
        self._stale: set[str] = set()
        """Groups of options that have changed since the pipeline was opened."""
        self._again = threading.Event()
        self._ending = threading.Event()
        self._changing = threading.RLock()
        """Held while settings are changed: two pages lose nothing of one another."""
        self._wishing = threading.Lock()
        self._wished: dict[str, str] = {}
        """Options that the run shall have from the next frame on; under ``_wishing``."""
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    @property
    def settings(self) -> Settings:
        """The settings in use; what ``facedrive ctl`` changes in the run is among them."""
        return self._settings if self.live is None else self.live.settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = settings
        if self.live is not None:
            self.live.settings = settings

    def start(self) -> None:
        """Drive from now on, in a thread of its own."""
        self._open_outputs()
        self._thread.start()

    def close(self) -> None:
        """End the run and close all outputs."""
        self._ending.set()
        self.resume()
        self._wake()
        self._thread.join(10)
        self._outputs.close()

    def call(self, name: str, *words: str) -> object:
        """Carry out a command of ``Live``.

        Raises:
            FacedriveError: if it fails, or nothing runs yet.
        """
        return self._running().call(name, words)

    def ask(self, wish: Callable[[Live], T]) -> T:
        """Have something done to the run between two frames.

        Raises:
            FacedriveError: if it fails, or nothing runs yet.
        """
        live = self._running()
        return live.controls.ask(lambda: wish(live))

    def change(self, name: str, value: str | None) -> str:
        """Change any option, from the next frame on or by opening a stage again; return it.

        None is the default.

        Raises:
            OptionError: if there is no such option or value.
        """
        option = find(settings_options(), name)
        if value is None:
            given = None if option.default is MISSING else option.default
        elif option.many:
            given = tuple(option.read(each) for each in value.split("\n") if each)
        else:
            given = option.read(value)
        with self._changing:
            settings = changed(self.settings, name, given)
            with self._wishing:
                self._wished.pop(name, None)
            if option.facts.live and value is not None:
                self._set_in_run(option, shown(given))
            self.settings = settings
            self.unsaved = self.unsaved and name != PROFILE
        if option.path[0] == "outputs":
            self._reopen_outputs()
        elif option.path[0] != "view" and (not option.facts.live or value is None):
            self._reopen(option.path[0])
        return shown(given)

    def _set_in_run(self, option: Option, value: str) -> None:
        """Change an option from the next frame on; wait for it only where it may fail."""
        live = self.live
        if live is None:
            return
        if option.path[0] == "calibration":
            live.controls.ask(lambda: live.set(option.name, value))
            return
        with self._wishing:
            waits = bool(self._wished)
            self._wished[option.name] = value
        if not waits:  # a slider that is dragged leaves one wish a frame, however fast it moves
            live.controls.post(self._carry_wishes)

    def _carry_wishes(self) -> None:
        """Set what was wished for since the last frame."""
        with self._wishing:  # a moment; a change holds the other lock for long, and again at once
            wished = self._wished
            self._wished = {}
        live = self.live
        for name, value in wished.items():
            if live is not None:
                live.set(name, value)

    def replace(self, settings: Settings) -> None:
        """Take other settings as a whole, and open everything that they name again."""
        self.settings, self.unsaved = settings, False
        self._reopen_outputs()
        self._reopen("source", "calibration")

    def perform(self, act: Act) -> None:
        """Move the face by an act in place of the source, until it ends or ``resume``."""
        self.act, self._act_stop = act, threading.Event()
        self._wake()

    def resume(self) -> None:
        """Go back to the source."""
        self.act = None
        self._act_stop.set()

    def restart(self) -> None:
        """Open the source again, after it failed or ended."""
        self._reopen("source")

    def outputs(self) -> tuple[OutputState, ...]:
        """Tell how each output stands, the pages' own left out."""
        return tuple(each for each in self._outputs.states() if each.name != FEED)

    def add(self, url: str) -> None:
        """Send to one more output, and keep it in the settings.

        Raises:
            FacedriveError: if it cannot be opened, or is there already.
        """
        if url in self.settings.outputs.to:
            raise SinkError(f"{url} is an output already; switch it on, or remove it first.")
        self._outputs_add(open_output(url, self.settings), url)
        self._keep_outputs(lambda urls: (*urls, url))

    def remove(self, url: str) -> None:
        """Close an output, and take it out of the settings."""
        if any(each.name == url and each.state != "failed" for each in self.outputs()):
            self._outputs_remove(url)
        self._forget_failure(url)
        self._keep_outputs(lambda urls: tuple(each for each in urls if each != url))

    def retry(self, url: str) -> None:
        """Open an output again that has failed.

        Raises:
            FacedriveError: if it cannot be opened now either; it stays among those that failed.
        """
        sink = open_output(url, self.settings)
        self.remove(url)
        self._outputs_add(sink, url)
        self._keep_outputs(lambda urls: (*urls, url))

    def enable(self, url: str, on: bool) -> None:
        """Send to an output or not for now."""
        self._outputs_ask(lambda outputs: outputs.enable(url, on))

    def attach(self, sink: Sink, name: str) -> None:
        """Send to a sink that is not part of the settings, such as a recording."""
        self._own.add(name)
        self._outputs_add(sink, name)

    def detach(self, name: str) -> None:
        """Close a sink that ``attach`` added; of one that has failed forget that it did."""
        if any(each.name == name and each.state != "failed" for each in self.outputs()):
            self._outputs_remove(name)
        self._forget_failure(name)

    @property
    def profile(self) -> Profile | None:
        """The calibration in use; of several people that of the one who is shown."""
        one = self._shown()
        return self._profile if one is None else one.profile

    @property
    def persons(self) -> int:
        """How many people were seen; 1 where one is followed."""
        return 1 if self._pipeline is None else len(self._pipeline.pipelines)

    def show_person(self, number: int) -> None:
        """Have the pages show one of the people that are followed, from 1."""
        self.feed.whose, self.feed.newest = number, None

    def _shown(self) -> Pipeline | None:
        """Return the pipeline of the person who is shown; None where there is none yet."""
        people = () if self._pipeline is None else self._pipeline.pipelines
        return people[self.feed.whose - 1] if self.feed.whose <= len(people) else None

    def use_profile(self, profile: Profile) -> None:
        """Calibrate by another profile from the next frame on; no rest is learnt in its place."""
        self._profile, self.unsaved = profile, True

        def use(live: Live) -> None:
            for one in live.pipeline.pipelines:
                one.profile, one.resting = profile, None

        if self.live is not None:
            self.ask(use)

    def keep_profile(self, path: Path) -> None:
        """Save the calibration in use, and have the settings name its file.

        Raises:
            ProfileError: if it cannot be written.
        """
        with self._changing:
            save_profile(self.profile or default_profile(), path)
            self.settings = changed(self.settings, PROFILE, path)
            self.unsaved = False

    @property
    def trouble(self) -> str:
        """Why it does not run as it should, in a line: it failed, or no frames come."""
        no_frames = self.live.controls.trouble if self.live is not None else ""
        return self.error or (no_frames if self.state == "running" else "")

    @property
    def is_paused(self) -> bool:
        """Whether the run is paused."""
        return self.live is not None and self.live.controls.paused.is_set()

    def _forget_failure(self, name: str) -> None:
        failed = self._outputs.failures
        failed[:] = [each for each in failed if each.name != name]

    def _keep_outputs(self, edit: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
        with self._changing:
            urls = edit(self.settings.outputs.to)
            self.settings = changed(self.settings, "outputs.to", urls)

    def _reopen_outputs(self) -> None:
        for url in {each.name for each in self.outputs() if each.state != "failed"} - self._own:
            self._outputs_remove(url)
        self._outputs.failures.clear()
        self._open_outputs()

    def _open_outputs(self) -> None:
        """Open the outputs of the settings; one that cannot be is named, the others go on."""
        for url in self.settings.outputs.to:
            try:
                sink = open_output(url, self.settings)
            except FacedriveError as error:
                self._outputs.failures.append(Failure(url, error))
                log.error("%s", error)
            else:
                self._outputs_add(sink, url)

    def _outputs_add(self, sink: Sink, name: str) -> None:
        self._outputs_ask(lambda outputs: outputs.add(sink, name))

    def _outputs_remove(self, name: str) -> None:
        self._outputs_ask(lambda outputs: outputs.remove(name))

    def _outputs_ask(self, wish: Callable[[Outputs], T]) -> T:
        if self.live is None:
            return wish(self._outputs)
        return self.live.controls.ask(lambda: wish(self._outputs))

    def raw(self) -> Reading | None:
        """Return what the newest face says before calibration, if there was one."""
        one = self._shown()
        return None if one is None else one.raw

    def _running(self) -> Live:
        if self.live is None:
            raise FacedriveError(self.error or "the models are still loading; try again.")
        return self.live

    def _reopen(self, *parts: str) -> None:
        """Open the source again, and the pipeline where a part of it is among those named."""
        self.stand_in = self.stand_in and "source" not in parts
        self._stale |= set(parts) - NO_STAGE_OF_THE_PIPELINE
        self._wake()

    def _wake(self) -> None:
        """Let the thread look again what it shall do."""
        self._again.set()
        if self.live is not None:
            self.live.controls.stop.set()

    def _run(self) -> None:
        while not self._ending.is_set():
            self._again.clear()
            try:
                self._round()
            except FacedriveError as error:
                self._fail(error)
        if self._pipeline is not None:
            self._pipeline.close()

    def _round(self) -> None:
        """Drive once: an act, or the source until it ends or is to be opened again."""
        pipeline = self._fresh_pipeline()
        if self.act is not None:
            self._perform(self._make_live(open_source(DEMO), pipeline), self.act)
            return
        live = self._make_live(self._open_source(), pipeline)
        if self._again.is_set():
            return
        self.state, self.error = "running", ""
        live.run()
        if not self._again.is_set() and not self._ending.is_set():
            self.state = "stopped"
            self._again.wait()

    def _fresh_pipeline(self) -> Reader:
        """Return the pipeline, opened again where an option of it has changed."""
        if self._pipeline is None or self._stale:
            self.state = "opening"
            stale, self._stale = self._stale, set()
            try:
                fresh = open_reader(self.settings, live=True)
            except FacedriveError:
                self._stale |= stale
                raise
            if "calibration" not in stale:
                self._keep_calibration(fresh)
            if self._pipeline is not None:
                self._pipeline.close()
            self._pipeline, self.feed.crop, self.feed.whose = fresh, fresh.crop, 1
        self._pipeline.reset()
        return self._pipeline

    def _keep_calibration(self, fresh: Reader) -> None:
        """Have a pipeline calibrate as the one before it, or as was asked before there was one."""
        before = self._shown()
        for one in fresh.pipelines:
            if before is not None:
                one.profile = before.profile
                one.resting = one.resting if before.resting is not None else None
            elif self._profile is not None:
                one.profile, one.resting = self._profile, None

    def _make_live(self, source: Source, pipeline: Reader) -> Live:
        paused = self.is_paused and self.act is None
        live = Live(self.settings, source, pipeline, self._outputs)
        if paused:
            live.controls.paused.set()
        self.live = live
        self.feed.acted, self.feed.newest = self.act is not None, None
        return live

    def _open_source(self) -> Source:
        if self.stand_in:
            return Clip(open_source(DEMO))
        source = open_turned(self.settings.source)
        return source if source.live else Clip(source)

    def _perform(self, live: Live, act: Act) -> None:
        self.state = "acting"
        with listen(live, self.settings.control), live.controls.looping():
            for sample in act.samples(self._act_stop):
                live.controls.carry_out()
                if live.controls.stop.is_set() or self.act is not act:
                    break
                self._outputs.send(sample, None)
        if self.act is act and not self._again.is_set():
            self.act = None

    def _fail(self, error: FacedriveError) -> None:
        """Say what is wrong; without a camera that anybody asked for, the demo clip plays."""
        default = find(settings_options(), "source.what").default
        unasked = self.settings.source.what == default and not self.stand_in
        if isinstance(error, SourceError) and unasked:
            log.info("%s The demo clip plays.", error)
            self.stand_in, self.no_camera = True, str(error) if video_devices() else ""
            return
        log.error("%s", error)
        self.state, self.error = "failed", str(error)
        self._again.wait()
