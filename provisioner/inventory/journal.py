"""The journal of one run: intents before the work, results behind it, all under the fence.

Intents are durable when `intend` returns. Results are gathered and written by a thread of their
own, newest per address, so that the work does not wait for the inventory: after a crash the intent
and the tag on the object are enough to find it.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType

from pydantic import JsonValue

from provisioner.aws.calls import Call
from provisioner.aws.clock import Clock
from provisioner.errors import (
    InterruptedRunError,
    LeaseLostError,
    ProvisionerError,
    RunLostError,
    UnwritableError,
)
from provisioner.inventory.lease import Hold
from provisioner.inventory.reading import Uses
from provisioner.inventory.reading import rows as reading
from provisioner.inventory.records import Reader, Record, Run, RunEvent
from provisioner.inventory.standing import Word
from provisioner.inventory.store import BEFORE, EVENT, RESOURCE, RUN, Gone, Row, Store, stack_key
from provisioner.lifecycle.creating import VISIBLE
from provisioner.manifest.expiry import Expiry

STOPS = (InterruptedRunError, KeyboardInterrupt)
GATHER = 0.5
"""Seconds that a result waits for company before it is written."""


class Journal:
    """What one run writes. Use as a context manager: leaving it releases the lease.

    Attributes:
        records: by address, as they were when the run began.
        readers: which stacks used outputs of this one then.
        run: the run's id.
        fence: of its lease.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        hold: Hold,
        records: Mapping[str, Record],
        run: Run,
        readers: Sequence[Reader] = (),
    ) -> None:
        self.readers = tuple(readers)
        self.records = records
        self.fence = hold.lease.fence
        self.run = run.id
        self._run = run
        self._word = Word.first(hold.lease.standing, records, run)
        self._store = store
        self._clock = clock
        self._lasts = hold.lease.lasts
        self._wall = hold.lease.expires_at
        self._deadline = hold.ends
        self._started = clock.monotonic()
        self._changed = threading.Condition()
        self._renewing = threading.Lock()
        self._pending: dict[tuple[str, str], Row | Gone] = {}
        self._writing = False
        self._closing = threading.Event()
        self._broken: ProvisionerError | None = None
        self._threads = [
            threading.Thread(target=target, name=name, daemon=True)
            for target, name in ((self._write_behind, "journal"), (self._beat, "heartbeat"))
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Journal:
        """The journal itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is left and let the lease go, whatever happened."""
        if not self._closing.is_set():
            if error is None:
                self.close("succeeded", {})
            else:
                self._leave(error)

    def intend(
        self,
        records: Sequence[Record],
        before: Sequence[Record] = (),
        changes: Mapping[str, str] | None = None,
        left: Collection[str] = (),
    ) -> None:
        """Write intents, and the run itself, before the work begins.

        What moves comes first, in one transaction unless it is more than one can hold; even then
        a record is written at its new address before it is deleted at its old one.

        Args:
            records: what is about to be, by address.
            before: what those addresses are now, so that the run can be undone.
            changes: address → what is about to be done to it.
            left: addresses that records have moved away from.

        Raises:
            LeaseLostError: another run has taken over.
        """
        self._run = self._run.model_copy(update={"changes": dict(changes or {})})
        word = self._word.counting(records, left).reading()
        rows: list[Row | Gone] = [
            *reading(self._run.stack, self._word.used, word.used),
            self._run_row(self._run, word),
            *(row for record in records if record.former for row in _moving(record, left)),
            *(Row(f"{RUN}{self.run}", BEFORE + record.address, record.body()) for record in before),
            *(_record_row(record) for record in records if not record.former),
        ]
        self._store.write(
            self._run.stack,
            self.fence,
            rows,
            standing=word.standing(self._run),
            unmoved=self._word.unmoved,
        )
        self._word = word

    def hand_over(self, records: Sequence[Record], other: Journal) -> None:
        """Give records to another stack, with both runs: all of it or nothing.

        Args:
            records: as they are in the other stack; no more than one transaction holds.
            other: the journal of that stack's run.

        Raises:
            LeaseLostError: another run has taken over one of the stacks.
        """
        changes = {record.address: "move" for record in records}
        self._run = self._run.model_copy(update={"changes": changes})
        other._run = other._run.model_copy(update={"changes": changes})
        pk = stack_key(self._run.stack)
        rows: list[Row | Gone] = [
            self._run_row(self._run, self._word),
            other._run_row(other._run, other._word),
        ]
        for record in records:
            rows += [_record_row(record), Gone(pk, RESOURCE + record.former[-1].address)]
        self._store.write(self._run.stack, self.fence, rows, also={other._run.stack: other.fence})
        self._word = self._word.counting([], {record.former[-1].address for record in records})
        moved = self._word.used_by({record.address for record in records})
        other._word = other._word.counting(records).using_too(moved)

    def use(self, uses: Uses) -> None:
        """Write down, with the intents, that the stack uses these outputs of others.

        What it used until now stays written until the run has succeeded.
        """
        self._word = replace(self._word, uses=uses)

    def expire(self, expiry: Expiry) -> None:
        """Let the stack expire so, once the run has begun to change it, or succeeded.

        Args:
            expiry: what an apply says; one that says nothing leaves what another was told by hand.
        """
        self._word = self._word.expiring(expiry)

    @property
    def expires_at(self) -> str:
        """When the stack expires, once this run is done; empty: never."""
        return self._word.expiry.at

    def note(self, record: Record) -> None:
        """Write a record soon; a newer one of the same address takes its place."""
        self._count([record])
        self._put(_record_row(record))

    def forget(self, address: str) -> None:
        """Delete a record soon."""
        self._count([], [address])
        self._put(Gone(stack_key(self._run.stack), RESOURCE + address))

    def event(self, event: RunEvent) -> None:
        """Write what a step did, soon."""
        sort_key = f"{EVENT}{event.number:06d}"
        self._put(Row(f"{RUN}{self.run}", sort_key, event.body()))

    def check(self, call: Call) -> None:
        """Asked before every mutating call to AWS: is this run still the one that may write?

        Raises:
            LeaseLostError: another run has taken over.
            UnwritableError: the lease has run out by either clock and can't be renewed, or what was
                done could not be recorded.
        """
        if self._broken:
            raise self._broken
        if call.mutates and self._late and not self._renewed():
            raise self._broken or UnwritableError(
                f"The lease on stack {self._run.stack} ran out before it could be renewed; "
                f"{call} was not sent.",
                hint="Run the same command again; it goes on from here.",
            )

    @property
    def _late(self) -> bool:
        """Whether the lease ends so soon that the next run might not see what is made now.

        By either clock: one stands still while a laptop sleeps.
        """
        margin = min(VISIBLE, self._lasts / 2)
        late = self._clock.monotonic() > self._deadline - margin
        return late or self._clock.now().timestamp() > self._wall - margin

    def flush(self) -> None:
        """Wait until everything is written; raises what went wrong."""
        with self._changed:
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._broken or not (self._pending or self._writing))
        if self._broken:
            raise self._broken

    def close(self, result: str, summary: Mapping[str, JsonValue]) -> None:
        """Write what is left with the run's result, and release the lease, in one go."""
        self._stop_threads()
        if self._broken:
            raise self._broken
        finished = self._run.model_copy(
            update={
                "result": result,
                "summary": dict(summary),
                "finished_at": self._clock.now().isoformat(timespec="seconds"),
                "seconds": round(self._clock.monotonic() - self._started, 3),
            }
        )
        word = self._word.ending(result)
        rows = [
            *self._pending.values(),
            self._run_row(finished, word),
            *reading(finished.stack, self._word.used, word.used),
        ]
        self._store.write(
            finished.stack, self.fence, rows, release=True, standing=word.standing(finished)
        )

    def _leave(self, error: BaseException) -> None:
        """Close after a failure, which matters more than any trouble in closing."""
        try:
            result = "interrupted" if isinstance(error, STOPS) else "failed"
            self.close(result, {"error": str(error)[:2000]})
        except ProvisionerError as trouble:
            error.add_note(f"The run could not be closed: {trouble}")

    def _run_row(self, run: Run, word: Word) -> Row:
        told = run.model_copy(update={"expires_at": word.expires_at(run.result)})
        return Row(stack_key(run.stack), RUN + run.id, told.body())

    def _count(self, records: Sequence[Record], gone: Collection[str] = ()) -> None:
        with self._changed:
            self._word = self._word.counting(records, gone)

    def _put(self, row: Row | Gone) -> None:
        with self._changed:
            if self._broken:
                raise self._broken
            self._pending[row.pk, row.sk] = row
            self._changed.notify_all()

    def _write_behind(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending or self._closing.is_set())
                if self._closing.is_set():
                    return
            self._closing.wait(GATHER)
            with self._changed:
                if self._closing.is_set():
                    return
                rows, self._pending = [*self._pending.values()], {}
                self._writing = True
            self._send(rows)

    def _send(self, rows: Sequence[Row | Gone]) -> None:
        try:
            self._store.write(self._run.stack, self.fence, rows)
        except Exception as error:  # noqa: BLE001  told to the run by its next check or flush
            self._break(error)
        finally:
            with self._changed:
                self._writing = False
                self._changed.notify_all()

    def _beat(self) -> None:
        """Renew the lease as long as the run goes on."""
        while not (self._closing.wait(self._lasts / 3) or self._broken):
            self._renewed()

    def _renewed(self) -> bool:
        """Renew the lease, which is safe even late: the fence says whether it is still ours."""
        with self._renewing:
            asked = self._clock.monotonic()
            until = self._clock.now().timestamp() + self._lasts
            try:
                self._store.renew(self._run.stack, self.fence, until)
            except LeaseLostError as error:
                self._break(error)
                return False
            except Exception:  # noqa: BLE001  the next beat tries again; check() knows the deadline
                return False
            self._wall, self._deadline = until, asked + self._lasts
            return True

    def _break(self, error: Exception) -> None:
        with self._changed:
            self._broken = error if isinstance(error, RunLostError) else _unwritable(error)
            self._changed.notify_all()

    def _stop_threads(self) -> None:
        self._closing.set()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()


def _record_row(record: Record) -> Row:
    return Row(
        stack_key(record.stack),
        RESOURCE + record.address,
        record.body(),
        record.arn,
        record.kind,
    )


def _moving(record: Record, left: Collection[str]) -> Iterator[Row | Gone]:
    """A record at its new address, and its old one given up."""
    yield _record_row(record)
    for former in record.former:
        if former.address in left and former.stack == record.stack:
            yield Gone(stack_key(record.stack), RESOURCE + former.address)


def _unwritable(error: Exception) -> UnwritableError:
    return UnwritableError(
        f"The inventory can't be written ({error}), so nothing more is changed.",
        hint="Run the same command again once it can; it goes on from here.",
    )


def hostname() -> str:
    """The machine's name, for the history."""
    return socket.gethostname()
