"""Judge one address: from what is wanted and what is, to what will be done to it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from provisioner.aws.target import Target
from provisioner.discovery.refresher import Found, Situation
from provisioner.errors import ForeignObjectError, PlanError, ReplaceRefusedError
from provisioner.inventory import Record, Status
from provisioner.lifecycle import (
    Difference,
    Owner,
    Phase,
    differences,
    local_fields,
    settings_of,
)
from provisioner.lifecycle.ensure import Action
from provisioner.lifecycle.tagging import tag_changes, tags_of
from provisioner.planning.allowances import Allowances
from provisioner.planning.changes import Change, Old
from provisioner.planning.leftovers import in_the_way, leftover, old_of
from provisioner.planning.origins import traced
from provisioner.planning.ownership import ours
from provisioner.planning.unwanted import removed
from provisioner.stack import Resource, Stack
from provisioner.stack.values import Values


@dataclass
class Judgement:
    """A plan in the making.

    Attributes:
        stack, target, situation, allowed: what it is made from.
        anew: addresses that are to be replaced though nothing differs.
        values: attributes that will hold whatever happens; what is replaced is forgotten.
        changes: by address, as judged so far.
        refusals: by address, what may not be done.
    """

    stack: Stack
    target: Target
    situation: Situation
    allowed: Allowances
    values: Values
    anew: frozenset[str] = frozenset()
    changes: dict[str, Change] = field(default_factory=dict)
    refusals: dict[str, PlanError] = field(default_factory=dict)


def judge(judgement: Judgement, resource: Resource) -> Change:
    """What will be done to an address, as far as is known by now."""
    judgement.refusals.pop(resource.address, None)
    change = _judged(judgement, resource)
    record = judgement.situation.records.get(resource.address)
    return _moved(change, record) if record and _is_moving(judgement, record) else change


def _is_moving(judgement: Judgement, record: Record) -> bool:
    """Whether a record or the tags of its object are still to be moved."""
    if not record.former:
        return False
    found = judgement.situation.found.get(record.address)
    return (
        record.address in judgement.situation.origins
        or record.status is not Status.READY
        or (found is not None and record.formerly(found.observed.tags))
    )


def _moved(change: Change, record: Record) -> Change:
    """A change of what had another address until now."""
    former = record.former[-1]
    here = former.stack == record.stack
    moved_from = former.address if here else f"{former.address} of stack {former.stack}"
    action = Action.MOVE if change.action is Action.NOOP else change.action
    reason = "; ".join(filter(None, [f"moved from {moved_from}", change.reason]))
    return replace(change, action=action, reason=reason, moved_from=moved_from)


def _judged(judgement: Judgement, resource: Resource) -> Change:
    situation = judgement.situation
    record = situation.records.get(resource.address)
    found = situation.found.get(resource.address)
    olds = leftover(situation, resource.address)
    if record and record.kind != resource.kind.kind:
        return _kind_changed(judgement, resource, record, olds)
    if found is None:
        return _made(judgement, resource, record, olds)
    if stranger := _stranger(judgement, resource, record, found):
        return stranger
    return _compare(judgement, resource, record, found, olds)


def predict_again(judgement: Judgement, addresses: list[str]) -> None:
    """Learn of these what follows from their specs."""
    for address in addresses:
        resource = judgement.stack.resources[address]
        judgement.values.learn(address, judgement.values.predict(resource))


def _made(
    judgement: Judgement, resource: Resource, record: Record | None, olds: tuple[Old, ...]
) -> Change:
    """There is no object yet, or none any more."""
    return Change(
        resource.address,
        resource.kind.kind,
        Action.CREATE,
        "it is gone from AWS" if record and record.status == "ready" else "",
        olds=olds,
        delete_first=_blocked(judgement, resource, olds),
    )


def _blocked(judgement: Judgement, resource: Resource, olds: Iterable[Old]) -> bool:
    """Whether any of these must be gone before the resource can be made."""
    seen = {**judgement.situation.replaced.get(resource.address, {})}
    if found := judgement.situation.found.get(resource.address):
        seen[found.id] = found.observed
    return any(in_the_way(resource, old, seen[old.id], judgement.values) for old in olds)


def _kind_changed(
    judgement: Judgement, resource: Resource, record: Record, olds: tuple[Old, ...]
) -> Change:
    """What was at the address goes, if it is ours."""
    found = judgement.situation.found.get(resource.address)
    former = removed(judgement.situation, record)
    goes = found and found.id == record.id and former.action is Action.DELETE
    old = former.olds[-1:] if goes else ()
    return Change(
        resource.address,
        resource.kind.kind,
        Action.REPLACE if old else Action.CREATE,
        f"it was a {record.kind}",
        id=record.id if old else None,
        olds=(*olds, *old),
        delete_first=True,
    )


def _stranger(
    judgement: Judgement, resource: Resource, record: Record | None, found: Found
) -> Change | None:
    """The object is not known to be ours: refused, or adopted where that was allowed."""
    tags = found.observed.tags
    if ours(Owner(judgement.stack.name, resource.address), record, found):
        return None
    whose = Owner.of(tags)
    if whose is None and judgement.allowed.adopt:
        judgement.values.learn(resource.address, found.observed.attributes)
        changed = _differences(judgement, resource, found)
        adopted = Change(
            resource.address,
            resource.kind.kind,
            Action.ADOPT,
            "it exists and is not ours; a teardown will leave it",
            found.id,
            changed,
            owned=False,
            settle=True,
        )
        why_not = _why_replace(found, changed)
        return _replaced(judgement, resource, None, adopted, why_not) if why_not else adopted
    who = f"belongs to stack {whose.stack!r}, {whose.address}" if whose else "is not ours"
    hint = "Choose another name." if whose else "Choose another name, or adopt it with --adopt."
    if whose is None:
        who += f"; {_adoption(judgement, resource, found)}"
    if former := _no_longer_wanted(judgement, resource, found):
        who = f"is {former}, which is no longer wanted"
        hint = f"If {resource.address} is its new address: moved_from: {former}."
    judgement.refusals[resource.address] = ForeignObjectError(
        f"{resource.address}: {resource.kind.kind} {_called(found)} exists and {who}.",
        hint=hint,
    )
    return Change(resource.address, resource.kind.kind, Action.NOOP, "foreign", found.id)


def _adoption(judgement: Judgement, resource: Resource, found: Found) -> str:
    """What an adoption changes of an object."""
    changed = [difference.field for difference in _differences(judgement, resource, found)]
    what = f"its {', '.join(changed)}" if changed else "nothing of it"
    return f"adopting it changes {what}"


def _no_longer_wanted(judgement: Judgement, resource: Resource, found: Found) -> str:
    """The address in no manifest any more whose object this is; empty if there is none."""
    return next(
        (
            address
            for address, record in judgement.situation.records.items()
            if (record.kind, record.id) == (resource.kind.kind, found.id)
            and address not in judgement.stack.resources
        ),
        "",
    )


def _called(found: Found) -> str:
    """The object's id, and the alias that people know it by where AWS made the id."""
    alias = found.observed.attributes.get("alias")
    return f"{found.id} ({alias})" if alias else found.id


def _compare(
    judgement: Judgement,
    resource: Resource,
    record: Record | None,
    found: Found,
    olds: tuple[Old, ...],
) -> Change:
    changed = _differences(judgement, resource, found, record)
    change = Change(
        resource.address,
        resource.kind.kind,
        Action.UPDATE if changed else Action.NOOP,
        id=found.id,
        differences=changed,
        olds=olds,
        owned=record.owned if record else True,
    )
    asked = "asked for" if resource.address in judgement.anew else ""
    if reason := _why_replace(found, changed) or asked:
        return _replaced(judgement, resource, record, change, reason)
    if judgement.values.learn(resource.address, found.observed.attributes):
        predict_again(judgement, [resource.address])
    pending = found.observed.phase is Phase.PENDING
    settle = pending or _unrecorded(judgement, resource, record, found)
    reason = "it is not ready yet" if pending else _protection(resource, record)
    return replace(change, settle=settle, reason=reason)


def _protection(resource: Resource, record: Record | None) -> str:
    """What changes of its protection, so that it is seen and written down."""
    if record is None or record.protect == resource.protect:
        return ""
    return "it is protected from now on" if resource.protect else "it is no longer protected"


def _why_replace(found: Found, changed: tuple[Difference, ...]) -> str:
    """Why the object can't become what is wanted; empty if it can."""
    if found.observed.phase is Phase.FAILED:
        return f"AWS says it failed: {found.observed.reason or 'no reason given'}"
    fixed = [difference.field for difference in changed if difference.replace]
    return f"{', '.join(fixed)} can't change in place" if fixed else ""


def _replaced(
    judgement: Judgement,
    resource: Resource,
    record: Record | None,
    change: Change,
    reason: str,
) -> Change:
    settings = record.settings if record else {}
    found = judgement.situation.found.get(resource.address)
    old = old_of(resource.kind, str(change.id), settings, found.observed if found else None)
    identity = judgement.values.identity(resource)
    if not change.owned:
        return _left_alone(judgement, resource, change, reason, identity)
    olds = {one.id: one for one in (*change.olds, old)}.values()
    return replace(
        change,
        action=Action.REPLACE,
        reason=reason,
        olds=(*olds,),
        delete_first=_blocked(judgement, resource, olds),
    )


def _left_alone(
    judgement: Judgement, resource: Resource, change: Change, reason: str, identity: str | None
) -> Change:
    """What was there before us is never replaced: it stays beside the new one, or is refused."""
    if identity not in {None, change.id}:
        stays = f"{change.id} was there before us, so it stays"
        action = Action.CREATE
        return Change(resource.address, change.kind, action, stays, change.id, olds=change.olds)
    judgement.refusals[resource.address] = ReplaceRefusedError(
        f"{resource.address}: {change.kind} {change.id} was there before us and would have "
        f"to be replaced: {reason}.",
        hint="Write in the manifest what it is, choose another name, or delete it yourself.",
    )
    return replace(change, action=Action.NOOP, reason="it was there before us")


def _differences(
    judgement: Judgement, resource: Resource, found: Found, record: Record | None = None
) -> tuple[Difference, ...]:
    resolved = resource.resolved(judgement.values.resolve)
    wanted = settings_of(resolved.spec)
    changed = differences(resource.kind.spec, wanted, found.observed, resolved.waiting)
    tags = tag_changes(tags_of(resolved.spec), found.observed, tuple(record.tags) if record else ())
    told = (*changed.values(), tags.difference) if tags else tuple(changed.values())
    return traced(told, resource.kind.spec, wanted, found.observed.settings, record)


def _unrecorded(
    judgement: Judgement, resource: Resource, record: Record | None, found: Found
) -> bool:
    """Whether the inventory says something else than what stands, or than what it alone knows."""
    if record is None or record.status != "ready" or record.id != found.id:
        return True
    edges = {(use.target) for use in resource.uses}
    spec = resource.resolved(judgement.values.resolve).spec
    settings = settings_of(spec)
    return (
        record.protect != resource.protect
        or record.tags != tags_of(spec)
        or edges != {edge.address for edge in record.edges}
        or any(settings.get(n) != record.settings.get(n) for n in local_fields(resource.kind))
    )
