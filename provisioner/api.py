"""Plan, apply and tear down a stack: the engine put together.

    session = boto3.Session()
    report = apply(session, stack)
    print(report.outputs)

Every function takes the caller's boto3 session and nothing else of the surroundings. A run holds
the stack's lease from before its first look at AWS until its last word is written down.
"""

from __future__ import annotations

import getpass
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import JsonValue

from provisioner.aws.calls import Call, Ledger
from provisioner.aws.clients import Aws, ClientFactory, anything, connect, only_reads
from provisioner.aws.clock import Clock
from provisioner.aws.target import Target
from provisioner.changes import Plan
from provisioner.ensure import Action
from provisioner.errors import InterruptedRunError, InventoryError, PlanError
from provisioner.events import Listener, RunFinished, RunStarted, nobody
from provisioner.executor import WORKERS, Outcome, execute
from provisioner.graph import build
from provisioner.history import Historian
from provisioner.inventory import Holder, Inventory, Journal, Record
from provisioner.inventory.dynamodb import DEFAULT_TABLE, DynamoStore
from provisioner.inventory.journal import hostname
from provisioner.planner import Allowances, plan_apply, plan_teardown
from provisioner.references import Reference, find, substitute
from provisioner.refresher import refresh
from provisioner.report import Report, Result, result_of, summarize
from provisioner.schedule import schedule
from provisioner.stack import Stack
from provisioner.steps import Steps
from provisioner.values import Values
from provisioner.version import __version__

Approve = Callable[[Plan], bool]


def everything(plan: Plan) -> bool:
    """Approve any plan."""
    del plan
    return True


@dataclass(frozen=True)
class Options:
    """How a run is run.

    Attributes:
        allow: what may be adopted or replaced.
        account: the account id that the session must be of; empty: any.
        region: overrides the session's.
        table: the inventory's name.
        lock_timeout: seconds to wait for a lease that another run holds.
        workers: steps that talk to AWS at the same time.
        clock: passes the time; a test brings its own.
        retried: hears of every call that is tried again, why, and after how many seconds.
        called: hears of every call, each attempt of it.
    """

    allow: Allowances = field(default_factory=Allowances)
    account: str = ""
    region: str | None = None
    table: str = DEFAULT_TABLE
    lock_timeout: float = 0.0
    workers: int = WORKERS
    clock: Clock | None = None
    retried: Callable[[Call, str, float], None] | None = None
    called: Callable[[Call], None] | None = None


DEFAULTS = Options()


class Desk:
    """Where one command works: clients of one account, and its inventory.

    Args:
        session: the caller's boto3 session.
        options: how to work.

    Raises:
        CredentialsError, UnreachableError: there is no usable account.
        PlanError: it is not the account that was named.
    """

    def __init__(self, session: ClientFactory, options: Options = DEFAULTS) -> None:
        self.options = options
        self.aws = connect(
            session,
            region=options.region,
            clock=options.clock,
            told=options.retried,
            ledger=Ledger(options.called),
        )
        self.calls = Ledger(options.called)
        self.started = self.aws.clock.monotonic()
        self.inventory = Inventory(
            DynamoStore(self.aws.permitting(anything, self.calls), options.table), self.aws.clock
        )
        if options.account and options.account != self.target.account:
            raise PlanError(
                f"The credentials are of account {self.target.account}, "
                f"but account {options.account} was named; nothing was read or changed.",
                hint="Choose another profile, or name the account you mean.",
            )

    @property
    def target(self) -> Target:
        """The account and region."""
        return self.aws.target

    @property
    def reading(self) -> Aws:
        """Clients that refuse every mutating call."""
        return self.aws.permitting(only_reads)

    @property
    def seconds(self) -> float:
        """Since it was set up."""
        return self.aws.clock.monotonic() - self.started

    def who(self, command: str) -> Holder:
        """The caller, as the lease and the history name them."""
        name = self.target.caller.rpartition("/")[2] or self.target.caller
        return Holder(who=f"{_user()} ({name})", host=hostname(), command=command, run="")


def plan(session: ClientFactory, stack: Stack, options: Options = DEFAULTS) -> Plan:
    """What an apply would do. Reads only; takes no lease.

    Raises:
        ManifestError: references lead nowhere, or in circles.
        PlanError: what is wanted may not be done: foreign, protected or data-holding objects.
        AwsError: a read failed.
    """
    _check(stack)
    desk = Desk(session, options)
    return _plan_apply(desk, stack, desk.inventory.records(stack.name))


def plan_removal(session: ClientFactory, name: str, options: Options = DEFAULTS) -> Plan:
    """What a teardown would do. Reads only; takes no lease.

    Raises:
        ProtectedError: something is protected.
        AwsError: a read failed.
    """
    desk = Desk(session, options)
    return _plan_teardown(desk, name, desk.inventory.records(name))


def apply(
    session: ClientFactory,
    stack: Stack,
    options: Options = DEFAULTS,
    *,
    approve: Approve = everything,
    listen: Listener = nobody,
    stop: threading.Event | None = None,
) -> Report:
    """Bring AWS to what the stack says.

    Args:
        session: whose account is changed.
        stack: what is wanted.
        options: how.
        approve: sees the plan before anything is changed.
        listen: hears of everything that happens.
        stop: set it, and the run ends as soon as its calls in flight have ended.

    Raises:
        ManifestError, PlanError, AwsError: nothing was changed.
        LeaseHeldError: another run works on the stack.

    Steps that fail do not raise: the report tells them; `report.check()` raises.
    """
    _check(stack)
    desk = Desk(session, options)
    return _Run(desk, "apply", stack.name, approve, listen, stop, stack).go()


def teardown(
    session: ClientFactory,
    name: str,
    options: Options = DEFAULTS,
    *,
    approve: Approve = everything,
    listen: Listener = nobody,
    stop: threading.Event | None = None,
) -> Report:
    """Delete everything that the inventory says we made for a stack, in reverse order.

    Arguments and errors are those of `apply`; no manifest is needed.
    """
    desk = Desk(session, options)
    return _Run(desk, "teardown", name, approve, listen, stop).go()


def outputs(session: ClientFactory, name: str, options: Options = DEFAULTS) -> dict[str, JsonValue]:
    """The outputs of a stack's last apply.

    Raises:
        InventoryError: there is no such stack.
    """
    desk = Desk(session, options)
    for run in desk.inventory.runs(name):
        told = run.summary.get("outputs")
        if run.command == "apply" and isinstance(told, dict):
            return told
    raise InventoryError(
        f"Stack {name} was never applied in account {desk.target.account}, "
        f"region {desk.target.region}.",
        hint="See what there is: inventory list.",
    )


@dataclass
class _Run:
    """One run on one stack, from the lease to the last word."""

    desk: Desk
    command: str
    name: str
    approve: Approve
    listen: Listener
    stop: threading.Event | None = None
    stack: Stack | None = None

    def go(self) -> Report:
        """Plan under the lease, ask, do it, write down what came of it."""
        if self.stack is None and not self.desk.inventory.records(self.name):
            return self._nothing()
        options = self.desk.options
        with self.desk.inventory.open(
            self.name,
            self.desk.who(self.command),
            tool=f"provisioner {__version__}",
            digest=self.stack.digest if self.stack else "",
            wait=options.lock_timeout,
        ) as journal:
            planned = self._plan(journal)
            if not self.approve(planned):
                return self._close(journal, planned, Outcome(), declined=True)
            outcome = self._execute(journal, planned)
            return self._close(journal, planned, outcome)

    def _nothing(self) -> Report:
        """There is nothing to tear down: not even a lease is taken, and no table made."""
        planned = _plan_teardown(self.desk, self.name, {})
        self.approve(planned)
        report = self._report("", planned, Outcome(), "succeeded")
        self._tell(report)
        return report

    def _plan(self, journal: Journal) -> Plan:
        if self.stack is None:
            return _plan_teardown(self.desk, self.name, dict(journal.records))
        return _plan_apply(self.desk, self.stack, dict(journal.records))

    def _execute(self, journal: Journal, planned: Plan) -> Outcome:
        steps = schedule(planned)
        stop = self.stop or threading.Event()
        self.listen(RunStarted(journal.run, self.command, planned, len(steps)))
        if not steps:
            return Outcome()
        performing = Steps(
            planned,
            self.desk.aws.permitting(_permit(journal, stop)),
            journal,
            planned.values,
            steps,
        )
        performing.intend()
        return execute(
            steps,
            performing.perform,
            kinds={change.address: change.kind for change in planned.changes},
            clock=self.desk.aws.clock,
            listen=Historian(journal, planned, self.listen, self.desk.aws.clock),
            stop=stop,
            workers=self.desk.options.workers,
        )

    def _close(
        self, journal: Journal, planned: Plan, outcome: Outcome, *, declined: bool = False
    ) -> Report:
        result = "declined" if declined else result_of(outcome)
        report = self._report(journal.run, planned, outcome, result)
        told = {"outputs": dict(report.outputs)} if self.stack and not declined else {}
        journal.close(report.result, {**report.summary, **told})
        if not declined:
            self._tell(report)
        return report

    def _report(self, run: str, planned: Plan, outcome: Outcome, result: Result) -> Report:
        return Report(
            stack=self.name,
            run=run,
            command=self.command,
            result=result,
            plan=planned,
            outcome=outcome,
            outputs=_outputs(self.stack, planned.values),
            summary=summarize(
                planned,
                outcome,
                aws=self.desk.aws.ledger,
                inventory=self.desk.calls,
                seconds=self.desk.seconds,
            ),
        )

    def _tell(self, report: Report) -> None:
        self.listen(
            RunFinished(report.run, report.command, report.result, report.summary, report.outputs)
        )


def _permit(journal: Journal, stop: threading.Event) -> Callable[[Call], None]:
    """Asked before each call of the run."""

    def permit(call: Call) -> None:
        if stop.is_set() and call.mutates:
            raise InterruptedRunError(f"The run was interrupted; {call} was not sent.")
        journal.check(call)

    return permit


def _check(stack: Stack) -> None:
    """Everything that can be wrong without asking AWS."""
    stack.check()
    build(stack)


def _plan_apply(desk: Desk, stack: Stack, records: dict[str, Record]) -> Plan:
    _same_account(desk.target, records)
    situation = refresh(desk.reading, stack.name, records, stack)
    return plan_apply(stack, desk.target, situation, desk.options.allow)


def _plan_teardown(desk: Desk, name: str, records: dict[str, Record]) -> Plan:
    _same_account(desk.target, records)
    return plan_teardown(name, desk.target, refresh(desk.reading, name, records))


def _same_account(target: Target, records: dict[str, Record]) -> None:
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


def _outputs(stack: Stack | None, values: Values) -> dict[str, JsonValue]:
    """The outputs whose every reference has a value."""
    found: dict[str, JsonValue] = {}
    for name, value in stack.outputs.items() if stack else ():
        resolved = substitute(value, values.resolve)
        if not any(_open(reference) for _, reference in find(resolved)):
            found[name] = resolved
    return found


def _open(reference: Reference) -> bool:
    return reference.well_formed


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


__all__ = [
    "Action",
    "Allowances",
    "Desk",
    "Options",
    "apply",
    "outputs",
    "plan",
    "plan_removal",
    "teardown",
]
