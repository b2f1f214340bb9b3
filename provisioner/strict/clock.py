"""Time as an argument: a test passes it by saying so."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the layer knows of time. The module `time` is one, too."""

    def monotonic(self) -> float:
        """Seconds that never go back."""


class VirtualClock:
    """Time that passes only by sleeping, and costs nothing. Safe across threads.

    Attributes:
        seconds: that have passed.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        """Seconds that have passed."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self.seconds += max(seconds, 0.0)

    def now(self) -> datetime:
        """The time of day, in UTC; it all begins with the year 2026."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)
