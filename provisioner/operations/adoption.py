"""Give orphans that a person chose their records, under the lease of their stack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from provisioner.discovery.traces import Stamp
from provisioner.engine.events import LeaseAwaited, Listener
from provisioner.inventory import Journal, Lease, Record, RunEvent
from provisioner.inventory.lease import Queue
from provisioner.operations.desk import Desk
from provisioner.operations.disposal import places_to_adopt, records_of
from provisioner.operations.hunt import COMMAND
from provisioner.stack import Stack
from provisioner.version import __version__

Consent: TypeAlias = Callable[[tuple[Record, ...]], bool]
"""Sees the records before they are written."""


@dataclass(frozen=True)
class Adopted:
    """What came of an adoption.

    Attributes:
        run: its id.
        stack: its name.
        records: that were written; none if that was declined.
    """

    run: str
    stack: str
    records: tuple[Record, ...] = ()


@dataclass
class Adoption:
    """An adoption and what it needs to know.

    Attributes:
        desk: where it works.
        name: of the stack.
        ids: of the orphans, as a person names them.
        wanted: the stack of the manifest, if there is one.
        consent: sees the records before they are written.
        listen: hears of a lease that is waited for.
    """

    desk: Desk
    name: str
    ids: Sequence[str]
    wanted: Stack | None
    consent: Consent
    listen: Listener

    def go(self) -> Adopted:
        """Look again, ask, and write the records in one go.

        Raises:
            PlanError: one of them is not an orphan, or its address is taken; nothing was written.
        """
        with self.desk.inventory.open(
            self.name,
            self.desk.who(COMMAND),
            tool=f"provisioner {__version__}",
            digest=self.wanted.digest if self.wanted else "",
            queue=Queue(self.desk.options.lock_timeout, self._await, self.desk.stopped),
            lasts=self.desk.options.lease,
        ) as journal:
            known = journal.records
            places = places_to_adopt(self.desk, self.name, self.ids, self.wanted, known)
            stamp = Stamp(journal.run, self.desk.aws.clock.now().isoformat(timespec="seconds"))
            records = records_of(self.desk, self.name, places, self.wanted, known, stamp)
            self.desk.check()
            if not self.consent(records):
                journal.close("declined", {})
                return Adopted(journal.run, self.name)
            self._write(journal, records, stamp)
            return Adopted(journal.run, self.name, records)

    def _await(self, lease: Lease, left: float) -> None:
        self.listen(LeaseAwaited(lease, left))

    def _write(self, journal: Journal, records: tuple[Record, ...], stamp: Stamp) -> None:
        journal.intend(records)
        for number, record in enumerate(records, 1):
            journal.event(
                RunEvent(
                    number=number,
                    at=stamp.at,
                    address=record.address,
                    kind=record.kind,
                    action="adopt",
                    id=record.id or "",
                    message="as ours" if record.owned else "as not ours: a teardown leaves it",
                )
            )
        journal.close("succeeded", {"adopted": len(records)})
