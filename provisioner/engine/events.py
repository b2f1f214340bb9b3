"""What happens in a run, as typed events. The engine tells them; views, logs and history listen.

All events come from one thread, in order, so a listener needs no lock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import JsonValue

from provisioner.engine.schedule import Key
from provisioner.errors import ProvisionerError
from provisioner.inventory import Lease
from provisioner.lifecycle import Difference
from provisioner.planning.changes import Left, Plan


@dataclass(frozen=True, slots=True)
class LeaseAwaited:
    """Another run holds the stack, and is waited for.

    Attributes:
        lease: the other run's; it ends unless that run renews it.
        left: seconds until it ends.
    """

    lease: Lease
    left: float


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The plan is approved; the first step is about to start.

    Attributes:
        undoes: the run that this one undoes; empty for all but a rollback.
    """

    run: str
    command: str
    plan: Plan
    steps: int
    undoes: str = ""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step's first call is about to be made."""

    key: Key
    kind: str


@dataclass(frozen=True, slots=True)
class StepWaiting:
    """A step waits for AWS.

    Attributes:
        state: AWS's own word, or what is being waited for.
        elapsed, limit: seconds so far, and after how many it is given up.
        typical: seconds; None if nobody knows.
    """

    key: Key
    kind: str
    state: str
    elapsed: float
    typical: float | None
    limit: float


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step succeeded.

    Attributes:
        id: of the object.
        seconds: from its start.
        differences: what it changed, secrets masked.
        note: what else is worth telling.
        idle: there was nothing to do.
    """

    key: Key
    kind: str
    id: str
    seconds: float
    differences: tuple[Difference, ...] = ()
    note: str = ""
    idle: bool = False


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step failed; what needs it will not run."""

    key: Key
    kind: str
    error: ProvisionerError
    seconds: float


@dataclass(frozen=True, slots=True)
class StepSkipped:
    """A step did not run because `cause` failed, or because the run was stopped (None)."""

    key: Key
    kind: str
    cause: Key | None


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The last event.

    Attributes:
        result: succeeded, partial, failed or interrupted.
        summary: counts by action, AWS calls, seconds.
        outputs: the stack's outputs, as far as known.
        left: what was to be deleted and was not.
        survivors: what stays of deleted objects for a while, by address.
    """

    run: str
    command: str
    result: str
    summary: Mapping[str, JsonValue]
    outputs: Mapping[str, JsonValue] = field(default_factory=dict)
    left: tuple[Left, ...] = ()
    survivors: Mapping[str, str] = field(default_factory=dict)


Event: TypeAlias = (
    LeaseAwaited
    | RunStarted
    | StepStarted
    | StepWaiting
    | StepDone
    | StepFailed
    | StepSkipped
    | RunFinished
)
Listener: TypeAlias = Callable[[Event], None]


def nobody(event: Event) -> None:
    """Listen to nothing."""
    del event
