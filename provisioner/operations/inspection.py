"""Look for drift: a stack's records against what AWS shows now. Reads only; takes no lease."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache

from provisioner.aws.clients import Aws
from provisioner.aws.failures import translate
from provisioner.discovery.refresher import Situation, refresh
from provisioner.discovery.traces import Stamp
from provisioner.drifting.additions import Additions, additions
from provisioner.drifting.culprits import culprits_of
from provisioner.drifting.drift import Drifts, drifts_of, unfinished
from provisioner.drifting.ignoring import Ignore, check_fields, ignored
from provisioner.errors import ManifestError
from provisioner.inventory import Record, Status
from provisioner.lifecycle import AnyType, Spec
from provisioner.operations.desk import Desk, same_account
from provisioner.planning.changes import Plan
from provisioner.planning.preflight import surveyed
from provisioner.planning.repairing import Damage, plan_repair
from provisioner.registry import kind_of
from provisioner.stack import Resource, Stack

REPAIR = "repair"
"""Names the runs that bring drift back."""


@dataclass(frozen=True)
class Inspection:
    """A look at a stack.

    Attributes:
        drifts: what is not as it was applied.
        situation: what AWS showed.
        additions: what others added.
    """

    drifts: Drifts
    situation: Situation
    additions: Additions


def inspected(
    desk: Desk, name: str, records: Mapping[str, Record], ignores: Sequence[Ignore] = ()
) -> Inspection:
    """Compare everything that was applied with what is.

    Args:
        desk: where.
        name: of the stack.
        records: of the stack, by address.
        ignores: what may differ.

    Raises:
        ManifestError: the ignore file names a field that its resources do not have.
        PlanError: the stack lives in another account or region.
    """
    same_account(desk.target, records)
    check_fields(ignores, records)
    situation = refresh(desk.reading, name, records, Stack(name))
    added = additions(desk.reading, records, situation, cache(desk.inventory.holders))
    gone = {a: r for a, r in records.items() if a not in situation.found}
    found = drifts_of(records, situation, added.extras, _holders(desk, gone, situation))
    marked, remarks = ignored(found, ignores, desk.aws.clock.now().date())
    ready = [r for r in records.values() if r.status is Status.READY]
    drifts = Drifts(
        name,
        desk.target,
        marked,
        len(ready),
        unfinished(records.values()),
        added.unread,
        remarks=remarks,
    )
    return Inspection(drifts, situation, added)


def blamed(desk: Desk, drifts: Drifts, records: Mapping[str, Record]) -> Drifts:
    """The same with who did it, as far as anybody knows."""
    drifted = {address: records[address] for address in drifts.addresses}
    if not drifted:
        return drifts
    ended = {run.id: run.finished_at for run in desk.inventory.runs(drifts.stack)}
    return replace(drifts, culprits=culprits_of(desk.reading, drifted, ended))


def planned_repair(
    desk: Desk,
    name: str,
    chosen: Collection[str],
    ignores: Sequence[Ignore],
    records: dict[str, Record],
) -> Plan:
    """What it takes to bring back what drifted, or what of it was chosen. Reads only.

    Raises:
        PlanError: one of the addresses did not drift, or may not be changed.
    """
    begun = _begun(desk, name, records)
    seen = inspected(desk, name, _compared(records, begun), ignores)
    stamp = Stamp("", desk.aws.clock.now().isoformat(timespec="seconds"))
    damage = Damage(seen.drifts, records, seen.situation, seen.additions.objects, stamp, begun)
    plan = plan_repair(damage, chosen, desk.options.allow)
    return surveyed(desk.reading, plan, desk.options.allow)


def _begun(desk: Desk, name: str, records: Mapping[str, Record]) -> frozenset[str]:
    """Where a repair was cut short: what it aimed at is what was last applied."""
    open_ = {a: r for a, r in records.items() if r.status is not Status.READY and r.settings}
    commands = {run.id: run.command for run in desk.inventory.runs(name)} if open_ else {}
    return frozenset(a for a, r in open_.items() if commands.get(r.run) == REPAIR)


def _compared(records: Mapping[str, Record], begun: Collection[str]) -> dict[str, Record]:
    """The records, with what was begun as something to compare."""
    return {
        address: record.model_copy(update={"status": Status.READY})
        if address in begun and record.status is not Status.DELETING
        else record
        for address, record in records.items()
    }


def _holders(desk: Desk, gone: Mapping[str, Record], situation: Situation) -> dict[str, str]:
    """Who has the names of what is gone, of kinds whose ids AWS makes."""
    specs: dict[str, dict[str, Spec]] = defaultdict(dict)
    for address, record in gone.items():
        kind = kind_of(record.kind)
        if kind.taken is not None and record.status is Status.READY:
            resource = Resource(address, kind, dict(record.settings))
            with suppress(ManifestError):  # a sealed secret need not fit its field
                specs[record.kind][address] = resource.resolved(situation.values.resolve).spec
    return {
        address: id_
        for kind, named in specs.items()
        for address, id_ in _taken(desk.reading, kind_of(kind), named).items()
    }


def _taken(aws: Aws, kind: AnyType, named: Mapping[str, Spec]) -> Mapping[str, str]:
    try:
        return kind.taken(aws, named) if kind.taken else {}
    except Exception as error:
        raise translate(error, f"reading {kind.kind}") from error
