"""Where a command works: clients of one account and region, its inventory, its options."""

from __future__ import annotations

import getpass
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from provisioner.aws.calls import Call, Delayed, Ledger
from provisioner.aws.clients import Aws, ClientFactory, Permit, anything, connect, only_reads
from provisioner.aws.clock import Clock
from provisioner.aws.credentials import Lifetime
from provisioner.aws.target import Target
from provisioner.discovery.refresher import refresh
from provisioner.discovery.sightings import tagged
from provisioner.engine.executor import WORKERS
from provisioner.errors import InterruptedRunError, InventoryError, NotExpiredError, PlanError
from provisioner.inventory import Holder, Inventory, Record, Run
from provisioner.inventory.dynamodb import DEFAULT_TABLE, DynamoStore
from provisioner.inventory.journal import hostname
from provisioner.inventory.lease import LASTS
from provisioner.lifecycle.redaction import redacted, secrets_in
from provisioner.manifest.expiry import expired
from provisioner.manifest.references import unescape
from provisioner.planning.allowances import Allowances
from provisioner.planning.changes import Plan
from provisioner.planning.joining import joined
from provisioner.planning.moves import moved
from provisioner.planning.planner import plan_apply, plan_teardown
from provisioner.planning.preflight import surveyed
from provisioner.planning.savedplan import SavedPlan
from provisioner.planning.staleness import unchanged
from provisioner.planning.undo import Past, plan_undo, wanted_before
from provisioner.quantities import counted, enumerated
from provisioner.stack import Stack
from provisioner.stack.selection import ALL, Selection


@dataclass(frozen=True)
class Options:
    """How a run is run.

    Attributes:
        allow: what may be adopted or replaced.
        select: the part of the stack that is planned.
        fail_fast: begin nothing more once a step has failed; else what can go on does.
        ttl: seconds from the apply's start until its stack expires, whatever that says itself;
            infinite: never; None: as it says.
        wait: `created` leaves the last wait for what nothing else needs to the next run.
        account: the account id that the session must be of; empty: any.
        region: overrides the session's.
        table: the inventory's name.
        lock_timeout: seconds to wait for a lease that another run holds; None: only for one that
            has died, until its lease ends.
        lease: seconds that a lease lasts without a sign of life.
        workers: steps that talk to AWS at the same time.
        clock: passes the time; a test brings its own.
        retried: hears of every call that waits before it is sent, or sent again, and why.
        called: hears of every call, each attempt of it.
        rollback_on_failure: undo what an apply changed if a step of it fails.
        expiring_credentials: start although the credentials end before the run is expected to.
    """

    allow: Allowances = field(default_factory=Allowances)
    select: Selection = ALL
    fail_fast: bool = False
    ttl: float | None = None
    wait: Literal["created", "ready"] = "ready"
    account: str = ""
    region: str | None = None
    table: str = DEFAULT_TABLE
    lock_timeout: float | None = None
    lease: float = LASTS
    workers: int = WORKERS
    clock: Clock | None = None
    retried: Delayed | None = None
    called: Callable[[Call], None] | None = None
    rollback_on_failure: bool = False
    expiring_credentials: bool = False


DEFAULTS = Options()
TEARDOWN = "teardown"


class Desk:
    """Where one command works: clients of one account, and its inventory.

    Args:
        session: the caller's boto3 session.
        options: how to work.
        stopped: set it, and nothing more is looked at or begun.
        permit: is asked before each call, those to the inventory included.

    Raises:
        CredentialsError, UnreachableError: there is no usable account.
        PlanError: it is not the account that was named.
    """

    def __init__(
        self,
        session: ClientFactory,
        options: Options = DEFAULTS,
        stopped: threading.Event | None = None,
        *,
        permit: Permit = anything,
    ) -> None:
        self.options = options
        self.stopped = stopped or threading.Event()
        self.aws = connect(
            session,
            region=options.region,
            clock=options.clock,
            told=options.retried,
            ledger=Ledger(options.called),
            permit=permit,
        )
        self.lifetime = Lifetime(session)
        self.calls = Ledger(options.called)
        self.started = self.aws.clock.monotonic()
        self.inventory = Inventory(
            DynamoStore(self.aws.permitting(permit, self.calls), options.table), self.aws.clock
        )
        if options.account and options.account != self.target.account:
            raise PlanError(
                f"The credentials are of account {self.target.account}, "
                f"but account {options.account} was named; nothing was read or changed.",
                hint="Choose another profile, or name the account you mean.",
            )

    @classmethod
    def reader(
        cls,
        session: ClientFactory,
        options: Options = DEFAULTS,
        stopped: threading.Event | None = None,
    ) -> Desk:
        """A desk that can't write: its clients refuse, those of the inventory included."""
        return cls(session, options, stopped, permit=only_reads)

    @property
    def target(self) -> Target:
        """The account and region."""
        return self.aws.target

    @property
    def reading(self) -> Aws:
        """Clients that refuse every mutating call, and every call once the command is stopped."""
        return self.aws.permitting(self._looks)

    def _looks(self, call: Call) -> None:
        only_reads(call)
        self.check()

    def fence(self, stack: str) -> int:
        """Of the last run on a stack that has ended; one that goes on comes later."""
        lease = self.inventory.lease(stack)
        if lease is None:
            return 0
        return lease.fence - 1 if lease.holder else lease.fence

    def check(self) -> None:
        """Go on, unless the command was stopped before it began to change anything.

        Raises:
            InterruptedRunError: it was.
        """
        if self.stopped.is_set():
            raise InterruptedRunError("Interrupted before anything was changed.")

    @property
    def seconds(self) -> float:
        """Since it was set up."""
        return self.aws.clock.monotonic() - self.started

    def who(self, command: str) -> Holder:
        """The caller, as the lease and the history name them."""
        name = self.target.caller.rpartition("/")[2] or self.target.caller
        return Holder(who=f"{_user()} ({name})", host=hostname(), command=command, run="")


def planned_apply(desk: Desk, stack: Stack, records: dict[str, Record]) -> Plan:
    """What it takes to bring AWS to the stack. Reads only."""
    same_account(desk.target, records)
    stack, uses = joined(desk.inventory, stack)
    desk.options.select.check({*stack.resources, *records})
    moves = moved(stack, records)
    with redacted(partial(_secrets, stack)):
        situation = refresh(desk.reading, stack.name, moves.records, stack)
        situation = replace(situation, origins=moves.origins)
        plan = plan_apply(stack, desk.target, situation, desk.options.allow, desk.options.select)
        return replace(surveyed(desk.reading, plan, desk.options.allow), uses=uses)


def planned_exactly(
    desk: Desk, stack: Stack, pinned: SavedPlan | None, records: dict[str, Record]
) -> Plan:
    """What it takes to bring AWS to the stack, if that is what was saved. Reads only.

    Raises:
        StalePlanError: it is not; what has moved is named.
    """
    plan = planned_apply(desk, stack, records)
    if pinned is None:
        return plan
    return unchanged(pinned, plan, _later(desk, stack.name, pinned.fence))


def _later(desk: Desk, name: str, fence: int | None) -> list[Run]:
    """The runs on a stack since the one with this fence, the oldest first."""
    if fence is None:
        return []
    later = [run for run in desk.inventory.runs(name) if run.fence > fence]
    return [*reversed(later)]


def _secrets(stack: Stack) -> set[str]:
    """The secrets that a stack holds."""
    written = (text for one in stack for text in secrets_in(one.kind.spec, one.settings))
    return {str(unescape(text)) for text in written}


def planned_teardown(desk: Desk, name: str, records: dict[str, Record]) -> Plan:
    """What it takes to leave nothing of a stack, with all that will block it. Reads only.

    Raises:
        InventoryError: nothing is recorded of the stack, and that may not be all there is.
    """
    if not records:
        _check_nothing_is_left(desk, name)
    same_account(desk.target, records)
    desk.options.select.check(records)
    situation = refresh(desk.reading, name, records)
    plan = plan_teardown(name, desk.target, situation, desk.options.select)
    return surveyed(desk.reading, plan, desk.options.allow)


def planned_end(desk: Desk, name: str, records: dict[str, Record]) -> Plan:
    """The teardown of a stack whose time has come, as it is under the lease. Reads only.

    Raises:
        NotExpiredError: it has not, or not any more.
    """
    lease = desk.inventory.lease(name)
    until = lease.standing.expires_at if lease and lease.standing else ""
    if not expired(until, desk.aws.clock.now()):
        told = f"expires at {until}" if until else "does not expire"
        raise NotExpiredError(f"{name} {told}, so it stays.")
    return planned_teardown(desk, name, records)


def _check_nothing_is_left(desk: Desk, name: str) -> None:
    """An empty inventory is no proof: unless a teardown came to its end, AWS is looked at.

    Raises:
        InventoryError: something carries the stack's tags, or could not be looked at.
    """
    last = desk.inventory.runs(name, limit=1)
    if last and (last[0].command, last[0].result) == (TEARDOWN, "succeeded"):
        return
    sight = tagged(desk.reading, name)
    if sight.objects:
        found = enumerated([f"{one.kind.kind} {one.id}" for one in sight.objects])
        raise InventoryError(
            f"Nothing is recorded of stack {name}, but {counted(len(sight.objects), 'object')} "
            f"with its tags are there: {found}. Nothing was deleted.",
            hint=f"Make the records again with `recover {name}`, then tear it down.",
        )
    if sight.unread:
        kinds = enumerated([f"{one.kind} ({one.code or 'no answer'})" for one in sight.unread])
        raise InventoryError(
            f"Nothing is recorded of stack {name}; whether anything is left of it can't be told, "
            f"since these could not be looked at: {kinds}.",
            hint="Grant the caller these reads, or check the connection, and run it again.",
        )


def planned_undo(desk: Desk, run: str, name: str, records: dict[str, Record]) -> Plan:
    """What it takes to bring back what was before a run. Reads only.

    Raises:
        InventoryError: the stack has no such run.
        PlanError: it can't be undone.
    """
    same_account(desk.target, records)
    past = Past(
        desk.inventory.run(name, run)[0],
        desk.inventory.before(run),
        desk.inventory.runs(name),
    )
    touched = past.touched(records)
    situation = refresh(desk.reading, name, touched, wanted_before(past))
    plan = plan_undo(past, desk.target, situation, records)
    return surveyed(desk.reading, plan, desk.options.allow)


def same_account(target: Target, records: Mapping[str, Record]) -> None:
    """A stack lives in one account and region; anything else is a mistake with a profile.

    Raises:
        PlanError: the records are of another account or region.
    """
    here = (target.account, target.region)
    for record in records.values():
        if (record.account, record.region) != here:
            raise PlanError(
                f"Stack {record.stack} lives in account {record.account}, region {record.region}; "
                f"this is account {here[0]}, region {here[1]}.",
                hint="Choose the profile or region that it lives in.",
            )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
