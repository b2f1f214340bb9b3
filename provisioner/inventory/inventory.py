"""The records of all stacks in one account and region, and the way to write to one of them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from provisioner.aws.clock import Clock, SystemClock
from provisioner.errors import DamagedRecordError, InventoryError, nearest
from provisioner.inventory.journal import Journal
from provisioner.inventory.lease import LASTS, Contender, Queue
from provisioner.inventory.migrations import NewerVersionError, migrated
from provisioner.inventory.records import Holder, Lease, Reader, Record, Run, RunEvent, Status
from provisioner.inventory.standing import Listed, listed
from provisioner.inventory.store import (
    BEFORE,
    EVENT,
    HELD,
    READER,
    RESOURCE,
    RUN,
    STACK,
    Row,
    Store,
    stack_key,
)

M = TypeVar("M", bound=BaseModel)
APPLY = "apply"
RUNS = 50
"""Runs of a history that are read at once, to find the last of a kind."""
RUNNING, SILENT, DIED = "running", "silent", "died"
Damaged: TypeAlias = Callable[[str, DamagedRecordError], None]
"""Hears of each damaged record, by its address."""


def refuse(address: str, error: DamagedRecordError) -> None:
    """Stop at the first damaged record.

    Raises:
        DamagedRecordError: always.
    """
    del address
    raise error


def _left_out(address: str, error: DamagedRecordError) -> None:
    """Go on without a damaged record."""
    del address, error


class Holdings(NamedTuple):
    """What one query tells of a stack.

    Attributes:
        records: its resources, by address.
        readers: the stacks that use its outputs.
    """

    records: Mapping[str, Record]
    readers: tuple[Reader, ...]


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

    def listed(self) -> tuple[Listed, ...]:
        """All stacks that are held, or of which something is left, with how they stand.

        One query, however many there are; it may be a moment old. A stack on which nothing was run
        since an older version of this package is not in it.
        """
        now = self._clock.now()
        return tuple(listed(lease, now) for lease in self._store.leases())

    def records(self, stack: str, damaged: Damaged = refuse) -> dict[str, Record]:
        """The resources of a stack, by address.

        Args:
            stack: its name.
            damaged: hears of what does not validate and is left out; by default it stops the run.

        Raises:
            DamagedRecordError: one of them does not validate.
            InventoryError: a newer version of this package wrote one of them.
        """
        return dict(self.holdings(stack, damaged).records)

    def holdings(self, stack: str, damaged: Damaged = refuse) -> Holdings:
        """The resources of a stack, and who uses its outputs. Arguments, errors as of `records`."""
        records, readers = {}, []
        for row in self._store.rows(stack_key(stack), HELD):
            if row.sk.startswith(READER):
                readers.append(_read(Reader, row))
                continue
            address = row.sk.removeprefix(RESOURCE)
            try:
                records[address] = _read(Record, row)
            except DamagedRecordError as error:
                damaged(address, error)
        return Holdings(records, tuple(readers))

    def known(self, stack: str) -> bool:
        """Whether anything is left of a stack, or it is worked on."""
        lease = self._store.lease(stack)
        return lease is not None and (lease.holder is not None or self.exists(lease))

    def exists(self, lease: Lease) -> bool:
        """Whether anything is left of the stack of a lease, which tells it as a rule."""
        return lease.standing is not None or bool(self.records(lease.stack, _left_out))

    def outputs(self, stack: str) -> dict[str, JsonValue] | None:
        """The outputs of a stack's last apply that was not undone; None if there was none."""
        undone: set[str] = set()
        before = ""
        while page := self.runs(stack, limit=RUNS, before=before):
            undone |= {run.undoes for run in page if run.result == "succeeded"}
            for run in page:
                told = run.summary.get("outputs")
                if run.command == APPLY and run.id not in undone and isinstance(told, dict):
                    return told
            before = page[-1].id
        return None

    def holders(self) -> dict[tuple[str, str], set[str]]:
        """Which stacks have a record of what, by kind and id. Reads all of them."""
        found: dict[tuple[str, str], set[str]] = {}
        for stack in self.stacks():
            for record in self.records(stack, _left_out).values():
                found.setdefault((record.kind, record.id or ""), set()).add(stack)
        return found

    def by_arn(self, arn: str) -> tuple[Record, ...]:
        """Which stacks know this ARN."""
        return tuple(_read(Record, row) for row in self._store.by_arn(arn))

    def check(self, stack: str) -> None:
        """Go on, if this stack is known here.

        Raises:
            InventoryError: it is not; the hint names the nearest.
        """
        if self._store.lease(stack) is None and stack not in (known := self.stacks()):
            there = f"There are: {', '.join(known)}." if known else "There are none."
            raise InventoryError(
                f"There is no stack {stack!r}.", hint=nearest(stack, known) or there
            )

    def runs(self, stack: str, *, limit: int | None = None, before: str = "") -> tuple[Run, ...]:
        """The runs on a stack, newest first.

        Args:
            stack: its name.
            limit: at most so many; no more are read.
            before: only those that came before this run; its id.
        """
        rows = self._store.rows(
            stack_key(stack),
            RUN,
            newest_first=True,
            limit=limit,
            after=RUN + before if before else "",
        )
        return self._with_fates(stack, [_read(Run, row) for row in rows])

    def run(self, stack: str, run: str) -> tuple[Run, tuple[RunEvent, ...]]:
        """One run with what it did.

        Args:
            stack: its name.
            run: its id, or the beginning of it.

        Raises:
            InventoryError: there is no such run, or more than one.
        """
        rows = self._store.rows(stack_key(stack), RUN + run, limit=2)
        if len(rows) != 1:
            what = f"has more than one run {run}…" if rows else f"has no run {run!r}"
            raise InventoryError(
                f"Stack {stack} {what}.", hint=f"See them all with: history {stack}."
            )
        [found] = self._with_fates(stack, [_read(Run, rows[0])])
        return found, self.events(found.id)

    def events(self, run: str) -> tuple[RunEvent, ...]:
        """What a run did, in the order of what happened; its whole id."""
        return tuple(_read(RunEvent, row) for row in self._store.rows(RUN + run, EVENT))

    def before(self, run: str) -> dict[str, Record]:
        """What the addresses that a run changed were before it; only those that were known."""
        rows = self._store.rows(RUN + run, BEFORE)
        return {row.sk.removeprefix(BEFORE): _read(Record, row) for row in rows}

    def _with_fates(self, stack: str, runs: Sequence[Run]) -> tuple[Run, ...]:
        """Runs as they ended. One that never said so lives, is silent, or has died."""
        if all(run.result != RUNNING for run in runs):
            return tuple(runs)
        lease = self._store.lease(stack) or Lease(stack=stack)
        return tuple(self._with_fate(run, lease) if run.result == RUNNING else run for run in runs)

    def _with_fate(self, run: Run, lease: Lease) -> Run:
        if lease.holder and lease.holder.run == run.id:
            late = lease.expires_at < self._clock.now().timestamp()
            return run.model_copy(update={"result": SILENT if late else RUNNING})
        [row] = self._store.rows(stack_key(run.stack), RUN + run.id)
        again = _read(Run, row)  # a run lets go with its last word, maybe a moment ago
        return again if again.result != RUNNING else run.model_copy(update={"result": DIED})

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
        damaged: Damaged = refuse,
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
            damaged: hears of records that are left out; by default the first stops the run.

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
            records, readers = self.holdings(stack, damaged)
        except InventoryError:
            self._store.write(stack, hold.lease.fence, [], release=True)
            raise
        if hold.lease.unlocked:
            records = {a: self._until_now(record) for a, record in records.items()}
        return Journal(self._store, self._clock, hold, records, run, readers)

    def _until_now(self, record: Record) -> Record:
        """An intent of a run that was taken from it may have been carried out until a moment ago.

        A run that lost its lease by itself had stopped long before.
        """
        if record.status is not Status.INTENDED:
            return record
        now = self._clock.now().isoformat(timespec="seconds")
        return record.model_copy(update={"updated_at": now})

    def new_run_id(self) -> str:
        """An id that sorts by time: milliseconds in hexadecimal, then chance."""
        milliseconds = int(self._clock.now().timestamp() * 1000)
        return f"{milliseconds:012x}{secrets.token_hex(4)}"


def _read(model: type[M], row: Row) -> M:
    try:
        return model.model_validate(migrated(_body(row)))
    except NewerVersionError as error:
        raise InventoryError(
            f"The inventory's record {row.pk} {row.sk} is of a newer provisioner: {error}.",
            hint="Install that version; this one must not overwrite what it does not understand.",
        ) from None
    except (ValidationError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DamagedRecordError(
            f"The inventory's record {row.pk} {row.sk} is damaged: {reason}.", hint=_mend(row)
        ) from None


def _mend(row: Row) -> str:
    if row.sk.startswith(RESOURCE):
        return f"Mend it with: recover {row.pk.removeprefix(STACK)}."
    return "Delete the item, or restore it from the table's point-in-time backup."


def _body(row: Row) -> dict[str, JsonValue]:
    body = json.loads(row.body)
    if not isinstance(body, dict):
        message = "it is no mapping"
        raise ValueError(message)  # noqa: TRY004  told like any other damage
    return body
