"""A plan for a part of a stack: what was chosen, with all that it can't be done without. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from provisioner.errors import PlanError
from provisioner.planning.changes import Change, Plan, Scope
from provisioner.stack.selection import Selection

Needs = Mapping[str, set[str]]
"""Whom an address can't be done without."""


def narrowed(plan: Plan, selection: Selection) -> Plan:
    """The plan with no more than what was chosen in it.

    What is made needs what it refers to. What is deleted or replaced needs those that refer to it,
    since they have to let go first.

    Raises:
        PlanError: a chosen resource needs an excluded one.
    """
    if not (selection.target or selection.exclude):
        return plan
    needs = _needs(plan)
    everything = {change.address for change in plan.changes}
    chosen = _closure(selection.target, needs) if selection.target else everything
    left = _closure(selection.exclude, _reversed(needs))
    if both := sorted(selection.target & left):
        raise PlanError(
            f"Nothing was planned: {', '.join(both)} can't be done without what is excluded.",
            hint="Exclude less, or choose less.",
        )
    return _only(plan, chosen - left, selection)


def _only(plan: Plan, kept: set[str], selection: Selection) -> Plan:
    """The plan without all others, whose attributes stay what they are."""
    asked = selection.target or selection.exclude
    dropped = [change for change in plan.changes if change.address not in kept]
    for change in dropped:
        if found := plan.found(change.address):
            plan.values.learn(change.address, found.observed.attributes)
    origins = {new: old for new, old in plan.situation.origins.items() if new in kept}
    changes = tuple(change for change in plan.changes if change.address in kept)
    scope = Scope(
        target=tuple(sorted(selection.target)),
        exclude=tuple(sorted(selection.exclude)),
        needed=_busy(changes, asked) if selection.target else (),
        left=_busy(dropped, selection.exclude),
    )
    situation = replace(plan.situation, origins=origins)
    return replace(plan, changes=changes, situation=situation, scope=scope)


def _busy(changes: Iterable[Change], named: frozenset[str]) -> tuple[str, ...]:
    """The addresses that something would happen to, and that nobody named."""
    return tuple(one.address for one in changes if not one.idle and one.address not in named)


def _needs(plan: Plan) -> Needs:
    needs: dict[str, set[str]] = defaultdict(set)
    going = {one.address for one in plan.changes if one.olds or not one.stays}
    for resource in plan.wanted or ():
        for use in resource.uses:
            needs[resource.address].add(use.target)
            if use.target in going:
                needs[use.target].add(resource.address)
    for record in plan.situation.records.values():
        for edge in record.edges:
            if edge.address in going:
                needs[edge.address].add(record.address)
    return needs


def _reversed(needs: Needs) -> Needs:
    users: dict[str, set[str]] = defaultdict(set)
    for address, needed in needs.items():
        for one in needed:
            users[one].add(address)
    return users


def _closure(addresses: Iterable[str], needs: Needs) -> set[str]:
    """These, and all that they need, and what those need."""
    found: set[str] = set()
    waiting = [*addresses]
    while waiting:
        address = waiting.pop()
        if address not in found:
            found.add(address)
            waiting += needs.get(address, set())
    return found
