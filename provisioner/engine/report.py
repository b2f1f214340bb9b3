"""What came of a run: counted by resource, with what failed and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pydantic import JsonValue

from provisioner.aws.calls import Ledger
from provisioner.engine.executor import Outcome
from provisioner.engine.schedule import Key, Verb
from provisioner.errors import ProvisionerError
from provisioner.lifecycle.ensure import Action
from provisioner.planning.changes import Change, Left, Old, Plan
from provisioner.registry import kind_of

Result: TypeAlias = Literal["succeeded", "partial", "failed", "interrupted", "lost", "declined"]

COUNTED = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.NOOP: "unchanged",
    Action.ADOPT: "adopted",
    Action.FORGET: "forgotten",
    Action.MOVE: "moved",
}
"""The name of each action in a summary, once it is done."""


@dataclass(frozen=True)
class Report:
    """One finished run.

    Attributes:
        stack, run, command: which.
        result: `succeeded`; `partial`, `failed` if steps failed, with and without others done;
            `interrupted`; `lost` if another run has taken over the stack; `declined` if the plan
            was not approved.
        plan: what was to be done.
        outcome: how its steps ended.
        outputs: the stack's outputs, as far as their values are known.
        summary: resources by what was done to them, AWS calls, seconds.
        reason: why the run stopped itself; empty if it did not.
        rollback: the run that undid this one, if it failed and that was asked for.
    """

    stack: str
    run: str
    command: str
    result: Result
    plan: Plan
    outcome: Outcome = field(default_factory=Outcome)
    outputs: Mapping[str, JsonValue] = field(default_factory=dict)
    summary: Mapping[str, JsonValue] = field(default_factory=dict)
    reason: str = ""
    rollback: Report | None = None

    @property
    def left(self) -> tuple[Left, ...]:
        """What was to be deleted and was not, each with its cause."""
        return () if self.result == "declined" else tuple(_left(self.plan, self.outcome))

    @property
    def survivors(self) -> Mapping[str, str]:
        """What stays of deleted objects for a while, in a sentence each, by address."""
        return {
            change.address: old.survives
            for change in self.plan.changes
            for old in change.olds
            if old.survives and Key(change.address, Verb.DELETE) in self.outcome.done
        }

    def check(self) -> Report:
        """The report itself, if everything succeeded.

        Raises:
            RunFailedError: something failed, was skipped or interrupted.
        """
        if self.result not in {"succeeded", "declined"}:
            raise RunFailedError(self)
        return self


class RunFailedError(ProvisionerError):
    """Part of a run failed. What was done is recorded; the same command goes on from there.

    Attributes:
        report: of the run.
    """

    def __init__(self, report: Report) -> None:
        causes = [
            str(error) if str(error).startswith(str(key)) else f"{key}: {error}"
            for key, error in sorted(report.outcome.failed.items())
        ]
        head = f"Run {report.run} on {report.stack}: {report.result}."
        undo = report.rollback
        undone = [f"It was undone by run {undo.run}: {undo.result}."] if undo else []
        super().__init__("\n".join([head, *causes, *undone]), hint="Run the same command again.")
        self.report = report


def result_of(outcome: Outcome) -> Result:
    """The result of executed steps."""
    if outcome.whole:
        return "succeeded"
    if outcome.interrupted:
        return "interrupted"
    return "partial" if outcome.done else "failed"


def _left(plan: Plan, outcome: Outcome) -> Iterator[Left]:
    for change in plan.changes:
        for old in change.olds:
            if why := _why_left(change, old, outcome):
                yield Left(change.address, old.kind, old.id, *why)


def _why_left(change: Change, old: Old, outcome: Outcome) -> tuple[str, str] | None:
    """Why an object was not deleted, and the step that failed; None if it was."""
    deletion, look = Key(change.address, Verb.DELETE), Key(change.address, Verb.LOOK)
    if deletion in outcome.done:
        error = outcome.failed.get(look)
        return (f"it was there again: {error}", str(look)) if error else None
    for key in (Key(change.address, verb) for verb in (Verb.LIFT, Verb.UNWIRE, Verb.DELETE)):
        if key in outcome.failed:
            return str(outcome.failed[key]).removesuffix("."), str(key)
    cause = outcome.skipped.get(deletion)
    if cause is None:
        return "the run was stopped before its delete", ""
    if kind_of(old.kind).last:
        return f"it stays as long as anything else does: {cause} failed", str(cause)
    return f"it waits for {cause.address}: {cause} failed", str(cause)


def summarize(
    plan: Plan, outcome: Outcome, *, aws: Ledger, inventory: Ledger, seconds: float
) -> dict[str, JsonValue]:
    """Count resources by what happened to them; each counts once.

    Args:
        plan: what was to be done.
        outcome: what was done.
        aws: calls to everything but the inventory.
        inventory: calls to the inventory.
        seconds: the run took.
    """
    failed = {key.address for key in outcome.failed}
    skipped = {key.address for key in outcome.skipped if key.verb is not Verb.LOOK} - failed
    counts = Counter(
        COUNTED[change.action] for change in plan.changes if change.address not in failed | skipped
    )
    return {
        **{name: counts[name] for name in COUNTED.values()},
        "failed": len(failed),
        "skipped": len(skipped),
        "aws_calls": {
            "read": aws.reads,
            "write": aws.writes,
            "inventory": inventory.reads + inventory.writes,
        },
        "seconds": round(seconds, 3),
    }
