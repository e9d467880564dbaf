"""Who may steer a run from outside its process: ``facedrive ctl``, and OSC on the loopback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from facedrive.errors import SinkError
from facedrive.settings import ControlOptions

if TYPE_CHECKING:
    from facedrive.remote.ctl import Callee


log = logging.getLogger(__name__)


@contextmanager
def listen(callee: Callee, options: ControlOptions) -> Iterator[None]:
    """Take commands for a run, in threads of their own, as long as the ``with`` block lasts.

    Without a place for ctl's file, which nobody asked for, the run goes on without it.

    Raises:
        SinkError: if the port for OSC cannot be listened on.
    """
    with ExitStack() as stack:
        if options.ctl:
            from facedrive.remote.ctl import serve

            try:
                stack.enter_context(serve(callee))
            except SinkError as error:
                log.warning("facedrive ctl does not reach this run: %s", error)
        if options.osc is not None:
            from facedrive.remote.osc import serve_osc

            stack.enter_context(serve_osc(callee, options.osc))
        yield
