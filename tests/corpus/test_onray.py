"""A Ray cluster gives the rows of one computer, also when one of its workers is killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import facedrive.corpus.onray as onray
from facedrive.corpus.clip import Asked
from facedrive.corpus.inputs import Clip
from facedrive.corpus.manifest import Notes
from facedrive.corpus.pool import Done
from facedrive.corpus.run import LocalEngine, WorkPlan, extract_corpus
from facedrive.corpus.spans import _alike
from facedrive.errors import DataError, FacedriveError
from facedrive.regressors.options import RegressorOptions
from facedrive.settings import Settings
from facedrive.types import Image

from .conftest import write_video

pytestmark = pytest.mark.slow
ray = pytest.importorskip("ray")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers on this computer."""
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False,
             _system_config={"prestart_worker_first_driver": False})  # fmt: skip
    yield ray
    ray.shutdown()


@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_killed_worker_costs_a_try_and_the_rows_are_those_of_one_computer(
    cluster: Any, pictures: list[Image], tmp_path: Path
) -> None:
    for name in "abcd":
        write_video(tmp_path / f"in/{name}.mp4", pictures[: 6 + ord(name) % 5])
    killed: list[int] = []

    def kill_one() -> None:
        while not list((tmp_path / "out").glob("*.mp4.parquet")):
            time.sleep(0.02)
        killed.append(_worker())
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    given = [str(tmp_path / "in")]
    report = extract_corpus(given, str(tmp_path / "out"), Asked(), onray.RayEngine(), span_s=1e9)
    killer.join()
    assert killed and not report.broken and len(report.records) == 4
    extract_corpus(given, str(tmp_path / "local"), Asked(), LocalEngine(1))
    for name in "abcd":
        one, other = (pq.read_table(tmp_path / folder / f"{name}.mp4.parquet")
                      for folder in ("out", "local"))  # fmt: skip
        assert one.equals(other)


@pytest.mark.filterwarnings("ignore")
def test_clips_that_an_actor_reads_together_have_the_rows_of_each_alone(
    cluster: Any, pictures: list[Image], tmp_path: Path
) -> None:
    for name in "abc":
        write_video(tmp_path / f"in/{name}.mp4", pictures[ord(name) % 3 :])
    given = [str(tmp_path / "in")]
    engine = onray.RayEngine(batch=2)
    report = extract_corpus(given, str(tmp_path / "together"), Asked(), engine)
    assert not report.broken and len(report.records) == 3 and not engine.exact
    extract_corpus(given, str(tmp_path / "local"), Asked(), LocalEngine(1))
    for name in "abc":
        one, other = (pq.read_table(tmp_path / folder / f"{name}.mp4.parquet")
                      for folder in ("together", "local"))  # fmt: skip
        assert _alike(one, other)


class FakeRay:
    """A cluster without processes: a clip named ``bad`` ends the actor that reads it."""

    def __init__(self, stillborn: int = 0, has: str = onray.__version__) -> None:
        self.exceptions = ray.exceptions
        self.has = has
        """The version of facedrive on its machines."""
        self.stillborn = stillborn
        """How many of the first actors die as they start."""
        self.together: list[set[str]] = []
        """What each actor was at whenever it was given a clip."""

    def remote(self, **resources: float) -> Callable[[type], Any]:
        return lambda kind: SimpleNamespace(remote=lambda plan, streams: FakeActor(self))

    def wait(self, busy: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        return busy[:1], busy[1:]

    def get(self, ref: Any) -> Any:
        return ref()


class FakeActor:
    def __init__(self, owner: FakeRay) -> None:
        self.at: set[str] = set()
        self.stillborn = owner.stillborn > 0
        owner.stillborn -= 1
        self.start = SimpleNamespace(remote=lambda version: partial(self.awake, owner.has))
        self.extract = SimpleNamespace(remote=partial(self.begin, owner))
        self.dead = False

    def awake(self, version: str) -> str:
        if self.stillborn:
            raise ray.exceptions.RayActorError
        return version

    def begin(self, owner: FakeRay, clip: Clip) -> Callable[[], Any]:
        self.at.add(clip.name)
        self.dead |= clip.name == "bad"
        owner.together.append(set(self.at))
        return partial(self.end, clip)

    def end(self, clip: Clip) -> Any:
        self.at.remove(clip.name)
        if self.dead:
            raise ray.exceptions.RayActorError
        return Notes("", ())


def test_a_clip_that_kills_its_actor_takes_no_other_with_it() -> None:
    fake = FakeRay()
    clips = [Clip(name, "video", (), ()) for name in ("a", "bad", "c", "d", "e")]
    actors = onray._Actors(fake, WorkPlan(Asked(), ""), onray._Share(2, 3, 0.5))
    done = [said for said in actors.run(clips) if isinstance(said, Done)]
    assert {each.job.name: bool(each.killed) for each in done} == {
        "a": False, "bad": True, "c": False, "d": False, "e": False,
    }  # fmt: skip
    assert len(done) == len(clips)
    assert [len(each) for each in fake.together if "bad" in each][-2:] == [1, 1]
    assert max(map(len, fake.together)) == 3


def test_an_actor_that_dies_as_it_starts_is_gone_without_while_there_is_another() -> None:
    clips = [Clip(name, "video", (), ()) for name in "abc"]
    actors = onray._Actors(FakeRay(1), WorkPlan(Asked(), ""), onray._Share(2, 1, 0))
    assert len([said for said in actors.run(clips) if isinstance(said, Done)]) == len(clips)
    none = onray._Actors(FakeRay(2), WorkPlan(Asked(), ""), onray._Share(2, 1, 0))
    with pytest.raises(DataError, match="every worker of the cluster died"):
        list(none.run(clips))


def machines(*has: tuple[int, int]) -> Any:
    """Return a cluster of machines with so many cores and GPUs, and one that is down."""
    nodes = [{"Alive": True, "Resources": {"CPU": float(cores)} | ({"GPU": gpus} if gpus else {})}
             for cores, gpus in has]  # fmt: skip
    return SimpleNamespace(nodes=lambda: [*nodes, {"Alive": False, "Resources": {"CPU": 64.0}}])


@pytest.mark.parametrize(
    ("has", "device", "batch", "share"),
    [
        ([(16, 0)], "auto", None, (16, 1, 0)),
        ([(16, 2)], "auto", None, (4, 4, 0.5)),
        ([(16, 2)], "cpu", None, (16, 1, 0)),
        ([(16, 1)], "auto", 16, (1, 16, 1)),
        ([(16, 0)], "auto", 5, (3, 5, 0)),
        ([(2, 1), (2, 1), (2, 1)], "auto", None, (3, 2, 1)),  # none has four cores
        ([(6, 1), (6, 1)], "auto", None, (2, 4, 1)),  # a third actor would fit onto none
        ([(8, 1), (16, 0), (16, 0)], "auto", None, (2, 4, 0.5)),
        ([(8, 1), (16, 0), (16, 0)], "cpu", None, (40, 1, 0)),
    ],
)
def test_where_there_is_a_gpu_an_actor_reads_several_clips(
    has: list[tuple[int, int]], device: Any, batch: int | None, share: tuple[float, ...]
) -> None:
    asked = Asked(Settings(regressor=RegressorOptions(device=device)))
    assert onray._share(machines(*has), asked, None, batch, 1000) == share


def test_no_more_actors_are_started_than_there_are_clips() -> None:
    assert onray._share(machines((16, 1)), Asked(), None, None, 3) == (1, 3, 0.2)
    assert onray._share(machines((16, 1)), Asked(), 8, None, 1000) == (2, 4, 0.25)


def _worker() -> int:
    """Return a process that is an extractor."""
    import psutil

    for process in psutil.process_iter(["cmdline"]):
        if any("ray::Extractor" in word for word in process.info["cmdline"] or ()):
            return process.pid
    raise AssertionError("no worker runs")


def test_a_worker_of_another_version_is_refused() -> None:
    actors = onray._Actors(FakeRay(has="9.9.9"), WorkPlan(Asked(), ""), onray._Share(1, 1, 0))
    with pytest.raises(DataError, match=r"has facedrive 9\.9\.9, this computer has 0\.1\.0"):
        list(actors.run([Clip("a", "video", (), ())]))


def test_an_actor_opens_nothing_for_another_version() -> None:
    actor = onray.Extractor(WorkPlan(Asked(), ""))
    assert actor.start("9.9.9") == onray.__version__ and actor._free.empty()


@pytest.mark.filterwarnings("ignore")
def test_a_worker_that_cannot_open_the_model_says_why(
    cluster: Any, pictures: list[Image], tmp_path: Path
) -> None:
    write_video(tmp_path / "in/a.mp4", pictures[:3])
    (tmp_path / "rubbish.onnx").write_bytes(b"rubbish")
    asked = Asked(Settings(regressor=RegressorOptions(model=tmp_path / "rubbish.onnx")))
    with pytest.raises(FacedriveError, match=r"rubbish\.onnx"):
        extract_corpus([str(tmp_path / "in")], str(tmp_path / "out"), asked, onray.RayEngine())


def test_an_address_that_does_not_answer_is_told_of() -> None:
    with pytest.raises(DataError, match=r"no Ray cluster answers at 127\.0\.0\.1:9"):
        onray._knock("127.0.0.1:9")
