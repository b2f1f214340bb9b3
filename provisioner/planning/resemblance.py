"""What goes and what is made may be the same under another name: worth a question. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from provisioner.lifecycle import Settings, Spec, rules_of, settings_of
from provisioner.lifecycle.ensure import Action
from provisioner.planning.changes import Plan
from provisioner.registry import kind_of

ALIKE = 0.75
"""So much of the settings of both has to be equal; all of what can't change in place."""


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
    taken: set[str] = set()
    for pair in sorted(_pairs(plan), key=lambda one: (-one.equal, one.address, one.former)):
        if not {pair.address, pair.former} & taken:
            taken |= {pair.address, pair.former}
            found.append(pair)
    return tuple(found)


def _pairs(plan: Plan) -> Iterator[Resemblance]:
    gone: dict[str, list[tuple[str, Settings]]] = defaultdict(list)
    for change in plan.changes:
        record = plan.record(change.address)
        if record and change.action is Action.DELETE:
            spec = kind_of(record.kind).spec
            gone[change.kind].append((change.address, _comparable(spec, record.settings)))
    for change in plan.changes:
        resource = plan.resource(change.address)
        if resource and change.action is Action.CREATE and change.id is None and gone[change.kind]:
            resolved = resource.resolved(plan.values.resolve)
            wanted = _comparable(resource.kind.spec, settings_of(resolved.spec))
            fixed = _fixed(resource.kind.spec) - resolved.waiting
            for address, settings in gone[change.kind]:
                if any(wanted.get(name) != settings.get(name) for name in fixed):
                    continue
                equal = _equal(wanted, settings, resolved.waiting)
                if equal >= ALIKE:
                    yield Resemblance(change.address, address, round(equal, 2))


def _fixed(spec: type[Spec]) -> set[str]:
    """Fields that can't change in place: where they differ, a move would be a replace."""
    return {name for name, rule in rules_of(spec).items() if rule.replace and not rule.secret}


def _comparable(spec: type[Spec], settings: Settings) -> Settings:
    """The canonical form of what AWS knows of, without secrets: those are not recorded."""
    rules = rules_of(spec)
    return {
        name: rules[name].canonical(value)
        for name, value in settings.items()
        if name in rules and not (rules[name].local or rules[name].secret)
    }


def _equal(one: Settings, other: Settings, unknown: Collection[str]) -> float:
    """How much of two settings is equal; what is not known yet does not count."""
    names = {*one, *other}.difference(unknown)
    same = sum(one.get(name) == other.get(name) for name in names)
    return same / len(names) if names else 1.0


__all__ = ["Resemblance", "resemblances"]
