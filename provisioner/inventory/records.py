"""What the inventory remembers: resources, runs, events, and who holds a stack.

Records are frozen, versioned and validated when they are read: one that does not fit stops a run
with its key, since acting on a guess is how things get lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from provisioner.lifecycle import Owner

RECORD_VERSION = 4


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def body(self) -> str:
        """As JSON, without what is default; the version always stands in it."""
        body: dict[str, JsonValue] = self.model_dump(mode="json", exclude_defaults=True)
        return json.dumps({**body, "version": RECORD_VERSION})


class Status(StrEnum):
    """How far a resource is."""

    INTENDED = "intended"
    """Written ahead; whether the create was sent or answered is not known."""
    CREATING = "creating"
    """It exists, but is not configured or not stable yet."""
    READY = "ready"
    UPDATING = "updating"
    DELETING = "deleting"


class Edge(_Row):
    """This resource refers to another one: in a create or in a configure field."""

    address: str
    stage: Literal["create", "configure"]


class Replaced(_Row):
    """An object that a replace still has to delete."""

    kind: str
    id: str


class Former(_Row):
    """Where a record was before it was moved."""

    stack: str
    address: str


class Record(_Row):
    """One resource of a stack.

    Attributes:
        id: AWS's, or the name; None while an intent's create was not answered.
        owned: we made it, so a teardown deletes it.
        edges: whom it needs; teardown goes backwards along them.
        settings: as last applied; secrets are sealed.
        intended: the settings about to be applied; None when there are none.
        tags: those we set, so that the ones no longer wanted can be removed; None: a value that an
            older form did not keep.
        token: on the object itself too: it tells what this very intent made.
        run: the run that wrote this record last.
        replaced: objects this one replaces and that are still to be deleted.
        former: where it was moved from, as long as the object's own tags may still say so.
    """

    stack: str
    address: str
    kind: str
    id: str | None
    arn: str | None = None
    region: str
    account: str
    status: Status
    owned: bool = True
    protect: bool = False
    edges: tuple[Edge, ...] = ()
    settings: Mapping[str, JsonValue] = {}
    intended: Mapping[str, JsonValue] | None = None
    tags: Mapping[str, str | None] = {}
    attributes: Mapping[str, str] = {}
    token: str = ""
    run: str = ""
    replaced: tuple[Replaced, ...] = ()
    former: tuple[Former, ...] = ()
    created_at: str
    updated_at: str
    version: int = RECORD_VERSION

    def formerly(self, tags: Mapping[str, str] | None) -> bool:
        """Whether an object's tags say that it is this one, at an address it was moved from."""
        if Owner(self.stack, self.address).owns(tags):  # it was moved there and back
            return False
        return any(Owner(one.stack, one.address).owns(tags) for one in self.former)


class RunEvent(_Row):
    """What one step of a run did; secrets masked.

    Attributes:
        number: in the order of what happened.
        action: create, configure, unwire or delete; `failed` says that it did not succeed.
        id: of the object.
        changes: field, before and after.
        request_ids: of the writes, each as `service.Operation request-id`.
        message: why it was done, or what went wrong.
    """

    number: int
    at: str
    address: str
    kind: str
    action: str
    failed: bool = False
    id: str = ""
    changes: tuple[Mapping[str, JsonValue], ...] = ()
    request_ids: tuple[str, ...] = ()
    message: str = ""
    version: int = RECORD_VERSION


class Run(_Row):
    """One run on a stack: who, from where, when, what came of it.

    Attributes:
        fence: of its lease; tells which of two runs came later.
        undoes: the run that it undoes; empty for all but a rollback.
        changes: what it set out to do to which address.
        result: running, succeeded, partial, failed, interrupted or declined. One that stays
            `running` is read as `died` if it does not hold the lease, and as `silent` if the lease
            that it holds ended without a heartbeat.
        expires_at: when the stack may be torn down from then on; empty: never.
    """

    id: str
    stack: str
    command: str
    who: str
    host: str
    tool: str = ""
    manifest_digest: str = ""
    fence: int = 0
    undoes: str = ""
    changes: Mapping[str, str] = {}
    started_at: str
    finished_at: str = ""
    seconds: float = 0.0
    result: str = "running"
    summary: Mapping[str, JsonValue] = {}
    expires_at: str = ""
    version: int = RECORD_VERSION


class Holder(_Row):
    """Who works on a stack."""

    who: str
    host: str
    command: str
    run: str


class Used(_Row):
    """An output that another stack uses.

    Attributes:
        output: its name.
        value: as it was read.
        where: in the other stack.
    """

    output: str
    value: JsonValue = None
    where: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return hash((self.output, self.where))


class Reader(_Row):
    """A stack that uses outputs of the one under which this is written."""

    stack: str
    uses: tuple[Used, ...] = ()
    version: int = RECORD_VERSION


class Standing(BaseModel):
    """How a stack stands, in the words of its newest run. It lives beside the lease.

    So taking the lease tells it, letting go writes it, and one query tells of all stacks. What a
    newer version of the package adds is ignored.

    Attributes:
        run, command, who, host, started_at, finished_at, result: of that run.
        state: `ready`; or `partial`, `interrupted`: work is left to do.
        resources: how many are recorded.
        since: when the stack began.
        expires_at: when it may be torn down; ISO time in UTC, empty: never.
        by_hand: an apply was told so; see `provisioner.manifest.expiry`.
        uses: outputs of other stacks that it uses, by stack.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    run: str
    command: str
    who: str
    host: str
    started_at: str
    finished_at: str = ""
    result: str = "running"
    state: Literal["ready", "partial", "interrupted"] = "ready"
    resources: int = 0
    since: str = ""
    expires_at: str = ""
    by_hand: bool = False
    uses: Mapping[str, tuple[Used, ...]] = {}

    @property
    def empty(self) -> bool:
        """Whether nothing is left of the stack but its history."""
        return not self.resources and self.result != "running"


class Lease(_Row):
    """The right to write to a stack.

    Attributes:
        holder: None if nobody holds it.
        fence: grows with every taking; every write carries it.
        beat: grows with every heartbeat.
        lasts: seconds from a heartbeat on.
        expires_at: seconds since the epoch, by the holder's clock.
        since: when it was taken, by the holder's clock.
        unlocked: the run that held it before did not let it go: it was taken from it.
        standing: how the stack stands; None if nothing is left of it, or nobody has said so yet.
    """

    stack: str
    holder: Holder | None = None
    fence: int = 0
    beat: int = 0
    lasts: float = 0.0
    expires_at: float = 0.0
    since: str = ""
    unlocked: bool = False
    standing: Standing | None = None

    @property
    def sign(self) -> tuple[int, int]:
        """What changes with every sign of life."""
        return (self.fence, self.beat)
