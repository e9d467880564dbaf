"""``facedrive annotate``: label videos by key frames, alone or as a team."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from facedrive.cli.packages import need_analyze, need_studio
from facedrive.cli.studio import open_browser
from facedrive.cli.tables import table
from facedrive.errors import DataError, SourceError
from facedrive.feafa.labels.video import Part
from facedrive.options import option
from facedrive.settings import Settings

if TYPE_CHECKING:
    from facedrive.annotate.project import Project

UNSOUND = 1
"""Exit code where a check found something, or a video could not be read among others."""


@dataclass(frozen=True, kw_only=True)
class OnProject:
    """What is done with a project."""

    project: Path = option(positional=True, metavar="PROJECT")
    """The project's folder."""


@dataclass(frozen=True, kw_only=True)
class AnnotatePage(OnProject):
    """Label videos by key frames in a browser, from a page that this computer serves.

    A project that is not there yet is made. With --serve a team labels: each person gets a link,
    and sees their own work only; the expert sees all.
    """

    add: tuple[Path, ...] = option((), metavar="PATH", spread=True)
    """Films, or folders of images, to add first."""
    serve: bool = False
    """Let a team in, each by a link of their own."""
    host: str = "127.0.0.1"
    """The address to listen on; another than the loopback needs --serve."""
    port: int = option(8401, low=0, high=65535)
    """Where the page is; 0 is any that is free."""
    open: bool = True
    """Open the browser."""

    def run(self) -> int:
        """Serve the page until Ctrl-C."""
        need_studio()
        need_analyze("scipy")
        from facedrive.annotate.desk import Desk
        from facedrive.annotate.project import EXPERT
        from facedrive.studio.annotate.invitations import invite
        from facedrive.studio.annotate.server import serve
        from facedrive.studio.guard import is_own
        from facedrive.studio.server import Door

        if not is_own(self.host) and not self.serve:
            raise DataError(f"--host {self.host} lets others in; give --serve with it.")
        project = open_or_create(self.project)
        for path in self.add:
            project.add(path)
        if not project.coders and not self.serve:
            project.add_coder("me")
            project.assign(1)
        desk = Desk(project)
        try:
            tokens = invite(project) if self.serve else None
            door = Door(self.host, self.port, (tokens or {}).get(EXPERT, ""))
            with door.bind() as listening:
                port = int(listening.getsockname()[1])
                print(f"facedrive annotate: {door.url(port)}  (Ctrl-C ends it)", flush=True)
                for name, token in (tokens or {}).items():
                    print(f"  {name}: {Door(self.host, port, token).url(port)}", flush=True)
                if self.open:
                    open_browser(door.url(port))
                serve(desk, self.host, tokens, listening)
        finally:
            desk.close()
        return 0


@dataclass(frozen=True, kw_only=True)
class Add(OnProject):
    """Add videos and coders to a project, and say who labels what; make it if there is none."""

    videos: tuple[Path, ...] = option((), metavar="PATH", spread=True)
    """Films, or folders of images; they are referenced, not copied."""
    data: Path | None = option(None, metavar="DIR")
    """Labelled videos, as facedrive data check takes them; their labels become keys."""
    subject: str | None = option(None, metavar="NAME")
    """Whom the videos show; the video's name where left out."""
    part: Part = "spontaneous"
    """Whether the videos are posed."""
    coders: tuple[str, ...] = option((), metavar="NAME", spread=True)
    """Who labels."""
    per_video: int | None = option(None, low=1, high=100)
    """Coders of each video; 3 where nobody has said."""
    seed: int | None = None
    """Of who labels what."""

    def run(self) -> int:
        """Add them."""
        with open_or_create(self.project) as project:
            for path in self.videos:
                video = project.add(path, subject=self.subject, part=self.part)
                print(f"{video.name}: {video.frames} frames")
            if self.data is not None:
                from facedrive.annotate.imports import import_dataset

                print(f"{len(import_dataset(project, self.data))} labelled videos")
            for name in self.coders:
                if name not in project.coders:
                    project.add_coder(name)
            if project.coders and (self.coders or self.per_video or self.seed is not None):
                wanted = self.per_video or min(project.per_video, len(project.coders))
                project.assign(wanted, self.seed)
            print(_assignment(project))
        return 0


@dataclass(frozen=True, kw_only=True)
class GuessCommand(OnProject):
    """Have the model fill videos with key frames, for coders to correct."""

    video: str | None = option(None, metavar="NAME")
    """Which; all where left out."""
    tolerance: float = option(0.03, low=0.001, high=0.5)
    """How far the keys' lines may be from the model's curve."""
    settings: Settings = option(Settings(), sections=("tracker", "regressor", "calibration"))

    def run(self) -> int:
        """Guess, and fill the keys of everybody who labels the video; 1 if one of many fails."""
        from facedrive.annotate.project import Project

        failed = 0
        with Project.open(self.project) as project:
            names = [self.video] if self.video else list(project.videos)
            for name in names:
                try:
                    self._guess(project, name)
                except (DataError, SourceError) as error:
                    if len(names) == 1:
                        raise
                    failed += 1
                    print(error)
        return UNSOUND if failed else 0

    def _guess(self, project: Project, name: str) -> None:
        from facedrive.annotate.guess import fill, guess_keys, guess_video
        from facedrive.progress import bar

        with bar(project.video(name).frames, "frame", name) as line:
            guess = guess_video(project, name, self.settings, lambda _: line.advance())
        keys = guess_keys(guess, self.tolerance)
        for coder in project.video(name).coders:
            document = project.document(name, coder)
            document.edit("first guess", fill(document, keys))
        share = sum(map(len, keys.values())) / guess.take.aus.size
        print(f"{name}: {100 * share:.1f} % of the frames are keys of an AU")


@dataclass(frozen=True, kw_only=True)
class Agree(OnProject):
    """Tell how far coders agree, per AU, and where they differ most."""

    video: str | None = option(None, metavar="NAME")
    """Of one video; of all where left out."""
    json: bool = False
    """One JSON object, nothing else."""

    def run(self) -> int:
        """Print Table 3 of the paper, and the frames to look at."""
        need_analyze("scipy")
        from facedrive.annotate.coders import agree, differences, ratings_of
        from facedrive.annotate.project import Project

        project = Project.open(self.project, lock=False)
        names = [self.video] if self.video else list(project.videos)
        ratings = [ratings_of(project, name) for name in names]
        found, apart = agree(ratings), differences(ratings)
        rows = found.rows()
        if self.json:
            print(json.dumps({"k": found.k, "frames": found.frames, "videos": found.videos,
                              "aus": rows, "apart": [each._asdict() for each in apart]},
                             allow_nan=False))  # fmt: skip
            return 0
        print(f"{found.k} coders a video, {found.frames:,} frames of {len(found.videos)} videos")
        shown = [(r["au"], r["icc"], r["low"], r["high"], r["reason"] or r["level"]) for r in rows]
        print(table(("<AU", "ICC(2,k)", "95 % from", "to", "<"), shown))
        for each in apart[:10]:
            print(f"  {each.video} frame {each.frame}: {each.au} differs by {each.apart:.2f} "
                  f"({each.lowest} least, {each.highest} most)")  # fmt: skip
        return 0


@dataclass(frozen=True, kw_only=True)
class CheckProject(OnProject):
    """Look for videos that changed, and for labels that cannot be."""

    json: bool = False
    """One JSON object, nothing else."""

    def run(self) -> int:
        """List what is wrong; exit code 1 if something is."""
        from facedrive.annotate.coders import active_coders, coder_labels
        from facedrive.annotate.project import Project
        from facedrive.annotate.rules import check_labels, load_rules

        project = Project.open(self.project, lock=False)
        rules = load_rules(self.project / "rules.toml")
        changed = project.changed()
        found: list[dict[str, Any]] = []
        for name in project.videos:
            for coder in active_coders(project, name):
                tracks = project.document(name, coder).tracks
                labels = coder_labels(project, name, coder)
                found += [{"video": name, "coder": coder} | each._asdict()
                          for each in check_labels(rules, labels, tracks)]  # fmt: skip
        if self.json:
            print(json.dumps({"changed": changed, "findings": found}))
        else:
            for name, reason in changed.items():
                print(f"{name}: {reason}")
            for each in found:
                print("{video}, {coder}: frames {first} to {last}: ".format(**each)
                      + f"{', '.join(each['aus'])}: {each['says']}")  # fmt: skip
            print(f"{len(changed)} videos changed, {len(found)} findings")
        return UNSOUND if changed or found else 0


@dataclass(frozen=True, kw_only=True)
class ExportProject(OnProject):
    """Write the labels for others: FEAFA+, takes, DISFA-like, ELAN, an animated GLB."""

    to: Literal["feafa", "csv", "disfa", "eaf", "glb"] = "feafa"
    """The format; disfa has whole numbers from 0 to 5, which change at 0.1, 0.3, 0.5, 0.7, 0.9."""
    output: Path = option(flag="--output -o", metavar="DIR")
    """Folder to write into."""
    video: str | None = option(None, metavar="NAME")
    """Which; all that are labelled where left out."""

    def run(self) -> int:
        """Write them."""
        from facedrive.annotate.exports import export
        from facedrive.annotate.project import Project

        project = Project.open(self.project, lock=False)
        said = export(project, self.to, self.output, [self.video] if self.video else [])
        print(f"{self.output}: {said}")
        return 0


@dataclass(frozen=True, kw_only=True)
class ImportEaf(OnProject):
    """Put the events of an ELAN file into a coder's keys."""

    eaf: Path = option(metavar="FILE")
    """The .eaf; its tiers are named after action units, or after FACS codes."""
    video: str = option(metavar="NAME")
    """Whose events they are."""
    coder: str = option(metavar="NAME")
    """Who says so."""

    def run(self) -> int:
        """Import them."""
        from facedrive.annotate.imports import import_eaf
        from facedrive.annotate.project import Project

        with Project.open(self.project) as project:
            events = import_eaf(project, self.video, self.coder, self.eaf)
        print(f"{self.video}, {self.coder}: {events} events")
        return 0


@dataclass(frozen=True, kw_only=True)
class Move(OnProject):
    """Say where a video is now; it must be the same."""

    video: str = option(metavar="NAME")
    """Which."""
    to: Path = option(metavar="PATH")
    """Its film or folder of images."""

    def run(self) -> int:
        """Note it."""
        from facedrive.annotate.project import Project

        with Project.open(self.project) as project:
            project.move(self.video, self.to)
        print(f"{self.video}: {self.to}")
        return 0


@dataclass(frozen=True, kw_only=True)
class Dump(OnProject):
    """Write the whole project into one zip; without the videos, and without the invitations."""

    output: Path = option(flag="--output -o", metavar="FILE")
    """The .zip."""

    def run(self) -> int:
        """Write it."""
        from facedrive.annotate.dump import dump
        from facedrive.files import write_whole

        content = dump(self.project)
        write_whole(self.output, content)
        print(f"{self.output}: {len(content) >> 10} KiB")
        return 0


COMMANDS = {
    "": AnnotatePage,
    "add": Add,
    "guess": GuessCommand,
    "agree": Agree,
    "check": CheckProject,
    "export": ExportProject,
    "import": ImportEaf,
    "move": Move,
    "dump": Dump,
}


def open_or_create(folder: Path) -> Project:
    """Open a project, or make one where there is none."""
    from facedrive.annotate.project import FILE, Project

    return Project.open(folder) if (folder / FILE).exists() else Project.create(folder)


def _assignment(project: Project) -> str:
    """Show who labels what."""
    if not project.videos:
        raise DataError(f"{project.folder} has no videos; add some with --videos.")
    rows = [(name, each.frames, each.subject, ", ".join(each.coders) or "nobody yet")
            for name, each in project.videos.items()]  # fmt: skip
    return table(("<video", "frames", "<subject", "<coders"), rows)
