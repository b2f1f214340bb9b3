"""What goes and what is made may be the same under another name: worth a question. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from provisioner.changes import Change, Plan
from provisioner.ensure import Action
from provisioner.inventory import Record
from provisioner.lifecycle import Spec, rules_of, settings_of
from provisioner.secrets import sealed
from provisioner.stack import Resource

ALIKE = 0.75
"""So much of the settings of both has to be equal."""


@dataclass(frozen=True, slots=True)
class Resemblance:
    """A delete and a create that look like a rename.

    Attributes:
        address: of what would be made.
        former: of what would be deleted.
        equal: how much of their settings is the same, from 0 to 1.
    """

    address: str
    former: str
    equal: float

    def __str__(self) -> str:
        return f"{self.address} looks like {self.former} renamed: moved_from: {self.former}"


def resemblances(plan: Plan) -> tuple[Resemblance, ...]:
    """Pairs of a delete and a create of one kind with nearly the same settings, each in one."""
    found: list[Resemblance] = []
    for pair in sorted(_pairs(plan), key=lambda one: (-one.equal, one.address, one.former)):
        taken = {name for one in found for name in (one.address, one.former)}
        if not {pair.address, pair.former} & taken:
            found.append(pair)
    return tuple(found)


def _pairs(plan: Plan) -> Iterator[Resemblance]:
    going = [change for change in plan.changes if change.action is Action.DELETE]
    for made in plan.changes:
        resource = plan.resource(made.address)
        if made.action is not Action.CREATE or resource is None:
            continue
        for gone in going:
            record = plan.record(gone.address)
            if record and _of_one_kind(made, gone):
                equal = _equal(plan, resource, record)
                if equal >= ALIKE:
                    yield Resemblance(made.address, gone.address, round(equal, 2))


def _of_one_kind(made: Change, gone: Change) -> bool:
    return made.kind == gone.kind and made.id is None


def _equal(plan: Plan, resource: Resource, record: Record) -> float:
    """How much of the settings is equal; what is not known yet does not count."""
    spec: type[Spec] = resource.kind.spec
    resolved = resource.resolved(plan.values.resolve)
    wanted = sealed(spec, settings_of(resolved.spec), record.token)
    rules = rules_of(spec)
    names = [
        name
        for name in sorted({*wanted, *record.settings} - resolved.waiting - {"tags"})
        if name in rules and not rules[name].local
    ]
    same = [
        name
        for name in names
        if rules[name].canonical(wanted.get(name))
        == rules[name].canonical(record.settings.get(name))
    ]
    return len(same) / len(names) if names else 1.0


__all__ = ["Resemblance", "resemblances"]
