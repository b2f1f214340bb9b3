"""Weather that lasts: throttling, failures at random, slow calls, reads that lag behind."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

from provisioner.aws.clock import Clock
from tests.faults.weather import Moment, Refused, Struck, Trouble, broken, throttled

CONSISTENT = {"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"}
"""Reads of a table's items: the tool asks for them consistently."""


def every_call_throttled(times: int, service: str = "") -> Trouble:
    """Each call is refused so many times before it is taken."""
    refused: Counter[str] = Counter()

    def trouble(moment: Moment) -> Struck:
        if moment.side == "after" or service not in {"", moment.call.service}:
            return None
        what = f"{moment.call} {json.dumps(moment.asked, default=str, sort_keys=True)}"
        refused[what] += 1
        if refused[what] <= times:
            return throttled(moment.call)
        del refused[what]
        return None

    return trouble


def failing(share: float, chance: random.Random) -> Trouble:
    """So large a share of calls ends with a 500, before the work or after it."""

    def trouble(moment: Moment) -> Struck:
        return broken(moment.call) if chance.random() < share / 2 else None

    return trouble


def slow(seconds: float, clock: Clock) -> Trouble:
    """Each call takes so long."""

    def trouble(moment: Moment) -> Struck:
        if moment.side == "before":
            clock.sleep(seconds)
        return None

    return trouble


def together(*troubles: Trouble) -> Trouble:
    """All of them; the first that strikes counts."""

    def trouble(moment: Moment) -> Struck:
        return next((struck for one in troubles if (struck := one(moment))), None)

    return trouble


class Lag:
    """Reads answer for a while what they answered before the last write to their service.

    Args:
        clock: tells the seconds.
        seconds: how long.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._written: dict[str, float] = {}
        self._known: dict[str, dict[str, Any]] = {}

    def refusal(self, moment: Moment) -> Refused | None:
        """None: everything is done."""
        if moment.call.mutates:
            self._written[moment.call.service] = self._clock.monotonic()
        return None

    def cover(self, moment: Moment, answer: dict[str, Any]) -> None:
        """Answer as before, if that is not long ago."""
        if moment.call.mutates or moment.call.operation in CONSISTENT:
            return
        what = f"{moment.call} {json.dumps(moment.asked, default=str, sort_keys=True)}"
        now = self._clock.monotonic()
        written = self._written.get(moment.call.service, -self._seconds)
        if what in self._known and now - written < self._seconds:
            answer.clear()
            answer.update(self._known[what])
        else:
            self._known[what] = dict(answer)
