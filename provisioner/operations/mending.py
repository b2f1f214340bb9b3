"""One recovery, under the lease of its stack: look, decide, write the records in one go.

AWS is only read. Whatever kills it, the records that were written are good, and the next recovery
makes the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from provisioner.discovery.recovery import Recovery, recovered
from provisioner.discovery.sightings import Sight, belonging, holding, named, tagged
from provisioner.discovery.traces import Stamp, Traces
from provisioner.engine.events import LeaseAwaited, Listener
from provisioner.engine.report import Result
from provisioner.errors import DamagedRecordError, InventoryError
from provisioner.inventory import Journal, Lease, RunEvent
from provisioner.inventory.lease import Queue
from provisioner.operations.desk import Desk
from provisioner.stack import Stack
from provisioner.version import __version__

COMMAND = "recover"


@dataclass(frozen=True)
class Mended:
    """What came of a recovery.

    Attributes:
        run: its id.
        recovery: what was written down, and what there is to say.
        result: `succeeded`; `partial` or `failed` if something of ours is still without a record.
        with_manifest: it was at hand.
        summary: how many records were made, kept and dropped; AWS calls, seconds.
    """

    run: str
    recovery: Recovery
    result: Result
    with_manifest: bool
    summary: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass
class Mending:
    """A recovery and what it needs to know.

    Attributes:
        desk: where it works.
        name: of the stack.
        wanted: the stack of the manifest, if there is one.
        listen: hears of a lease that is waited for.
    """

    desk: Desk
    name: str
    wanted: Stack | None
    listen: Listener

    def go(self) -> Mended:
        """Look at AWS, and write down what is ours.

        Raises:
            InventoryError: nothing at all is known of such a stack; nothing was written.
        """
        early = self._first_look()
        damaged: dict[str, DamagedRecordError] = {}
        with self.desk.inventory.open(
            self.name,
            self.desk.who(COMMAND),
            tool=f"provisioner {__version__}",
            digest=self.wanted.digest if self.wanted else "",
            queue=Queue(self.desk.options.lock_timeout, self._await, self.desk.stopped),
            lasts=self.desk.options.lease,
            damaged=damaged.__setitem__,
        ) as journal:
            nobody_before_us = journal.fence == 1
            sight = early if early and nobody_before_us else self._look()
            recovery = self._recovered(journal, sight, frozenset(damaged))
            self._write(journal, recovery)
            return self._close(journal, recovery)

    def _await(self, lease: Lease, left: float) -> None:
        self.listen(LeaseAwaited(lease, left))

    def _first_look(self) -> Sight | None:
        """What AWS shows of a stack of which the inventory knows nothing, not even a lease."""
        if self.desk.inventory.lease(self.name):
            return None
        sight = self._look()
        if not (sight.objects or sight.unread):
            where = f"account {self.desk.target.account}, region {self.desk.target.region}"
            raise InventoryError(
                f"Nothing in {where} carries the tags of a stack {self.name!r}.",
                hint="Check its name, the profile and the region.",
            )
        return sight

    def _look(self) -> Sight:
        """What carries the tags of the stack.

        Raises:
            InventoryError: all of it can be seen from every region, so the stack may live in
                another one.
        """
        sight = tagged(self.desk.reading, self.name)
        kinds = {one.kind.kind for one in sight.objects}
        wanted = {resource.kind.kind for resource in self.wanted or ()}
        alone = all(one.everywhere for one in sight.objects) and not (wanted and wanted <= kinds)
        if sight.objects and alone and not sight.unread:
            raise InventoryError(
                f"In region {self.desk.target.region} there is nothing of {self.name} but what "
                "every region sees: roles, policies, dashboards. The stack lives in another one.",
                hint="Name its region; for a stack that has nothing else, name its manifest.",
            )
        return sight

    def _recovered(self, journal: Journal, sight: Sight, damaged: frozenset[str]) -> Recovery:
        reading = self.desk.reading
        children = belonging(reading, sight.objects)
        known = {(record.kind, record.id) for record in journal.records.values()}
        news = any(child.key not in known for child in children.objects)
        traces = Traces(
            self.name,
            self.desk.target,
            sight,
            children,
            journal.records,
            damaged,
            self.wanted,
            self.desk.inventory.holders() if news else {},
        )
        recovery = recovered(traces, Stamp(journal.run, self._now()))
        return recovery.with_strangers(
            named(reading, recovery.unclaimed) + holding(reading, recovery.nameless)
        )

    def _write(self, journal: Journal, recovery: Recovery) -> None:
        self.desk.check()
        if recovery.records or recovery.completed:
            journal.intend([*recovery.records, *recovery.completed])
        for address in (*recovery.dropped, *recovery.moved):
            journal.forget(address)
        for number, record in enumerate(recovery.records, 1):
            journal.event(
                RunEvent(
                    number=number,
                    at=self._now(),
                    address=record.address,
                    kind=record.kind,
                    action=COMMAND,
                    id=record.id or "",
                    message="its record was made again",
                )
            )

    def _close(self, journal: Journal, recovery: Recovery) -> Mended:
        done = recovery.records or recovery.kept or recovery.dropped
        result: Result = "succeeded" if recovery.whole else "partial" if done else "failed"
        summary: dict[str, JsonValue] = {
            "recovered": len(recovery.records),
            "kept": len(recovery.kept),
            "dropped": len(recovery.dropped),
            "left": len(recovery.told),
            "unread": len(recovery.unread),
            "aws_calls": {
                "read": self.desk.aws.ledger.reads,
                "write": self.desk.aws.ledger.writes,
                "inventory": self.desk.calls.reads + self.desk.calls.writes,
            },
            "seconds": round(self.desk.seconds, 3),
        }
        journal.close(result, summary)
        return Mended(journal.run, recovery, result, self.wanted is not None, summary)

    def _now(self) -> str:
        return self.desk.aws.clock.now().isoformat(timespec="seconds")
