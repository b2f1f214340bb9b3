"""The records of all stacks in one account and region, and the way to write to one of them."""

from __future__ import annotations

import json
import secrets
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from provisioner.aws.clock import Clock, SystemClock
from provisioner.errors import DamagedRecordError, InventoryError
from provisioner.inventory.journal import Journal
from provisioner.inventory.lease import LASTS, Contender, Queue
from provisioner.inventory.migrations import migrated
from provisioner.inventory.records import Holder, Lease, Record, Run, RunEvent
from provisioner.inventory.store import BEFORE, EVENT, RESOURCE, RUN, Row, Store, stack_key

M = TypeVar("M", bound=BaseModel)


class Inventory:
    """What was made, by whom, and who works on it now.

    Args:
        store: where it lives.
        clock: tells the time.
    """

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self._store = store
        self._clock: Clock = clock or SystemClock()

    def stacks(self) -> tuple[str, ...]:
        """The names of all stacks."""
        return self._store.stacks()

    def records(self, stack: str) -> dict[str, Record]:
        """The resources of a stack, by address.

        Raises:
            DamagedRecordError: one of them does not validate.
        """
        rows = self._store.rows(stack_key(stack), RESOURCE)
        return {row.sk.removeprefix(RESOURCE): _read(Record, row) for row in rows}

    def by_arn(self, arn: str) -> tuple[Record, ...]:
        """Which stacks know this ARN."""
        return tuple(_read(Record, row) for row in self._store.by_arn(arn))

    def runs(self, stack: str) -> tuple[Run, ...]:
        """The runs on a stack, newest first."""
        rows = self._store.rows(stack_key(stack), RUN, newest_first=True)
        return tuple(_read(Run, row) for row in rows)

    def run(self, stack: str, run: str) -> tuple[Run, tuple[RunEvent, ...]]:
        """One run with what it did.

        Raises:
            InventoryError: there is no such run.
        """
        rows = self._store.rows(stack_key(stack), RUN + run)
        if len(rows) != 1:
            raise InventoryError(
                f"Stack {stack} has no run {run!r}.", hint="See them all with: history."
            )
        found = _read(Run, rows[0])
        events = self._store.rows(RUN + found.id, EVENT)
        return found, tuple(_read(RunEvent, row) for row in events)

    def before(self, run: str) -> dict[str, Record]:
        """What the addresses that a run changed were before it; only those that were known."""
        rows = self._store.rows(RUN + run, BEFORE)
        return {row.sk.removeprefix(BEFORE): _read(Record, row) for row in rows}

    def lease(self, stack: str) -> Lease | None:
        """Who holds a stack, or held it last."""
        return self._store.lease(stack)

    def unlock(self, lease: Lease) -> bool:
        """Take a lease from its holder, whose next write is refused.

        Args:
            lease: as it was seen; one that another run has taken since is left alone.

        Returns:
            Whether it was taken away.
        """
        return self._store.break_lease(lease.stack, lease.fence)

    def open(
        self,
        stack: str,
        holder: Holder,
        *,
        tool: str = "",
        digest: str = "",
        undoes: str = "",
        queue: Queue | None = None,
        lasts: float = LASTS,
    ) -> Journal:
        """Begin a run: take the lease, read the records.

        Args:
            stack: its name.
            holder: who is asking; the run's id in it may be empty.
            tool: name and version of what runs.
            digest: of the manifest.
            undoes: the run that this one undoes.
            queue: how to wait for a lease that another run holds; by default not at all.
            lasts: seconds the lease lasts without a heartbeat.

        Raises:
            LeaseHeldError: another run holds the stack.
            InterruptedRunError: the waiting was stopped.
            DamagedRecordError: a record does not validate.
        """
        holder = holder.model_copy(update={"run": holder.run or self.new_run_id()})
        contender = Contender(self._store, self._clock, stack, holder, lasts)
        hold = contender.take(queue or Queue())
        run = Run(
            id=holder.run,
            stack=stack,
            command=holder.command,
            who=holder.who,
            host=holder.host,
            tool=tool,
            manifest_digest=digest,
            fence=hold.lease.fence,
            undoes=undoes,
            started_at=self._clock.now().isoformat(timespec="seconds"),
        )
        try:
            records = self.records(stack)
        except DamagedRecordError:
            self._store.write(stack, hold.lease.fence, [], release=True)
            raise
        return Journal(self._store, self._clock, hold, records, run)

    def new_run_id(self) -> str:
        """An id that sorts by time: milliseconds in hexadecimal, then chance."""
        milliseconds = int(self._clock.now().timestamp() * 1000)
        return f"{milliseconds:012x}{secrets.token_hex(4)}"


def _read(model: type[M], row: Row) -> M:
    try:
        return model.model_validate(migrated(_body(row)))
    except (ValidationError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DamagedRecordError(
            f"The inventory's record {row.pk} {row.sk} is damaged: {reason}.",
            hint="Restore the item from the table's point-in-time backup, or delete the item and "
            "adopt the resource again.",
        ) from None


def _body(row: Row) -> dict[str, JsonValue]:
    body = json.loads(row.body)
    if not isinstance(body, dict):
        message = "it is no mapping"
        raise ValueError(message)  # noqa: TRY004  told like any other damage
    return body
