"""When a stack may go: until a time, or so long after its newest apply."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
NEVER = "never"
_LASTS = re.compile(r"([1-9]\d{0,5})([mhdw])")


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a stack expires.

    Attributes:
        at: ISO time in UTC; empty: never.
        by_hand: an apply was told so, whatever the stack says. It holds until an apply is told
            something else, or the stack itself says when it expires.
    """

    at: str = ""
    by_hand: bool = False


def expiry(wanted: str, ttl: float | None, now: datetime) -> Expiry:
    """What an apply says of the end of its stack.

    Args:
        wanted: what the stack says: an ISO time; empty: nothing.
        ttl: seconds that it shall last from now on; infinite: for ever; None: as it says itself.
        now: when the apply starts.
    """
    if ttl is None:
        return Expiry(wanted)
    if math.isinf(ttl):
        return Expiry("", by_hand=True)
    return Expiry(_iso(now + timedelta(seconds=ttl)), by_hand=True)


def iso(text: str) -> str:
    """A time as it is kept: in UTC, to the second; empty stays empty.

    Raises:
        ValueError: it is no time, or names no zone.
    """
    if not text:
        return ""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        message = f"{text!r} is no time with its zone, such as 2027-01-31T18:00Z"
        raise ValueError(message)
    return _iso(when)


def seconds(text: str) -> float:
    """How long `90m`, `12h`, `3d` or `2w` is; `never` is infinite.

    Raises:
        ValueError: it is none of these.
    """
    if text == NEVER:
        return math.inf
    found = _LASTS.fullmatch(text)
    if not found:
        message = f"{text!r} is not like 90m, 12h, 3d, 2w or never"
        raise ValueError(message)
    return float(found[1]) * UNITS[found[2]]


def expired(at: str, now: datetime) -> bool:
    """Whether the time has come; it never comes if there is none."""
    return bool(at) and datetime.fromisoformat(at) <= now


def _iso(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds")
