"""The contract of a resource kind: what a kind's one module has to provide.

A kind is a `ResourceType` record of plain functions plus a pydantic `Spec`. The spec says what a
person wants; `Observed` says what AWS has, in the spec's own terms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from provisioner.lifecycle.difference import Changes
from provisioner.lifecycle.marks import rules_of
from provisioner.lifecycle.observed import Observed, Phase
from provisioner.lifecycle.spec import Settings, Spec
from provisioner.lifecycle.words import Drained, Extra, Obstacle, Patience

if TYPE_CHECKING:
    from provisioner.aws.clients import Aws
    from provisioner.aws.target import Target

S = TypeVar("S", bound="Spec")


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


def local_fields(kind: AnyType) -> tuple[str, ...]:
    """The fields that AWS knows nothing of: how to delete an object, say."""
    spec: type[Spec] = kind.spec
    return tuple(name for name, rule in rules_of(spec).items() if rule.local)
