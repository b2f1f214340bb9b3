"""From what is wanted and what is, to what will be done. Pure: no AWS, no clock, no files.

Every address is judged by itself. A replace makes the attributes of its resource unknown, so all
that refer to it are judged again, until nothing moves. What the run must not do is refused here,
for the whole plan, before the first call.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from provisioner.aws.target import Target
from provisioner.discovery.refresher import Situation
from provisioner.lifecycle.ensure import Action
from provisioner.planning.allowances import Allowances
from provisioner.planning.changes import Plan
from provisioner.planning.judging import Judgement, judge, predict_again
from provisioner.planning.leftovers import reinstated
from provisioner.planning.narrowing import narrowed
from provisioner.planning.refusals import refusals_of, refuse
from provisioner.planning.unwanted import removed, unwanted
from provisioner.stack import Stack
from provisioner.stack.selection import ALL, Selection


def plan_apply(
    stack: Stack,
    target: Target,
    situation: Situation,
    allowed: Allowances | None = None,
    selection: Selection = ALL,
) -> Plan:
    """What it takes to bring AWS to the stack, or the selected part of it.

    Raises:
        ForeignObjectError, ProtectedError, ReplaceRefusedError: what may not be done, all of it.
    """
    judgement = Judgement(
        stack, target, situation, allowed or Allowances(), situation.values, selection.replace
    )
    _forget_strangers(judgement)
    judgement.situation = reinstated(stack, situation)
    _judge_all(judgement)
    _delete_dependents_first(judgement)
    plan = Plan(
        stack.name,
        target,
        (*judgement.changes.values(), *unwanted(stack, judgement.situation)),
        stack,
        judgement.situation,
        judgement.values,
        allowed=judgement.allowed,
        selected=selection,
    )
    plan = narrowed(plan, selection)
    refused = [error for a, error in judgement.refusals.items() if plan.change(a)]
    refuse([*refused, *refusals_of(plan, judgement.allowed)])
    return plan


def plan_teardown(
    name: str, target: Target, situation: Situation, selection: Selection = ALL
) -> Plan:
    """What it takes to leave nothing of a stack, or of a part of it, from the inventory alone.

    What is protected is in it all the same: a preflight names it with everything else that blocks.
    """
    changes = tuple(removed(situation, record) for record in situation.records.values())
    return narrowed(Plan(name, target, changes, None, situation, situation.values), selection)


def _forget_strangers(judgement: Judgement) -> None:
    """Attributes of what does not exist are only what its name says."""
    for resource in judgement.stack:
        if resource.address not in judgement.situation.found:
            judgement.values.forget(resource.address)
    predict_again(judgement, [resource.address for resource in judgement.stack])


def _judge_all(judgement: Judgement) -> None:
    users: dict[str, set[str]] = defaultdict(set)
    for resource in judgement.stack:
        for use in resource.uses:
            users[use.target].add(resource.address)
    open_ = dict.fromkeys(judgement.stack.resources)
    while open_:
        address = next(iter(open_))
        del open_[address]
        before = judgement.changes.get(address)
        change = judge(judgement, judgement.stack.resources[address])
        judgement.changes[address] = change
        newly_made = change.makes and not (before and before.makes)
        if newly_made and change.id is not None:
            judgement.values.forget(address)
            predict_again(judgement, [address])
            open_ |= dict.fromkeys(users[address])
    judgement.changes = {
        address: judgement.changes[address] for address in judgement.stack.resources
    }


def _delete_dependents_first(judgement: Judgement) -> None:
    """What must be gone before its successor is made, takes those with it that need it."""
    while True:
        first = {a for a, change in judgement.changes.items() if change.delete_first}
        more = [
            change
            for address, change in judgement.changes.items()
            if change.action is Action.REPLACE
            and address not in first
            and first & _needed_by(judgement, address)
        ]
        if not more:
            return
        judgement.changes |= {change.address: replace(change, delete_first=True) for change in more}


def _needed_by(judgement: Judgement, address: str) -> set[str]:
    record = judgement.situation.records.get(address)
    return {edge.address for edge in record.edges} if record else set()
