"""Bring one resource to its spec: look, create or settle, configure, wait.

`ensure` needs nothing but a boto3 session. The engine runs the same functions as steps of a plan.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from provisioner.aws.clients import Aws, ClientFactory, connect
from provisioner.aws.clock import Clock
from provisioner.aws.failures import as_ours
from provisioner.errors import (
    AnswerLostError,
    ForeignObjectError,
    InterruptedRunError,
    ProvisionerError,
    WaitError,
)
from provisioner.fields import unresolved
from provisioner.lifecycle import (
    RESERVED_TAGS,
    AnyType,
    Difference,
    Json,
    Observed,
    Owner,
    Patience,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Stage,
    differences,
    rules_of,
    settings_of,
)
from provisioner.redaction import Redaction, public_in, secrets_in

S = TypeVar("S", bound=Spec)
T = TypeVar("T")


class Action(StrEnum):
    """What is done to a resource."""

    NOOP = "noop"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"
    FORGET = "forget"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Result:
    """What `ensure` did.

    Attributes:
        kind, id: of the resource.
        action: CREATE, UPDATE or NOOP.
        attributes: ids, ARNs, URLs, as other resources may refer to them.
        differences: what was changed.
    """

    kind: str
    id: str
    action: Action
    attributes: Mapping[str, str]
    differences: tuple[Difference, ...] = ()

    @property
    def arn(self) -> str:
        """The ARN, or the id of what has none."""
        return self.attributes.get("arn", self.id)


def new_token() -> str:
    """A token that marks what one intent made."""
    return uuid.uuid4().hex


def tags_of(spec: Spec) -> dict[str, str]:
    """The tags a person asked for; empty for untaggable kinds."""
    tags: dict[str, str] = getattr(spec, "tags", {})
    return dict(tags)


def unset(spec: S, fields: Sequence[str]) -> S:
    """The spec without these fields, as if they had not been written."""
    defaults = {
        name: type(spec).model_fields[name].get_default(call_default_factory=True)
        for name in fields
    }
    return spec.model_copy(update=defaults)


def look(kind: AnyType, aws: Aws, spec: Spec, owner: Owner) -> tuple[str, Observed] | None:
    """Find the object of this spec: by its name, or by our tags when AWS made its id.

    Raises:
        ForeignObjectError: two objects carry the same ownership tags.
    """
    identity = kind.identity(spec, aws.target)
    if identity is not None:
        observed = kind.read(aws, [identity]).get(identity)
        return (identity, observed) if observed else None
    if kind.search is None:
        return None
    found = {
        id_: observed
        for id_, observed in kind.search(aws, owner.stack).items()
        if owner.owns(observed.tags)
    }
    if len(found) > 1:
        raise ForeignObjectError(
            f"{kind.kind} {owner.address}: {len(found)} objects carry its ownership tags: "
            f"{', '.join(sorted(found))}.",
            hint="Remove the tags from, or delete, all but the right one.",
        )
    return next(iter(found.items()), None)


ATTEMPTS = 3
"""So often is a create sent whose answer was lost and that AWS did not do."""
VISIBLE = 30.0
"""Seconds that AWS may hide what it has just made: "not found" within them is no answer."""
LOOK_EVERY = 1.0


def create_or_settle(
    kind: AnyType, aws: Aws, spec: Spec, owner: Owner, *, looked: bool = False
) -> tuple[str, Observed]:
    """Create the object, and make sure that what stands is ours.

    A kind whose create answers success for what was there already is looked for right before. If
    the answer is lost, the object is looked for by our tags before the create is sent again.

    Args:
        kind: the resource type.
        aws: guarded clients.
        spec: what is wanted.
        owner: whose it will be, with the intent's token.
        looked: it was looked for right before and was not there.

    Raises:
        ForeignObjectError: an object of that name was made meanwhile, by somebody else.
        AnswerLostError: the answer was lost again and again.
    """
    tags = tags_of(spec) | owner.tags if kind.taggable else {}
    if kind.overwrites and not looked and (there := look(kind, aws, spec, owner)):
        return _known(kind, there, owner)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            created: tuple[str, Observed] = kind.create(aws, spec, tags)
        except InterruptedRunError as error:
            if attempt == 1:
                raise
            raise AnswerLostError(f"{error} An earlier one had no answer.") from error
        except AnswerLostError:
            if found := look_again(kind, aws, spec, owner):
                return _settled(kind, spec, found, owner)
            if attempt == ATTEMPTS:
                raise
        else:
            _check_token(kind, aws, created[0], owner)
            return created
    raise AssertionError  # pragma: no cover  the loop always returns or raises


def as_created(kind: AnyType, wanted: Settings, observed: Observed) -> bool:
    """Whether an object is what a create with these settings makes."""
    spec: type[Spec] = kind.spec
    rules = rules_of(spec)
    return not any(
        rules[name].stage is Stage.CREATE
        and not rules[name].secret
        and not unresolved(json.dumps(difference.after))
        for name, difference in differences(kind.spec, wanted, observed).items()
    )


def look_again(kind: AnyType, aws: Aws, spec: Spec, owner: Owner) -> tuple[str, Observed] | None:
    """Find the object of this spec, waiting as long as AWS may hide what it has just made."""
    started = aws.clock.monotonic()
    while True:
        found = look(kind, aws, spec, owner)
        if found or aws.clock.monotonic() - started >= VISIBLE:
            return found
        aws.clock.sleep(LOOK_EVERY)


def _settled(
    kind: AnyType, spec: Spec, found: tuple[str, Observed], owner: Owner
) -> tuple[str, Observed]:
    """What was found, if it is ours; what can't be tagged is if it is what our create makes."""
    _, observed = found
    if observed.tags is None and as_created(kind, settings_of(spec), observed):
        return found
    return _known(kind, found, owner)


def _known(kind: AnyType, found: tuple[str, Observed], owner: Owner) -> tuple[str, Observed]:
    """What was found, if our tags are on it. Before a create was sent nothing else is ours."""
    id_, observed = found
    if owner.owns(observed.tags):
        return found
    raise ForeignObjectError(
        f"{kind.kind} {id_} was made by somebody else after the plan was; it was not changed.",
        hint="Choose another name, or adopt it.",
    )


def _check_token(kind: AnyType, aws: Aws, id_: str, owner: Owner) -> None:
    """A success is not ownership: the object must carry the token of this very intent."""
    if kind.tagged is None:
        return
    started = aws.clock.monotonic()
    while (tags := kind.tagged(aws, id_)) is None and aws.clock.monotonic() - started < VISIBLE:
        aws.clock.sleep(LOOK_EVERY)
    if tags is not None and (mark := Owner.of(tags)) != owner:
        whose = f"stack {mark.stack!r}" if mark else "somebody else"
        raise ForeignObjectError(
            f"{kind.kind} {id_}: AWS answered that it was made, but it belongs to {whose}.",
            hint="Choose another name.",
        )


def configure(
    kind: AnyType,
    aws: Aws,
    id_: str,
    spec: Spec,
    observed: Observed,
    *,
    previous_tags: Sequence[str] = (),
) -> tuple[Phase, dict[str, Difference]]:
    """Send what differs between the spec and what AWS has; tags included.

    Args:
        kind: the resource type.
        aws: guarded clients.
        id_: which object.
        spec: what is wanted.
        observed: what AWS has.
        previous_tags: tag keys that we set earlier; those no longer wanted are removed.

    Raises:
        ProvisionerError: a field that can't be changed in place differs.

    Returns PENDING when the object has to be looked at again: AWS takes the rest later, or an
    answer was lost.
    """
    changes = differences(kind.spec, settings_of(spec), observed)
    stuck = [change.field for change in changes.values() if change.replace]
    if stuck:
        raise ProvisionerError(
            f"{kind.kind} {id_}: {', '.join(stuck)} can't be changed in place.",
            hint="Plan a replace, or delete the object first.",
        )
    phase = Phase.READY
    if changes:
        try:
            phase = kind.update(aws, id_, spec, changes)
        except AnswerLostError:
            return Phase.PENDING, changes  # the next round sends what then still differs
    tags = tag_changes(tags_of(spec), observed, previous_tags)
    if tags and kind.retag:
        kind.retag(aws, id_, tags.added, tags.removed)
        changes = changes | {"tags": tags.difference}
    return phase, changes


ROUNDS = 20
"""Updates that AWS takes one at a time: so often is what still differs sent."""


def configure_to_the_end(
    kind: AnyType, aws: Aws, id_: str, spec: Spec, observed: Observed
) -> dict[str, Difference]:
    """Send what differs, wait, and send what AWS could not take at once; everything sent.

    Raises:
        WaitError: the object failed or did not get ready.
    """
    sent: dict[str, Difference] = {}
    for _ in range(ROUNDS):
        phase, changes = configure(kind, aws, id_, spec, observed)
        sent |= changes
        if phase is not Phase.PENDING:
            break
        wait_ready(kind, aws, id_)
        observed = kind.read(aws, [id_]).get(id_, observed)
    else:
        raise unsettled(kind, id_, changes)
    return sent


def unsettled(kind: AnyType, id_: str, changes: Mapping[str, Difference]) -> WaitError:
    """AWS took each of many updates, and shows the same differences as before."""
    return WaitError(
        f"{kind.kind} {id_}: {', '.join(sorted(changes))} still not as wanted after {ROUNDS} "
        "updates that AWS took.",
        hint="See with plan what AWS makes of it, and write that in the manifest.",
    )


def to_the_end(undo: Callable[[], T]) -> T:
    """Delete or let go; again if the answer is lost, since what is gone already is success."""
    for _ in range(ATTEMPTS - 1):
        try:
            return undo()
        except AnswerLostError:
            continue
    return undo()


@dataclass(frozen=True, slots=True)
class TagChanges:
    """Tags to set and to remove."""

    added: Mapping[str, str]
    removed: tuple[str, ...]
    before: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    @property
    def difference(self) -> Difference:
        """As a difference of the field `tags`: only the tags that change."""
        names = [*self.added, *self.removed]
        before: dict[str, Json] = {n: self.before[n] for n in names if n in self.before}
        after: dict[str, Json] = dict(self.added)
        return Difference("tags", before or None, after or None)


def tag_changes(
    wanted: Mapping[str, str], observed: Observed, previous: Sequence[str] = ()
) -> TagChanges:
    """Compare tags. Those that neither we nor the person named are someone else's and stay."""
    have = {k: v for k, v in (observed.tags or {}).items() if not k.startswith(RESERVED_TAGS)}
    if observed.tags is None:
        return TagChanges({}, (), {})
    added = {key: value for key, value in wanted.items() if have.get(key) != value}
    removed = tuple(key for key in previous if key in have and key not in wanted)
    return TagChanges(added, removed, have)


def wait_ready(kind: AnyType, aws: Aws, id_: str) -> Observed:
    """Poll until the object is ready.

    Raises:
        WaitError: it failed, or its limit passed; with AWS's state and reason.
    """
    started = aws.clock.monotonic()
    poll = kind.poll or kind.read
    while True:
        observed = poll(aws, [id_]).get(id_)
        elapsed = aws.clock.monotonic() - started
        if observed and observed.phase is Phase.READY:
            return observed
        check_patience(kind, id_, observed, elapsed, kind.ready)
        aws.clock.sleep(kind.ready.every)


def check_patience(
    kind: AnyType,
    id_: str,
    observed: Observed | None,
    elapsed: float,
    patience: Patience,
    *,
    until: str = "ready",
) -> None:
    """Give up on a wait that failed or took too long.

    Args:
        kind: of the object.
        id_: of the object.
        observed: what AWS shows of it; None if nothing.
        elapsed: seconds.
        patience: how long it may take.
        until: what it is waited to be.

    Raises:
        WaitError: with the state, AWS's reason and the limit.
    """
    if observed and observed.phase is Phase.FAILED:
        raise WaitError(
            f"{kind.kind} {id_} ended in a failed state: {observed.reason or 'no reason given'}.",
            hint="Mend the cause that AWS names, then run the same command again.",
        )
    if elapsed > patience.limit:
        state = observed.reason if observed else "not visible"
        raise WaitError(
            f"{kind.kind} {id_} is not {until} after {elapsed:.0f} s (typically "
            f"{patience.typical:.0f} s); AWS says: {state or 'pending'}.",
            hint="Run the same command again: it goes on waiting where this run stopped.",
        )


def validated(kind: ResourceType[S], settings: Settings) -> S:
    """Build a kind's spec from plain JSON, strictly."""
    return kind.spec.model_validate_json(json.dumps(settings))


def ensure(
    kind: ResourceType[S],
    session: ClientFactory,
    spec: S,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
    clock: Clock | None = None,
) -> Result:
    """Create the object if it is missing, correct it where it differs, else do nothing.

    Args:
        kind: the resource type.
        session: a boto3 session, or anything that makes clients as one does.
        spec: what is wanted, without unresolved references.
        owner: whose it is. By default the stack `standalone` and the object's name: its `name`
            field, else its `Name` tag. A kind whose id AWS generates needs one of them, or the
            same call made twice would make two objects.
        adopt: bring an object that is not ours to the spec; it is never taken for ours.
        clock: passes the time while waiting; a test brings its own.

    Raises:
        ForeignObjectError: the name is taken by an object that is not ours, and `adopt` is False.
        ProvisionerError: AWS refused, or a field that differs can't be changed in place.
    """
    try:
        aws = session if isinstance(session, Aws) else connect(session, clock=clock)
        return _converge(kind, aws, spec, owner or default_owner(kind, spec, aws), adopt=adopt)
    except Exception as error:  # noqa: BLE001  raised below, without its secrets
        failure = as_ours(error, kind.kind)
    settings = settings_of(spec)
    secret = secrets_in(kind.spec, settings)
    raise Redaction(secret, public_in(kind.spec, settings)).error(failure)


def default_owner(kind: AnyType, spec: Spec, aws: Aws) -> Owner:
    """The owner of what a script makes: stack `standalone`, addressed by kind and name."""
    name = kind.identity(spec, aws.target) or tags_of(spec).get("Name")
    if name is None and kind.search is not None:
        raise ProvisionerError(
            f"{kind.kind}: AWS makes its id, so this object needs a Name tag or an owner "
            "to be found again.",
            hint='Pass tags={"Name": …} in the spec, or owner=Owner(stack, address).',
        )
    return Owner("standalone", f"{kind.kind}/{name or 'default'}"[:256])


def _converge(kind: ResourceType[S], aws: Aws, spec: S, owner: Owner, *, adopt: bool) -> Result:
    found = look(kind, aws, spec, owner)
    if found is None:
        owner = replace(owner, token=new_token())
        id_, observed = create_or_settle(kind, aws, spec, owner, looked=True)
    else:
        id_, observed = found
        _refuse_foreign(kind, id_, observed, owner, adopt=adopt)
    if observed.phase is Phase.PENDING:
        wait_ready(kind, aws, id_)
    changes = configure_to_the_end(kind, aws, id_, spec, observed)
    attributes = {**observed.attributes, **kind.predict(spec, aws.target)}
    action = Action.CREATE if found is None else Action.UPDATE if changes else Action.NOOP
    return Result(kind.kind, id_, action, attributes, tuple(changes.values()))


def _refuse_foreign(
    kind: AnyType, id_: str, observed: Observed, owner: Owner, *, adopt: bool
) -> None:
    if adopt or observed.tags is None or owner.owns(observed.tags):
        return
    whose = Owner.of(observed.tags)
    who = f"it belongs to stack {whose.stack!r}" if whose else "it carries no tag of ours"
    raise ForeignObjectError(
        f"{kind.kind} {id_} exists already and {who}; nothing was changed.",
        hint="Choose another name, or adopt it: adopt=True.",
    )


__all__ = [
    "Action",
    "Result",
    "configure",
    "create_or_settle",
    "ensure",
    "look",
    "rules_of",
    "wait_ready",
]
