"""An avatar that is driven live: the stages together, and all that may be asked of them meanwhile.

Every method marked as a command can be called from any thread, by name from a key of the window,
``facedrive ctl``, an OSC message or a page: ``call`` is the one door for all of them.
"""

from __future__ import annotations

import inspect
import logging
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_args, get_type_hints

from facedrive.assembly import (
    inputs_of,
    load_rig,
    open_output,
    open_outputs,
    open_reader,
    open_resting,
)
from facedrive.calibration import load_profile, save_profile
from facedrive.controls import Controls
from facedrive.ending import outliving_the_screen
from facedrive.errors import FacedriveError, OptionError, unknown
from facedrive.files import refuse_inputs
from facedrive.options import KINDS, changed, find, first_paragraph, shown
from facedrive.outputs import Outputs, OutputState
from facedrive.pipeline import Pipeline, Reader, run
from facedrive.settings import Settings, settings_options
from facedrive.stages import Source
from facedrive.threads import Pace

if TYPE_CHECKING:
    from facedrive.recorder import Recorder
    from facedrive.sinks.viewer import Viewer

log = logging.getLogger(__name__)

Method = TypeVar("Method", bound=Callable[..., Any])

RECORDING = Path("facedrive.mp4")
"""Where a recording goes that was given no name; a number is added where it is taken."""


@dataclass(frozen=True)
class Status:
    """How a run stands."""

    running: bool
    paused: bool
    face: bool
    """Whether the newest frame shows one."""
    frames: int
    """Frames so far."""
    latency_ms: float
    """Median from frame in memory to weights sent, of the newest frames; NaN before the first."""
    neutral: str
    """Where the neutral comes from: automatic, being learnt, being set, fixed or none."""
    mirror: bool
    trouble: str
    """Why no frames come, such as a camera that was unplugged; empty while they do."""
    recording: str
    """Where the picture is recorded to; empty where it is not."""
    outputs: tuple[OutputState, ...]


class CommandInfo(NamedTuple):
    """One command, as its method declares it."""

    name: str
    about: str
    takes: tuple[inspect.Parameter, ...]

    @property
    def usage(self) -> str:
        """How it is called, such as ``pause [on]``."""
        words = [f"[{each.name}]" if each.default is not each.empty else each.name.upper()
                 for each in self.takes]  # fmt: skip
        return " ".join((self.name, *words))


def command(method: Method) -> Method:
    """Have a method carried out between two frames, and callable by name."""

    @wraps(method)
    def asked(self: Live, *args: Any, **named: Any) -> Any:
        return self.controls.ask(lambda: method(self, *args, **named))

    asked.is_command = True  # pyrefly: ignore[missing-attribute]
    return asked  # pyrefly: ignore[bad-return]


def at_once(method: Method) -> Method:
    """Have a method callable by name, and carried out in the caller's thread without waiting."""
    method.is_command = True  # pyrefly: ignore[missing-attribute]
    return method


class Live:
    """A source that drives an avatar and outputs, until it ends or is stopped."""

    def __init__(
        self, settings: Settings, source: Source, pipeline: Reader, outputs: Outputs
    ) -> None:
        """Put stages together that are open; ``Live.open`` opens them as the settings say."""
        self.settings = settings
        self.source, self.pipeline, self.outputs = source, pipeline, outputs
        self.controls = Controls()
        self.viewer: Viewer | None = None
        self._recorder: Recorder | None = None

    @classmethod
    def open(cls, settings: Settings) -> Live:
        """Open what the settings name; ``with`` closes it.

        Raises:
            FacedriveError: if anything is missing or broken.
        """
        from facedrive.sinks.window import open_window
        from facedrive.sources import open_turned

        # The window before everything else: sinks/window.py says why.
        window = open_window("facedrive") if settings.view.show is not False else None
        source = open_turned(settings.source)
        pipeline = open_reader(settings, live=True)
        try:
            asked = settings.outputs
            outputs = open_outputs(
                asked.to, asked.mapping, live=source.live, mirror=asked.mirror,
                overwrite=asked.overwrite, inputs=inputs_of(settings),
            )  # fmt: skip
            live = cls(settings, source, pipeline, outputs)
            live._open_picture(window)
        except FacedriveError:
            pipeline.close()
            raise
        return live

    def run(self) -> None:
        """Drive until the source ends, or until stopped; with a window, in the main thread.

        Raises:
            FacedriveError: if the source fails, or every output has failed.
        """
        from facedrive.remote import listen

        with listen(self, self.settings.control):
            source = Pace(self.source) if self._must_wait() else self.source
            if self.viewer is None:
                self._drive(source)
            else:
                with outliving_the_screen(self._close_without_screen):
                    self.viewer.run_beside(lambda: self._drive(source))

    def close(self) -> None:
        """Finish every output and give back what the stages hold.

        Raises:
            FacedriveError: the first failure of an output, after all are closed.
        """
        try:
            if self._recorder is not None:
                self._recorder.stop()
            self.outputs.close()
        finally:
            self.pipeline.close()

    def __enter__(self) -> Live:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.close()
        except FacedriveError as error:
            if kind is None:
                raise
            log.error("%s", error)  # what ended the block says more

    def call(self, name: str, words: Sequence[str] = ()) -> object:
        """Carry out the command of this name, its arguments given as text.

        Raises:
            OptionError: if there is none, or it does not take these words.
            FacedriveError: if it fails.
        """
        info = commands().get(name)
        if info is None:
            raise OptionError(unknown("command", name, commands()))
        return getattr(self, name)(*_read_words(info, words))

    @at_once
    def stop(self) -> None:
        """End the run after the frame at hand."""
        self.controls.stop.set()

    @at_once
    def pause(self, on: bool | None = None) -> None:
        """Pause or go on; without a word, the other of the two."""
        paused = self.controls.paused
        (paused.set if _other(on, paused.is_set()) else paused.clear)()

    @command
    def recentre(self) -> None:
        """Take the next half second as the neutral of AUs, gaze, head rotation and position."""
        self.pipeline.recentre()

    @command
    def save_profile(self, path: Path | None = None) -> str:
        """Save the calibration as it is now, by default where it was read from."""
        target = path or self.settings.calibration.profile
        if target is None:
            raise OptionError("save_profile needs a path, since no profile was read.")
        first = self.pipeline.pipelines[:1]
        if first and first[0].profile is not None:
            save_profile(first[0].profile, target)
        return str(target)

    @command
    def record(self, on: bool | None = None, path: Path | None = None) -> str:
        """Record the picture, or stop; without a word, the other of the two."""
        assert self._recorder is not None
        if _other(on, bool(self._recorder.path)):
            refuse_inputs([path] if path else [], inputs_of(self.settings))
            self._recorder.start(path)
        else:
            self._recorder.stop()
        return str(self._recorder.path or "")

    @command
    def mirror(self, on: bool | None = None) -> None:
        """Show the view as a mirror would, or not; without a word, the other of the two."""
        self._change("view.mirror", _other(on, self.settings.view.mirror))

    @command
    def set(self, option: str, value: str) -> str:
        """Change an option that may change, such as smoothing.aus.beta, from the next frame on."""
        asked = find(settings_options(), option)
        if not asked.facts.live:
            raise OptionError(f"{option} cannot change while facedrive runs; start it anew.")
        return shown(self._change(option, asked.read(value)))

    @command
    def add(self, url: str) -> None:
        """Send to one more output."""
        self.outputs.add(open_output(url, self.settings), url)

    @command
    def remove(self, output: str) -> None:
        """Close an output, named by its URL or its number."""
        self.outputs.remove(output)

    @command
    def enable(self, output: str, on: bool | None = None) -> None:
        """Send to an output again, or not for now; without a word, the other of the two."""
        self.outputs.enable(output, on)

    @command
    def status(self) -> Status:
        """Tell how the run stands."""
        timing = self.pipeline.timing
        return Status(
            running=not self.controls.stop.is_set(),
            paused=self.controls.paused.is_set(),
            face=self.pipeline.has_face,
            frames=timing.count("frame to wire"),
            latency_ms=timing.recent_ms("frame to wire"),
            neutral=self.pipeline.neutral,
            mirror=self.settings.view.mirror,
            trouble=self.controls.trouble,
            recording=str((self._recorder and self._recorder.path) or ""),
            outputs=self.outputs.states(),
        )

    def press(self, name: str) -> None:
        """Leave a command without waiting for it, as a key does; an error of it is logged."""
        method = getattr(self, name)
        if hasattr(method, "__wrapped__"):
            self.controls.post(method)
        else:
            method()

    def _change(self, option: str, value: object) -> object:
        self.settings = changed(self.settings, option, value)
        for one in self.pipeline.pipelines:
            self._configure(one, option)
        if self._recorder is not None:
            self._recorder.studio.mirror = self.settings.view.mirror
        return value

    def _configure(self, one: Pipeline, option: str) -> None:
        """Have one person's pipeline take up an option that has changed."""
        one.smoothing.configure(self.settings.smoothing)
        one.lost.options = self.settings.lost
        if option == "calibration.profile" and self.settings.calibration.profile:
            one.profile = load_profile(self.settings.calibration.profile)
        if option.startswith("calibration."):
            one.resting = open_resting(self.settings, live=True)

    def _close_without_screen(self) -> None:
        assert self.viewer is not None
        log.error("the screen is gone; what was written is closed, and the run ends")
        self.viewer.abandon()
        try:
            self.close()
        except FacedriveError as error:
            log.error("%s", error)

    def _must_wait(self) -> bool:
        """Whether a clip is played at its own speed: an app or a window shows what comes."""
        from facedrive.sinks import shows_as_it_comes

        shown = self.viewer is not None or any(map(shows_as_it_comes, self.settings.outputs.to))
        return shown and not self.source.live

    def _drive(self, source: Source) -> None:
        stall_s = self.settings.source.stall_s
        run(source, self.pipeline, self.outputs, self.controls, stall_s)

    def _open_picture(self, window: Any) -> None:
        """Set up the window, or else what draws a recording."""
        from facedrive.recorder import SinkRecorder
        from facedrive.render.studio import Studio
        from facedrive.sinks.viewer import Viewer

        view = self.settings.view
        overwrite = self.settings.outputs.overwrite
        layout: Any = "strip" if window is None else "stage"
        studio = Studio(load_rig(view.rig), layout, view.mirror, view.rig_names)
        if window is None:
            self._recorder = SinkRecorder(studio, self.outputs, RECORDING, overwrite)
            if view.rig and not view.record:
                log.warning(
                    "rig %s: nothing draws it without a window; a recording (record) does", view.rig
                )
        else:
            self._recorder = self.viewer = Viewer(
                window, studio, self, self.pipeline.timing, RECORDING, overwrite
            )
            self.outputs.add(self.viewer, "the window")
        if view.record:
            refuse_inputs([view.record], inputs_of(self.settings))
            self._recorder.start(view.record)


def commands() -> dict[str, CommandInfo]:
    """Return what may be asked of a run, by name, in the order of its class."""
    found = {}
    for name, method in vars(Live).items():
        if getattr(method, "is_command", False):
            _, *takes = inspect.signature(method).parameters.values()
            found[name] = CommandInfo(name, first_paragraph(method.__doc__ or ""), tuple(takes))
    return found


def _read_words(info: CommandInfo, words: Sequence[str]) -> list[object]:
    if len(words) > len(info.takes):
        raise OptionError(f"{info.name} takes no '{words[len(info.takes)]}'; it is {info.usage}.")
    needed = sum(each.default is each.empty for each in info.takes)
    if len(words) < needed:
        raise OptionError(f"{info.name} needs a {info.takes[len(words)].name}; it is {info.usage}.")
    hints = get_type_hints(getattr(Live, info.name))
    return [_read_word(info, each.name, hints[each.name], word)
            for each, word in zip(info.takes, words, strict=False)]  # fmt: skip


def _read_word(info: CommandInfo, name: str, hint: object, word: str) -> object:
    kinds = [each for each in get_args(hint) if each is not types.NoneType]
    kind = KINDS[kinds[0] if kinds else hint]
    try:
        return kind.read(word)
    except ValueError as error:
        raise OptionError(f"{info.name}: {name} is '{word}'; it must be {kind.about}.") from error


def _other(on: bool | None, now: bool) -> bool:
    return not now if on is None else on
