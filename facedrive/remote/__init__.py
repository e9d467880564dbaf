"""Who may steer a run from outside its process: ``facedrive ctl``, and OSC on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from facedrive.settings import ControlOptions

if TYPE_CHECKING:
    from facedrive.remote.ctl import Callee


@contextmanager
def listen(callee: Callee, options: ControlOptions) -> Iterator[None]:
    """Take commands for a run, in threads of their own, as long as the ``with`` block lasts.

    Raises:
        SinkError: if a port cannot be listened on.
    """
    with ExitStack() as stack:
        if options.ctl:
            from facedrive.remote.ctl import serve

            stack.enter_context(serve(callee))
        if options.osc is not None:
            from facedrive.remote.osc import serve_osc

            stack.enter_context(serve_osc(callee, options.osc))
        yield
