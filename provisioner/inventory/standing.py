"""How stacks stand: what a run says of its stack, and what its lease tells beside that. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from provisioner.expiry import Expiry, expired
from provisioner.inventory.reading import Read
from provisioner.inventory.records import Holder, Lease, Record, Run, Standing, Status

RUNNING = "running"
BRINGS_ALL = frozenset({"apply", "rollback"})
"""Commands that leave nothing to do once they have succeeded."""


class Health(StrEnum):
    """How a stack is."""

    READY = "ready"
    """Everything recorded of it is ready, and no run left work undone."""
    PARTIAL = "partial"
    """A step failed, or something is not ready yet."""
    INTERRUPTED = "interrupted"
    RUNNING = "running"
    SILENT = "silent"
    """A run holds it that has given no sign of life for as long as its lease lasts."""
    EXPIRED = "expired"
    """Its time has come, and no run works on it."""
    DIED = "died"
    """A run on it never said how it ended, and holds it no more."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A stack in the list of all.

    Attributes:
        name: its name.
        health: how it is.
        standing: what its newest run said; None while its first one has not begun to change it.
        holder: who works on it now; None if nobody does.
        expired: it may be torn down.
    """

    name: str
    health: Health
    standing: Standing | None = None
    holder: Holder | None = None
    expired: bool = False


def listed(lease: Lease, now: datetime) -> Listed:
    """A stack as its lease tells of it.

    Args:
        lease: with how the stack stands.
        now: by our clock.
    """
    over = lease.standing is not None and expired(lease.standing.expires_at, now)
    health = _health(lease, now)
    if over and health is not Health.RUNNING:
        health = Health.EXPIRED
    return Listed(lease.stack, health, lease.standing, lease.holder, over)


def standing(
    run: Run,
    statuses: Mapping[str, Status],
    before: Standing | None,
    *,
    began: bool,
    since: str,
    expiry: Expiry,
    uses: Read,
) -> Standing:
    """What a run says of its stack.

    Args:
        run: as far as it is.
        statuses: of what is recorded, by address.
        before: what was said until now.
        began: it has begun to change something.
        since: when the stack began, if nobody has said so yet.
        expiry: when it may be torn down.
        uses: what it uses of other stacks.
    """
    return Standing(
        run=run.id,
        command=run.command,
        who=run.who,
        host=run.host,
        started_at=run.started_at,
        finished_at=run.finished_at,
        result=run.result,
        state=_state(run, statuses, before.state if before else "ready", began=began),
        resources=len(statuses),
        since=before.since if before else since,
        expires_at=expiry.at,
        by_hand=expiry.by_hand,
        uses=uses,
    )


def began_at(records: Mapping[str, Record], run: Run) -> str:
    """When a stack began of which nobody has said it: with its first resource, or this run."""
    return min([record.created_at for record in records.values()] or [run.started_at])


def _state(
    run: Run,
    statuses: Mapping[str, Status],
    before: Literal["ready", "partial", "interrupted"],
    *,
    began: bool,
) -> Literal["ready", "partial", "interrupted"]:
    unready = any(status is not Status.READY for status in statuses.values())
    if run.result == "interrupted" and began:
        return "interrupted"
    if run.result == "partial" or (unready and before == "ready" and run.result != RUNNING):
        return "partial"
    if run.result == "succeeded" and run.command in BRINGS_ALL and not unready:
        return "ready"
    return before


def _health(lease: Lease, now: datetime) -> Health:
    told = lease.standing
    if lease.holder and lease.expires_at >= now.timestamp():
        return Health.RUNNING
    if lease.holder and (told is None or told.run == lease.holder.run):
        return Health.SILENT
    if told is None or told.result == RUNNING:
        return Health.DIED
    return Health(told.state)
