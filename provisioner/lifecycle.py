"""The contract of a resource kind: what a kind's one module has to provide, and in what words.

A kind is a `ResourceType` record of plain functions plus a pydantic `Spec`. The spec says what a
person wants; `Observed` says what AWS has, in the spec's own terms. The difference between the two
is computed here, once for all kinds, by the marks on the spec's fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Generic,
    TypeAlias,
    TypeVar,
    get_args,
    get_origin,
)

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic.fields import FieldInfo

from provisioner.canonical import Canonical, without_empties

if TYPE_CHECKING:
    from provisioner.aws.clients import Aws
    from provisioner.aws.target import Target

Json: TypeAlias = JsonValue
Settings: TypeAlias = Mapping[str, Json]
S = TypeVar("S", bound="Spec")

STACK_TAG = "provisioner:stack"
ADDRESS_TAG = "provisioner:address"
TOKEN_TAG = "provisioner:token"  # noqa: S105  the name of a tag
RESERVED_TAGS = "provisioner:"


class Spec(BaseModel):
    """What a person wants of one resource. Frozen, strict, unknown fields refused.

    Every field carries marks in its `Annotated` type (see `CREATE`, `IMMUTABLE`, `Wait`, `SECRET`,
    `COMPUTED` and the canonical forms in `provisioner.canonical`). A field without a mark belongs
    to the configure stage and can be updated in place. `None` means "absent": what AWS has when
    nobody set it.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        validate_default=False,
        hide_input_in_errors=True,
    )

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Every field, secret ones without their values."""
        rules = rules_of(type(self))
        for name, value in super().__repr_args__():
            rule = rules.get(name or "")
            yield name, Hidden() if rule and rule.secret and value else value


class Hidden:
    """Stands for a secret value where something is shown."""

    def __repr__(self) -> str:
        return "(secret)"


class Stage(StrEnum):
    """The call that a field is sent with."""

    CREATE = "create"
    CONFIGURE = "configure"


class Wait(StrEnum):
    """What a reference in a field needs of its target before the field is sent."""

    READY = "ready"
    """Configured and stable: the default in a create field."""
    EXISTS = "exists"
    """Its create call was answered: the default in a configure field."""
    NAME = "name"
    """Only its name: AWS does not look for a live object behind it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How a field behaves beyond its type."""

    stage: Stage = Stage.CONFIGURE
    replace: bool = False
    secret: bool = False
    computed: bool = False
    local: bool = False
    lags: float = 0.0


CREATE = Mark(stage=Stage.CREATE)
"""Sent by the create call; can be updated in place afterwards."""
IMMUTABLE = Mark(stage=Stage.CREATE, replace=True)
"""Sent by the create call; AWS can't change it, so a change is a replace."""
SECRET = Mark(secret=True)
"""The value never reaches a plan, a log, an exception or the inventory."""
COMPUTED = Mark(computed=True)
"""When unset AWS chooses, and whatever it chose is no difference."""
LOCAL = Mark(local=True)
"""Known to us alone (how to delete it, say): kept in the inventory, never compared with AWS."""


def lags(seconds: float) -> Mark:
    """After a write reads may show the value before it, for up to so many seconds."""
    return Mark(lags=seconds)


@dataclass(frozen=True, slots=True)
class FieldRule:
    """The marks of one spec field, put together."""

    name: str
    stage: Stage
    replace: bool
    secret: bool
    computed: bool
    local: bool
    lags: float
    wait: Wait
    canonical: Callable[[Json], Json]


@cache
def rules_of(spec: type[Spec]) -> Mapping[str, FieldRule]:
    """The rule of every field of a spec type, in the order of its declaration."""
    return {name: _rule(name, marks_of(info)) for name, info in spec.model_fields.items()}


def local_fields(kind: AnyType) -> tuple[str, ...]:
    """The fields that AWS knows nothing of: how to delete an object, say."""
    spec: type[Spec] = kind.spec
    return tuple(name for name, rule in rules_of(spec).items() if rule.local)


def marks_of(info: FieldInfo) -> list[object]:
    """The marks of a field's type, those within `… | None` included; the outer ones first."""
    inner = [
        mark
        for arm in get_args(info.annotation)
        if get_origin(arm) is Annotated
        for mark in get_args(arm)[1:]
    ]
    return [*info.metadata, *inner]


def _rule(name: str, metadata: Sequence[object]) -> FieldRule:
    marks = [mark for mark in metadata if isinstance(mark, Mark)]
    waits = [wait for wait in metadata if isinstance(wait, Wait)]
    forms = [form for form in metadata if isinstance(form, Canonical)]
    stage = Stage.CREATE if any(m.stage is Stage.CREATE for m in marks) else Stage.CONFIGURE
    default = Wait.READY if stage is Stage.CREATE else Wait.EXISTS
    return FieldRule(
        name=name,
        stage=stage,
        replace=any(mark.replace for mark in marks),
        secret=any(mark.secret for mark in marks),
        computed=any(mark.computed for mark in marks),
        local=any(mark.local for mark in marks),
        lags=max((mark.lags for mark in marks), default=0.0),
        wait=waits[0] if waits else default,
        canonical=forms[0].form if forms else without_empties,
    )


class Phase(StrEnum):
    """Where an object is in its own life."""

    READY = "ready"
    PENDING = "pending"
    FAILED = "failed"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class Observed:
    """What AWS says of one object.

    Attributes:
        settings: in the spec's own field names and terms (units, defaults and JSON normalised);
            an absent key means AWS has nothing there. `tags` does not belong here.
        attributes: what others may refer to as `${name.attribute}`: ids, ARNs, URLs.
        tags: all tags without `aws:` ones, or None if the kind can't be tagged.
        phase: whether it can be used yet; `reason` is AWS's own word for it.
        unseen: fields that AWS does not show of this object for now: they are no difference.
    """

    settings: Settings = field(repr=False)
    attributes: Mapping[str, str]
    tags: Mapping[str, str] | None = None
    phase: Phase = Phase.READY
    reason: str = ""
    unseen: frozenset[str] = frozenset()


class Origin(StrEnum):
    """Where a difference comes from, seen from what was applied last."""

    MANIFEST = "manifest"
    """What is wanted changed; the object is as we left it."""
    DRIFT = "drift"
    """The object was changed outside; what is wanted is what it was."""
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which the wanted and the observed differ.

    Attributes:
        field: the top-level field of the spec.
        before: what AWS has; after: what is wanted (both canonical; None is absent).
        replace: the field can't be changed in place.
        secret: neither value may be shown or stored.
        unknown: `after` holds references whose values are not known yet.
        origin: who changed it; None where nothing was applied that it could be compared with.
        applied: what was applied last, where both changed it since; canonical, None for a secret.
    """

    field: str
    before: Json
    after: Json
    replace: bool = False
    secret: bool = False
    unknown: bool = False
    origin: Origin | None = None
    applied: Json = None

    def __repr__(self) -> str:
        before, after = (Hidden(), Hidden()) if self.secret else (self.before, self.after)
        return f"Difference({self.field}: {before!r} → {after!r})"


Changes: TypeAlias = Mapping[str, Difference]
"""Differences by field name: what `update` has to send."""


def settings_of(spec: Spec) -> dict[str, Json]:
    """The wanted settings as plain JSON, without tags."""
    settings: dict[str, Json] = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    settings.pop("tags", None)
    return settings


def differences(
    spec: type[Spec],
    wanted: Settings,
    observed: Observed,
    waiting: frozenset[str] = frozenset(),
) -> dict[str, Difference]:
    """Compare field by field, by meaning. Pure; tags are compared elsewhere.

    Args:
        spec: the type of the spec.
        wanted: plain JSON, as `settings_of` gives it.
        observed: what AWS has.
        waiting: fields that hold references whose values are not known yet.
    """
    found: dict[str, Difference] = {}
    for name, rule in rules_of(spec).items():
        if name == "tags" or rule.local or name in observed.unseen:
            continue
        if rule.computed and wanted.get(name) is None:
            continue
        before = rule.canonical(observed.settings.get(name))
        after = rule.canonical(wanted.get(name))
        if before != after:
            found[name] = Difference(
                name, before, after, rule.replace, rule.secret, unknown=name in waiting
            )
    return found


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an object is, as written on the object itself."""

    stack: str
    address: str
    token: str = ""

    @property
    def tags(self) -> dict[str, str]:
        """The ownership tags."""
        tags = {STACK_TAG: self.stack, ADDRESS_TAG: self.address}
        return tags | {TOKEN_TAG: self.token} if self.token else tags

    @classmethod
    def of(cls, tags: Mapping[str, str] | None) -> Owner | None:
        """Read the ownership from an object's tags; None says nobody claims it."""
        if not tags or STACK_TAG not in tags:
            return None
        return cls(tags[STACK_TAG], tags.get(ADDRESS_TAG, ""), tags.get(TOKEN_TAG, ""))

    def owns(self, tags: Mapping[str, str] | None) -> bool:
        """Whether the tags name this stack and address (the token may differ)."""
        other = Owner.of(tags)
        return other is not None and (other.stack, other.address) == (self.stack, self.address)


def of_stack(found: Mapping[str, Observed], stack: str | None) -> dict[str, Observed]:
    """Those that carry the stack's tag, for a `search` that AWS can't filter; all if None."""
    return {
        id_: one
        for id_, one in found.items()
        if stack is None or (one.tags or {}).get(STACK_TAG) == stack
    }


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a state is waited for, in seconds."""

    every: float = 2.0
    typical: float = 10.0
    limit: float = 600.0


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands in the way of a delete, or makes it long; seen before anything is deleted.

    Attributes:
        what: a sentence without its dot, with counts, bytes and dates.
        hint: what to do about it.
        blocks: the delete can't succeed while it is there.
        empties: it is what the object holds, which a person may allow to be deleted by name.
        seconds: that the delete takes longer because of it.
    """

    what: str
    hint: str = ""
    blocks: bool = True
    empties: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Drained:
    """One slice of emptying.

    Attributes:
        removed: how many things it took away; none if AWS is still busy with earlier ones.
        what: they are, in the plural.
        left: how many are still there, if that is known.
    """

    removed: int
    what: str
    left: int | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """Something that others added to an object, and that is no part of its settings.

    Attributes:
        what: the sort of thing, as a noun: `grant`.
        id: tells it from others of the sort.
        says: what it does, in a few words.
        kind: where it is an object of a kind of its own: that kind; `id` is the object's then.
    """

    what: str
    id: str
    says: str = ""
    kind: str = ""


def _no_attributes(spec: Any, target: Target) -> Mapping[str, str]:  # noqa: ARG001
    return {}


@dataclass(frozen=True, kw_only=True)
class ResourceType(Generic[S]):
    """One kind of resource: everything the engine needs to know of it.

    Attributes:
        kind: `service.noun`, in boto3's spelling.
        service: the boto3 client name that most of its calls go to.
        spec: the pydantic model of its settings.
        attributes: name → what it is, of every attribute others may refer to.
        identity: the id when it follows from the spec alone (names); None when AWS generates it.
            An id is an opaque string to the engine; what is made of parts is joined by the kind.
        predict: attributes that follow from the spec before the object exists (ARNs, URLs).
        read: the objects behind these ids, in as few calls as AWS allows. Ids that do not exist
            are absent from the answer; any other failure raises. An object that is on its way out
            for good (a deleted NAT gateway still listed, a key pending deletion) counts as absent.
        create: makes the object with **one** call, with these tags on it, and says what it is
            now: its id, and the settings it has after that call (defaults included), so that
            nothing need be read back. Configure fields whose references are not known yet are
            unset in this spec.
        update: sends only what differs; is also the configure stage after a create. Returns
            PENDING when the change takes effect later.
        delete: takes the object away; absent or leaving is success. Gets the settings last
            applied (empty if unknown), for the fields that say how to delete.
        retag: sets and removes tags. None if the kind can't be tagged.
        search: every object of the kind that AWS did not make itself; with a stack name, those
            that carry its ownership tag, filtered by AWS where it can. None if untaggable.
        poll: a cheaper `read` for waiting; only phase and reason need be right.
        unwire: lets go of what it holds on to, so that others can be deleted first. PENDING: AWS
            takes its time, and the object must be stable again before it is deleted.
        protection: given the settings that AWS shows, what protects the object from deletion, in
            words; empty if nothing. Only what `lift` can take away.
        exposes: what settings give away beyond what policies say, each in words: rules from or to
            any address, attached policies, calls without TLS. What a change adds is a danger.
        lift: takes that protection away; a step of its own, shown and written down as such.
        drain: takes away a slice of what the object holds, as much as a few seconds allow; None
            once it is empty. Only asked where emptying was allowed.
        refilled: codes, or parts of messages, by which a delete says that the object is not empty
            (again).
        aftermath: what stays of a deleted object for a while and holds on to others, in words;
            empty once there is nothing. Gets the settings last applied.
        obstacles: what will block the delete of the object, or outlive it. Reads only. Gets the
            settings last applied and the ids of everything that is deleted with it.
        last: deleted after everything else, since the rest can't be read without it.
        returns: kinds and ids of what may be there again after its delete, since services make it
            by themselves; looked for once more at the end. Gets the id and the settings last
            applied.
        deletes: the IAM actions that unwire, delete and aftermath need. One that is not decided by
            the object's own ARN is followed by a blank and by what decides it, made of attributes:
            `kms:DeleteAlias {alias_arn}`; or by a dash if nobody knows that beforehand.
        lifts, drains: likewise those that only lift, or only drain, needs.
        chosen: given the settings that AWS shows, what AWS chooses of its own for computed fields:
            an import leaves those out.
        alien: why an object that others made can't be wanted in a manifest; empty if it can.
        extras: by id, what others added to these objects beyond their settings: only asked when
            drift is looked for. Gets the settings last applied by id, and the ids of everything
            that the stack has. What is an object of a kind is not told: that kind's `within` is.
        remove_extra: takes such an addition away; absent is success. None: a person has to.
        taken: for a kind whose ids AWS makes and that has a name all the same, which only one
            object may have: the ids of the objects that have the names of these specs, by the
            keys under which the specs are given.
        overwrites: create answers success for an object that was there already, ours or not; it is
            looked for right before.
        tagged: for a kind that overwrites: the tags that the object with this id has now, in one
            call; None if there is none. Our token is looked for in them after the create.
        parent: for a kind that can't be tagged: the field that names what its objects belong to.
            Who owns the parent, owns them.
        belongs_to: for such a kind: whose objects these are, and which attribute of theirs stands
            in that field: `lambda.function.name`.
        within: the objects of the kind that belong to these values of the parent's field.
        ready, gone: how long creation and deletion are waited for; `gone` None: delete is prompt.
        holds_data: a replace or delete loses data.
        replace_first: `create` where two can exist side by side, else `delete`.
        claims: fields of which only one object can have the same values: a successor that has them
            all is made when the old one is gone.
        survives: given the settings last applied and the time of the delete, a sentence on what
            stays after it and until when.
        seconds: what a create typically takes, for ordering by the longest path.
    """

    kind: str
    service: str
    spec: type[S]
    attributes: Mapping[str, str]
    identity: Callable[[S, Target], str | None]
    read: Callable[[Aws, Sequence[str]], Mapping[str, Observed]]
    create: Callable[[Aws, S, Mapping[str, str]], tuple[str, Observed]]
    update: Callable[[Aws, str, S, Changes], Phase]
    delete: Callable[[Aws, str, Settings], None]
    predict: Callable[[S, Target], Mapping[str, str]] = _no_attributes
    retag: Callable[[Aws, str, Mapping[str, str], Sequence[str]], None] | None = None
    search: Callable[[Aws, str | None], Mapping[str, Observed]] | None = None
    poll: Callable[[Aws, Sequence[str]], Mapping[str, Observed]] | None = None
    unwire: Callable[[Aws, str], Phase] | None = None
    protection: Callable[[Settings], str] | None = None
    exposes: Callable[[Settings], Sequence[str]] | None = None
    lift: Callable[[Aws, str], Phase] | None = None
    drain: Callable[[Aws, str], Drained | None] | None = None
    refilled: frozenset[str] = frozenset()
    aftermath: Callable[[Aws, str, Settings], str] | None = None
    obstacles: Callable[[Aws, str, Settings, frozenset[str]], Sequence[Obstacle]] | None = None
    last: bool = False
    returns: Callable[[str, Settings], Sequence[tuple[str, str]]] | None = None
    deletes: tuple[str, ...] = ()
    lifts: tuple[str, ...] = ()
    drains: tuple[str, ...] = ()
    chosen: Callable[[Settings], Settings] | None = None
    alien: str = ""
    extras: (
        Callable[[Aws, Mapping[str, Settings], frozenset[str]], Mapping[str, Sequence[Extra]]]
        | None
    ) = None
    remove_extra: Callable[[Aws, str, Extra], None] | None = None
    taken: Callable[[Aws, Mapping[str, S]], Mapping[str, str]] | None = None
    overwrites: bool = False
    tagged: Callable[[Aws, str], Mapping[str, str] | None] | None = None
    parent: str = ""
    belongs_to: str = ""
    within: Callable[[Aws, Sequence[str]], Mapping[str, Observed]] | None = None
    ready: Patience = field(default_factory=Patience)
    gone: Patience | None = None
    holds_data: bool = False
    replace_first: str = "create"
    claims: tuple[str, ...] = ()
    survives: Callable[[Settings, datetime], str] | None = None
    seconds: float = 1.0

    @property
    def taggable(self) -> bool:
        """Whether objects of the kind carry tags."""
        return "tags" in self.spec.model_fields


AnyType: TypeAlias = ResourceType[Any]
