"""The records of all stacks in one account and region, and the way to write to one of them."""

from __future__ import annotations

import json
import secrets
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from provisioner.aws.clock import Clock, SystemClock
from provisioner.errors import DamagedRecordError, InventoryError, LeaseHeldError
from provisioner.inventory.journal import Journal
from provisioner.inventory.migrations import migrated
from provisioner.inventory.records import Holder, Lease, Record, Run, RunEvent
from provisioner.inventory.store import EVENT, RESOURCE, RUN, Row, Store, stack_key

M = TypeVar("M", bound=BaseModel)
LASTS = 60.0
"""Seconds a lease lasts without a heartbeat."""
POLL = 1.0


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

    def lease(self, stack: str) -> Lease | None:
        """Who holds a stack, or held it last."""
        return self._store.lease(stack)

    def unlock(self, stack: str) -> Lease | None:
        """Take the lease from whoever holds it; who that was."""
        lease = self._store.lease(stack)
        if lease and lease.holder:
            self._store.break_lease(stack)
        return lease

    def open(
        self,
        stack: str,
        holder: Holder,
        *,
        tool: str = "",
        digest: str = "",
        wait: float = 0.0,
        lasts: float = LASTS,
    ) -> Journal:
        """Begin a run: take the lease, read the records.

        Args:
            stack: its name.
            holder: who is asking; the run's id in it may be empty.
            tool: name and version of what runs.
            digest: of the manifest.
            wait: seconds to wait for a lease that another run holds.
            lasts: seconds the lease lasts without a heartbeat.

        Raises:
            LeaseHeldError: another run holds the stack.
            DamagedRecordError: a record does not validate.
        """
        holder = holder.model_copy(update={"run": holder.run or self.new_run_id()})
        lease = self._taken(stack, holder, wait, lasts)
        run = Run(
            id=holder.run,
            stack=stack,
            command=holder.command,
            who=holder.who,
            host=holder.host,
            tool=tool,
            manifest_digest=digest,
            started_at=self._clock.now().isoformat(timespec="seconds"),
        )
        try:
            records = self.records(stack)
        except DamagedRecordError:
            self._store.write(stack, lease.fence, [], release=True)
            raise
        return Journal(self._store, self._clock, lease, records, run, lasts=lasts)

    def new_run_id(self) -> str:
        """An id that sorts by time: milliseconds in hexadecimal, then chance."""
        milliseconds = int(self._clock.now().timestamp() * 1000)
        return f"{milliseconds:012x}{secrets.token_hex(4)}"

    def _taken(self, stack: str, holder: Holder, wait: float, lasts: float) -> Lease:
        started = self._clock.monotonic()
        while True:
            now = self._clock.now()
            lease = self._store.take(
                stack,
                holder,
                now=now.timestamp(),
                until=now.timestamp() + lasts,
                since=now.isoformat(timespec="seconds"),
            )
            if lease.holder and lease.holder.run == holder.run:
                return lease
            if self._clock.monotonic() - started >= wait:
                raise _held(lease, now.timestamp())
            self._clock.sleep(POLL)


def _held(lease: Lease, now: float) -> LeaseHeldError:
    holder = lease.holder
    if holder is None:
        return LeaseHeldError(f"Stack {lease.stack} was taken by another run a moment ago.")
    left = max(0, round(lease.expires_at - now))
    return LeaseHeldError(
        f"Stack {lease.stack} is held by {holder.who} on {holder.host} "
        f"({holder.command}, since {lease.since}, run {holder.run}).",
        hint=f"Wait for it (--lock-timeout SECONDS). If it died, its lease ends in {left} s.",
    )


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
