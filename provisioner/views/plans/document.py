"""A plan as plain JSON, for `--json`: what people are shown, with nothing shortened."""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.engine.schedule import expected_seconds, schedule
from provisioner.lifecycle import Difference, Obstacle
from provisioner.lifecycle.ensure import Action
from provisioner.lifecycle.policydiff import PolicyChange, Rule
from provisioner.lifecycle.secrets import masked
from provisioner.planning.changes import Change, Old, Plan, Scope
from provisioner.planning.dangers import dangers_of, policy_changes
from provisioner.planning.resemblance import resemblances
from provisioner.views.shapes import (
    SCHEMA,
    ChangeShape,
    DeletedShape,
    DifferenceShape,
    ObstacleShape,
    PlanShape,
    PolicyShape,
    RuleShape,
    ScopeShape,
)


def plan_document(plan: Plan) -> PlanShape:
    """The whole plan; secrets masked."""
    return {
        "event": "plan",
        "schema": SCHEMA,
        "stack": plan.stack,
        "account": plan.target.account,
        "region": plan.target.region,
        "counts": {str(action): plan.counts.get(action, 0) for action in Action},
        "changes": [_change(plan, change) for change in plan.changes],
        "lasting": [
            {"address": one.address, "what": one.what, "why": one.why} for one in plan.lasting
        ],
        "obstacles": [
            _obstacle(address, one) for address, many in plan.obstacles.items() for one in many
        ],
        "blocked": plan.blocked,
        "renames": [
            {"address": one.address, "moved_from": one.former, "equal": one.equal}
            for one in resemblances(plan)
        ],
        "scope": _scope(plan.scope) if plan.scope else None,
        "expires_at": plan.expires_at or None,
        "expected_seconds": round(expected_seconds(schedule(plan))),
    }


def _scope(scope: Scope) -> ScopeShape:
    return {
        "target": [*scope.target],
        "exclude": [*scope.exclude],
        "needed": [*scope.needed],
        "left": [*scope.left],
    }


def difference_document(
    difference: Difference, policy: PolicyChange | None = None
) -> DifferenceShape:
    """One field; a secret one masked."""
    known = masked(difference)
    return {
        "field": known.field,
        "before": known.before,
        "after": known.after,
        "replace": known.replace,
        "secret": known.secret,
        "unknown": known.unknown,
        "origin": known.origin,
        "applied": known.applied,
        "policy": None if policy is None else _policy(policy),
    }


def _change(plan: Plan, change: Change) -> ChangeShape:
    policies = policy_changes(change)
    return {
        "address": change.address,
        "kind": change.kind,
        "action": change.action,
        "reason": change.reason,
        "moved_from": change.moved_from or None,
        "id": change.id,
        "owned": change.owned,
        "dangers": [{"risk": one.risk, "what": one.what} for one in dangers_of(plan, change)],
        "differences": [
            difference_document(one, policies.get(one.field)) for one in change.differences
        ],
        "deletes": [_old(old) for old in change.olds],
    }


def _policy(change: PolicyChange) -> PolicyShape:
    return {
        "newly_allowed": _rules(change.newly_allowed),
        "no_longer_allowed": _rules(change.no_longer_allowed),
        "still_allowed": _rules(change.still_allowed),
        "newly_denied": _rules(change.newly_denied),
        "no_longer_denied": _rules(change.no_longer_denied),
        "still_denied": _rules(change.still_denied),
    }


def _rules(rules: Iterable[Rule]) -> list[RuleShape]:
    return [
        {
            "principals": [*rule.principals],
            "actions": [*rule.actions],
            "resources": [*rule.resources],
            "conditions": [*rule.conditions],
        }
        for rule in rules
    ]


def _old(old: Old) -> DeletedShape:
    return {
        "kind": old.kind,
        "id": old.id,
        "holds_data": old.holds_data,
        "survives": old.survives,
        "lifts": old.lifts,
        "empties": old.empty,
    }


def _obstacle(address: str, obstacle: Obstacle) -> ObstacleShape:
    return {
        "address": address or None,
        "what": obstacle.what,
        "hint": obstacle.hint,
        "blocks": obstacle.blocks,
        "empties": obstacle.empties,
        "seconds": round(obstacle.seconds, 1),
    }
