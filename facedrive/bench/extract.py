"""Clips to Parquet in frames a second: by one process, by several, beside a peer."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from facedrive.bench.clip import decode
from facedrive.corpus.clip import Asked
from facedrive.corpus.inputs import find_clips
from facedrive.corpus.pool import Done, Pool, Progress
from facedrive.corpus.run import LocalEngine, Said
from facedrive.corpus.store import open_store
from facedrive.settings import Settings
from facedrive.sources.decode import Window, decode_file
from facedrive.takes.parquet import pa, pq
from facedrive.timing import perf_seconds
from facedrive.training.data.teacher import BLENDSHAPES

if TYPE_CHECKING:
    from facedrive.training.data.teacher import Teacher

PAD = b"\0\0\0\x08free"
"""An empty box of MP4: copies with more of them are the same clip with other content."""

TELL_EVERY = 10
BLIND = [float("nan")] * BLENDSHAPES


@dataclass(frozen=True)
class PeerPlan:
    """Opens MediaPipe's Face Landmarker in another process."""

    model: Path | None

    def open(self) -> Teacher:
        """Load it, for videos."""
        from facedrive.training.data.teacher import Teacher

        return Teacher(self.model)


def peer_one(peer: Teacher, job: tuple[str, str], tell: Callable[[int], object]) -> int:
    """Read a clip with the peer, and write its scores as Parquet; as ours, on one core."""
    clip, out = job
    rows = []
    for count, frame in enumerate(decode_file(Path(clip), lambda said: None, Window(threads=1)), 1):
        scores = peer.score(frame)
        rows.append([frame.time, *(BLIND if scores is None else scores.tolist())])
        if count % TELL_EVERY == 0:
            tell(TELL_EVERY)
    names = ["time_s", *(f"score_{index}" for index in range(BLENDSHAPES))]
    columns = [list(values) for values in zip(*rows, strict=True)]
    pq.write_table(pa.table(dict(zip(names, columns, strict=True))), out)
    return len(rows)


def measure(
    clip: Path, jobs: int, copies: int, settings: Settings, peer: str | None, model: Path | None
) -> dict[str, Any]:
    """Measure copies of a clip, frames a second after the processes have started.

    Returns:
        ``one_job`` and ``jobs`` of ours, ``scaling`` between them; ``tracking``: frames that are
        decoded already, by one process, and ``share_of_tracking`` of one job; with a peer also
        ``peer`` with as many processes, and ``ratio``, ours to it.
    """
    with TemporaryDirectory(prefix="facedrive-") as folder:
        paths = _copies(clip, Path(folder) / "in", copies)
        found = {"frames": sum(1 for _ in decode_file(clip, lambda said: None)) * copies}
        answer: dict[str, Any] = {"processes": jobs} | found
        for name, count in (("one_job", 1), ("jobs", jobs)):
            answer[name] = _ours(paths, Path(folder) / name, count, settings)
        answer["scaling"] = answer["jobs"] / answer["one_job"]
        answer["tracking"] = _tracking(clip, settings)
        answer["share_of_tracking"] = answer["one_job"] / answer["tracking"]
        if peer is not None:
            pool: Pool[tuple[str, str], int] = Pool(PeerPlan(model), peer_one, jobs)
            work = [(str(path), f"{path}.parquet") for path in paths]
            answer["peer"] = rate(pool.run(work))
            answer["ratio"] = answer["jobs"] / answer["peer"]
        return answer


def _copies(clip: Path, folder: Path, count: int) -> list[Path]:
    folder.mkdir()
    paths = [folder / f"{index}{clip.suffix}" for index in range(count)]
    for index, path in enumerate(paths):
        shutil.copyfile(clip, path)
        with path.open("ab") as file:
            file.write(PAD * index)
    return paths


def _ours(paths: Sequence[Path], out: Path, jobs: int, settings: Settings) -> float:
    clips = find_clips([str(path) for path in paths]).clips
    return rate(LocalEngine(jobs)(Asked(settings), open_store(str(out)), clips))


def rate(events: Iterator[Said] | Iterator[Progress | Done[Any, Any]]) -> float:
    """Return the frames a second from the first that a process tells of to the last."""
    start = end = 0.0
    frames = 0
    for said in events:
        if isinstance(said, Progress) and said.pictures:
            end = perf_seconds()
            start, frames = (start, frames + said.pictures) if start else (end, 0)
    return frames / max(end - start, 1e-9)


def _tracking(clip: Path, settings: Settings) -> float:
    """Return how many frames a second one process tracks that are decoded already."""
    from facedrive.assembly import open_reader

    frames = decode(str(clip), (640, 480), 300)
    with closing(open_reader(settings)) as pipeline:
        pipeline.read(frames[0])
        start = perf_seconds()
        for frame in frames[1:]:
            pipeline.read(frame)
        return (len(frames) - 1) / (perf_seconds() - start)
