"""Plans, reports and events as plain JSON, for `--json`. Its shape is versioned by `SCHEMA`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from pydantic import JsonValue

from provisioner.changes import Change, Left, Old, Plan
from provisioner.ensure import Action
from provisioner.errors import AwsError, ManifestError, Problem, ProvisionerError
from provisioner.events import (
    Event,
    LeaseAwaited,
    RunFinished,
    RunStarted,
    StepDone,
    StepFailed,
    StepSkipped,
    StepStarted,
    StepWaiting,
)
from provisioner.lifecycle import Difference, Obstacle
from provisioner.schedule import Key, expected_seconds, schedule
from provisioner.secrets import masked

SCHEMA = "1.0"
E = TypeVar("E")
Document = dict[str, JsonValue]


def plan_document(plan: Plan) -> Document:
    """The whole plan; secrets masked."""
    return {
        "event": "plan",
        "schema": SCHEMA,
        "stack": plan.stack,
        "account": plan.target.account,
        "region": plan.target.region,
        "counts": {str(action): plan.counts.get(action, 0) for action in Action},
        "changes": [_change(change) for change in plan.changes],
        "lasting": [
            {"address": one.address, "what": one.what, "why": one.why} for one in plan.lasting
        ],
        "obstacles": [
            _obstacle(address, one) for address, many in plan.obstacles.items() for one in many
        ],
        "blocked": plan.blocked,
        "expected_seconds": round(expected_seconds(schedule(plan))),
    }


def error_document(error: ProvisionerError, exit_code: int) -> Document:
    """What went wrong, for a program."""
    document: Document = {
        "event": "error",
        "schema": SCHEMA,
        "error": type(error).__name__,
        "message": str(error),
        "hint": error.hint,
        "exit_code": exit_code,
    }
    if isinstance(error, ManifestError):
        document["problems"] = [_problem(problem) for problem in error.problems]
    if isinstance(error, AwsError):
        document |= {"code": error.code, "operation": error.operation}
        document["request_id"] = error.request_id
    return document


def event_document(event: Event) -> Document:
    """One event of a run."""
    make = cast("Callable[[Event], Document]", _EVENTS[type(event)])
    return make(event)


def _change(change: Change) -> Document:
    return {
        "address": change.address,
        "kind": change.kind,
        "action": str(change.action),
        "reason": change.reason,
        "id": change.id,
        "owned": change.owned,
        "differences": [_difference(masked(item)) for item in change.differences],
        "deletes": [_old(old) for old in change.olds],
    }


def _old(old: Old) -> Document:
    return {
        "kind": old.kind,
        "id": old.id,
        "holds_data": old.holds_data,
        "survives": old.survives,
        "lifts": old.lifts,
        "empties": old.empty,
    }


def _obstacle(address: str, obstacle: Obstacle) -> Document:
    return {
        "address": address or None,
        "what": obstacle.what,
        "hint": obstacle.hint,
        "blocks": obstacle.blocks,
        "empties": obstacle.empties,
        "seconds": round(obstacle.seconds, 1),
    }


def _difference(difference: Difference) -> Document:
    return {
        "field": difference.field,
        "before": difference.before,
        "after": difference.after,
        "replace": difference.replace,
        "secret": difference.secret,
        "unknown": difference.unknown,
    }


def _problem(problem: Problem) -> Document:
    place = problem.place
    return {
        "message": problem.message,
        "hint": problem.hint,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
    }


def _lease_awaited(event: LeaseAwaited) -> Document:
    holder = event.lease.holder
    return {
        "event": "lease.awaited",
        "stack": event.lease.stack,
        "holder": holder.model_dump(mode="json") if holder else None,
        "since": event.lease.since,
        "seconds_left": round(max(event.left, 0.0), 1),
    }


def _run_started(event: RunStarted) -> Document:
    return {
        "event": "run.started",
        "schema": SCHEMA,
        "run": event.run,
        "command": event.command,
        "stack": event.plan.stack,
        "account": event.plan.target.account,
        "region": event.plan.target.region,
        "steps": event.steps,
        "undoes": event.undoes,
    }


def _step(name: str, key: Key, kind: str) -> Document:
    return {"event": name, "step": str(key.verb), "address": key.address, "kind": kind}


def _started(event: StepStarted) -> Document:
    return _step("step.started", event.key, event.kind)


def _waiting(event: StepWaiting) -> Document:
    return _step("step.waiting", event.key, event.kind) | {
        "state": event.state,
        "elapsed": round(event.elapsed, 3),
        "typical": event.typical,
        "limit": event.limit,
    }


def _done(event: StepDone) -> Document:
    return _step("step.done", event.key, event.kind) | {
        "id": event.id,
        "seconds": round(event.seconds, 3),
        "differences": [_difference(item) for item in event.differences],
        "note": event.note,
    }


def _failed(event: StepFailed) -> Document:
    return _step("step.failed", event.key, event.kind) | {
        "message": str(event.error),
        "hint": event.error.hint,
        "seconds": round(event.seconds, 3),
    }


def _skipped(event: StepSkipped) -> Document:
    return _step("step.skipped", event.key, event.kind) | {
        "cause": str(event.cause) if event.cause else None
    }


def _finished(event: RunFinished) -> Document:
    return {
        "event": "run.finished",
        "run": event.run,
        "command": event.command,
        "result": event.result,
        "summary": dict(event.summary),
        "outputs": dict(event.outputs),
        "left": [_left(one) for one in event.left],
        "survivors": dict(event.survivors),
    }


def _left(left: Left) -> Document:
    return {
        "address": left.address,
        "kind": left.kind,
        "id": left.id,
        "why": left.why,
        "cause": left.cause,
    }


_EVENTS: dict[type, object] = {
    LeaseAwaited: _lease_awaited,
    RunStarted: _run_started,
    StepStarted: _started,
    StepWaiting: _waiting,
    StepDone: _done,
    StepFailed: _failed,
    StepSkipped: _skipped,
    RunFinished: _finished,
}
