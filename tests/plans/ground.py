"""Plans made by hand: what is told of a plan needs no AWS."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.aws.target import Target
from provisioner.discovery.refresher import Situation
from provisioner.inventory import Record, Status
from provisioner.lifecycle import Difference, Json, Spec, rules_of
from provisioner.lifecycle.ensure import Action
from provisioner.planning.changes import Change, Plan
from provisioner.registry import kind_of
from provisioner.stack import Stack
from provisioner.stack.values import predicted

TARGET = Target(account="123456789012", region="eu-central-1", partition="aws")


def planned(
    *changes: Change, wanted: Stack | None = None, records: tuple[Record, ...] = ()
) -> Plan:
    """A plan of these changes."""
    values = predicted(wanted or Stack("clinic"), TARGET)
    situation = Situation({one.address: one for one in records}, {}, {}, values)
    return Plan("clinic", TARGET, changes, wanted, situation, values)


def updated(
    address: str, kind: str, before: Mapping[str, Json], after: Mapping[str, Json]
) -> Change:
    """An update of these fields, as a planner makes it: canonical."""
    spec: type[Spec] = kind_of(kind).spec
    rules = rules_of(spec)
    differences = tuple(
        Difference(
            name,
            rules[name].canonical(before.get(name)),
            rules[name].canonical(after.get(name)),
            rules[name].replace,
            rules[name].secret,
        )
        for name in dict.fromkeys((*before, *after))
    )
    return Change(address, kind, Action.UPDATE, id=f"{address}-id", differences=differences)


def recorded(address: str, kind: str, *, protect: bool = False) -> Record:
    """A resource that stands."""
    return Record(
        stack="clinic",
        address=address,
        kind=kind,
        id=f"{address}-id",
        region=TARGET.region,
        account=TARGET.account,
        status=Status.READY,
        protect=protect,
        created_at="",
        updated_at="",
    )
