"""What a replace leaves to be deleted, and what of it stands in the way of its successor.

A replace that was cut short leaves objects behind, recorded by id. The next run deletes them,
before or after it makes their successor. If what is wanted by now is one of them again, it takes
its address back instead, and what was to succeed it goes.
"""

from __future__ import annotations

from dataclasses import replace

from provisioner.discovery.refresher import Found, Situation
from provisioner.inventory import Replaced, Status
from provisioner.lifecycle import (
    AnyType,
    Difference,
    Observed,
    Phase,
    Settings,
    differences,
    settings_of,
)
from provisioner.planning.changes import Old
from provisioner.registry import kind_of
from provisioner.stack import Resource, Stack
from provisioner.stack.values import Values


def leftover(situation: Situation, address: str) -> tuple[Old, ...]:
    """What a replace that was cut short did not delete any more."""
    record, seen = situation.records.get(address), situation.replaced.get(address, {})
    return tuple(
        old_of(kind_of(old.kind), old.id, record.settings, seen[old.id])
        for old in (record.replaced if record else ())
        if record and old.id in seen
    )


def old_of(kind: AnyType, id_: str, settings: Settings, seen: Observed | None) -> Old:
    """An object that has to go, with what a person should know of it."""
    protection = kind.protection or (lambda _: "")
    lifts = protection(seen.settings) if seen else ""
    return Old(
        kind.kind,
        id_,
        settings,
        kind.holds_data,
        lifts=lifts,
        theirs=bool(lifts) and not protection(settings),
        empty=settings.get("empty_on_delete") is True,
    )


def in_the_way(resource: Resource, old: Old, observed: Observed, values: Values) -> bool:
    """Whether an object must be gone before its successor can be made."""
    kind = resource.kind
    if kind.kind != old.kind or kind.replace_first == "delete":
        return True
    if values.identity(resource) == old.id:
        return True
    claims = [name for name in kind.claims if name in resource.settings]
    changed = _differences(resource, observed, values)
    return bool(claims) and not changed.keys() & set(claims)


def reinstated(stack: Stack, situation: Situation) -> Situation:
    """The situation in which what was replaced, and is wanted again, has its address back."""
    while True:
        for resource in stack:
            if wanted := _wanted_again(resource, situation):
                situation = _with_its_address(situation, resource, wanted)
                break  # whatever refers to it may be wanted again by now, too
        else:
            return situation


def _wanted_again(resource: Resource, situation: Situation) -> Found | None:
    """The replaced object that needs no replace to be what is wanted, if what there is needs it."""
    address, values = resource.address, situation.values
    record, current = situation.records.get(address), situation.found.get(address)
    if record is None or record.kind != resource.kind.kind:
        return None
    if current and _fits(resource, current.observed, values):
        return None
    kinds = {old.id: old.kind for old in record.replaced}
    for id_, observed in situation.replaced.get(address, {}).items():
        if kinds[id_] == record.kind and _fits(resource, observed, values):
            return Found(id_, observed)
    return None


def _with_its_address(situation: Situation, resource: Resource, wanted: Found) -> Situation:
    address, values = resource.address, situation.values
    record, current = situation.records[address], situation.found.get(address)
    olds = tuple(old for old in record.replaced if old.id != wanted.id)
    seen = {old.id: situation.replaced[address][old.id] for old in olds}
    if current:
        olds = (*olds, Replaced(kind=record.kind, id=current.id))
        seen[current.id] = current.observed
    values.forget(address)
    values.learn(address, wanted.observed.attributes)
    values.learn(address, values.predict(resource))
    back = {"id": wanted.id, "status": Status.UPDATING, "replaced": olds}
    return replace(
        situation,
        records={**situation.records, address: record.model_copy(update=back)},
        found={**situation.found, address: wanted},
        replaced={**situation.replaced, address: seen},
    )


def _fits(resource: Resource, observed: Observed, values: Values) -> bool:
    """Whether an object can be brought to what is wanted in place."""
    if observed.phase not in {Phase.READY, Phase.PENDING}:
        return False
    changed = _differences(resource, observed, values)
    return not any(difference.replace for difference in changed.values())


def _differences(resource: Resource, observed: Observed, values: Values) -> dict[str, Difference]:
    resolved = resource.resolved(values.resolve)
    wanted = settings_of(resolved.spec)
    return differences(resource.kind.spec, wanted, observed, resolved.waiting)
