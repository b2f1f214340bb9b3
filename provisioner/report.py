"""What came of a run: counted by resource, with what failed and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pydantic import JsonValue

from provisioner.aws.calls import Ledger
from provisioner.changes import Plan
from provisioner.ensure import Action
from provisioner.errors import ProvisionerError
from provisioner.executor import Outcome
from provisioner.schedule import Verb

Result: TypeAlias = Literal["succeeded", "partial", "failed", "interrupted", "lost", "declined"]

COUNTED = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.NOOP: "unchanged",
    Action.ADOPT: "adopted",
    Action.FORGET: "forgotten",
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
