"""Stages put together as the settings say; each is imported only when it is needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from facedrive.errors import ModelError, OptionError
from facedrive.files import refuse_inputs
from facedrive.options import values_of
from facedrive.settings import Settings, settings_options

if TYPE_CHECKING:
    from facedrive.calibration import Profile
    from facedrive.outputs import Outputs
    from facedrive.people import People
    from facedrive.pipeline import Pipeline, Reader
    from facedrive.resting import RestingLevel
    from facedrive.rig import Rig
    from facedrive.stages import Regressor, Sink, Tracker


def open_tracker(settings: Settings) -> Tracker:
    """Open the tracker that is asked for.

    Raises:
        ModelError: if there is none, or its model is missing or broken.
        DependencyError: if a package that it needs is not installed.
    """
    from facedrive.trackers import TRACKERS

    asked = settings.tracker
    return TRACKERS.open(asked.use, options=asked.dlib, model=asked.model)


def open_regressor(settings: Settings) -> Regressor:
    """Open the AU model that is asked for.

    Raises:
        ModelError: if it is missing, broken, or breaks the contract.
    """
    from facedrive.regressors import REGRESSORS

    asked = settings.regressor
    return REGRESSORS.open(asked.use, model=asked.model, device=asked.device)


def open_pipeline(
    settings: Settings | None = None,
    *,
    raw: bool = False,
    live: bool = False,
    regressor: Regressor | None = None,
) -> Pipeline:
    """Open tracker, AU model, calibration and smoothing; ``raw`` leaves the last two out.

    A ``live`` one learns the face's rest unless the settings say otherwise. A ``regressor`` that is
    open is used in place of the one that the settings ask for.

    Raises:
        ModelError: if a model is missing or broken.
        ProfileError: if the profile is.
    """
    settings = settings or Settings()
    if settings.tracker.faces != 1:
        raise OptionError(
            f"tracker.faces is {settings.tracker.faces}; what is asked for follows one face: "
            "leave it at 1."
        )
    tracker, regressor = open_tracker(settings), regressor or open_regressor(settings)
    return _pipeline(settings, tracker, regressor, raw=raw, live=live)


def _pipeline(
    settings: Settings, tracker: Tracker, regressor: Regressor, *, raw: bool, live: bool
) -> Pipeline:
    """Put a pipeline together from a tracker and a model that are open."""
    from facedrive.lost import LostFace
    from facedrive.pipeline import Pipeline
    from facedrive.smoothing import no_smoothing
    from facedrive.trackers.pose import PoseSolver

    resting = None if raw else open_resting(settings, live=live)
    return Pipeline(
        tracker,
        regressor,
        profile=None if raw else open_profile(settings),
        smoothing=no_smoothing() if raw else settings.smoothing.smoothing(),
        lost=LostFace(settings.lost),
        pose=PoseSolver(settings.tracker.pose.fov_deg),
        resting=resting,
        region=settings.tracker.region,
    )


def open_people(
    settings: Settings,
    most: int | None = None,
    *,
    raw: bool = False,
    live: bool = False,
    regressor: Regressor | None = None,
) -> People:
    """Open what follows several faces, each with a pipeline as ``open_pipeline`` opens it.

    Args:
        settings: Of all of them.
        most: People that are followed at a time; None: as many as there are.
        raw: Leave calibration and smoothing out.
        live: Learn the rest of each face, unless the settings say otherwise.
        regressor: One that is open; None opens the one that the settings ask for.

    Raises:
        ModelError: if the tracker cannot look for several faces, or the model cannot follow one.
    """
    from facedrive.people import CrowdFinder, People

    tracker, regressor = open_tracker(settings), regressor or open_regressor(settings)
    if not isinstance(tracker, CrowdFinder) or not getattr(regressor, "follows", False):
        raise ModelError(
            f"tracker {settings.tracker.use} with this model follows one face; several need the "
            "tracker dlib, and a model that says where a face is and whether there is one."
        )
    one = partial(_pipeline, settings, tracker, regressor, raw=raw, live=live)
    return People(tracker, regressor, one, most)


def open_reader(
    settings: Settings | None = None,
    *,
    raw: bool = False,
    live: bool = False,
    regressor: Regressor | None = None,
) -> Reader:
    """Open what reads as many people as the settings say: a pipeline, or ``People``."""
    settings = settings or Settings()
    if settings.tracker.faces == 1:
        return open_pipeline(settings, raw=raw, live=live, regressor=regressor)
    most = settings.tracker.faces.most
    return open_people(settings, most, raw=raw, live=live, regressor=regressor)


def open_resting(settings: Settings, *, live: bool) -> RestingLevel | None:
    """Return what learns the face's rest; None where that is known, or not wanted."""
    from facedrive.resting import RestingLevel

    asked = settings.calibration
    wanted = live if asked.auto_neutral is None else asked.auto_neutral
    return RestingLevel() if wanted and asked.profile is None else None


def open_profile(settings: Settings) -> Profile:
    """Read the person's profile; that of nobody in particular where none is named."""
    from facedrive.calibration import default_profile, load_profile

    path = settings.calibration.profile
    return default_profile() if path is None else load_profile(path)


def open_outputs(
    urls: Sequence[str],
    mappings: Sequence[Path] = (),
    *,
    live: bool = False,
    mirror: bool = False,
    overwrite: bool = False,
    inputs: Iterable[Path] = (),
) -> Outputs:
    """Open outputs by their URLs, with the user's own tables, for a live source or another.

    Files of a name that is taken get a number, unless they may ``overwrite``; none of ``inputs`` is
    ever written. ``mirror`` has them move as a mirror image does, where a URL does not say.

    Raises:
        SinkError: if one cannot be opened, or a table is for none of them.
    """
    from facedrive.outputs import Outputs
    from facedrive.sinks import open_sinks, written_paths

    refuse_inputs(written_paths(urls), inputs)
    sinks = open_sinks(urls, mappings, mirror=mirror, overwrite=overwrite)
    return Outputs(sinks, urls, live=live)


def open_output(url: str, settings: Settings) -> Sink:
    """Open one more output of a run, by those of the user's tables that it uses; never an input.

    Raises:
        SinkError: if it cannot be opened, or would write what the run reads.
        MappingError: if a table is bad.
    """
    from facedrive.mappings.table import standard_of
    from facedrive.sinks import open_sinks, table_of, written_paths

    refuse_inputs(written_paths([url]), inputs_of(settings))
    asked, used = settings.outputs, table_of(url)
    tables = [table for table in asked.mapping if standard_of(table) == used]
    (sink,) = open_sinks([url], tables, mirror=asked.mirror, overwrite=asked.overwrite)
    return sink


def inputs_of(settings: Settings) -> list[Path]:
    """Return every file that these settings have read; the source too, if it is one."""
    values = values_of(settings)
    options = [each for each in settings_options() if each.name != "view.record"]
    found = [values[each.name] for each in options if each.hint is Path]
    paths = [path for value in found for path in (value if isinstance(value, tuple) else (value,))]
    return [Path(settings.source.what), *(path for path in paths if isinstance(path, Path))]


def load_rig(name: str | Path | None) -> Rig:
    """Read a rig; ours where none is named.

    Raises:
        RigError: if it is missing, broken or has no morph targets.
    """
    from facedrive.rig import default_rig, load

    return load(name or default_rig())
