"""Time as an argument, so that nothing has to be waited for in a test."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the package knows of time."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def wait(self, stop: threading.Event, seconds: float) -> None:
        """Wait, but no longer than until something is set."""

    def now(self) -> datetime:
        """The time of day, in UTC."""


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)

    def wait(self, stop: threading.Event, seconds: float) -> None:
        """Block this thread, but no longer than until something is set."""
        stop.wait(seconds)

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return datetime.now(UTC)
