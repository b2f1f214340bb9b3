"""Ctrl-C and SIGTERM: the first ends the run cleanly, the second at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EXIT = 130


@contextmanager
def stoppable(say: Callable[[str], None]) -> Iterator[threading.Event]:
    """An event that the first signal sets; the second ends the process.

    Args:
        say: tells the person what is going on.
    """
    stop = threading.Event()

    def interrupt(number: int, frame: object) -> None:
        del number, frame
        if stop.is_set():
            os._exit(EXIT)
        stop.set()
        say("Interrupted: calls in flight are finished and recorded; again to leave at once.")

    before = {one: signal.signal(one, interrupt) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
