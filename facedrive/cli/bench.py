"""``facedrive bench``: speed beside a peer on the same frames, memory, drawing; and of training."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from facedrive.cli.tables import table
from facedrive.errors import DataError
from facedrive.options import Size, option
from facedrive.settings import Settings

if TYPE_CHECKING:
    from facedrive.feafa.protocol.recipe import ProtocolRecipe


@dataclass(frozen=True, kw_only=True)
class BenchClip:
    """Measure speed on a clip, beside a peer in the same run, and memory."""

    clip: str = option("demo", positional=True)
    """Video to run on."""
    peer: Literal["mediapipe"] | None = None
    """Measure this tracker in the same run."""
    peer_model: Path | None = option(None, metavar="FILE")
    """The peer's model; fetched where left out."""
    frames: int = option(300, low=1)
    """Frames to time."""
    size: Size = option(Size(640, 480), metavar="WxH", unit="pixels")
    """Frames are fitted into this."""
    memory_frames: int = option(10_000, low=0)
    """Frames to watch memory over, 0 for none."""
    rig: str | None = option(None, metavar="FILE")
    """Also measure morphing and drawing this rig."""
    json: bool = False
    """One JSON object, nothing else."""
    settings: Settings = option(
        Settings(), sections=("tracker", "regressor", "calibration", "smoothing", "lost")
    )

    def run(self) -> int:
        """Measure, and print it."""
        from facedrive.assembly import open_pipeline
        from facedrive.bench import clip
        from facedrive.bench.alone import measure_alone
        from facedrive.bench.machine import machine

        frames = clip.decode(self.clip, self.size, self.frames)
        report: dict[str, Any] = {"machine": machine(), "clip": Path(self.clip).name,
                                  "size": list(self.size), "frames": len(frames)}  # fmt: skip
        with (
            clip.open_peer(self.peer, self.peer_model) as peer,
            open_pipeline(self.settings) as pipeline,
        ):
            report |= clip.measure(pipeline, frames, peer)
        with open_pipeline(self.settings) as pipeline:
            report |= clip.measure_jitter(pipeline, frames[0])
            report |= clip.measure_guard(pipeline, self.clip, self.frames)
        if self.rig:
            from facedrive.bench.drawing import measure_rig

            report |= measure_rig(self.rig)
        del frames
        report |= measure_alone("start", self.clip)
        if self.memory_frames:
            report |= measure_alone("memory", self.clip, str(self.memory_frames))
        print(json.dumps(report) if self.json else _table(report))
        return 0


@dataclass(frozen=True, kw_only=True)
class BenchDemo(BenchClip):
    """Measure speed on the clip that ships, beside a peer in the same run, and memory."""

    clip: str = option("demo", metavar="CLIP")
    """Video to run on in its place."""


@dataclass(frozen=True, kw_only=True)
class BenchTrain:
    """Measure images a second of a recipe's training steps, and of loading alone."""

    recipe: Path | None = option(None, positional=True)
    """Whose training step to time; the paper's ResNet18 where left out."""
    frames: int = option(300, low=1)
    """Frames to load."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train."""
    threads: int | None = option(None, low=1)
    """CPU threads; all where left out."""
    batch: int | None = option(None, low=1)
    """Faces a step, in place of the recipe's."""
    compile: bool = False
    """Fuse the network's operations."""
    json: bool = False
    """One JSON object, nothing else."""

    def run(self) -> int:
        """Measure, and print it."""
        from facedrive.cli.packages import need_train

        need_train()
        import torch

        from facedrive.bench.machine import machine
        from facedrive.feafa.protocol.machine import Machine
        from facedrive.feafa.protocol.throughput import measure_throughput
        from facedrive.training.run.train import choose_device

        if self.threads:
            torch.set_num_threads(self.threads)
        recipe = self._recipe()
        device = choose_device(self.device)
        found = measure_throughput(recipe, Machine(device, compiled=self.compile), self.frames)
        report = {"machine": machine(), "device": device.type, "threads": torch.get_num_threads(),
                  "recipe": recipe.name, "crop": recipe.crop, "batch": recipe.batch,
                  "images_a_second": found.as_dict()}  # fmt: skip
        print(json.dumps(report) if self.json else _table(report))
        return 0

    def _recipe(self) -> ProtocolRecipe:
        from facedrive.feafa.protocol.recipe import ProtocolRecipe, load_protocol

        recipe = ProtocolRecipe("feafa_resnet18", "resnet18", ("posed",))
        if self.recipe:
            recipe = load_protocol(self.recipe)
        return replace(recipe, batch=self.batch) if self.batch else recipe


@dataclass(frozen=True, kw_only=True)
class BenchOutputs:
    """Send to every output at once, to receivers on this computer; what each costs and loses."""

    seconds: float = option(60.0, unit="s", low=0.1, high=86_400)
    """How long."""
    rate: float = option(120.0, unit="samples a second", low=0.1, high=1000, metavar="HZ")
    """How fast."""
    json: bool = False
    """One JSON object, nothing else."""

    def run(self) -> int:
        """Measure, and print it."""
        from facedrive.bench.machine import machine
        from facedrive.bench.outputs import measure

        report = {"machine": machine()} | measure(self.seconds, self.rate)
        print(json.dumps(report) if self.json else _outputs_table(report))
        return 0


@dataclass(frozen=True, kw_only=True)
class BenchAnnotate:
    """Count what a scripted coder has to do with the first guess and without; time a long video."""

    clip: Path | None = option(None, metavar="VIDEO")
    """What is labelled; the clip that ships, whose labels are known, where left out."""
    labels: Path | None = option(None, metavar="TAKE")
    """The labels of another clip, a take."""
    frames: int = option(36_000, low=0, high=1_000_000)
    """Of the long video; 0 for none."""
    json: bool = False
    """One JSON object, nothing else."""

    def run(self) -> int:
        """Measure, and print it."""
        from facedrive.bench.annotate import count_interactions, measure_large
        from facedrive.bench.machine import machine

        report: dict[str, Any] = {"machine": machine()}
        report |= count_interactions(*self._clip())
        if self.frames:
            report["long video"] = measure_large(self.frames)
        print(json.dumps(report) if self.json else _table(report))
        return 0

    def _clip(self) -> tuple[Path, Any]:
        from facedrive.sources.demo import open_demo, truth
        from facedrive.takes.take import Take

        if self.clip is None:
            return open_demo().path, truth()
        if self.labels is None:
            raise DataError(f"--clip {self.clip} needs its --labels, a take.")
        return self.clip, Take.read(self.labels).aus


@dataclass(frozen=True, kw_only=True)
class BenchStudio:
    """Run the studio, and measure its start, latency, pictures, memory, drags and page.

    The figures of a browser need Chromium and Playwright, and are left out without them.
    """

    seconds: float = option(5.0, unit="s", low=1, high=600)
    """How long each of the six looks at the latency takes."""
    memory_s: float = option(180.0, unit="s", low=0, high=86_400)
    """How long memory is watched; 0 for not at all."""
    pages: int = option(3, low=1, high=16)
    """Pages that are open meanwhile."""
    browser: Path | None = option(None, metavar="FILE")
    """Chromium; looked for where left out."""
    json: bool = False
    """One JSON object, nothing else."""

    def run(self) -> int:
        """Measure, and print it."""
        from facedrive.cli.packages import need_studio

        need_studio()
        from facedrive.bench.machine import machine
        from facedrive.bench.studio import measure

        browser = None if self.browser is None else str(self.browser)
        report = {"machine": machine()} | measure(
            self.seconds, self.memory_s, self.pages, browser)  # fmt: skip
        print(json.dumps(report) if self.json else _table(report))
        return 0


@dataclass(frozen=True, kw_only=True)
class BenchExtract:
    """Measure clips to Parquet, decoding included: one process, several, and a peer's as many."""

    clip: str = option("demo", positional=True)
    """Video to read copies of."""
    jobs: int | None = option(None, low=1, high=1024)
    """Processes; as many as there are cores where left out."""
    copies: int = option(4, low=1, high=10_000)
    """Of the clip, that are read."""
    peer: Literal["mediapipe"] | None = None
    """Measure this tracker in the same run."""
    peer_model: Path | None = option(None, metavar="FILE")
    """The peer's model; fetched where left out."""
    json: bool = False
    """One JSON object, nothing else."""
    settings: Settings = option(
        Settings(), sections=("tracker", "regressor", "calibration", "smoothing", "lost")
    )

    def run(self) -> int:
        """Measure, and print it."""
        from facedrive.bench.extract import measure
        from facedrive.bench.machine import machine
        from facedrive.cli.extract import cores
        from facedrive.sources.demo import CLIP

        clip = CLIP if self.clip == "demo" else Path(self.clip)
        report = {"machine": machine(), "clip": clip.name} | measure(
            clip, self.jobs or cores(), self.copies, self.settings, self.peer, self.peer_model
        )
        print(json.dumps(report) if self.json else _table(report))
        return 0


COMMANDS = {
    "": BenchClip,
    "annotate": BenchAnnotate,
    "demo": BenchDemo,
    "extract": BenchExtract,
    "outputs": BenchOutputs,
    "studio": BenchStudio,
    "train": BenchTrain,
}


def _outputs_table(report: dict[str, Any]) -> str:
    figures = ("sent", "received", "median_ms", "p99_ms")
    rows = [(name, *(each[key] for key in figures)) for name, each in report["outputs"].items()]
    rest = {key: value for key, value in report.items() if key != "outputs"}
    return f"{table(('<output', *figures), rows)}\n\n{_table(rest)}"


def _table(report: dict[str, Any]) -> str:
    """Lay the figures out for people."""
    lines: list[str] = []
    for key, value in report.items():
        if isinstance(value, dict):
            lines += [f"  {name:<22}{part:>10.3f}" for name, part in value.items()]
        else:
            shown = f"{value:>10.3f}" if isinstance(value, float) else value
            lines.append(f"{key:<24}{shown}")
    return "\n".join(lines)
