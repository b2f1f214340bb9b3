"""One run on one stack, under its lease from the first look at AWS to the last word."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import JsonValue

from provisioner.aws.calls import Call
from provisioner.changes import Plan
from provisioner.desk import Desk, planned_apply, planned_teardown
from provisioner.errors import InterruptedRunError
from provisioner.events import LeaseAwaited, Listener, RunFinished, RunStarted
from provisioner.executor import Outcome, execute
from provisioner.history import Historian
from provisioner.inventory import Journal, Lease
from provisioner.inventory.lease import Queue
from provisioner.references import Reference, find, substitute
from provisioner.report import Report, Result, result_of, summarize
from provisioner.schedule import schedule
from provisioner.stack import Stack
from provisioner.steps import Steps
from provisioner.values import Values
from provisioner.version import __version__

Approve: TypeAlias = Callable[[Plan], bool]


@dataclass
class Run:
    """A run and what it needs to know.

    Attributes:
        desk: where it works.
        command: `apply` or `teardown`.
        name: of the stack.
        approve: sees the plan before anything is changed.
        listen: hears of everything that happens.
        stopped: set it, and the run ends as soon as its calls in flight have ended.
        stack: what is wanted; None for a teardown.
    """

    desk: Desk
    command: str
    name: str
    approve: Approve
    listen: Listener
    stopped: threading.Event = field(default_factory=threading.Event)
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
            queue=Queue(options.lock_timeout, self._await, self.stopped),
            lasts=options.lease,
        ) as journal:
            planned = self._plan(journal)
            if not self.approve(planned):
                return self._close(journal, planned, Outcome(), declined=True)
            outcome = self._execute(journal, planned)
            return self._close(journal, planned, outcome)

    def _await(self, lease: Lease, left: float) -> None:
        self.listen(LeaseAwaited(lease, left))

    def _nothing(self) -> Report:
        """There is nothing to tear down: not even a lease is taken, and no table made."""
        planned = planned_teardown(self.desk, self.name, {})
        self.approve(planned)
        report = self._report("", planned, Outcome(), "succeeded")
        self._tell(report)
        return report

    def _plan(self, journal: Journal) -> Plan:
        if self.stack is None:
            return planned_teardown(self.desk, self.name, dict(journal.records))
        return planned_apply(self.desk, self.stack, dict(journal.records))

    def _execute(self, journal: Journal, planned: Plan) -> Outcome:
        steps = schedule(planned)
        self.listen(RunStarted(journal.run, self.command, planned, len(steps)))
        if not steps:
            return Outcome()
        performing = Steps(
            planned,
            self.desk.aws.permitting(_permit(journal, self.stopped)),
            journal,
            planned.values,
            steps,
        )
        performing.intend()
        outcome = execute(
            steps,
            performing.perform,
            kinds={change.address: change.kind for change in planned.changes},
            clock=self.desk.aws.clock,
            listen=Historian(
                journal, planned, self.listen, self.desk.aws.clock, performing.requests
            ),
            stop=self.stopped,
            workers=self.desk.options.workers,
        )
        performing.withdraw(outcome)
        return outcome

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
