"""Look for an object, create it, and make sure that what stands is ours."""

from __future__ import annotations

import json
import uuid

from provisioner.aws.clients import Aws
from provisioner.errors import (
    AnswerLostError,
    ForeignObjectError,
    InterruptedRunError,
)
from provisioner.lifecycle import (
    AnyType,
    Observed,
    Owner,
    Settings,
    Spec,
    Stage,
    differences,
    rules_of,
    settings_of,
)
from provisioner.lifecycle.fields import unresolved
from provisioner.lifecycle.tagging import tags_of


def new_token() -> str:
    """A token that marks what one intent made."""
    return uuid.uuid4().hex


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
