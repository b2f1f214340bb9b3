"""Ctrl-C and SIGTERM: the first ends the run cleanly, the second at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

EXIT = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM)
SHOW_CURSOR = "\x1b[?25h"
FIRST = "Interrupted: calls in flight are finished and recorded; again to leave at once."
SECOND = "Left at once: what was in flight is settled by the next run."


@contextmanager
def stoppable(*, quiet: bool = False) -> Iterator[threading.Event]:
    """An event that the first signal sets; the second ends the process.

    Args:
        quiet: do not say so.
    """
    stop = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        if stop.is_set():
            _say(SECOND, quiet=quiet)
            os._exit(EXIT)
        stop.set()
        _say(FIRST, quiet=quiet)

    with _handling(interrupt):
        yield stop


@contextmanager
def signalled() -> Iterator[int]:
    """A file that can be read once either signal has come: while a person is asked, say.

    The signal itself writes to it, whatever Python is doing then.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with _handling(lambda number, frame: None):  # noqa: ARG005  the byte in the pipe tells it
        before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        try:
            yield reading
        finally:
            signal.set_wakeup_fd(before)
            os.close(reading)
            os.close(writing)


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    before = {one: signal.signal(one, handler) for one in SIGNALS}
    try:
        yield
    finally:
        for one, its in before.items():
            signal.signal(one, its)


def _say(text: str, *, quiet: bool) -> None:
    """Past Python's buffers: a signal may have come while one of them was being written."""
    shown = "" if quiet else f"{text}\n"
    if sys.stderr.isatty():
        shown = f"\r{SHOW_CURSOR}{shown}"
    os.write(2, shown.encode())
