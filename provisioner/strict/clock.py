"""Time as an argument: a test passes it by saying so."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

QUIET = 0.002
"""Real seconds in which no other thread stirs before time passes, once several use a clock."""


class Clock(Protocol):
    """What the layer knows of time. The module `time` is one, too."""

    def monotonic(self) -> float:
        """Seconds that never go back."""


def nobody() -> frozenset[int]:
    """No thread is at work."""
    return frozenset()


class VirtualClock:
    """Time that passes only by sleeping, and costs nothing. Safe across threads.

    Threads that sleep at the same time sleep side by side, as on a real clock: the one to wake
    first moves time on, when no other thread is at work.

    Attributes:
        seconds: that have passed.
        at_work: the threads, by their idents, that time stands still for.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.at_work: Callable[[], frozenset[int]] = nobody
        self._stirred = threading.Condition()
        self._wakes: list[tuple[float, int]] = []
        self._order = itertools.count()
        self._asleep: set[int] = set()
        self._sleepers: set[int] = set()

    def monotonic(self) -> float:
        """Seconds that have passed."""
        return self.seconds

    def now(self) -> datetime:
        """The time of day, in UTC; it all begins with the year 2026."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        me = threading.get_ident()
        with self._stirred:
            wake = (self.seconds + max(seconds, 0.0), next(self._order))
            heapq.heappush(self._wakes, wake)
            self._asleep.add(me)
            self._sleepers.add(me)
            self._stirred.notify_all()
            try:
                while self.seconds < wake[0]:
                    self._pass(wake)
            finally:
                self._asleep.discard(me)
                self._wakes.remove(wake)
                heapq.heapify(self._wakes)
                self._stirred.notify_all()

    def wait(self, stop: threading.Event, seconds: float) -> None:
        """Let time pass, unless something is set already."""
        if not stop.is_set():
            self.sleep(seconds)

    def _pass(self, wake: tuple[float, int]) -> None:
        """Move time on to a wake, if it is the next one and all is quiet; else wait a moment."""
        alone = len(self._sleepers) == 1 and self.at_work is nobody
        if self._wakes[0] != wake:
            self._stirred.wait(QUIET * 10)
        elif alone or (not self._stirred.wait(QUIET) and self._next(wake)):
            self.seconds = wake[0]

    def _next(self, wake: tuple[float, int]) -> bool:
        return self._wakes[0] == wake and not self.at_work() - self._asleep
