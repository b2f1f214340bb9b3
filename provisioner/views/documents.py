"""Errors and events of a run as plain JSON, for `--json`; their shapes are in `shapes.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from provisioner.engine.events import (
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
from provisioner.errors import AwsError, ManifestError, Problem, ProvisionerError
from provisioner.inventory import Holder
from provisioner.planning.changes import Left
from provisioner.views.plans.document import difference_document
from provisioner.views.shapes import (
    SCHEMA,
    ErrorShape,
    EventShape,
    FinishedShape,
    HolderShape,
    LeaseShape,
    LeftShape,
    ProblemShape,
    StartedShape,
    StepDoneShape,
    StepFailedShape,
    StepSkippedShape,
    StepStartedShape,
    StepWaitingShape,
)


def error_document(error: ProvisionerError, exit_code: int) -> ErrorShape:
    """What went wrong, for a program."""
    document: ErrorShape = {
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
        document["code"], document["operation"] = error.code, error.operation
        document["request_id"] = error.request_id
    return document


def event_document(event: Event) -> EventShape:
    """One event of a run."""
    make = cast("Callable[[Event], EventShape]", _EVENTS[type(event)])
    return make(event)


def _problem(problem: Problem) -> ProblemShape:
    place = problem.place
    return {
        "message": problem.message,
        "hint": problem.hint,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
    }


def _lease_awaited(event: LeaseAwaited) -> LeaseShape:
    holder = event.lease.holder
    return {
        "event": "lease.awaited",
        "stack": event.lease.stack,
        "holder": _holder(holder) if holder else None,
        "since": event.lease.since,
        "seconds_left": round(max(event.left, 0.0), 1),
    }


def _holder(holder: Holder) -> HolderShape:
    return {
        "who": holder.who,
        "host": holder.host,
        "command": holder.command,
        "run": holder.run,
    }


def _run_started(event: RunStarted) -> StartedShape:
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


def _started(event: StepStarted) -> StepStartedShape:
    return {
        "event": "step.started",
        "step": event.key.verb,
        "address": event.key.address,
        "kind": event.kind,
    }


def _waiting(event: StepWaiting) -> StepWaitingShape:
    return {
        "event": "step.waiting",
        "step": event.key.verb,
        "address": event.key.address,
        "kind": event.kind,
        "state": event.state,
        "elapsed": round(event.elapsed, 3),
        "typical": event.typical,
        "limit": event.limit,
    }


def _done(event: StepDone) -> StepDoneShape:
    return {
        "event": "step.done",
        "step": event.key.verb,
        "address": event.key.address,
        "kind": event.kind,
        "id": event.id,
        "seconds": round(event.seconds, 3),
        "differences": [difference_document(item) for item in event.differences],
        "note": event.note,
    }


def _failed(event: StepFailed) -> StepFailedShape:
    return {
        "event": "step.failed",
        "step": event.key.verb,
        "address": event.key.address,
        "kind": event.kind,
        "message": str(event.error),
        "hint": event.error.hint,
        "seconds": round(event.seconds, 3),
    }


def _skipped(event: StepSkipped) -> StepSkippedShape:
    return {
        "event": "step.skipped",
        "step": event.key.verb,
        "address": event.key.address,
        "kind": event.kind,
        "cause": str(event.cause) if event.cause else None,
    }


def _finished(event: RunFinished) -> FinishedShape:
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


def _left(left: Left) -> LeftShape:
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
