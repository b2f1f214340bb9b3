"""Who holds a stack, as people and programs read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pydantic import JsonValue
from rich.text import Text

from provisioner.inventory import Lease
from provisioner.views.shapes import SCHEMA
from provisioner.views.terminal import utc

BEATS = 3.0
"""Heartbeats in the time that a lease lasts."""


def lease_lines(lease: Lease, now: datetime) -> Iterator[Text]:
    """Who, where, what, since when, the last sign of life, and what an unlock does to them.

    Args:
        lease: that somebody holds.
        now: by our clock.
    """
    holder = lease.holder
    if holder is None:
        return
    yield Text.assemble((lease.stack, "bold"), f" is held by {holder.who} on {holder.host}.")
    yield Text(f"  command    {holder.command}")
    yield Text(f"  run        {holder.run}")
    yield Text(f"  since      {utc(lease.since)}")
    yield Text(f"  heartbeat  {_heartbeat(lease, now)}")
    yield Text(
        "Taken away, its next word to the inventory is refused and it stops: calls in flight end, "
        f"and no other is made after {lease.lasts / BEATS:.0f} s at most."
    )


def lease_document(lease: Lease) -> dict[str, JsonValue]:
    """The same for programs."""
    holder = lease.holder
    return {
        "event": "lease",
        "schema": SCHEMA,
        "stack": lease.stack,
        "holder": holder.model_dump(mode="json", exclude={"version"}) if holder else None,
        "since": lease.since,
        "expires_at": lease.expires_at,
    }


def _heartbeat(lease: Lease, now: datetime) -> str:
    left = lease.expires_at - now.timestamp()
    last = f"the last one {max(lease.lasts - left, 0):.0f} s ago"
    if left < 0:
        return f"{last}; its lease ended {-left:.0f} s ago"
    return f"{last}; its lease ends in {left:.0f} s unless it is renewed"
