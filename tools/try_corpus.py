"""Tries what facedrive extract promises of a corpus, at full size, and prints the figures.

    python tools/try_corpus.py files          # 1,000 mixed files, a tenth broken in ten ways
    python tools/try_corpus.py kills          # SIGKILL at 20 random moments, then resumed
    python tools/try_corpus.py long --hours 3 # memory of one long clip
    python tools/try_corpus.py people --data DATA # heads that cross: numbers, faces found, cost

The first three are made of the demo clip, in a temporary folder; the last of the parametric face.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import cv2
import numpy as np
import psutil
import pyarrow.parquet as pq

from facedrive.assembly import open_people
from facedrive.corpus.manifest import read_manifest
from facedrive.corpus.store import FolderStore
from facedrive.settings import Settings
from facedrive.sources.demo import open_demo
from facedrive.training.rendered.crowd import FPS, render_crowd, spotted, tally
from facedrive.training.rendered.studio import Studio
from facedrive.types import Frame, Image


def frames(count: int, step: int = 7) -> list[Image]:
    """Return small pictures of a face that moves."""
    shown = islice(open_demo().frames(), 0, count * step, step)
    return [np.asarray(cv2.resize(frame.image, (320, 240)), np.uint8) for frame in shown]


def write_video(path: Path, pictures: list[Image], count: int, rate: int) -> None:
    """Write so many frames, the pictures again and again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.options = "yuv420p", {"preset": "ultrafast", "g": "50"}
        for index, image in enumerate(islice(cycle(pictures), count)):
            picture = av.VideoFrame.from_ndarray(image, "rgb24")
            picture.pts, picture.time_base = index, Fraction(1, rate)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def broken(folder: Path, number: int, good: Path) -> None:
    """Leave one file that is broken, in one of ten ways."""
    whole = good.read_bytes()
    ways: list[Callable[[], object]] = [
        lambda: (folder / f"broken{number}.mp4").write_bytes(b""),
        lambda: (folder / f"broken{number}.mp4").write_text("this is text"),
        lambda: (folder / f"broken{number}.mp4").write_bytes(whole[: len(whole) // 2]),
        lambda: (folder / f"broken{number}.mkv").write_bytes(random.randbytes(50_000)),
        lambda: (folder / f"broken{number}.mov").write_bytes(whole[:64]),
        lambda: (folder / f"broken{number}.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(500)),
        lambda: (folder / f"broken{number}.png").write_bytes(b""),
        lambda: (folder / f"broken{number}.mp4").symlink_to("nowhere.mp4"),
        lambda: (folder / f"broken{number}.zip").write_bytes(b"PK\x03\x04" + bytes(200)),
        lambda: (folder / f"broken{number}.webm").write_bytes(whole[200:]),
    ]
    ways[number % len(ways)]()


def make_files(folder: Path, count: int) -> int:
    """Make so many mixed files; return how many there are to account for."""
    pictures = frames(12)
    folder.mkdir(parents=True)
    write_video(folder / "good.mp4", pictures, 4, 25)
    for number in range(1, count):
        place = folder / f"part{number % 7}"
        place.mkdir(exist_ok=True)
        if number % 10 == 0:
            broken(place, number // 10, folder / "good.mp4")
        elif number % 3 == 0:
            start = number % 9
            turned = pictures[start:] + pictures[:start]
            write_video(place / f"{number}.mp4", turned, 3 + number % 4, 25)
        elif number % 50 == 1:
            with zipfile.ZipFile(place / f"{number}.zip", "w") as archive:
                archive.writestr("face.jpg", cv2.imencode(".jpg", pictures[0])[1].tobytes())
        else:
            cv2.imwrite(str(place / f"{number}.jpg"), pictures[number % 12][..., ::-1])
    return count


def start(folder: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    """Start an extraction with two processes."""
    words = [sys.executable, "-m", "facedrive", "extract", str(folder), "-o", f"{out}/"]
    words += ["--jobs", "2"]
    return subprocess.Popen([*words, *more], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            text=True)  # fmt: skip


def watch(run: subprocess.Popen[str]) -> tuple[int, list[float]]:
    """Wait for the end; return the exit code and the workers' memory over time, MB."""
    seen = []
    while run.poll() is None:
        try:
            workers = [each for each in psutil.Process(run.pid).children(recursive=True)
                       if "spawn_main" in " ".join(each.cmdline())]  # fmt: skip
            seen.append(max([each.memory_info().rss / 2**20 for each in workers], default=0.0))
        except psutil.Error:
            pass
        time.sleep(0.5)
    return run.returncode, seen


def try_files(folder: Path, count: int) -> None:
    """Read mixed files, and account for them."""
    made = make_files(folder / "in", count)
    begun = time.monotonic()
    code, memory = watch(start(folder / "in", folder / "out"))
    records = read_manifest(FolderStore(folder / "out"))
    failed = [each for each in records if each.error]
    told = f"{made} files made, {len(records)} accounted for, {len(failed)} with a reason"
    seconds = time.monotonic() - begun
    print(f"{told}; exit code {code}; at most {max(memory):.0f} MB a worker; {seconds:.0f} s")
    print("killed their process:", sum("ends the process" in str(each.error) for each in failed))


def try_kills(folder: Path, kills: int) -> None:
    """Kill any process of a run again and again, and compare the results with those of one go."""
    pictures = frames(12)
    for number in range(24):
        count = 40 + number // 12  # no two are the same
        write_video(folder / f"in/{number}.mp4", pictures[number % 12 :] + pictures, count, 25)
    start(folder / "in", folder / "whole").communicate()
    dice, done = random.Random(1), 0
    while done < kills:
        run = start(folder / "in", folder / "out")
        time.sleep(dice.uniform(1, 8))
        family = [run.pid]
        try:
            family += [each.pid for each in psutil.Process(run.pid).children(recursive=True)]
            os.kill(dice.choice(family), signal.SIGKILL)
        except (psutil.Error, ProcessLookupError):
            pass
        done += 1
        if run.poll() is None and dice.random() < 0.5:
            run.kill()
        run.communicate()
    start(folder / "in", folder / "out").communicate()
    whole = list((folder / "whole").rglob("*.mp4.parquet"))
    others = [folder / "out" / path.relative_to(folder / "whole") for path in whole]
    same = [pq.read_table(one).equals(pq.read_table(two))
            for one, two in zip(whole, others, strict=True)]  # fmt: skip
    print(f"{done} kills; {sum(same)} of {len(same)} files are as in one go")


def try_long(folder: Path, hours: float, rate: int) -> None:
    """Read one long clip, and tell how memory goes."""
    step = max(round(30 / rate), 1)  # of the demo clip's thirty a second
    pictures = frames(540 // step, step)
    write_video(folder / "in/long.mp4", pictures, round(hours * 3600 * rate), rate)
    begun = time.monotonic()
    code, memory = watch(start(folder / "in", folder / "out"))
    minutes = (time.monotonic() - begun) / 60
    thirds = [memory[len(memory) * n // 3 : len(memory) * (n + 1) // 3] for n in range(3)]
    (record,) = read_manifest(FolderStore(folder / "out"))
    told = ", ".join(f"{max(each, default=0):.0f}" for each in thirds)
    print(f"{record.frames} frames, {record.seconds:.0f} s of film in {minutes:.1f} minutes; exit "
          f"code {code}; MB a worker in each third: {told}")  # fmt: skip


def try_people(data: Path, count: int) -> None:
    """Follow rendered heads that cross, as many as are asked for, and tell what a second costs."""
    studio = Studio(data, "test", 256)
    costs: dict[int, list[float]] = {}
    clips = [(1, 0), *((heads, seed) for heads in (2, 3, 4) for seed in range(3))]
    for heads, seed in clips:
        clip = list(render_crowd(studio, heads, count, seed))
        people = open_people(Settings(), heads, raw=True)
        begun = time.process_time()
        seen = [spotted(people(Frame(image, index / FPS, index)))
                for index, (image, _) in enumerate(clip)]  # fmt: skip
        costs.setdefault(heads, []).append(time.process_time() - begun)
        found = tally([shown for _, shown in clip], seen)
        print(f"{heads} heads, seed {seed}: {found.switches} numbers changed, "
              f"{found.found:.3f} of the faces in sight found")  # fmt: skip
    one, two = (sum(costs[heads]) / len(costs[heads]) for heads in (1, 2))
    print(f"two faces: {two / one:.2f} of one face's processor time")


def main() -> None:
    """Try what is asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("files", "kills", "long", "people"))
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--hours", type=float, default=3.0)
    parser.add_argument("--rate", type=int, default=2)
    asked = parser.parse_args()
    if asked.what == "people":
        return try_people(asked.data, asked.frames)
    with TemporaryDirectory(prefix="try-corpus-") as folder:
        place = Path(folder)
        if asked.what == "files":
            try_files(place, asked.count)
        elif asked.what == "kills":
            try_kills(place, asked.kills)
        else:
            try_long(place, asked.hours, asked.rate)


if __name__ == "__main__":
    main()
