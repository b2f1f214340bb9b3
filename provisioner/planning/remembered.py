"""What records say, as something to be wanted again: by an undo, or by a repair. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pydantic import JsonValue

from provisioner.discovery.refresher import Found
from provisioner.inventory import Record
from provisioner.lifecycle import Spec, rules_of
from provisioner.lifecycle.secrets import is_folder
from provisioner.planning.changes import Change, Lasting, Plan
from provisioner.registry import kind_of
from provisioner.stack import Resource
from provisioner.stack.likeness import Known, referenced


def plain(before: Record) -> dict[str, JsonValue]:
    """The settings of a record, tags included."""
    tags: dict[str, JsonValue] = {key: value or "" for key, value in before.tags.items()}
    return {**before.settings, "tags": tags} if tags else dict(before.settings)


def tags_now(before: Record, found: Found) -> dict[str, JsonValue]:
    """The tags of a record as a setting; what an older form did not keep, as AWS has it."""
    have = found.observed.tags or {}
    tags: dict[str, JsonValue] = {
        key: have.get(key, "") if value is None else value for key, value in before.tags.items()
    }
    return {"tags": tags} if tags else {}


def remembered(
    before: Record, settings: dict[str, JsonValue], objects: Mapping[str, Known]
) -> Resource:
    """A wanted resource of what a record says, its values referring to others again."""
    kind = kind_of(before.kind)
    near = {before.address, *(edge.address for edge in before.edges)}
    needed = {address: objects[address] for address in near if address in objects}
    linked = referenced(settings, needed, of=kind, itself=before.address)
    resource = Resource(before.address, kind, linked, protect=before.protect)
    used = {use.target for use in resource.uses}
    others = tuple(e.address for e in before.edges if e.stage == "create" and e.address not in used)
    return replace(resource, depends_on=others)


def unmakable(plan: Plan) -> Iterable[Lasting]:
    """What would have to be made anew and can't be."""
    for change in plan.changes:
        if change.makes and (why := _unmakable(plan, change)):
            yield Lasting(change.address, change.kind, why)


def _unmakable(plan: Plan, change: Change) -> str:
    resource = plan.resource(change.address)
    if resource is None:  # pragma: no cover  only wanted resources are made
        return ""
    spec: type[Spec] = resource.kind.spec
    rules = rules_of(spec)
    if resource.kind.holds_data:
        return "its earlier object is gone with its data"
    if any(is_folder(spec, name) for name in resource.settings):
        return "its earlier object is gone, and its code was never stored"
    if change.id is None and any(rules[n].secret for n in resource.settings if n in rules):
        return "its earlier object is gone, and its secrets were never stored"
    return ""
