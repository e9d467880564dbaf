"""The Python API: what ``import facedrive as fd`` offers, in terms of the stages.

import facedrive as fd

with fd.Pipeline.open() as pipeline:
    for frame in fd.frames("clip.mp4"):
        sample = pipeline(frame)
        if sample.face:
            jaw = sample.aus[fd.AU_INDEX["jaw_drop"]]
            print(f"{sample.time:.2f} s: jaw {jaw:.2f}, yaw {sample.head.euler.yaw:.0f}")
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facedrive.errors import OptionError, SourceError
from facedrive.options import changed
from facedrive.progress import track_frames
from facedrive.settings import Settings, load_layers
from facedrive.stages import Source
from facedrive.takes.take import Take
from facedrive.types import Frame, Image, Sample

if TYPE_CHECKING:
    from facedrive.live import Live

Given = str | Path | int | Image | Iterable[Image | str | Path] | Source
"""What frames can come from: a video, an image or a folder of them by its path; ``demo``; a camera
by its number or device; a stream's URL; a plug-in, ``package.module:Class``; one picture, (H, W, 3)
uint8 RGB; several of them, or the paths of images; or any ``Source``."""

Config = str | Path
Options = Mapping[str, object]


def extract(
    source: Given,
    *,
    raw: bool = True,
    stills: bool | None = None,
    faces: int | None = None,
    progress: bool = False,
    config: Config | None = None,
    options: Options | None = None,
    settings: Settings | None = None,
) -> Take:
    """Read a whole video, or pictures, into a take.

    Args:
        source: See ``Given``; not a camera or a stream, which have no end.
        raw: Leave calibration and smoothing out: what the model says of each frame.
        stills: The pictures have nothing to do with one another: each is searched anew. Where left
            out, image files are stills, and arrays are the frames of a film.
        faces: How many people to follow, each with rows and a number of their own; 0 is all there
            are. One, or what the options say, where left out.
        progress: Show how far it is on the terminal.
        config: A TOML file of options, as ``--save-config`` writes it.
        options: More of them, by dotted name: ``{"tracker.use": "mediapipe"}``.
        settings: All of them at once, in place of both.

    Raises:
        FacedriveError: if the source cannot be read, or a model or an option is wrong.
    """
    tree = _with_faces(_settings(config, options, settings), faces)
    source, unrelated = _with_relation(source, stills)
    opened = _open(source, tree)
    if opened.live:
        raise SourceError(
            f"source {source} is live, and has no end; use samples(), or open() with a csv: output."
        )
    found = _samples(opened, tree, raw=raw, stills=unrelated)
    with closing(found):
        return Take.of(track_frames(found, opened) if progress else found)


def samples(
    source: Given,
    *,
    raw: bool = False,
    stills: bool | None = None,
    faces: int | None = None,
    config: Config | None = None,
    options: Options | None = None,
    settings: Settings | None = None,
) -> Generator[Sample, None, None]:
    """Yield what each frame says about each face; all is closed at the end, or on ``close()``.

    Of several people (option ``tracker.faces``) there is a sample for each who is seen, with their
    number in ``person``, and one where nobody is.

    Of a camera or a stream the newest frame is taken, and late ones are dropped. The arguments are
    those of ``extract``.

    Raises:
        FacedriveError: at the first sample if the source cannot be read, or a model or an option is
            wrong.
    """
    tree = _with_faces(_settings(config, options, settings), faces)
    source, unrelated = _with_relation(source, stills)
    yield from _samples(_open(source, tree), tree, raw=raw, stills=unrelated)


def frames(source: Given) -> Iterator[Frame]:
    """Yield the frames of a source, to give to a ``Pipeline``; see ``Given``.

    Raises:
        SourceError: at the first frame if it cannot be read.
    """
    yield from _open(source, Settings()).frames()


def open(
    source: str | Path | int = 0,
    *,
    rig: str | Path | None = None,
    out: str | Sequence[str] = (),
    view: bool = False,
    config: Config | None = None,
    options: Options | None = None,
    settings: Settings | None = None,
) -> Live:
    """Open a source that drives an avatar and outputs; ``run`` drives, ``with`` closes.

        with fd.open("clip.mp4", out=["osc://127.0.0.1:9000"]) as live:
            live.run()

    While ``run`` runs, any other thread may call ``live.recentre()``, ``pause``, ``record``,
    ``set``, ``add``, ``remove``, ``enable``, ``status`` and ``stop``.

    Args:
        source: A camera's number or device, a video, an image folder, a stream's URL, ``demo`` or
            a plug-in.
        rig: A .obj, .gltf, .glb or .vrm file, or a plug-in; ours if None.
        out: Where samples go: URLs as ``facedrive outputs`` lists them.
        view: Show the window; ``run`` must then be called in the main thread.
        config: A TOML file of options, as ``--save-config`` writes it.
        options: More of them, by dotted name: ``{"smoothing.aus.beta": 4}``.
        settings: All of them at once, in place of both.

    Raises:
        FacedriveError: if anything is missing or broken.
    """
    from facedrive.live import Live

    tree = _settings(config, options, settings)
    named = {"source.what": str(source), "view.show": view}
    named |= {"view.rig": str(rig)} if rig is not None else {}
    named |= {"outputs.to": (out,) if isinstance(out, str) else tuple(out)} if out else {}
    return Live.open(_changed(tree, named))


def read(path: str | Path) -> Any:
    """Read a take that ``extract`` or an output has written, or a folder of results.

    Args:
        path: A take's file, which gives a ``Take``; or the folder, URL or manifest of results of
            ``facedrive extract``, which gives ``Results``.

    Raises:
        DataError: if it is missing, broken or neither.
    """
    from facedrive.corpus.results import Results, is_results

    return Results.open(path) if is_results(path) else Take.read(path)


def _settings(
    config: Config | None, options: Options | None, settings: Settings | None
) -> Settings:
    if settings is not None:
        if config is not None or options is not None:
            raise OptionError("settings stand in place of config and options; give either.")
        return settings
    # Without the user's own file: a program does the same on every computer.
    files = [] if config is None else [Path(config)]
    return _changed(load_layers(files, {}, user=False).settings(), options or {})


def _with_faces(settings: Settings, faces: int | None) -> Settings:
    return settings if faces is None else changed(settings, "tracker.faces", faces)


def _changed(settings: Settings, options: Options) -> Settings:
    for name, value in options.items():
        settings = changed(settings, name, value)
    return settings


def _with_relation(source: Given, stills: bool | None) -> tuple[Given, bool]:
    """Return the source, and whether its pictures are unrelated; image files are by default."""
    if stills is not None:
        return source, stills
    if isinstance(source, Iterator):  # its first tells, and is put back
        first = list(islice(source, 1))
        return chain(first, source), _are_files(first)
    return source, _are_files(source)


def _are_files(source: Given) -> bool:
    """Say whether pictures are given as files: a folder, one, or a sequence of paths."""
    from facedrive.sources import IMAGE_SUFFIXES

    if isinstance(source, str | Path):
        path = Path(source)
        return path.is_dir() or path.suffix.lower() in IMAGE_SUFFIXES
    if isinstance(source, (list, tuple)):
        return bool(source) and all(isinstance(each, str | Path) for each in source)
    return False


def _open(source: Given, settings: Settings) -> Source:
    from facedrive.sources import open_turned
    from facedrive.sources.pictures import Pictures

    if isinstance(source, str | Path | int):
        return open_turned(replace(settings.source, what=str(source)))
    if isinstance(source, Source):
        return source
    if isinstance(source, np.ndarray) and source.ndim < 4:
        source = [source]
    if not isinstance(source, Iterable):
        raise SourceError(
            f"source is a {type(source).__name__}; it must be a path, a camera's number, an array "
            "of a picture, several of these, or an object with live and frames()."
        )
    fps = settings.source.fps
    return Pictures(source) if fps is None else Pictures(source, fps)


def _samples(
    source: Source, settings: Settings, *, raw: bool, stills: bool
) -> Generator[Sample, None, None]:
    from facedrive.assembly import open_reader
    from facedrive.pipeline import rows_of
    from facedrive.threads import Stall, read_frames

    index, stall_s = 0, settings.source.stall_s
    with closing(open_reader(settings, raw=raw)) as pipeline, read_frames(source, stall_s) as read:
        for frame in read:
            if isinstance(frame, Stall):
                yield from pipeline.lose(frame.time, index)
                continue
            if stills:
                pipeline.reset()
            index = frame.index
            yield from rows_of(pipeline.read(frame))
