"""Start-up and memory, each measured in a process that does nothing else: this module, run."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import chain, islice, repeat
from typing import Any, Literal

from facedrive.bench.clip import WIRE
from facedrive.ending import follow_parent
from facedrive.errors import FacedriveError
from facedrive.outputs import Outputs
from facedrive.pipeline import Pipeline
from facedrive.sinks import open_sink
from facedrive.sources import open_source
from facedrive.threads import wall_clock
from facedrive.types import Frame


def measure_alone(what: Literal["start", "memory"], *words: str) -> dict[str, Any]:
    """Measure in a process of its own, which holds neither a peer nor frames.

    Args:
        what: ``start`` or ``memory``.
        words: The clip; for memory also the number of frames.

    Raises:
        FacedriveError: if that process fails.
    """
    begun = (repr(wall_clock()),) if what == "start" else ()
    command = [sys.executable, "-m", "facedrive.bench.alone", what, *words, *begun]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FacedriveError(f"measuring {what} failed: {done.stderr.strip()[-300:]}")
    return dict(json.loads(done.stdout))


def measure_start(clip: str, begun: float) -> dict[str, float]:
    """Return the seconds from ``begun`` to the first AUs (start_s).

    Args:
        clip: Its first frame is read.
        begun: When the process was begun, in seconds of the wall clock. What the system says of
            that may be wrong by most of a second: it counts from a boot in whole seconds.
    """
    pipeline = Pipeline.open()
    pipeline(next(iter(open_source(clip).frames())))
    return {"start_s": wall_clock() - begun}


def measure_memory(clip: str, count: int) -> dict[str, float]:
    """Run ``count`` frames, the clip again and again, and read the resident memory.

    Returns:
        rss_mb at the end, and rss_growth_mb since frame 500.
    """
    import psutil

    pipeline = Pipeline.open()
    outputs = Outputs([open_sink(WIRE)])
    process = psutil.Process()
    source = open_source(clip)
    rss: list[float] = []
    rounds = chain.from_iterable(source.frames() for _ in repeat(None))
    for index, frame in enumerate(islice(rounds, count)):
        outputs.send(pipeline(Frame(frame.image, index / 30, index)), frame)
        if index % 500 == 499:
            rss.append(process.memory_info().rss / 2**20)
    outputs.close()
    end = process.memory_info().rss / 2**20
    return {
        "rss_mb": end,
        "rss_growth_mb": end - (rss[0] if rss else end),
        "rss_frames": count,
    }


if __name__ == "__main__":
    follow_parent()
    if sys.argv[1] == "start":
        print(json.dumps(measure_start(sys.argv[2], float(sys.argv[3]))))
    else:
        print(json.dumps(measure_memory(sys.argv[2], int(sys.argv[3]))))
