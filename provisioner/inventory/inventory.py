"""The records of all stacks in one account and region, and the way to write to one of them."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from provisioner.aws.clock import Clock, SystemClock
from provisioner.errors import (
    DamagedRecordError,
    InterruptedRunError,
    InventoryError,
    LeaseHeldError,
)
from provisioner.inventory.journal import Journal
from provisioner.inventory.migrations import migrated
from provisioner.inventory.records import Holder, Lease, Record, Run, RunEvent
from provisioner.inventory.store import EVENT, RESOURCE, RUN, Row, Store, stack_key

M = TypeVar("M", bound=BaseModel)
LASTS = 60.0
"""Seconds a lease lasts without a heartbeat."""
POLL = 1.0


def nobody(lease: Lease) -> None:
    """Hear of a lease, and do nothing."""
    del lease


@dataclass(frozen=True)
class Queue:
    """How a run waits for a lease that another one holds.

    Attributes:
        seconds: so long; None: as long as that run shows no sign of life, which is until its lease
            ends if it has died.
        told: hears of the lease that is waited for, again and again.
        stop: ends the waiting once it is set.
    """

    seconds: float | None = 0.0
    told: Callable[[Lease], None] = nobody
    stop: threading.Event = field(default_factory=threading.Event)

    def ends(self, waited: float) -> bool:
        """Whether it was long enough.

        Raises:
            InterruptedRunError: the waiting was stopped.
        """
        if self.stop.is_set():
            raise InterruptedRunError("Interrupted while another run was waited for.")
        return self.seconds is not None and waited >= self.seconds


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
        lease = self._taken(stack, holder, queue or Queue(), lasts)
        run = Run(
            id=holder.run,
            stack=stack,
            command=holder.command,
            who=holder.who,
            host=holder.host,
            tool=tool,
            manifest_digest=digest,
            undoes=undoes,
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

    def _taken(self, stack: str, holder: Holder, queue: Queue, lasts: float) -> Lease:
        started = self._clock.monotonic()
        first: Lease | None = None
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
            first = first or lease
            waited = self._clock.monotonic() - started
            if queue.ends(waited) or (queue.seconds is None and _lives(first, lease)):
                raise _held(lease, now.timestamp())
            queue.told(lease)
            self._clock.sleep(POLL)


def _lives(first: Lease, now: Lease) -> bool:
    """Whether the holder renewed its lease since it was first seen, or somebody else took it."""
    return (now.fence, now.expires_at) != (first.fence, first.expires_at)


def _held(lease: Lease, now: float) -> LeaseHeldError:
    holder = lease.holder
    if holder is None:
        return LeaseHeldError(f"Stack {lease.stack} was taken by another run a moment ago.")
    left = max(0, round(lease.expires_at - now))
    return LeaseHeldError(
        f"Stack {lease.stack} is held by {holder.who} on {holder.host} "
        f"({holder.command}, since {lease.since}, run {holder.run}).",
        hint=f"Wait for it with --lock-timeout SECONDS. Its lease ends in {left} s unless it is "
        f"renewed; if you know that it died: unlock {lease.stack}.",
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
