"""What of a plan a person should look at first: what is deleted, lost, unprotected or opened.

Only what exists can be in danger, so a create has none. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from provisioner.lifecycle import AnyType, Difference, Json, Spec, rules_of
from provisioner.lifecycle.ensure import Action
from provisioner.lifecycle.policydiff import PolicyChange, compare, policies_of
from provisioner.planning.changes import Change, Old, Plan
from provisioner.registry import kind_of


class Risk(StrEnum):
    """What may be regretted; the worst first."""

    DATA = "data"
    DELETE = "delete"
    REPLACE = "replace"
    PROTECTION = "protection"
    ACCESS = "access"


@dataclass(frozen=True, slots=True)
class Danger:
    """One thing that a change does to what exists.

    Attributes:
        risk: of which sort.
        what: a sentence without its dot.
    """

    risk: Risk
    what: str


def dangers_of(plan: Plan, change: Change) -> tuple[Danger, ...]:
    """All dangers of a change, the worst first."""
    order = list(Risk)
    found = [*_losses(change), *_unprotected(plan, change), *_widened(change)]
    return tuple(sorted(found, key=lambda danger: order.index(danger.risk)))


def policy_changes(change: Change) -> Mapping[str, PolicyChange]:
    """What the changed policies of a change mean, by field."""
    spec: type[Spec] = kind_of(change.kind).spec
    rules = rules_of(spec)
    told = {}
    for one in change.differences:
        if one.field in rules and not one.secret:
            before = policies_of(rules[one.field], one.before)
            after = policies_of(rules[one.field], one.after)
            if before is not None and after is not None:
                told[one.field] = compare(before, after)
    return told


def _losses(change: Change) -> Iterator[Danger]:
    for old in change.olds:
        replaced = change.action is Action.REPLACE and old.id == change.id
        if replaced:
            yield Danger(Risk.REPLACE, f"{old.id} is deleted for a new one")
        else:
            yield Danger(Risk.DELETE, f"{old.id} is deleted{_why(change, old)}")
        if old.holds_data:
            yield Danger(Risk.DATA, f"the data of {old.id} is lost")
        if old.lifts:
            whose = ", which somebody else set," if old.theirs else ""
            yield Danger(Risk.PROTECTION, f"{old.lifts}{whose} is taken away first")


def _why(change: Change, old: Old) -> str:
    """Why an object goes that is not the one the change is about."""
    return "" if old.id == change.id else ": an earlier run left it"


def _unprotected(plan: Plan, change: Change) -> Iterator[Danger]:
    record, resource = plan.record(change.address), plan.resource(change.address)
    if record and resource and record.protect and not resource.protect:
        yield Danger(Risk.PROTECTION, "protect is taken off it")
    protection = kind_of(change.kind).protection
    if protection and change.id is not None:
        for one in change.differences:
            before, after = _states(one)
            if (lifted := protection(before)) and not protection(after):
                yield Danger(Risk.PROTECTION, f"{lifted} is taken off it")


def _widened(change: Change) -> Iterator[Danger]:
    if change.id is None:
        return
    for field, policy in policy_changes(change).items():
        if policy.widens:
            yield Danger(Risk.ACCESS, f"{field} gives more access")
    for one in change.differences:
        for what in _exposed(kind_of(change.kind), one):
            yield Danger(Risk.ACCESS, f"newly {what}")


def _exposed(kind: AnyType, difference: Difference) -> list[str]:
    if kind.exposes is None or difference.secret:
        return []
    before, after = _states(difference)
    there = kind.exposes(before)
    return [what for what in kind.exposes(after) if what not in there]


def _states(one: Difference) -> tuple[dict[str, Json], dict[str, Json]]:
    return {one.field: one.before}, {one.field: one.after}
