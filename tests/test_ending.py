"""Every command ends on every signal: soon, with its workers, and with what was written whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from waiting import eventually

from facedrive import ending
from facedrive.ending import Ended, heard, stopping
from facedrive.errors import FacedriveError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends itself signals")


@pytest.mark.parametrize("number", ending.SIGNALS)
def test_a_signal_breaks_work_off(number: signal.Signals) -> None:
    with pytest.raises(Ended) as ended, heard():
        os.kill(os.getpid(), number)
        time.sleep(5)
    assert (ended.value.number, ended.value.exit_code) == (number, 128 + number)


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(each) for each in ending.SIGNALS]
    threads = threading.active_count()
    with heard():
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert [signal.getsignal(each) for each in ending.SIGNALS] == before
    assert threading.active_count() == threads


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with heard():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_run_that_can_be_stopped_is_stopped_and_goes_on_to_its_end() -> None:
    stop, told = threading.Event(), []
    with heard():
        with stopping(lambda number: (told.append(number), stop.set())):
            os.kill(os.getpid(), signal.SIGTERM)
            assert stop.wait(5)
        closed = True
    assert closed and told == [signal.SIGTERM]


def test_a_second_signal_breaks_off_what_does_not_stop() -> None:
    with pytest.raises(Ended), heard(), stopping(lambda _: None):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.slow
def test_a_run_that_does_not_stop_is_broken_off() -> None:
    with pytest.raises(Ended), heard(), stopping(lambda _: None):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(ending.LIMIT_S)


def test_more_signals_do_not_break_off_closing() -> None:
    closed = False
    with pytest.raises(Ended), heard():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(2 * ending.AGAIN_S)
            closed = True
    assert closed


def test_a_signal_that_was_swallowed_comes_again() -> None:
    with pytest.raises(Ended), heard():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        except KeyboardInterrupt:
            pass
        time.sleep(5)


def test_a_signal_that_another_thread_was_given_is_told_as_itself() -> None:
    """The main thread sleeps on, and is woken by the watch."""

    def give() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    with pytest.raises(Ended) as ended, heard():
        threading.Timer(0.1, give).start()
        time.sleep(5)
    assert ended.value.number == signal.SIGTERM


def test_what_was_broken_off_and_fails_of_it_is_told_as_ended() -> None:
    with pytest.raises(Ended) as ended, heard():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        except KeyboardInterrupt:
            raise TypeError("a half-imported module") from None
    assert ended.value.number == signal.SIGTERM
    assert isinstance(ended.value.__cause__, TypeError)


def test_an_import_that_was_broken_off_is_no_missing_package() -> None:
    with pytest.raises(Ended), heard():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        except Ended:
            try:
                raise ImportError("initialization failed") from None
            except ImportError as error:
                raise FacedriveError("the model cannot be imported") from error


@pytest.mark.parametrize("error", [FacedriveError, TypeError])
def test_an_error_of_ours_and_one_without_a_signal_stay_what_they_are(
    error: type[Exception],
) -> None:
    with pytest.raises(error, match="as it is"), heard():
        if error is FacedriveError:
            with suppress(Ended):
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(5)
        raise error("as it is")


def run(code: str, *words: str) -> subprocess.Popen[str]:
    """Run Python; returns when it has printed its first line."""
    process = subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    return process


DEAF = """
import ctypes, sys
from pathlib import Path
from facedrive.ending import heard, unfinished
with heard(), unfinished(Path(sys.argv[1])):
    Path(sys.argv[1]).touch()
    while True:
        try:
            print("ready", flush=True)  # here, or the signal may come before the try
            ctypes.CDLL(None).sleep(60)
        except KeyboardInterrupt:
            pass
"""


@pytest.mark.slow
def test_what_hears_nothing_is_ended_by_force_within_3_s(tmp_path: Path) -> None:
    part = tmp_path / "take.part.csv"
    with run(DEAF, str(part)) as process:
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
        assert time.monotonic() - asked < 6.0
    assert process.returncode == 128 + signal.SIGTERM
    assert "broken off" in said and not part.exists()


LEAVES = """
import threading, time
from facedrive.ending import leave
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
print("ready")
leave(3)
"""


def test_a_thread_that_hangs_does_not_keep_the_process() -> None:
    with run(LEAVES) as process:
        assert process.wait(10) == 3


PARENT = """
import subprocess, sys, time
code = "import time; from facedrive.ending import follow_parent; follow_parent(); time.sleep(60)"
print(subprocess.Popen([sys.executable, "-c", code]).pid, flush=True)
time.sleep(60)
"""


@pytest.mark.slow
def test_a_process_ends_with_its_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        time.sleep(2)
        parent.kill()
        parent.wait()
    assert eventually(lambda: not is_there(child))


def is_there(process: int) -> bool:
    """Say whether a process runs; one that has ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").split()[2] != "Z"
    except OSError:
        return False


EXITS = """
import ctypes
from facedrive.ending import outliving_the_screen
c = ctypes.CDLL(None)
with outliving_the_screen(lambda: print("before")):
    print("ready", flush=True)
with outliving_the_screen(lambda: print("rescued")):
    c.exit(1)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Qt ends the process so on Linux")
def test_what_is_open_is_closed_when_a_library_ends_the_process() -> None:
    with run(EXITS) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        process.wait(20)
    assert (said, process.returncode) == ("rescued\n", ending.LOST_SCREEN)
