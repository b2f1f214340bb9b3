"""What a plan must not do: refused for the whole plan, before the first call. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioner.errors import PlanError, ProtectedError, ReplaceRefusedError
from provisioner.lifecycle.ensure import Action
from provisioner.planning.allowances import Allowances
from provisioner.planning.changes import Change, Plan


def refuse(refusals: Sequence[PlanError]) -> None:
    """Raise what the plan must not do, all of it at once.

    Raises:
        ForeignObjectError, ProtectedError, ReplaceRefusedError: the first, which names them all.
    """
    if refusals:
        first = refusals[0]
        hints = dict.fromkeys(refusal.hint for refusal in refusals if refusal.hint)
        raise type(first)("\n".join(map(str, refusals)), hint=" ".join(hints))


def refusals_of(plan: Plan, allowed: Allowances) -> Iterator[PlanError]:
    """What of a plan meets a protection, or loses data that nobody said may go."""
    for change in plan.changes:
        if change.action in {Action.DELETE, Action.REPLACE}:
            if _protected(plan, change):
                yield _meets_protection(change)
            elif _loses_data(change) and change.address not in allowed.replace:
                yield ReplaceRefusedError(
                    f"{change.address} holds data and would be replaced: {change.reason}.",
                    hint=f"If its data may go: --allow-replace {change.address}.",
                )


def _protected(plan: Plan, change: Change) -> bool:
    """As the manifest says, or the inventory: taking a protection away is a step of its own."""
    resource, record = plan.resource(change.address), plan.record(change.address)
    return any(one is not None and one.protect for one in (resource, record))


def _loses_data(change: Change) -> bool:
    return change.action is Action.REPLACE and any(old.holds_data for old in change.olds)


def _meets_protection(change: Change) -> ProtectedError:
    verb = "deleted" if change.action is Action.DELETE else f"replaced ({change.reason})"
    return ProtectedError(
        f"{change.address} is protected and would be {verb}.",
        hint="Set protect: false on it first, and apply that by itself.",
    )
