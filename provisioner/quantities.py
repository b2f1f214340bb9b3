"""How numbers of things, bytes, times and long enumerations are told to people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

UNITS = ("kB", "MB", "GB", "TB", "PB")


def counted(number: int, noun: str, *, more: bool = False) -> str:
    """A number with its noun: `1 version`, `1,234 versions`, `more than 10,000 versions`.

    Args:
        number: of things.
        noun: for one of them; it takes an s for several.
        more: there are more than were counted.
    """
    words = f"{number:,} {noun}{'' if number == 1 else 's'}"
    return f"more than {words}" if more else words


def size(count: int) -> str:
    """Bytes, in units of a thousand: `17 bytes`, `1.5 MB`."""
    if count < 1000:
        return counted(count, "byte")
    power = min((len(str(count)) - 1) // 3, len(UNITS))
    return f"{count / 1000**power:.1f} {UNITS[power - 1]}"


def moment(when: datetime) -> str:
    """A time, to the minute: `2027-01-31 12:00 UTC`."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def minutes(seconds: float) -> str:
    """How long something takes, roughly: `less than a minute`, `about 12 minutes`, `3 hours`."""
    if seconds < 60:
        return "less than a minute"
    if seconds < 7200:
        return f"about {counted(round(seconds / 60), 'minute')}"
    return f"about {counted(round(seconds / 3600), 'hour')}"


def span(seconds: float) -> str:
    """How long something has lasted, or will, roughly: `40 s`, `5 min`, `3 h`, `12 d`."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def enumerated(names: Sequence[str], most: int = 5) -> str:
    """Names in a row, the rest of many as a number: `a, b, c, d, e and 7 more`."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown
