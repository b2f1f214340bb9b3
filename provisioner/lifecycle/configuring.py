"""Send what differs between a spec and what AWS has, until nothing does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from provisioner.aws.clients import Aws
from provisioner.errors import (
    AnswerLostError,
    ProvisionerError,
    WaitError,
)
from provisioner.lifecycle import (
    AnyType,
    Difference,
    Observed,
    Phase,
    Spec,
    differences,
    settings_of,
)
from provisioner.lifecycle.creating import ATTEMPTS
from provisioner.lifecycle.tagging import tag_changes, tags_of
from provisioner.lifecycle.waiting import wait_ready

S = TypeVar("S", bound=Spec)
T = TypeVar("T")


def unset(spec: S, fields: Sequence[str]) -> S:
    """The spec without these fields, as if they had not been written."""
    defaults = {
        name: type(spec).model_fields[name].get_default(call_default_factory=True)
        for name in fields
    }
    return spec.model_copy(update=defaults)


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
