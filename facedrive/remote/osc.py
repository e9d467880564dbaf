"""Commands as OSC messages on the loopback: ``/facedrive/control/<name>`` with its arguments."""

from __future__ import annotations

import ipaddress
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import ThreadingOSCUDPServer

from facedrive.errors import FacedriveError, SinkError
from facedrive.remote.ctl import HOST, Callee

log = logging.getLogger(__name__)

ADDRESS = "/facedrive/control/"


@contextmanager
def serve_osc(callee: Callee, port: int) -> Iterator[int]:
    """Take commands on a port of the loopback as long as the ``with`` block lasts; give the port.

    Raises:
        SinkError: if another program has the port.
    """

    def take(client: tuple[str, int], address: str, *arguments: object) -> None:
        if not ipaddress.ip_address(client[0]).is_loopback:
            log.warning("osc control: a message from %s was refused", client[0])
            return
        try:
            callee.call(address.removeprefix(ADDRESS), [_text(each) for each in arguments])
        except FacedriveError as error:
            log.error("osc control: %s", error)

    dispatcher = Dispatcher()
    dispatcher.map(f"{ADDRESS}*", take, needs_reply_address=True)
    try:
        server = ThreadingOSCUDPServer((HOST, port), dispatcher)
    except OSError as error:
        raise SinkError(
            f"OSC control on port {port}: it cannot be listened on: {error.strerror}; "
            "end the program that has it, or give another port."
        ) from error
    with server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def _text(argument: object) -> str:
    """Write an OSC argument as the command line would: 1.0 is 1."""
    return f"{argument:g}" if isinstance(argument, float) else str(argument)
