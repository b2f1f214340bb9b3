"""How stacks stand: what a run says of its stack, and what its lease tells beside that. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from provisioner.inventory.reading import Read, Uses, both
from provisioner.inventory.records import Holder, Lease, Record, Run, Standing, Status
from provisioner.manifest.expiry import Expiry, expired

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


@dataclass(frozen=True)
class Word:
    """What a run has to say of its stack, as far as it is written down.

    Attributes:
        before: what was said when it began.
        since: when the stack began.
        statuses: of what is recorded, by address.
        expiry: when the stack expires once the run has begun to change it, or succeeded.
        used: the outputs of other stacks that are written down as used.
        uses: those that an apply uses; None: the run is none.
        began: it has begun to change something.
    """

    before: Standing | None
    since: str
    statuses: Mapping[str, Status]
    expiry: Expiry
    used: Read
    uses: Uses | None = None
    began: bool = False

    @classmethod
    def first(cls, before: Standing | None, records: Mapping[str, Record], run: Run) -> Word:
        """Of a run that has just taken its lease."""
        created = [record.created_at for record in records.values()]
        return cls(
            before,
            before.since if before else min(created or [run.started_at]),
            {address: record.status for address, record in records.items()},
            _expiry(before),
            before.uses if before else {},
        )

    def counting(self, records: Iterable[Record], gone: Collection[str] = ()) -> Word:
        """With these records, and without those."""
        kept = {a: status for a, status in self.statuses.items() if a not in gone}
        kept |= {record.address: record.status for record in records}
        return replace(self, statuses=kept, began=True)

    def expiring(self, expiry: Expiry) -> Word:
        """With what an apply says of the end; that leaves what another was told by hand."""
        kept = self.expiry.by_hand and not (expiry.at or expiry.by_hand)
        return self if kept else replace(self, expiry=expiry)

    def reading(self) -> Word:
        """With everything written down that is used as long as an apply goes on."""
        return replace(self, used=both(self.used, self.uses.used)) if self.uses else self

    def used_by(self, addresses: Collection[str]) -> Read:
        """What is written down as used by these resources."""
        found = {
            stack: tuple(
                one.model_copy(update={"where": where})
                for one in uses
                if (where := tuple(at for at in one.where if at.partition(".")[0] in addresses))
            )
            for stack, uses in self.used.items()
        }
        return {stack: uses for stack, uses in found.items() if uses}

    def using_too(self, more: Read) -> Word:
        """With what resources use that were taken over, to be written down at the end."""
        if not more:
            return self
        return replace(self, uses=Uses(both(self.used, more)))

    def ending(self, result: str) -> Word:
        """With nothing written down as used that is used no more."""
        if not self.statuses:
            return replace(self, used={})
        done = self.uses is not None and result == "succeeded"
        return replace(self, used=self.uses.used) if self.uses and done else self

    @property
    def unmoved(self) -> Mapping[str, int]:
        """Fences of the stacks that do not know yet that this one uses them."""
        fences = self.uses.fences if self.uses else {}
        return {stack: fence for stack, fence in fences.items() if stack not in self.used}

    def expires_at(self, result: str) -> str:
        """When the stack expires; a run that changed nothing, and failed, has no say in it."""
        return self._holding(result).at

    def standing(self, run: Run) -> Standing:
        """How the stack stands, as far as the run is."""
        expiry = self._holding(run.result)
        return Standing(
            run=run.id,
            command=run.command,
            who=run.who,
            host=run.host,
            started_at=run.started_at,
            finished_at=run.finished_at,
            result=run.result,
            state=self._state(run),
            resources=len(self.statuses),
            since=self.since,
            expires_at=expiry.at,
            by_hand=expiry.by_hand,
            uses=self.used,
        )

    def _holding(self, result: str) -> Expiry:
        return self.expiry if self.began or result == "succeeded" else _expiry(self.before)

    def _state(self, run: Run) -> Literal["ready", "partial", "interrupted"]:
        before = self.before.state if self.before else "ready"
        unready = any(status is not Status.READY for status in self.statuses.values())
        if run.result == "interrupted" and self.began:
            return "interrupted"
        if run.result == "partial" or (unready and before == "ready" and run.result != RUNNING):
            return "partial"
        if run.result == "succeeded" and run.command in BRINGS_ALL and not unready:
            return "ready"
        return before


def readers_first(stacks: Iterable[Listed]) -> tuple[Listed, ...]:
    """The stacks in an order in which they can be torn down: before what they use of others.

    Those that use each other come by name; no order is right for them.
    """
    named = {one.name: one for one in sorted(stacks, key=lambda one: one.name)}
    order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(named, ()))
    for one in named.values():
        for other in one.standing.uses if one.standing else ():
            if other in named:
                order.add(other, one.name)
    try:
        return tuple(named[name] for name in order.static_order())
    except CycleError:
        return tuple(named.values())


def _expiry(before: Standing | None) -> Expiry:
    return Expiry(before.expires_at, by_hand=before.by_hand) if before else Expiry()


def _health(lease: Lease, now: datetime) -> Health:
    told = lease.standing
    if lease.holder and lease.expires_at >= now.timestamp():
        return Health.RUNNING
    if lease.holder and (told is None or told.run == lease.holder.run):
        return Health.SILENT
    if told is None or told.result == RUNNING:
        return Health.DIED
    return Health(told.state)
