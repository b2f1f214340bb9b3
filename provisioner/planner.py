"""From what is wanted and what is, to what will be done. Pure: no AWS, no clock, no files.

Every address is judged by itself. A replace makes the attributes of its resource unknown, so all
that refer to it are judged again, until nothing moves. What the run must not do is refused here,
for the whole plan, before the first call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from provisioner.aws.target import Target
from provisioner.changes import Change, Old, Plan
from provisioner.ensure import Action, as_created, tag_changes, tags_of
from provisioner.errors import ForeignObjectError, PlanError, ProtectedError, ReplaceRefusedError
from provisioner.inventory import Record, Status
from provisioner.leftovers import in_the_way, leftover, old_of, reinstated
from provisioner.lifecycle import (
    Difference,
    Owner,
    Phase,
    Settings,
    differences,
    local_fields,
    settings_of,
)
from provisioner.refresher import Found, Situation
from provisioner.registry import kind_of
from provisioner.stack import Resource, Stack
from provisioner.values import Values


@dataclass(frozen=True)
class Allowances:
    """What a person allowed by name.

    Attributes:
        adopt: bring objects that exist and are not ours to their specs.
        replace: addresses whose data-holding object may be replaced, with what it holds.
        empty: addresses whose object may be deleted with all that it holds.
        lift: addresses whose protection from deletion, set by somebody else, may be taken away.
    """

    adopt: bool = False
    replace: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    lift: frozenset[str] = frozenset()


@dataclass
class _Judgement:
    """The plan in the making."""

    stack: Stack
    target: Target
    situation: Situation
    allowed: Allowances
    values: Values
    changes: dict[str, Change] = field(default_factory=dict)
    refusals: list[PlanError] = field(default_factory=list)


def plan_apply(
    stack: Stack, target: Target, situation: Situation, allowed: Allowances | None = None
) -> Plan:
    """What it takes to bring AWS to the stack.

    Raises:
        ForeignObjectError, ProtectedError, ReplaceRefusedError: what may not be done, all of it.
    """
    judgement = _Judgement(stack, target, situation, allowed or Allowances(), situation.values)
    _forget_strangers(judgement)
    judgement.situation = reinstated(stack, situation)
    _judge_all(judgement)
    _delete_dependents_first(judgement)
    removed = [_gone_or_renamed(judgement, record) for record in _unwanted(judgement)]
    _refuse(judgement, removed)
    return Plan(
        stack.name,
        target,
        (*judgement.changes.values(), *removed),
        stack,
        judgement.situation,
        judgement.values,
    )


def plan_teardown(name: str, target: Target, situation: Situation) -> Plan:
    """What it takes to leave nothing of a stack, from the inventory alone.

    What is protected is in it all the same: a preflight names it with everything else that blocks.
    """
    changes = tuple(_removed(situation, record) for record in situation.records.values())
    return Plan(name, target, changes, None, situation, situation.values)


def _forget_strangers(judgement: _Judgement) -> None:
    """Attributes of what does not exist are only what its name says."""
    for resource in judgement.stack:
        if resource.address not in judgement.situation.found:
            judgement.values.forget(resource.address)
    _predict_again(judgement, [resource.address for resource in judgement.stack])


def _judge_all(judgement: _Judgement) -> None:
    users: dict[str, set[str]] = defaultdict(set)
    for resource in judgement.stack:
        for use in resource.uses:
            users[use.target].add(resource.address)
    open_ = dict.fromkeys(judgement.stack.resources)
    while open_:
        address = next(iter(open_))
        del open_[address]
        before = judgement.changes.get(address)
        change = _judge(judgement, judgement.stack.resources[address])
        judgement.changes[address] = change
        newly_made = change.makes and not (before and before.makes)
        if newly_made and change.id is not None:
            judgement.values.forget(address)
            _predict_again(judgement, [address])
            open_ |= dict.fromkeys(users[address])
    judgement.changes = {
        address: judgement.changes[address] for address in judgement.stack.resources
    }


def _predict_again(judgement: _Judgement, addresses: list[str]) -> None:
    for address in addresses:
        resource = judgement.stack.resources[address]
        judgement.values.learn(address, judgement.values.predict(resource))


def _delete_dependents_first(judgement: _Judgement) -> None:
    """What must be gone before its successor is made, takes those with it that need it."""
    while True:
        first = {a for a, change in judgement.changes.items() if change.delete_first}
        more = [
            change
            for address, change in judgement.changes.items()
            if change.action is Action.REPLACE
            and address not in first
            and first & _needed_by(judgement, address)
        ]
        if not more:
            return
        judgement.changes |= {change.address: replace(change, delete_first=True) for change in more}


def _needed_by(judgement: _Judgement, address: str) -> set[str]:
    record = judgement.situation.records.get(address)
    return {edge.address for edge in record.edges} if record else set()


def _judge(judgement: _Judgement, resource: Resource) -> Change:
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


def _made(
    judgement: _Judgement, resource: Resource, record: Record | None, olds: tuple[Old, ...]
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


def _blocked(judgement: _Judgement, resource: Resource, olds: Iterable[Old]) -> bool:
    """Whether any of these must be gone before the resource can be made."""
    seen = {**judgement.situation.replaced.get(resource.address, {})}
    if found := judgement.situation.found.get(resource.address):
        seen[found.id] = found.observed
    return any(in_the_way(resource, old, seen[old.id], judgement.values) for old in olds)


def _kind_changed(
    judgement: _Judgement, resource: Resource, record: Record, olds: tuple[Old, ...]
) -> Change:
    """What was at the address goes, if it is ours."""
    found = judgement.situation.found.get(resource.address)
    former = _removed(judgement.situation, record)
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
    judgement: _Judgement, resource: Resource, record: Record | None, found: Found
) -> Change | None:
    """The object is not known to be ours: refused, or adopted where that was allowed."""
    tags = found.observed.tags
    if _ours(Owner(judgement.stack.name, resource.address), record, found):
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
    judgement.refusals.append(
        ForeignObjectError(
            f"{resource.address}: {resource.kind.kind} {_called(found)} exists and {who}.",
            hint=hint,
        )
    )
    return Change(resource.address, resource.kind.kind, Action.NOOP, "foreign", found.id)


def _called(found: Found) -> str:
    """The object's id, and the alias that people know it by where AWS made the id."""
    alias = found.observed.attributes.get("alias")
    return f"{found.id} ({alias})" if alias else found.id


def _ours(owner: Owner, record: Record | None, found: Found) -> bool:
    """Whether an object is known to be what we made, or adopted.

    Our tags say so; else the inventory, if nobody else claims the object. An intent alone says
    nothing of an object that could carry our tags and does not: somebody else was faster. What
    can't be tagged was made by the intent if it is what the intent would have made.
    """
    tags = found.observed.tags
    if owner.owns(tags):
        return True
    if record is None or Owner.of(tags) is not None:
        return False
    if record.status is not Status.INTENDED:
        return record.id == found.id
    named = record.id in {None, found.id}
    return tags is None and named and as_created(kind_of(record.kind), _aim(record), found.observed)


def _aim(record: Record) -> Settings:
    return record.intended or {}


def _compare(
    judgement: _Judgement,
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
    if reason := _why_replace(found, changed):
        return _replaced(judgement, resource, record, change, reason)
    if judgement.values.learn(resource.address, found.observed.attributes):
        _predict_again(judgement, [resource.address])
    pending = found.observed.phase is Phase.PENDING
    settle = pending or _unrecorded(judgement, resource, record, found)
    return replace(change, settle=settle, reason="it is not ready yet" if pending else "")


def _why_replace(found: Found, changed: tuple[Difference, ...]) -> str:
    """Why the object can't become what is wanted; empty if it can."""
    if found.observed.phase is Phase.FAILED:
        return f"AWS says it failed: {found.observed.reason or 'no reason given'}"
    fixed = [difference.field for difference in changed if difference.replace]
    return f"{', '.join(fixed)} can't change in place" if fixed else ""


def _replaced(
    judgement: _Judgement,
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
    judgement: _Judgement, resource: Resource, change: Change, reason: str, identity: str | None
) -> Change:
    """What was there before us is never replaced: it stays beside the new one, or is refused."""
    if identity not in {None, change.id}:
        stays = f"{change.id} was there before us, so it stays"
        action = Action.CREATE
        return Change(resource.address, change.kind, action, stays, change.id, olds=change.olds)
    judgement.refusals.append(
        ReplaceRefusedError(
            f"{resource.address}: {change.kind} {change.id} was there before us and would have "
            f"to be replaced: {reason}.",
            hint="Write in the manifest what it is, choose another name, or delete it yourself.",
        )
    )
    return replace(change, action=Action.NOOP, reason="it was there before us")


def _differences(
    judgement: _Judgement, resource: Resource, found: Found, record: Record | None = None
) -> tuple[Difference, ...]:
    resolved = resource.resolved(judgement.values.resolve)
    changed = differences(
        resource.kind.spec, settings_of(resolved.spec), found.observed, resolved.waiting
    )
    tags = tag_changes(tags_of(resolved.spec), found.observed, tuple(record.tags) if record else ())
    return (*changed.values(), tags.difference) if tags else tuple(changed.values())


def _unrecorded(
    judgement: _Judgement, resource: Resource, record: Record | None, found: Found
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


def _unwanted(judgement: _Judgement) -> list[Record]:
    return [
        record
        for address, record in judgement.situation.records.items()
        if address not in judgement.stack.resources
    ]


def _gone_or_renamed(judgement: _Judgement, record: Record) -> Change:
    """What is no longer wanted at this address goes, unless another address has the object."""
    change = _removed(judgement.situation, record)
    if change.action is Action.DELETE:
        for other, found in judgement.situation.found.items():
            wanted = judgement.stack.resources.get(other)
            if wanted and (wanted.kind.kind, found.id) == (record.kind, change.id):
                kept = replace(change, action=Action.FORGET, olds=change.olds[:-1])
                return replace(kept, reason=f"it is {other} now")
    return change


def _removed(situation: Situation, record: Record) -> Change:
    """A recorded resource that is no longer wanted."""
    found = situation.found.get(record.address)
    olds = leftover(situation, record.address)
    forget = Change(
        record.address, record.kind, Action.FORGET, id=record.id, olds=olds, owned=record.owned
    )
    if found is None and (rest := _unfinished(situation, record)):
        return replace(forget, action=Action.DELETE, olds=(*olds, rest))
    if found is None:
        return replace(forget, reason="it is gone from AWS", id=None)
    if not record.owned:
        return replace(forget, reason="it was there before us, so it stays")
    if not _ours(Owner(record.stack, record.address), record, found):
        return replace(forget, reason=f"{found.id} is not ours, so it stays")
    settings = record.settings or record.intended or {}
    old = old_of(kind_of(record.kind), found.id, settings, found.observed)
    return Change(
        record.address, record.kind, Action.DELETE, id=found.id, olds=(*olds, old), owned=True
    )


def _unfinished(situation: Situation, record: Record) -> Old | None:
    """What an earlier run deleted, and did not see the end of: it is leaving, or left traces."""
    kind = kind_of(record.kind)
    deleted = record.status is Status.DELETING and (kind.aftermath or kind.returns)
    if record.id and record.owned and (deleted or record.address in situation.leaving):
        return old_of(kind, record.id, record.settings, None)
    return None


def _refuse(judgement: _Judgement, removed: list[Change]) -> None:
    """Raise what the plan must not do, all of it at once."""
    refusals = [*judgement.refusals]
    for change in (*judgement.changes.values(), *removed):
        refusals += _protection(judgement, change)
    if refusals:
        first = refusals[0]
        hints = dict.fromkeys(refusal.hint for refusal in refusals if refusal.hint)
        raise type(first)("\n".join(map(str, refusals)), hint=" ".join(hints))


def _protection(judgement: _Judgement, change: Change) -> list[PlanError]:
    if change.action not in {Action.DELETE, Action.REPLACE}:
        return []
    record = judgement.situation.records.get(change.address)
    resource = judgement.stack.resources.get(change.address)
    verb = "deleted" if change.action is Action.DELETE else f"replaced ({change.reason})"
    if resource.protect if resource else record is not None and record.protect:
        return [
            ProtectedError(
                f"{change.address} is protected and would be {verb}.",
                hint="Set protect: false on it first, and apply that.",
            )
        ]
    holds_data = any(old.holds_data for old in change.olds)
    if change.action is Action.REPLACE and holds_data and not _replace_allowed(judgement, change):
        return [
            ReplaceRefusedError(
                f"{change.address} holds data and would be replaced: {change.reason}.",
                hint=f"If its data may go: --allow-replace {change.address}.",
            )
        ]
    return []


def _replace_allowed(judgement: _Judgement, change: Change) -> bool:
    return change.address in judgement.allowed.replace
