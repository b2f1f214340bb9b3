"""What becomes of orphans that a person chose: a plan to delete them, or records for them.

Never of anything but what a look under the lease lists again. Reads only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from provisioner.discovery.edges import edges_by_likeness, edges_of, without_circles
from provisioner.discovery.orphans import Orphan, Sign, chosen
from provisioner.discovery.refresher import Found, Situation
from provisioner.discovery.sightings import Sight, named
from provisioner.discovery.traces import Stamp, Traces, address_of, remade, values_of, wanted_at
from provisioner.errors import PlanError
from provisioner.inventory import Edge, Record
from provisioner.lifecycle import Owner
from provisioner.operations.desk import Desk
from provisioner.operations.hunt import Hunt, listed
from provisioner.planning.changes import Plan
from provisioner.planning.planner import plan_teardown
from provisioner.planning.preflight import surveyed
from provisioner.registry import kind_of
from provisioner.stack import Stack
from provisioner.stack.likeness import Known, Likeness
from provisioner.stack.values import Values


def planned_disposal(
    desk: Desk, name: str, ids: Sequence[str], wanted: Stack | None, records: dict[str, Record]
) -> Plan:
    """What it takes to delete these orphans of a stack, as a teardown deletes.

    Each gets a record for as long as that takes, under an address that no other one has. What is
    only called like ours brings no settings: a protection on it was not set by us.

    Raises:
        PlanError: one of them is not an orphan, or no longer.
    """
    hunt = listed(desk, name, wanted)
    gone = _gone_meanwhile(hunt, ids)
    places = _places_to_leave(chosen(hunt.orphans, [i for i in ids if i not in gone]), records)
    stamp = Stamp("", desk.aws.clock.now().isoformat(timespec="seconds"))
    leaving = {
        record.address: _leaving(places[record.address], record)
        for record in records_of(desk, name, places, None, records, stamp)
    } | {one.address: records[one.address] for one in gone.values() if one.address in records}
    found = {address: _as_if_ours(name, address, orphan) for address, orphan in places.items()}
    values = Values(desk.target)
    plan = plan_teardown(name, desk.target, Situation(leaving, found, {}, values))
    return surveyed(desk.reading, plan, desk.options.allow)


def places_to_adopt(
    desk: Desk, name: str, ids: Sequence[str], wanted: Stack | None, records: Mapping[str, Record]
) -> dict[str, Orphan]:
    """The addresses at which these orphans are to be recorded.

    Raises:
        PlanError: one of them is not an orphan, or its address is taken by what exists.
    """
    places: dict[str, Orphan] = {}
    for orphan in chosen(listed(desk, name, wanted).orphans, ids):
        address = orphan.address or address_of(orphan.seen)
        record = records.get(address)
        rival = places[address].seen.id if address in places else _rival(desk, orphan, record)
        if rival:
            raise PlanError(
                f"{orphan.seen.id} can't be recorded as {address}: that is {rival}, which exists.",
                hint="Delete one of the two.",
            )
        places[address] = orphan
    return places


def records_of(
    desk: Desk,
    name: str,
    places: Mapping[str, Orphan],
    wanted: Stack | None,
    records: Mapping[str, Record],
    stamp: Stamp,
) -> tuple[Record, ...]:
    """The records of orphans at their addresses: owned, unless only their names speak for us."""
    seen = {address: orphan.seen for address, orphan in places.items()}
    traces = Traces(name, desk.target, Sight(), records=records, wanted=wanted)
    values = values_of(traces, seen)
    known = {a: Known(kind_of(record.kind), record.attributes) for a, record in records.items()}
    likeness = Likeness(
        known | {a: Known(one.kind, one.observed.attributes) for a, one in seen.items()}
    )
    edges: dict[str, tuple[Edge, ...]] = {a: record.edges for a, record in records.items()}
    for address, one in seen.items():
        resource = wanted_at(traces, address, one.kind)
        edges[address] = (
            edges_of(resource)
            if resource
            else edges_by_likeness(address, one.kind, one.observed.settings, likeness)
        )
    eased = without_circles(edges, firm=records.keys() - places.keys())
    return tuple(
        remade(orphan.seen, address, traces, stamp, values, eased[address]).model_copy(
            update={"owned": orphan.sign is not Sign.NAME}
        )
        for address, orphan in places.items()
    )


def _places_to_leave(orphans: Sequence[Orphan], records: Mapping[str, Record]) -> dict[str, Orphan]:
    """An address for each that no other object has."""
    claims = Counter(orphan.address for orphan in orphans)
    places = {}
    for orphan in orphans:
        record = records.get(orphan.address)
        free = record is None or (record.kind, record.id) == orphan.seen.key
        own = orphan.address and free and claims[orphan.address] == 1
        places[orphan.address if own else address_of(orphan.seen)] = orphan
    return places


def _gone_meanwhile(hunt: Hunt, ids: Sequence[str]) -> dict[str, Record]:
    """Those that a run which was cut short has deleted: not there, and known to be condemned."""
    there = {one.seen.key for one in hunt.orphans}
    return {
        word: record
        for (kind, id_), record in hunt.condemned.items()
        for word in (id_, f"{kind}/{id_}")
        if word in ids and (kind, id_) not in there
    }


def _leaving(orphan: Orphan, record: Record) -> Record:
    """To be deleted; whether it may be emptied for that is not for our settings to say."""
    settings = {} if orphan.sign is Sign.NAME else record.settings
    return record.model_copy(update={"owned": True, "settings": settings})


def _as_if_ours(name: str, address: str, orphan: Orphan) -> Found:
    """A person said that it goes: to the plan it is what we made at that address."""
    observed = orphan.seen.observed
    tags = None if observed.tags is None else Owner(name, address).tags
    return Found(orphan.seen.id, replace(observed, tags=tags))


def _rival(desk: Desk, orphan: Orphan, record: Record | None) -> str:
    """What the address stands for, if that is something else and not surely gone."""
    if record is None or (record.kind, record.id) == orphan.seen.key:
        return ""
    if record.id is None:
        return "what an interrupted run was about to make"
    sight = named(desk.reading, {record.kind: [record.id]})
    return record.id if sight.objects or sight.unread else ""
