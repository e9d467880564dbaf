"""``facedrive bench``: speed beside a peer on the same frames, memory, drawing; and of training."""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from facedrive.cli import options
from facedrive.errors import FacedriveError
from facedrive.threads import wall_clock

PEERS = ("mediapipe",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("clip", nargs="?", default="demo", metavar="CLIP",
                        help="video to run on; default: demo; or train")  # fmt: skip
    parser.add_argument("recipe", nargs="?", type=Path, metavar="RECIPE",
                        help="after train: whose training step to time; default: the paper's "
                        "ResNet18")  # fmt: skip
    parser.add_argument("--peer", choices=PEERS, help="measure this tracker in the same run")
    parser.add_argument("--peer-model", type=Path, metavar="FILE",
                        help="the peer's model; fetched when left out")  # fmt: skip
    parser.add_argument("--frames", type=int, default=300, help="frames to time; default: 300")
    parser.add_argument("--size", type=options.size, default=(640, 480), metavar="WxH",
                        help="frames are fitted into this; default: 640x480")  # fmt: skip
    parser.add_argument("--memory-frames", type=int, default=10_000, metavar="N",
                        help="frames to watch memory over, 0 for none; default: 10000")  # fmt: skip
    parser.add_argument("--rig", type=Path, help="also measure morphing and drawing this rig")
    parser.add_argument("--json", action="store_true", help="one JSON object, nothing else")
    options.add_tracking(parser)
    outputs = parser.add_argument_group("bench outputs")
    outputs.add_argument("--seconds", type=float, default=60, help="how long; default: 60")
    outputs.add_argument("--rate", type=float, default=120, metavar="HZ",
                         help="samples a second; default: 120")  # fmt: skip
    training = parser.add_argument_group("bench train")
    training.add_argument("--threads", type=int, metavar="N", help="CPU threads; default: all")
    training.add_argument("--batch", type=int, metavar="N", help="in place of the recipe's")
    training.add_argument("--compile", action="store_true", help="fuse the network's operations")


def run(args: argparse.Namespace) -> int:
    """Measure what was asked for and print it."""
    if args.clip == "train":
        return _bench_training(args)
    if args.clip == "outputs":
        return _bench_outputs(args)
    from facedrive import benchmark

    frames = benchmark.decode(args.clip, args.size, args.frames)
    report: dict[str, Any] = {"machine": machine(), "clip": Path(args.clip).name,
                              "size": list(args.size), "frames": len(frames)}  # fmt: skip
    with benchmark.open_peer(args.peer, args.peer_model) as peer:
        report |= benchmark.measure(options.build_pipeline(args), frames, peer)
    report |= benchmark.measure_jitter(options.build_pipeline(args), frames[0])
    if args.rig:
        report |= benchmark.measure_rig(args.rig)
    del frames
    report |= _alone("start", args.clip, repr(wall_clock()))
    if args.memory_frames:
        report |= _alone("memory", args.clip, str(args.memory_frames))
    print(json.dumps(report) if args.json else _table(report))
    return 0


def _bench_training(args: argparse.Namespace) -> int:
    """Measure images a second of a recipe's training steps, and of loading alone."""
    options.need_train()
    import torch

    from facedrive.feafa.protocol.machine import Machine
    from facedrive.feafa.protocol.recipe import ProtocolRecipe, load_protocol
    from facedrive.feafa.protocol.throughput import measure_throughput
    from facedrive.training.run.train import choose_device

    if args.threads:
        torch.set_num_threads(args.threads)
    recipe: ProtocolRecipe | None = ProtocolRecipe("feafa_resnet18", "resnet18", ("posed",))
    if args.recipe:
        recipe = load_protocol(args.recipe)
    if recipe is None:
        raise FacedriveError(
            f"{args.recipe} is of another kind; bench train times recipes of the paper's protocol."
        )
    if args.batch:
        recipe = dataclasses.replace(recipe, batch=args.batch)
    device = choose_device(args.device)
    found = measure_throughput(recipe, Machine(device, compiled=args.compile), args.frames)
    report = {"machine": machine(), "device": device.type, "threads": torch.get_num_threads(),
              "recipe": recipe.name, "crop": recipe.crop, "batch": recipe.batch,
              "images_a_second": found.as_dict()}  # fmt: skip
    print(json.dumps(report) if args.json else _table(report))
    return 0


def _bench_outputs(args: argparse.Namespace) -> int:
    """Send to every output at once, to receivers on this computer."""
    from facedrive import soak

    if not (args.seconds > 0 and 0 < args.rate <= 1000):
        raise FacedriveError("bench outputs: --seconds and --rate must be positive.")
    report = {"machine": machine()} | soak.measure(args.seconds, args.rate)
    print(json.dumps(report) if args.json else _outputs_table(report))
    return 0


def _outputs_table(report: dict[str, Any]) -> str:
    lines = [f"{'output':<14}{'sent':>8}{'received':>10}{'median ms':>11}{'p99 ms':>9}"]
    for name, each in report.pop("outputs").items():
        lines.append(f"{name:<14}{each['sent']:>8}{each['received']:>10}"
                     f"{each['median_ms']:>11.3f}{each['p99_ms']:>9.3f}")  # fmt: skip
    return "\n".join([*lines, "", _table(report)])


def machine() -> str:
    """Name the processor and how many cores of it there are."""
    import os

    name = platform.processor() or platform.machine()
    try:
        text = Path("/proc/cpuinfo").read_text()
        name = next(
            line.split(":")[1].strip() for line in text.splitlines() if "model name" in line
        )
    except (OSError, StopIteration):
        pass
    return (
        f"{name}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    )


def _alone(*words: str) -> dict[str, Any]:
    """Measure in a process of its own, which holds neither the peer nor the frames."""
    command = [sys.executable, "-m", "facedrive.benchmark", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FacedriveError(f"measuring {words[0]} failed: {done.stderr.strip()[-300:]}")
    return dict(json.loads(done.stdout))


def _table(report: dict[str, Any]) -> str:
    """Lay the figures out for people."""
    lines = []
    for key, value in report.items():
        if isinstance(value, dict):
            lines += [f"  {name:<22}{part:>10.3f}" for name, part in value.items()]
        else:
            shown = f"{value:>10.3f}" if isinstance(value, float) else value
            lines.append(f"{key:<24}{shown}")
    return "\n".join(lines)
