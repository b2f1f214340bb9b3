"""What will block a delete or outlive it, found by reading before the first delete.

A plan that deletes is surveyed: each kind says of its objects what stands in the way. What a person
allowed by name (to empty, to lift a protection) is no obstacle any more. `check` refuses the plan
as a whole, so that a teardown stops before it begins and never half way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from provisioner.aws.clients import Aws
from provisioner.aws.failures import translate
from provisioner.discovery.refresher import side_by_side
from provisioner.errors import BlockedError, ProtectedError
from provisioner.lifecycle import Obstacle
from provisioner.lifecycle.ensure import Action
from provisioner.planning.allowances import Allowances
from provisioner.planning.changes import Change, Old, Plan
from provisioner.planning.permissions import Need, missing, needs_of
from provisioner.registry import kind_of

PROTECTED = "it is protected"
GOING = frozenset({Action.DELETE, Action.REPLACE})


@dataclass(frozen=True, slots=True)
class _Going:
    """An object that the plan deletes."""

    address: str
    old: Old


def surveyed(aws: Aws, plan: Plan, allowed: Allowances) -> Plan:
    """The plan with its obstacles, and with what was allowed by name. Reads only.

    Raises:
        AwsError: a read failed.
    """
    now = aws.clock.now()
    changes = tuple(_allowed(change, allowed, now) for change in plan.changes)
    plan = replace(plan, changes=changes)
    going = [_Going(change.address, old) for change in plan.changes for old in change.olds]
    if not going:
        return plan
    found: dict[str, list[Obstacle]] = {}
    aws = aws.sharing()
    for one, obstacles in side_by_side(partial(_ask, aws, one, plan.ours) for one in going):
        found.setdefault(one.address, []).extend(obstacles)
    for change in plan.changes:
        found.setdefault(change.address, []).extend(_protections(plan, change))
    if plan.wanted is None:
        found[""] = [*missing(aws, [need for one in going for need in _needs(plan, one)])]
    return replace(plan, obstacles={a: tuple(told) for a, told in found.items() if told})


def check(plan: Plan) -> Plan:
    """The plan itself, if nothing blocks it.

    Raises:
        ProtectedError: something is protected.
        BlockedError: something else blocks; in either case all of it is named.
    """
    blocking = [
        (address, one) for address, many in plan.obstacles.items() for one in many if one.blocks
    ]
    if not blocking:
        return plan
    lines = [f"{address}: {one.what}." if address else f"{one.what}." for address, one in blocking]
    hints = dict.fromkeys(one.hint for _, one in blocking if one.hint)
    kind = ProtectedError if any(one.what == PROTECTED for _, one in blocking) else BlockedError
    done = "deleted" if plan.wanted is None else "changed"
    raise kind(f"Nothing was {done}.\n" + "\n".join(lines), hint=" ".join(hints))


def _allowed(change: Change, allowed: Allowances, now: datetime) -> Change:
    olds = tuple(
        replace(
            old,
            survives=_survives(old, now),
            empty=old.empty or change.address in allowed.empty | allowed.replace,
            theirs=old.theirs and change.address not in allowed.lift,
        )
        for old in change.olds
    )
    return replace(change, olds=olds)


def _survives(old: Old, now: datetime) -> str:
    survives = kind_of(old.kind).survives
    return survives(old.settings, now) if survives else ""


def _ask(aws: Aws, one: _Going, ids: frozenset[str]) -> tuple[_Going, list[Obstacle]]:
    kind = kind_of(one.old.kind)
    if kind.obstacles is None:
        return one, []
    try:
        told = kind.obstacles(aws, one.old.id, one.old.settings, ids)
    except Exception as error:
        raise translate(error, f"looking at what {one.old.kind} {one.address} holds") from error
    return one, [_eased(one, obstacle) for obstacle in told]


def _eased(one: _Going, obstacle: Obstacle) -> Obstacle:
    """What the object holds is no obstacle where it may be emptied; else it is told how to."""
    if not obstacle.empties:
        return obstacle
    if one.old.empty:
        return replace(obstacle, blocks=False)
    return replace(obstacle, hint=obstacle.hint or f"To delete that too: --empty {one.address}.")


def _protections(plan: Plan, change: Change) -> Iterator[Obstacle]:
    record = plan.record(change.address)
    if plan.wanted is None and change.action in GOING and record and record.protect:
        yield Obstacle(
            PROTECTED, "Set protect: false in the manifest and apply it, then tear down."
        )
    for old in change.olds:
        if old.theirs:
            yield Obstacle(
                f"{old.lifts} was switched on by somebody else",
                f"To switch it off: --lift {change.address}.",
            )


def _needs(plan: Plan, one: _Going) -> Iterator[Need]:
    """What the caller must be allowed to do to one object."""
    found, kind = plan.found(one.address), kind_of(one.old.kind)
    if found and found.id == one.old.id:
        yield from needs_of(kind.deletes, found.observed.attributes)
        yield from needs_of(kind.lifts if one.old.lifts else (), found.observed.attributes)
        yield from needs_of(kind.drains if one.old.empty else (), found.observed.attributes)
