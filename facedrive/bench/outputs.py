"""Every output at once, at a camera's highest rate: what each costs and loses.

Run as a module, ``drive`` sends in a process that does nothing else and ``receive`` counts in
another, as apps would. A frame is missed on UDP if its last datagram does not arrive.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.ending import follow_parent
from facedrive.errors import FacedriveError
from facedrive.rotations import quaternion
from facedrive.sinks import open_sink
from facedrive.threads import now, pace
from facedrive.timing import perf_seconds
from facedrive.types import Head, Sample

LAST_OF_A_FRAME: dict[str, bytes] = {
    "osc": b"/extra/",
    "vmc": b"/VMC/Ext/Blend/Apply",
    "vrchat": b"/tracking/eye/LeftRightPitchYaw",  # sent as it changes in every frame
    "livelink": b"\x06",
    "ifacialmocap": b"=head#",
    "openseeface": b"",
    "babble": b"/mouthStretchRight",
}
"""UDP outputs, and what only the last datagram of each frame has in it."""

FILES = ("csv", "parquet")

WARM_UP_S = 20.0
"""Memory is compared with what it is after this long."""

RECEIVE_BUFFER = 2**22
"""Bytes, or as many as the system gives."""

PATIENCE_S = 1.0
STUDIO = ("FaceAngleX", "FaceAngleY", "EyeOpenLeft", "EyeOpenRight", "MouthOpen", "MouthSmile")
"""What the stand-in for VTube Studio says that it has."""


def measure(seconds: float, rate_hz: float) -> dict[str, Any]:
    """Drive all outputs at once for some seconds.

    Returns:
        For each output frames sent, frames received and what ``send`` took; the rate reached,
        processor and memory of the sending process.

    Raises:
        FacedriveError: if one of the two processes fails.
    """
    with tempfile.TemporaryDirectory() as folder, _python("receive") as receiver:
        ports = _read_line(receiver)
        with _python("drive", str(seconds), str(rate_hz), folder, json.dumps(ports)) as driver:
            sent = _read_line(driver)
            _tell(receiver, {"ws": sent.pop("ws_port")})
            report = _read_line(driver)
        _tell(receiver, {})
        received = _read_line(receiver)
        for scheme in FILES:
            received[scheme] = _rows(Path(folder) / f"take.{scheme}")
    for scheme, figures in report["outputs"].items():
        figures["received"] = received[scheme]
    return report


def drive(seconds: float, rate_hz: float, folder: Path, ports: dict[str, int]) -> None:
    """Send, and print the port of the WebSocket, then the figures, as lines of JSON."""
    import psutil

    process = psutil.Process()
    _write_once(folder)
    sinks = {scheme: open_sink(url) for scheme, url in _urls(folder, ports).items()}
    print(json.dumps({"ws_port": sinks["ws"].port}), flush=True)  # pyrefly: ignore[missing-attribute]
    count = round(seconds * rate_hz)
    took = np.zeros((len(sinks), count))
    memory: list[float] = []
    start = now()
    for sample in pace(samples(count, rate_hz)):
        for row, sink in enumerate(sinks.values()):
            before = perf_seconds()
            sink.send(sample, None)
            took[row, sample.index] = perf_seconds() - before
        if sample.index % round(rate_hz) == 0 and sample.time >= WARM_UP_S:
            memory.append(process.memory_info().rss / 2**20)
    elapsed = now() - start
    cpu_s = sum(process.cpu_times()[:2])
    for sink in sinks.values():
        sink.close()
    outputs = {
        scheme: {"sent": count} | _milliseconds(times)
        for scheme, times in zip(sinks, took, strict=True)
    }
    print(json.dumps({
        "seconds": seconds, "rate_hz": rate_hz, "outputs": outputs,
        "all_outputs": _milliseconds(took.sum(axis=0)),
        "sent_hz": count / elapsed, "cpu_share": cpu_s / elapsed,
        "rss_mb": memory[-1] if memory else None,
        "rss_growth_mb": memory[-1] - memory[0] if memory else None,
    }), flush=True)  # fmt: skip


def _write_once(folder: Path) -> None:
    """Write a Parquet file: what pyarrow takes for its first group of rows is no growth."""
    from facedrive.takes.parquet import ROW_GROUP

    sink = open_sink(f"parquet:{folder / 'first.parquet'}")
    for sample in samples(ROW_GROUP + 1, 1.0):
        sink.send(sample, None)
    sink.close()


def samples(count: int, rate_hz: float) -> Iterator[Sample]:
    """Yield samples of a face in which everything moves in every frame."""
    phases = np.linspace(0, 6, len(AU_NAMES), dtype=np.float32)
    landmarks = np.random.default_rng(0).uniform(100, 300, (68, 2)).astype(np.float32)
    for index in range(count):
        turn = index / rate_hz * 7
        aus = (0.5 + 0.5 * np.sin(turn + phases)).astype(np.float32)
        gaze = np.full((2, 2), 0.2 * np.sin(turn) + 0.1 * (index % 2), np.float32)
        rotation = np.array(quaternion(0, 0.4 * np.sin(turn)), np.float32)
        head = Head(rotation, np.array([0, 0, -0.6], np.float32))
        yield Sample(index / rate_hz, index, aus, gaze, head, True, 1.0, landmarks)


def _urls(folder: Path, ports: dict[str, int]) -> dict[str, str]:
    urls = {scheme: f"{scheme}://127.0.0.1:{port}" for scheme, port in ports.items()}
    urls["ifacialmocap"] += "?to=127.0.0.1"
    urls["vmc"] += "?fallback=yes"
    urls["vts"] += f"?token={folder / 'token'}"
    urls["ws"] = "ws://127.0.0.1:0"
    return urls | {scheme: f"{scheme}:{folder / 'take'}.{scheme}" for scheme in FILES}


def _milliseconds(seconds: NDArray[np.float64]) -> dict[str, float]:
    median, p99 = np.percentile(seconds * 1000, [50, 99])
    return {"median_ms": float(median), "p99_ms": float(p99)}


@dataclass
class Counts:
    """Whole frames that came, by output."""

    frames: dict[str, int] = field(default_factory=dict)

    def add(self, scheme: str, count: int = 1) -> None:
        """Count frames."""
        self.frames[scheme] = self.frames.get(scheme, 0) + count


def receive() -> None:
    """Listen as every app would; print the ports, read that of the WebSocket, print the counts."""
    counts = Counts(dict.fromkeys((*LAST_OF_A_FRAME, "ws", "vts"), 0))
    stopping = threading.Event()
    with ExitStack() as stack:
        sockets = {scheme: stack.enter_context(_udp()) for scheme in LAST_OF_A_FRAME}
        studio = stack.enter_context(_studio(counts))
        ports = {scheme: each.getsockname()[1] for scheme, each in sockets.items()}
        print(json.dumps(ports | {"vts": studio}), flush=True)
        ws_port = int(json.loads(sys.stdin.readline())["ws"])
        page = threading.Thread(target=_read_ws, args=(ws_port, counts), daemon=True)
        page.start()
        counting = threading.Thread(target=_count, args=(sockets, counts, stopping))
        counting.start()
        sys.stdin.readline()
        stopping.set()
        counting.join()
        page.join(PATIENCE_S)
    print(json.dumps(counts.frames), flush=True)


def _udp() -> socket.socket:
    receiving = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiving.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    receiving.bind(("127.0.0.1", 0))
    receiving.setblocking(False)
    return receiving


def _count(sockets: dict[str, socket.socket], counts: Counts, stopping: threading.Event) -> None:
    """Take datagrams until told to stop and none is left."""
    with selectors.DefaultSelector() as selector:
        for scheme, each in sockets.items():
            selector.register(each, selectors.EVENT_READ, scheme)
        while (ready := selector.select(PATIENCE_S / 4)) or not stopping.is_set():
            for key, _ in ready:
                datagram = sockets[key.data].recv(65_536)
                counts.add(key.data, LAST_OF_A_FRAME[key.data] in datagram)


def _read_ws(port: int, counts: Counts) -> None:
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect

    with (
        suppress(EOFError, OSError, WebSocketException),  # the sender is gone
        connect(f"ws://127.0.0.1:{port}", proxy=None, compression=None) as connection,
    ):
        for _ in connection:
            counts.add("ws")


@contextmanager
def _studio(counts: Counts) -> Iterator[int]:
    """Stand in for VTube Studio, to which nobody says no; yields its port."""
    from websockets.sync.server import ServerConnection, serve

    answers = {
        "AuthenticationTokenRequest": {"authenticationToken": "token"},
        "AuthenticationRequest": {"authenticated": True},
        "InputParameterListRequest": {"defaultParameters": [{"name": name} for name in STUDIO]},
    }

    def attend(connection: ServerConnection) -> None:
        for text in connection:
            kind = json.loads(text)["messageType"]
            connection.send(json.dumps({"messageType": kind, "data": answers.get(kind, {})}))
            counts.add("vts", kind == "InjectParameterDataRequest")

    with serve(attend, "127.0.0.1", 0, compression=None) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.socket.getsockname()[1])


def _rows(take: Path) -> int:
    from facedrive.takes.read import read_take

    return sum(1 for _ in read_take(take))


@contextmanager
def _python(*words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "facedrive.bench.outputs", *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _read_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise FacedriveError("measuring outputs failed; its process says why above.")
    return dict(json.loads(line))


def _tell(process: subprocess.Popen[str], message: dict[str, int]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()


if __name__ == "__main__":
    follow_parent()
    if sys.argv[1] == "receive":
        receive()
    else:
        drive(float(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]), json.loads(sys.argv[5]))
