"""Look for orphans, of one stack or of the whole account. Reads only; takes no lease.

The lease of each stack is read before everything and after everything: a stack that somebody worked
on meanwhile has objects without records by right, and is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TypeAlias

from provisioner.aws.target import Target
from provisioner.discovery.names import Memory, ids_of, names_of
from provisioner.discovery.orphans import Clues, Orphan, Sign, orphans_of
from provisioner.discovery.sightings import Sight, Sighted, Unread, belonging, named, tagged
from provisioner.discovery.traces import Traces, values_of
from provisioner.errors import DamagedRecordError
from provisioner.inventory import Lease, Record, Run
from provisioner.operations.desk import Desk
from provisioner.stack import Stack

Holders: TypeAlias = Mapping[tuple[str, str], set[str]]
RUNS = 50
"""So many of a stack's newest runs are asked for what they made and deleted."""
COMMAND = "orphans"
"""Names the runs that delete or adopt."""
SCRIPTS = "standalone"
"""The stack of what scripts make one by one: they keep no records."""


@dataclass(frozen=True)
class Hunt:
    """What a look for orphans found.

    Attributes:
        target: the account and region.
        stack: whose; empty: everybody's.
        orphans: by stack.
        busy: the leases of stacks that were left out since somebody works on them.
        damaged: stacks with records that can't be read.
        unread: kinds that AWS did not show.
        scripts: objects that scripts made, which keep no records.
        condemned: by kind and id, what a run was about to delete; it may be gone by now.
    """

    target: Target
    stack: str
    orphans: tuple[Orphan, ...] = ()
    busy: tuple[Lease, ...] = ()
    damaged: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()
    scripts: int = 0
    condemned: Mapping[tuple[str, str], Record] = field(default_factory=dict)


def hunt(desk: Desk, name: str = "", wanted: Stack | None = None) -> Hunt:
    """Look for orphans, and leave out those of stacks that are being worked on.

    Args:
        desk: where.
        name: of a stack; empty: all of the account.
        wanted: the stack of the manifest, if it is at hand.
    """
    stacks = [name] if name else desk.inventory.stacks()
    before = {stack: desk.inventory.lease(stack) for stack in stacks}
    found = listed(desk, name, wanted)
    at_work = {
        stack: lease
        for stack in {*before, *(one.stack for one in found.orphans)}
        if (lease := _at_work(desk, before.get(stack), desk.inventory.lease(stack)))
    }
    return replace(
        found,
        orphans=tuple(one for one in found.orphans if one.stack not in at_work),
        busy=tuple(at_work[stack] for stack in sorted(at_work)),
    )


def listed(desk: Desk, name: str = "", wanted: Stack | None = None) -> Hunt:
    """The same without a look at leases, for a run that holds that of the stack."""
    sight = tagged(desk.reading, name or None)
    owners: dict[str, list[Sighted]] = defaultdict(list)
    for one in sight.objects:
        owners[one.owner.stack if one.owner else ""].append(one)
    scripts = [] if name == SCRIPTS else owners.pop(SCRIPTS, [])
    known = {name} if name else {*desk.inventory.stacks(), *([wanted.name] if wanted else ())}
    holders = cache(desk.inventory.holders)
    children = belonging(desk.reading, [one for many in owners.values() for one in many])
    looked = [
        _of_stack(desk, stack, owners[stack], children, wanted, holders)
        for stack in sorted(known | {*owners})
    ]
    return Hunt(
        desk.target,
        name,
        orphans=tuple(orphan for one in looked for orphan in one.orphans),
        damaged=tuple(stack for one in looked for stack in one.damaged),
        unread=_unread(sight, children, *looked),
        scripts=len(scripts),
        condemned={key: record for one in looked for key, record in one.condemned.items()},
    )


def _of_stack(
    desk: Desk,
    stack: str,
    objects: list[Sighted],
    children: Sight,
    wanted: Stack | None,
    holders: Callable[[], Holders],
) -> Hunt:
    memory = _remembered(desk, stack, objects, wanted)
    names = names_of(memory)
    carrying = {one.key for one in objects}
    sight = named(desk.reading, ids_of(one for key, one in names.items() if key not in carrying))
    clues = Clues(
        stack,
        known=bool(memory.records or memory.damaged or desk.inventory.lease(stack)),
        memory=memory,
        tagged=tuple(objects),
        belonging=tuple(_children_of(objects, children)),
        named=sight.objects,
        names=names,
    )
    orphans = tuple(one for one in orphans_of(clues) if not _is_theirs(one, holders))
    return Hunt(
        desk.target,
        stack,
        orphans=orphans,
        damaged=(stack,) if memory.damaged else (),
        unread=sight.unread,
        condemned=memory.condemned,
    )


def _remembered(desk: Desk, stack: str, objects: list[Sighted], wanted: Stack | None) -> Memory:
    damaged: dict[str, DamagedRecordError] = {}
    records = desk.inventory.records(stack, damaged.__setitem__)
    aimed = wanted if wanted and wanted.name == stack else None
    placed = {one.owner.address: one for one in objects if one.owner}
    traces = Traces(stack, desk.target, Sight(), records=records, wanted=aimed)
    runs = desk.inventory.runs(stack, limit=RUNS)
    return Memory(
        records,
        frozenset(damaged),
        tuple(event for run in runs for event in reversed(desk.inventory.events(run.id))),
        dict(_condemned(desk, runs)),
        aimed,
        values_of(traces, placed),
    )


def _condemned(desk: Desk, runs: Iterable[Run]) -> Iterator[tuple[tuple[str, str], Record]]:
    """What runs were about to delete that did not come to their end."""
    for run in runs:
        if run.command == COMMAND and run.result not in {"succeeded", "declined"}:
            for record in desk.inventory.before(run.id).values():
                yield (record.kind, record.id or ""), record


def _children_of(objects: Iterable[Sighted], children: Sight) -> Iterator[Sighted]:
    parents = {
        (f"{one.kind.kind}.{attribute}", value)
        for one in objects
        for attribute, value in one.observed.attributes.items()
    }
    for child in children.objects:
        value = child.observed.settings.get(child.kind.parent)
        if (child.kind.belongs_to, value) in parents:
            yield child


def _is_theirs(orphan: Orphan, holders: Callable[[], Holders]) -> bool:
    """Whether another stack has a record of what carries no tag of ours."""
    if orphan.sign is Sign.TAGS:
        return False
    return bool(holders().get(orphan.seen.key, set()) - {orphan.stack})


def _unread(*looks: Sight | Hunt) -> tuple[Unread, ...]:
    """Each kind once for each code."""
    told: dict[tuple[str, str], Unread] = {}
    for look in looks:
        for one in look.unread:
            told.setdefault((one.kind, one.code), one)
    return tuple(told.values())


def _at_work(desk: Desk, before: Lease | None, after: Lease | None) -> Lease | None:
    """The lease of a run that works on a stack now, or did so while we looked."""
    now = desk.aws.clock.now().timestamp()
    for lease in (after, before):
        if lease and lease.holder and lease.expires_at > now:
            return lease
    moved = after is not None and after.fence != (before.fence if before else 0)
    return after if moved else None
