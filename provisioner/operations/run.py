"""One run on one stack, under its lease from the first look at AWS to the last word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from pydantic import JsonValue

from provisioner.aws.calls import Call
from provisioner.engine.events import LeaseAwaited, Listener, RunFinished, RunStarted
from provisioner.engine.executor import ENDS_THE_RUN, FIRST, Conduct, Outcome, execute
from provisioner.engine.history import Historian
from provisioner.engine.report import Report, Result, result_of, summarize
from provisioner.engine.schedule import expected_seconds, last_waits, schedule
from provisioner.engine.steps import Steps
from provisioner.errors import (
    CredentialsError,
    InterruptedRunError,
    LeaseLostError,
    ProvisionerError,
)
from provisioner.inventory import Journal, Lease, Record
from provisioner.inventory.lease import Queue
from provisioner.manifest.expiry import Expiry
from provisioner.manifest.references import Reference, find, substitute
from provisioner.operations.desk import Desk
from provisioner.planning.changes import Plan
from provisioner.planning.joining import guarded
from provisioner.planning.preflight import check
from provisioner.stack import Stack
from provisioner.stack.values import Values
from provisioner.version import __version__

CREDENTIALS_MARGIN = 60.0
"""Seconds before the end of the credentials in which nothing new is begun: what is in flight ends,
and is recorded."""

Approve: TypeAlias = Callable[[Plan], bool]
Planning: TypeAlias = Callable[[dict[str, Record]], Plan]
"""Makes the plan of a run from the stack's records."""


@dataclass
class Run:
    """A run and what it needs to know.

    Attributes:
        desk: where it works.
        command: `apply`, `teardown`, `rollback` or `repair`.
        name: of the stack.
        planning: makes the plan, under the lease; reads only.
        approve: sees the plan before anything is changed.
        listen: hears of everything that happens.
        digest: of the manifest.
        undoes: the run that this one undoes.
        expiry: when its stack expires from then on; None: as it did.
        reason: why it stopped itself; empty if it did not.
    """

    desk: Desk
    command: str
    name: str
    planning: Planning
    approve: Approve
    listen: Listener
    digest: str = ""
    undoes: str = ""
    expiry: Expiry | None = None
    reason: str = ""

    def go(self) -> Report:
        """Plan under the lease, ask, do it, write down what came of it."""
        options = self.desk.options
        with self.desk.inventory.open(
            self.name,
            self.desk.who(self.command),
            tool=f"provisioner {__version__}",
            digest=self.digest,
            undoes=self.undoes,
            queue=Queue(options.lock_timeout, self._await, self.desk.stopped),
            lasts=options.lease,
        ) as journal:
            if self.expiry:
                journal.expire(self.expiry)
            planned = check(self._guarded(self.planning(dict(journal.records)), journal))
            planned = replace(planned, expires_at=journal.expires_at)
            if planned.uses:
                journal.use(planned.uses)
            self.desk.check()
            if not self.approve(planned):
                return self._close(journal, planned, Outcome(), declined=True)
            outcome = self._execute(journal, planned)
            return self._close(journal, planned, outcome)

    def _guarded(self, planned: Plan, journal: Journal) -> Plan:
        """The plan, with what other stacks use of what it takes away."""
        kept = planned.wanted.outputs if planned.wanted and self.command == "apply" else None
        return guarded(self.desk.inventory, planned, journal.readers, journal.records, kept=kept)

    def _await(self, lease: Lease, left: float) -> None:
        self.listen(LeaseAwaited(lease, left))

    def nothing(self) -> Report:
        """There is nothing to do: not even a lease is taken, and no table made."""
        planned = self.planning({})
        self.approve(planned)
        report = self._report("", planned, Outcome(), "succeeded")
        self._tell(report)
        return report

    def _execute(self, journal: Journal, planned: Plan) -> Outcome:
        options = self.desk.options
        steps = schedule(planned)
        self.listen(RunStarted(journal.run, self.command, planned, len(steps), self.undoes))
        if not steps:
            return Outcome()
        self._outlive(expected_seconds(steps))
        performing = Steps(
            planned,
            self.desk.aws.permitting(partial(self._permit, journal)),
            journal,
            planned.values,
            steps,
            last_waits(steps) if options.wait == "created" else frozenset(),
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
            stop=self.desk.stopped,
            heard=performing.heard,
            conduct=Conduct(options.workers, FIRST if options.fail_fast else ENDS_THE_RUN),
        )
        performing.withdraw(outcome)
        return outcome

    def _outlive(self, expected: float) -> None:
        """Refuse to start what the credentials will not see the end of.

        Raises:
            CredentialsError: they end too soon and can't be renewed; nothing was changed.
        """
        short = self.desk.lifetime.ends_within(expected + CREDENTIALS_MARGIN)
        if short and not self.desk.options.expiring_credentials:
            raise CredentialsError(
                f"The credentials end at {self.desk.lifetime.end:%H:%M:%S} UTC, before this run is "
                f"expected to (it takes about {expected:.0f} s); nothing was changed.",
                hint="Renew them; or start with --expiring-credentials: the run then stops cleanly "
                "before they end, and the same command goes on later.",
            )

    def _permit(self, journal: Journal, call: Call) -> None:
        """Asked before each call of the run.

        Raises:
            InterruptedRunError: the run was stopped.
            RunLostError: another one has taken over, or nothing more can be recorded.
        """
        if call.mutates:
            stopped = self.desk.stopped
            if not stopped.is_set() and self.desk.lifetime.ends_within(CREDENTIALS_MARGIN):
                self.reason = "The credentials are about to end. Renew them."
                stopped.set()
            if stopped.is_set():
                raise InterruptedRunError(f"The run was interrupted; {call} was not sent.")
        journal.check(call)

    def _close(
        self, journal: Journal, planned: Plan, outcome: Outcome, *, declined: bool = False
    ) -> Report:
        result = "declined" if declined else result_of(outcome)
        report = self._report(journal.run, planned, outcome, result)
        told = {"outputs": dict(report.outputs)} if planned.wanted and not declined else {}
        try:
            journal.close(report.result, {**report.summary, **told})
        except LeaseLostError as error:
            report = replace(report, result="lost", reason=str(error))
        except ProvisionerError as error:
            report = _unwritten(report, error)
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
            reason=self.reason,
            outputs=_outputs(planned.wanted, planned.values),
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
            RunFinished(
                report.run,
                report.command,
                report.result,
                report.summary,
                report.outputs,
                report.left,
                report.survivors,
            )
        )


def _unwritten(report: Report, error: ProvisionerError) -> Report:
    """A run whose end could not be written down: the next one settles it by looking."""
    return replace(
        report,
        result="partial" if report.outcome.done else "failed",
        reason=f"Its end could not be written down: {error}",
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
