"""Calls that are under way at the same time, surely and not by luck."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

LONGEST = 10.0
"""Seconds of the real clock after which a call that waits for the others goes on alone."""


def side_by_side(client: Any, calls: Sequence[Callable[[], Any]]) -> None:
    """Make calls of one client on threads of their own; none ends before all are under way.

    Raises:
        Exception: of the first call that failed, after all have ended.
    """
    meeting = threading.Barrier(len(calls))
    with _met(client, meeting), ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(_through, call, meeting) for call in calls]
    for future in futures:
        future.result()


def _through(call: Callable[[], Any], meeting: threading.Barrier) -> None:
    try:
        call()
    except Exception:
        meeting.abort()  # it will not come any more
        raise


@contextmanager
def _met(client: Any, meeting: threading.Barrier) -> Iterator[None]:
    """Have every call wait for the others when the emulator is about to get it."""
    came, done = threading.local(), threading.Event()

    def wait(**_: Any) -> None:
        if not getattr(came, "once", False):
            came.once = True
            try:
                meeting.wait(LONGEST)
            except threading.BrokenBarrierError:
                return

    def over(*, http_response: Any, **_: Any) -> None:
        meeting.abort()  # whoever has an answer will not come any more
        if http_response.status_code < 300:
            done.set()
        else:
            done.wait(LONGEST)  # the clock is virtual: tries would be over before the others are

    events = client.meta.events
    events.register_first("before-send", wait)
    events.register("after-call", over)
    try:
        yield
    finally:
        events.unregister("before-send", wait)
        events.unregister("after-call", over)
