"""The shapes of the documents that `--json` prints: the one source of them and of their schema.

`SCHEMA` is their version: the first number changes when something is taken away or means something
else, the second when something is added. `scripts/docs` writes the JSON Schemas to `docs/schema`.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import ConfigDict, JsonValue, with_config
from typing_extensions import TypedDict

from provisioner.engine.schedule import Verb
from provisioner.lifecycle import Origin
from provisioner.lifecycle.ensure import Action
from provisioner.planning.dangers import Risk

SCHEMA = "1.3"
EXACT = ConfigDict(extra="forbid")


@with_config(EXACT)
class RuleShape(TypedDict):
    """Each principal, each action, each resource; see `provisioner.lifecycle.policydiff.Rule`."""

    principals: list[str]
    actions: list[str]
    resources: list[str]
    conditions: list[str]


@with_config(EXACT)
class PolicyShape(TypedDict):
    """What a change of policies means; `still_…`: what is left of an access that was narrowed."""

    newly_allowed: list[RuleShape]
    no_longer_allowed: list[RuleShape]
    still_allowed: list[RuleShape]
    newly_denied: list[RuleShape]
    no_longer_denied: list[RuleShape]
    still_denied: list[RuleShape]


@with_config(EXACT)
class DifferenceShape(TypedDict):
    """One field: before and after, secrets as `(secret)`; null is absent.

    `applied` is what was applied last, where both the manifest and somebody outside changed it.
    `origin` and `policy` are null in what a step tells that was done, where nobody asks for them.
    """

    field: str
    before: JsonValue
    after: JsonValue
    replace: bool
    secret: bool
    unknown: bool
    origin: Origin | None
    applied: JsonValue
    policy: PolicyShape | None


@with_config(EXACT)
class DeletedShape(TypedDict):
    """An object that goes."""

    kind: str
    id: str
    holds_data: bool
    survives: str
    lifts: str
    empties: bool


@with_config(EXACT)
class DangerShape(TypedDict):
    """What a person should look at first."""

    risk: Risk
    what: str


@with_config(EXACT)
class ChangeShape(TypedDict):
    """What happens to one resource."""

    address: str
    kind: str
    action: Action
    reason: str
    moved_from: str | None
    id: str | None
    owned: bool
    dangers: list[DangerShape]
    differences: list[DifferenceShape]
    deletes: list[DeletedShape]


@with_config(EXACT)
class LastingShape(TypedDict):
    """What an undo can't bring back."""

    address: str
    what: str
    why: str


@with_config(EXACT)
class ObstacleShape(TypedDict):
    """What stands in the way of a delete, or makes it long."""

    address: str | None
    what: str
    hint: str
    blocks: bool
    empties: bool
    seconds: float


@with_config(EXACT)
class RenameShape(TypedDict):
    """A delete and a create that look like a rename; `equal`: how much of their settings is so."""

    address: str
    moved_from: str
    equal: float


@with_config(EXACT)
class ScopeShape(TypedDict):
    """The chosen part of a stack; `needed` comes along, `left` would change, too, and does not."""

    target: list[str]
    exclude: list[str]
    needed: list[str]
    left: list[str]


@with_config(EXACT)
class PlanShape(TypedDict):
    """A plan: what a run would do, or is about to do."""

    event: Literal["plan"]
    schema: str
    stack: str
    account: str
    region: str
    counts: dict[str, int]
    changes: list[ChangeShape]
    lasting: list[LastingShape]
    obstacles: list[ObstacleShape]
    blocked: bool
    renames: list[RenameShape]
    scope: ScopeShape | None
    expires_at: str | None
    expected_seconds: int


@with_config(EXACT)
class ProblemShape(TypedDict):
    """One thing that is wrong with a manifest, and where."""

    message: str
    hint: str
    file: str | None
    line: int | None
    column: int | None


@with_config(EXACT)
class _ErrorRequired(TypedDict):
    event: Literal["error"]
    schema: str
    error: str
    message: str
    hint: str
    exit_code: int


@with_config(EXACT)
class ErrorShape(_ErrorRequired, total=False):
    """Why a command failed: with problems if a manifest is wrong, with a code if AWS refused."""

    problems: list[ProblemShape]
    code: str
    operation: str
    request_id: str


@with_config(EXACT)
class HolderShape(TypedDict):
    """Who works on a stack."""

    who: str
    host: str
    command: str
    run: str


@with_config(EXACT)
class LeaseShape(TypedDict):
    """Another run holds the stack, and is waited for."""

    event: Literal["lease.awaited"]
    stack: str
    holder: HolderShape | None
    since: str
    seconds_left: float


@with_config(EXACT)
class StartedShape(TypedDict):
    """The plan is approved; the first step is about to start."""

    event: Literal["run.started"]
    schema: str
    run: str
    command: str
    stack: str
    account: str
    region: str
    steps: int
    undoes: str


@with_config(EXACT)
class StepStartedShape(TypedDict):
    """A step's first call is about to be made."""

    event: Literal["step.started"]
    step: Verb
    address: str
    kind: str


@with_config(EXACT)
class StepWaitingShape(TypedDict):
    """A step waits for AWS; seconds, and AWS's word for the state."""

    event: Literal["step.waiting"]
    step: Verb
    address: str
    kind: str
    state: str
    elapsed: float
    typical: float | None
    limit: float


@with_config(EXACT)
class StepDoneShape(TypedDict):
    """A step succeeded."""

    event: Literal["step.done"]
    step: Verb
    address: str
    kind: str
    id: str
    seconds: float
    differences: list[DifferenceShape]
    note: str


@with_config(EXACT)
class StepFailedShape(TypedDict):
    """A step failed; what needs it will not run."""

    event: Literal["step.failed"]
    step: Verb
    address: str
    kind: str
    message: str
    hint: str
    seconds: float


@with_config(EXACT)
class StepSkippedShape(TypedDict):
    """A step did not run: the cause failed, or the run was stopped (null)."""

    event: Literal["step.skipped"]
    step: Verb
    address: str
    kind: str
    cause: str | None


@with_config(EXACT)
class LeftShape(TypedDict):
    """What was to be deleted and was not."""

    address: str
    kind: str
    id: str
    why: str
    cause: str


@with_config(EXACT)
class FinishedShape(TypedDict):
    """The last document of a run: counts, AWS calls and seconds in `summary`."""

    event: Literal["run.finished"]
    run: str
    command: str
    result: str
    summary: dict[str, JsonValue]
    outputs: dict[str, JsonValue]
    left: list[LeftShape]
    survivors: dict[str, str]


StepShape: TypeAlias = (
    StepStartedShape | StepWaitingShape | StepDoneShape | StepFailedShape | StepSkippedShape
)
EventShape: TypeAlias = LeaseShape | StartedShape | StepShape | FinishedShape
RunShape: TypeAlias = PlanShape | EventShape | ErrorShape
"""Whatever line a command that runs may print."""
