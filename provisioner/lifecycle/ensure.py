"""Bring one resource to its spec: look, create or settle, configure, wait.

`ensure` needs nothing but a boto3 session. The engine runs the same functions as steps of a plan.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from provisioner.aws.clients import Aws, ClientFactory, connect
from provisioner.aws.clock import Clock
from provisioner.aws.failures import as_ours
from provisioner.errors import (
    ForeignObjectError,
    ProvisionerError,
)
from provisioner.lifecycle import (
    AnyType,
    Difference,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    settings_of,
)
from provisioner.lifecycle.configuring import configure_to_the_end
from provisioner.lifecycle.creating import create_or_settle, look, new_token
from provisioner.lifecycle.redaction import Redaction, public_in, secrets_in
from provisioner.lifecycle.tagging import tags_of
from provisioner.lifecycle.waiting import wait_ready

S = TypeVar("S", bound=Spec)


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
