"""Labelling: what a coder has to do with the first guess and without, and how a long video feels.

The scripted coder knows labels, and brings a timeline to within 0.05 of them by what the page
offers: a press of a track (which chooses it and goes to the frame), a value of two digits, a key.
Each press counts. For each action unit it does what needs the fewest: it mends the worst frame
until none is left; it mends some, accepts what they say of the rest, and mends what is left; or it
clears the track and begins anew.

Two sets of labels are reached. ``known`` are those that the clip was rendered from. ``person`` are
the model's own as a person would have them whom it reads wrongly in the usual way: each action unit
has a gain and an offset of theirs, and some events were missed or are none.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from facedrive.annotate.desk import Desk
from facedrive.annotate.guess import Guess, guess_video, keep_guess
from facedrive.annotate.keys import Key, Track, Values, bend, draw, ordered
from facedrive.annotate.project import Project
from facedrive.annotate.reduce import reduce_curve
from facedrive.annotate.refine import CLEAR, LEAST_KEYS, fit_line
from facedrive.aus import AU_NAMES
from facedrive.ending import follow_parent
from facedrive.errors import FacedriveError
from facedrive.takes.take import Take
from facedrive.timing import perf_seconds
from facedrive.types import IDENTITY_HEAD, Image, Sample, Vector

NEAR = 0.05
"""How near the coder brings the labels."""

GO, TYPE, PRESS = 1, 2, 1
"""Interactions: a press of a track at a frame, a value of two digits, a key."""

MOST_KEYS = 8
"""That the coder mends before it accepts what they say of the rest."""

GAINS, OFFSETS, EVENTS = (0.75, 1.3), (-0.06, 0.06), 8
"""How a person differs from the model."""

BLOCK = 1000
SIZE = (640, 480)
KEYS = 5000
SEEKS, EDITS = 60, 100


class Coder:
    """Works at a desk as the page does, and counts."""

    def __init__(self, desk: Desk, video: str, name: str) -> None:
        self._desk, self._video, self._name = desk, video, name
        self.count = 0
        """Interactions so far."""
        self.bends = True
        """Whether the machine's keys go along with what is set near them."""

    def part(self) -> None:
        """Press the key that has left and right go apart."""
        self.count += PRESS

    def fill(self) -> None:
        """Press the button of the first guess, on its tab."""
        self._desk.fill(self._video, self._name)
        self.count += 2 * PRESS

    def set(self, au: str, frame: int, value: float) -> None:
        """Go to a frame of a track, and type a value."""
        track, times = self._track(au), self._desk.project.clock(self._video).times
        changed = setting(track, Key(frame, round(value, 2)), times, bends=self.bends)
        rows = [[au, key.frame, _packed(track.get(key.frame)), _packed(key)] for key in changed]
        self._desk.edit(self._video, self._name, "set", rows)
        self.count += GO + TYPE

    def turn_bending(self) -> None:
        """Press the key that has the machine's keys go along, or stay."""
        self.bends = not self.bends
        self.count += PRESS

    def clear(self, au: str) -> None:
        """Go to a track, pick all its keys and delete them."""
        rows = [[au, key.frame, _packed(key), None] for key in self._track(au).values()]
        self._desk.edit(self._video, self._name, "delete", rows)
        self.count += GO + 2 * PRESS

    def accept(self, au: str) -> None:
        """Accept on the model's tab what the corrections say of the rest."""
        self._desk.refine(self._video, self._name, [au])
        self.count += 2 * PRESS

    def bring(self, au: str, labels: Values, times: Values, curve: Values | None = None) -> None:
        """Bring a track to within ``NEAR`` of (F,) labels, by the fewest interactions.

        Args:
            au: The track's.
            labels: What it shall say.
            times: (F,) seconds of the frames.
            curve: (F,) the model's, where there is a guess.
        """
        track = self._track(au)
        if off(track, labels, times)[1] <= NEAR:
            return
        plans = [_Plan(mend(track, labels, times, bends=bends), bends=bends)
                 for bends in (True, False)]  # fmt: skip
        if track:
            plans.append(_Plan(mend({}, labels, times), bends=self.bends, clears=True))
        if curve is not None:
            plans += _refining(au, track, labels, times, curve, bends=True)
            plans += _refining(au, track, labels, times, curve, bends=False)
        plan = min(plans, key=lambda each: each.cost + PRESS * (each.bends != self.bends))
        if plan.bends != self.bends:
            self.turn_bending()
        if plan.clears:
            self.clear(au)
        for number, (frame, value) in enumerate(plan.keys):
            if plan.accepts == number and number:
                self.accept(au)
            self.set(au, frame, value)
        for frame, value in mend(self._track(au), labels, times, bends=self.bends):
            self.set(au, frame, value)

    def _track(self, au: str) -> Track:
        return self._desk.document(self._video, self._name).tracks.get(au, {})


class _Plan(NamedTuple):
    """What to do with a track."""

    keys: list[tuple[int, float]]
    """To set, in order."""
    bends: bool
    """Whether the machine's keys go along."""
    clears: bool = False
    accepts: int = 0
    """How many keys are set before the fit is accepted; 0 for never."""

    @property
    def cost(self) -> int:
        """Interactions."""
        extra = (GO + 2 * PRESS) * self.clears + 2 * PRESS * bool(self.accepts)
        return len(self.keys) * (GO + TYPE) + extra


def _refining(
    au: str, track: Track, labels: Values, times: Values, curve: Values, *, bends: bool
) -> list[_Plan]:
    """Return the plans that mend some frames, the worst first, and accept what they say."""
    plans = []
    worst = mend(track, labels, times, bends=bends)
    for count in range(LEAST_KEYS, min(len(worst), MOST_KEYS) + 1):
        mine = [Key(frame, value) for frame, value in worst[:count]]
        at = np.array([key.frame for key in mine])
        fit = fit_line(au, curve[at], np.array([key.value for key in mine]))
        if fit.error_after >= fit.error_before:
            continue
        made = {key.frame: key for key in reduce_curve(fit.apply(curve))
                if all(abs(key.frame - each.frame) > CLEAR for each in mine)}  # fmt: skip
        made |= {key.frame: key for key in mine}
        rest = mend(made, labels, times, bends=bends)
        plans.append(_Plan([*worst[:count], *rest], bends, accepts=count))
    return plans


def off(track: Track, labels: Values, times: Values) -> tuple[int, float]:
    """Return the frame at which a track is furthest from (F,) labels, and by how much."""
    apart = np.abs(draw(ordered(track), times) - labels)
    worst = int(apart.argmax())
    return worst, float(apart[worst])


def mend(
    track: Track, labels: Values, times: Values, *, bends: bool = False
) -> list[tuple[int, float]]:
    """Return the keys that mending the worst frame again and again sets."""
    track = dict(track)
    made: dict[int, float] = {}
    while len(made) < len(labels):
        frame, apart = off(track, labels, times)
        if apart <= NEAR:
            break
        made[frame] = round(float(labels[frame]), 2)
        changed = setting(track, Key(frame, made[frame]), times, bends=bends)
        track |= {key.frame: key for key in changed}
    return list(made.items())


def setting(track: Track, key: Key, times: Values, *, bends: bool) -> list[Key]:
    """Return what becomes of a track when a person sets a key, as on the page."""
    return bend(track, key, times) if bends else [key]


def _packed(key: Key | None) -> list[object] | None:
    return None if key is None else [key.value, key.shape, int(key.machine)]


def count_interactions(clip: Path, labels: Vector) -> dict[str, dict[str, float]]:
    """Have the scripted coder label a clip, from the first guess and from nothing.

    Args:
        clip: A video of F frames.
        labels: (F, 24), known.

    Raises:
        FacedriveError: if the clip cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="facedrive-") as folder:
        desk = Desk(Project.create(Path(folder) / "study"))
        try:
            name = desk.project.add(clip).name
            curves = guess_video(desk.project, name).curves
            known = labels[: len(curves)].astype(np.float64)
            wanted = {"person": as_person(curves), "known": known}
            return {
                f"labels {which}": _label_twice(desk, name, which, curves, goal)
                for which, goal in wanted.items()
            }
        finally:
            desk.close()


def as_person(curves: Values) -> Values:
    """Return the model's (F, 24) curves as a person would have them; the same every time."""
    rng = np.random.default_rng(0)
    gain = rng.uniform(*GAINS, curves.shape[1])
    offset = rng.uniform(*OFFSETS, curves.shape[1])
    said = curves * gain + offset * (curves.max(0) > NEAR)
    for _ in range(EVENTS):
        au, first = rng.integers(curves.shape[1]), rng.integers(len(curves) * 7 // 8)
        long = int(rng.integers(10, 30))
        bump = rng.uniform(0.3, 0.8) * np.sin(np.linspace(0, np.pi, long))
        said[first : first + long, au] += bump[: len(said) - first]
    return np.asarray(said.clip(0, 1))


def _label_twice(
    desk: Desk, name: str, which: str, curves: Values, labels: Values
) -> dict[str, float]:
    """Label a video from the guess and from nothing; return the interactions of both."""
    times = desk.project.clock(name).times
    counts = []
    for who in (f"{which}-guess", f"{which}-nothing"):
        desk.project.add_coder(who)
        coder = Coder(desk, name, who)
        guessed = who.endswith("guess")
        coder.part()
        if guessed:
            coder.fill()
        for index, au in enumerate(AU_NAMES):
            coder.bring(au, labels[:, index], times, curves[:, index] if guessed else None)
            track = desk.document(name, who).tracks.get(au, {})
            assert off(track, labels[:, index], times)[1] <= NEAR + 1e-6
        counts.append(coder.count)
    apart = np.abs(curves - labels)
    return {"from_guess": counts[0], "from_nothing": counts[1], "share": counts[0] / counts[1],
            "guess_error": float(apart.mean()),
            "guess_within": float((apart <= NEAR).mean())}  # fmt: skip


def measure_large(frames: int) -> dict[str, float]:
    """Make a video of so many frames with ``KEYS`` keys, and work on it in another process.

    Raises:
        FacedriveError: if that process fails.
    """
    with tempfile.TemporaryDirectory(prefix="facedrive-") as folder:
        study = Path(folder) / "study"
        film = write_film(Path(folder) / "long.mp4", frames)
        begun = perf_seconds()
        with Project.create(study) as project:
            project.add(film)
            added = perf_seconds() - begun
            project.add_coder("anna")
            project.assign(1)
            write_keys(project, frames)
        command = [sys.executable, "-m", "facedrive.bench.annotate", str(study)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise FacedriveError(f"the long video failed: {done.stderr.strip()[-300:]}")
        return {"frames": frames, "added_s": added} | dict(json.loads(done.stdout))


def write_film(path: Path, frames: int) -> Path:
    """Write a film at 30 frames a second whose pictures drift; a thousand of them, again and again.

    Every 250th stands for itself, which is how far apart x264 puts them if nobody says otherwise.
    """
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 30, {"preset": "veryfast", "g": "250"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        drawn = [each for number in range(min(frames, BLOCK))
                 for each in stream.encode(_drifting(number))] + list(stream.encode())  # fmt: skip
        plain = [(bytes(each), each.pts or 0, each.dts or 0, each.is_keyframe) for each in drawn]
        for number in range(frames):
            content, pts, dts, key = plain[number % BLOCK]
            packet, later = av.Packet(content), number // BLOCK * BLOCK
            packet.pts, packet.dts, packet.is_keyframe = pts + later, dts + later, key
            packet.time_base, packet.stream = Fraction(1, 30), stream
            container.mux(packet)
    return path


@cache
def _ground() -> Image:
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 256, (SIZE[1] // 16, SIZE[0] // 16 + 64, 3), np.uint8)
    return np.asarray(blocks.repeat(16, 0).repeat(16, 1))


def _drifting(number: int) -> av.VideoFrame:
    left = round(500 * (0.5 + 0.5 * np.sin(number / 90)))
    image = np.ascontiguousarray(_ground()[:, left : left + SIZE[0]])
    picture = av.VideoFrame.from_ndarray(image, format="rgb24")
    picture.pts, picture.time_base = number, Fraction(1, 30)
    return picture


def write_keys(project: Project, frames: int) -> None:
    """Put keys into every track, and a guess beside them."""
    (name,) = project.videos
    rng = np.random.default_rng(0)
    document = project.document(name, "anna")
    a_track = min(KEYS // len(AU_NAMES) + 1, frames)
    document.edit("fill", [
        change
        for au in AU_NAMES
        for change in document.replace(au, [
            Key(int(frame), round(float(rng.random()), 4), machine=True)
            for frame in rng.choice(frames, a_track, replace=False)
        ])
    ])  # fmt: skip
    gaze = np.zeros((2, 2), np.float32)
    samples = [Sample(at / 30, at, rng.random(24).astype(np.float32), gaze, IDENTITY_HEAD, True, 1)
               for at in range(frames)]  # fmt: skip
    spread = np.full((frames, len(AU_NAMES)), 0.01, np.float32)
    places = np.tile(np.array([0.5, 0.3, 0.2, 0], np.float32), (frames, 1))
    keep_guess(project, name, Guess(Take.of(samples), spread, places))


def work(study: Path) -> dict[str, float]:
    """Open a project and its one video, go to frames, edit; return how long each took."""
    import psutil

    begun = perf_seconds()
    desk = Desk(Project.open(study))
    (name,) = desk.project.videos
    for ask in (desk.video, desk.model):
        json.dumps(ask(name), default=len)
    keys = desk.keys(name, "anna")
    json.dumps(keys)
    desk.picture(name, 0)
    opened = perf_seconds() - begun
    rng = np.random.default_rng(1)
    frames = desk.project.video(name).frames
    seeks = [_timed(lambda at=int(at): desk.picture(name, at))
             for at in rng.integers(0, frames, SEEKS)]  # fmt: skip
    coder = Coder(desk, name, "anna")
    edits = [
        _timed(lambda at=int(at), au=str(au): coder.set(au, at, 0.5))
        for at, au in zip(rng.integers(0, frames, EDITS), rng.choice(AU_NAMES, EDITS), strict=True)
    ]
    memory = psutil.Process().memory_info().rss / 2**20
    desk.close()
    return {"keys": sum(map(len, keys["tracks"].values())), "open_s": opened,
            **_spread("seek_ms", seeks), **_spread("edit_ms", edits), "rss_mb": memory}  # fmt: skip


def _timed(action: Callable[[], object]) -> float:
    begun = perf_seconds()
    action()
    return (perf_seconds() - begun) * 1000


def _spread(name: str, values: Sequence[float]) -> dict[str, float]:
    return {f"{name}_median": float(np.median(values)),
            f"{name}_p95": float(np.percentile(values, 95))}  # fmt: skip


if __name__ == "__main__":
    follow_parent()
    print(json.dumps(work(Path(sys.argv[1]))))
