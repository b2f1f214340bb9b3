"""Keys brought back from the window in which AWS has not deleted them yet.

Under the lease of their stack, and written into its history. No record is made: the keys carry the
stack's tags, by which the next apply, or a recovery, takes them up again.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from pydantic import JsonValue

from provisioner.aws.calls import Call
from provisioner.aws.failures import translate
from provisioner.engine.events import LeaseAwaited, Listener
from provisioner.engine.report import Result
from provisioner.errors import InterruptedRunError, InventoryError, ProvisionerError
from provisioner.inventory import Journal, Lease, RunEvent
from provisioner.inventory.lease import Queue
from provisioner.operations.desk import Desk
from provisioner.quantities import moment
from provisioner.resources._kms_restore import DISABLED, Kept, keys_of, restore
from provisioner.version import __version__

COMMAND = "restore-key"
KIND = "kms.key"


@dataclass(frozen=True, slots=True)
class Key:
    """A key that can be used again.

    Attributes:
        id: of the key.
        address: that its tags tell.
        until: how long it could have been restored; empty if its deletion was cancelled already.
        alias: that it has again; empty if none is known, or another key has it.
    """

    id: str
    address: str
    until: str
    alias: str


@dataclass(frozen=True)
class Restored:
    """What came of it.

    Attributes:
        run: its id.
        keys: that can be used again.
        failed: why others can't, by id.
        result: `succeeded`, `partial` or `failed`.
        summary: how many of each.
    """

    run: str
    keys: tuple[Key, ...]
    failed: Mapping[str, ProvisionerError]
    result: Result
    summary: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass
class Restoring:
    """A restoration and what it needs to know.

    Attributes:
        desk: where it works.
        name: of the stack.
        key: the id of the one key that is meant; empty: all of the stack's.
        listen: hears of a lease that is waited for.
    """

    desk: Desk
    name: str
    key: str
    listen: Listener

    def go(self) -> Restored:
        """Restore what is pending deletion, and what an earlier restoration left disabled.

        Raises:
            InventoryError: the stack has no such key.
        """
        self._keys()  # before anything is written
        with self.desk.inventory.open(
            self.name,
            self.desk.who(COMMAND),
            tool=f"provisioner {__version__}",
            queue=Queue(self.desk.options.lock_timeout, self._await, self.desk.stopped),
            lasts=self.desk.options.lease,
        ) as journal:
            recorded = {record.id for record in journal.records.values()}
            keys: list[Key] = []
            failed: dict[str, ProvisionerError] = {}
            for number, kept in enumerate(self._asleep(recorded), 1):
                try:
                    keys.append(self._restored(journal, number, kept))
                except ProvisionerError as error:
                    failed[kept.id] = error
            return self._close(journal, keys, failed)

    def _await(self, lease: Lease, left: float) -> None:
        self.listen(LeaseAwaited(lease, left))

    def _keys(self) -> list[Kept]:
        """The stack's keys that are meant."""
        found = keys_of(self.desk.reading, self.name)
        meant = [kept for kept in found if self.key in {"", kept.id, kept.arn}]
        if meant:
            return meant
        where = f"account {self.desk.target.account}, region {self.desk.target.region}"
        which = f"Key {self.key}" if self.key else "No key"
        told = "does not carry" if self.key else "carries"
        raise InventoryError(
            f"{which} in {where} {told} the tags of a stack {self.name!r}.",
            hint="Check its name, the profile and the region. A key is gone for good when its "
            "window has ended.",
        )

    def _asleep(self, recorded: Container[str | None]) -> list[Kept]:
        """Those to restore. A disabled one that is recorded was disabled on purpose."""
        return [
            kept
            for kept in self._keys()
            if kept.until or (kept.state == DISABLED and kept.id not in recorded)
        ]

    def _restored(self, journal: Journal, number: int, kept: Kept) -> Key:
        """Restore one key, and write that into the history, whatever comes of it."""
        sent: list[str] = []

        def tell(call: Call, request: str) -> None:
            if call.mutates:
                sent.append(f"{call} {request}")

        until = moment(kept.until) if kept.until else ""
        event = RunEvent(
            number=number, at="", address=kept.address, kind=KIND, action="restore", id=kept.id
        )
        aws = self.desk.aws.permitting(partial(self._permit, journal)).telling(tell)
        try:
            alias = self._alias(kept)
            alias = alias if restore(aws, kept, alias) else ""
        except Exception as error:
            told = translate(error, f"restoring {KIND} {kept.id}")
            self._write(journal, event, sent, str(told), failed=True)
            raise told from error
        self._write(journal, event, sent, f"it could be restored until {until}" if until else "")
        return Key(kept.id, kept.address, until, alias)

    def _alias(self, kept: Kept) -> str:
        """The alias that the key had when a run last changed or deleted it; empty if unknown."""
        for run in self.desk.inventory.runs(self.name):
            for record in self.desk.inventory.before(run.id).values():
                if record.kind == KIND and record.id == kept.id:
                    return str(record.settings.get("alias", ""))
        return ""

    def _permit(self, journal: Journal, call: Call) -> None:
        if call.mutates and self.desk.stopped.is_set():
            raise InterruptedRunError(f"The run was interrupted; {call} was not sent.")
        journal.check(call)

    def _write(
        self, journal: Journal, event: RunEvent, sent: Sequence[str], message: str, **news: bool
    ) -> None:
        at = self.desk.aws.clock.now().isoformat(timespec="seconds")
        told = {"at": at, "request_ids": tuple(sent), "message": message, **news}
        journal.event(event.model_copy(update=told))

    def _close(
        self, journal: Journal, keys: Sequence[Key], failed: Mapping[str, ProvisionerError]
    ) -> Restored:
        result: Result = "succeeded" if not failed else "partial" if keys else "failed"
        summary: dict[str, JsonValue] = {"restored": len(keys), "failed": len(failed)}
        journal.close(result, summary)
        return Restored(journal.run, tuple(keys), failed, result, summary)
