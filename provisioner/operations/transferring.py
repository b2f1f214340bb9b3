"""Move resources from one stack to another, under the leases of both.

The records go in one transaction, and say where they were until the tags on the objects say where
they are. So at every moment exactly one stack has each object, whatever dies when.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeAlias

from provisioner.aws.calls import Call
from provisioner.aws.clients import Aws
from provisioner.aws.failures import translate
from provisioner.engine.events import LeaseAwaited, Listener
from provisioner.errors import InterruptedRunError, PlanError
from provisioner.inventory import Journal, Lease, Record, RunEvent
from provisioner.inventory.lease import Queue
from provisioner.lifecycle import Observed, Owner
from provisioner.operations.desk import Desk, same_account
from provisioner.planning.transfer import transferred
from provisioner.registry import kind_of
from provisioner.version import __version__

COMMAND = "move"
Agree: TypeAlias = Callable[[tuple[Record, ...]], bool]
"""Sees the records as they will be, before anything is written."""


@dataclass(frozen=True)
class Transferred:
    """What came of it.

    Attributes:
        source, target: the stacks.
        records: as they are in the target; none if that was declined.
    """

    source: str
    target: str
    records: tuple[Record, ...] = ()


@dataclass
class Transferring:
    """A move and what it needs to know.

    Attributes:
        desk: where it works.
        source: the stack that has the resources.
        addresses: of them.
        target: the stack that gets them.
        agree: sees the records before anything is written.
        listen: hears of leases that are waited for.
    """

    desk: Desk
    source: str
    addresses: Sequence[str]
    target: str
    agree: Agree
    listen: Listener

    def go(self) -> Transferred:
        """Take both leases, in the order of the names, so that no two moves wait for each other.

        Raises:
            PlanError: something stands against it; nothing was changed.
        """
        if self.source == self.target:
            raise PlanError(
                f"{self.source} has them already.",
                hint="To give a resource another address, write moved_from in the manifest.",
            )
        self.desk.inventory.check(self.source)
        with ExitStack() as held:
            journals = {
                name: held.enter_context(self._open(name))
                for name in sorted((self.source, self.target))
            }
            return self._move(journals[self.source], journals[self.target])

    def _open(self, name: str) -> Journal:
        options = self.desk.options
        return self.desk.inventory.open(
            name,
            self.desk.who(COMMAND),
            tool=f"provisioner {__version__}",
            queue=Queue(options.lock_timeout, self._await, self.desk.stopped),
            lasts=options.lease,
        )

    def _await(self, lease: Lease, left: float) -> None:
        self.listen(LeaseAwaited(lease, left))

    def _move(self, source: Journal, target: Journal) -> Transferred:
        for known in (source.records, target.records):
            same_account(self.desk.target, known)
        stamp = {"run": target.run, "updated_at": self._now()}
        records = tuple(
            record.model_copy(update=stamp)
            for record in transferred(self.addresses, source.records, target.records, self.target)
        )
        self.desk.check()
        if not self.agree(records):
            for journal in (source, target):
                journal.close("declined", {})
            return Transferred(self.source, self.target)
        source.hand_over(records, target)
        self._claim(records, source, target)
        self._close(records, source, target)
        return Transferred(self.source, self.target, records)

    def _claim(self, records: Sequence[Record], source: Journal, target: Journal) -> None:
        """Write on the objects whose they are now."""

        def permit(call: Call) -> None:
            if call.mutates and self.desk.stopped.is_set():
                raise InterruptedRunError(
                    f"Interrupted; {call} was not sent. What is moved is recorded; the next apply "
                    f"of {self.target} writes the tags."
                )
            for journal in (source, target):
                journal.check(call)

        aws = self.desk.aws.permitting(permit)
        seen = _seen(aws, records)
        for record in records:
            kind, id_ = kind_of(record.kind), record.id or ""
            observed = seen.get((record.kind, id_))
            if observed and kind.retag and record.formerly(observed.tags):
                try:
                    kind.retag(aws, id_, Owner(self.target, record.address).tags, ())
                except Exception as error:
                    failure = translate(error, f"the tags of {record.address}")
                    failure.hint = f"All is recorded; the next apply of {self.target} writes them."
                    raise failure from error

    def _close(self, records: Sequence[Record], source: Journal, target: Journal) -> None:
        for journal, words in (
            (source, f"moved to stack {self.target}"),
            (target, f"moved from stack {self.source}"),
        ):
            for number, record in enumerate(records, 1):
                journal.event(
                    RunEvent(
                        number=number,
                        at=self._now(),
                        address=record.address,
                        kind=record.kind,
                        action=COMMAND,
                        id=record.id or "",
                        message=words,
                    )
                )
            journal.close("succeeded", {"moved": len(records)})

    def _now(self) -> str:
        return self.desk.aws.clock.now().isoformat(timespec="seconds")


def _seen(aws: Aws, records: Sequence[Record]) -> Mapping[tuple[str, str], Observed]:
    """The objects behind records, by kind and id."""
    ids: dict[str, list[str]] = defaultdict(list)
    for record in records:
        ids[record.kind].append(record.id or "")
    found: dict[tuple[str, str], Observed] = {}
    for kind, wanted in ids.items():
        try:
            found |= {(kind, id_): one for id_, one in kind_of(kind).read(aws, wanted).items()}
        except Exception as error:
            raise translate(error, f"reading {kind}") from error
    return found
