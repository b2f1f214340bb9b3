"""Under which names things of a stack may live though nothing on them says that they are ours.

Pure: what the inventory, its history and the manifest tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from provisioner.inventory import Record, RunEvent, Status
from provisioner.stack import Stack
from provisioner.stack.derived import LOG_GROUP, log_group_of
from provisioner.stack.values import Values


@dataclass(frozen=True, slots=True)
class Named:
    """A name that is ours, and how we know.

    Attributes:
        kind, id: of whatever has it.
        address: to which it belongs; empty if it has none of its own.
        why: a sentence that begins where the object stands.
    """

    kind: str
    id: str
    address: str
    why: str

    @property
    def key(self) -> tuple[str, str]:
        """Kind and id."""
        return self.kind, self.id


@dataclass(frozen=True)
class Memory:
    """What is remembered of a stack.

    Attributes:
        records: those that can be read, by address.
        damaged: the addresses of those that can't.
        events: what its runs did, the newest first.
        condemned: by kind and id, orphans that a run which was cut short was about to delete.
        wanted: the stack of the manifest, if there is one.
        values: what the manifest's references stand for, as far as that is known.
    """

    records: Mapping[str, Record]
    damaged: frozenset[str] = frozenset()
    events: Sequence[RunEvent] = ()
    condemned: Mapping[tuple[str, str], Record] = field(default_factory=dict)
    wanted: Stack | None = None
    values: Values | None = None

    @property
    def recorded(self) -> dict[tuple[str, str], Record]:
        """The records by kind and id, with what they still have to delete.

        The record of an orphan that is being deleted is there for that alone, and does not count.
        """
        return {
            key: record
            for record in self.records.values()
            for key in (
                *((old.kind, old.id) for old in record.replaced),
                (record.kind, record.id or ""),
            )
            if not (record.status is Status.DELETING and key in self.condemned)
        }


def names_of(memory: Memory) -> dict[tuple[str, str], Named]:
    """The names of a stack by kind and id; the best reason of each."""
    names = {named.key: named for named in _recorded(memory)}
    recorded = memory.recorded
    for named in (*_condemned(memory), *_wanted(memory), *_done(memory), *_derived(memory)):
        if named.key not in recorded:
            names.setdefault(named.key, named)
    return names


def _recorded(memory: Memory) -> Iterator[Named]:
    """What we made carries our tags; what was adopted does not, and what is intended not yet."""
    why = "it is recorded, but carries no tag of ours: they were taken off, or it was made anew"
    for record in memory.records.values():
        if record.owned and record.id and record.status in {Status.READY, Status.UPDATING}:
            yield Named(record.kind, record.id, record.address, why)


def _condemned(memory: Memory) -> Iterator[Named]:
    for record in memory.condemned.values():
        if record.id:
            why = "a run was about to delete it, and was cut short"
            yield Named(record.kind, record.id, record.address, why)


def _wanted(memory: Memory) -> Iterator[Named]:
    for resource in memory.wanted or ():
        identity = memory.values.identity(resource) if memory.values else None
        if identity:
            why = f"it has the name that the manifest gives to {resource.address}"
            yield Named(resource.kind.kind, identity, resource.address, why)


def _done(memory: Memory) -> Iterator[Named]:
    """What runs deleted and what they made; a delete is the better reason."""
    for action, done in (("delete", "deleted"), ("create", "made")):
        for event in memory.events:
            if event.id and not event.failed and event.action == action:
                why = f"we {done} {event.address} under this name on {event.at[:10]}"
                yield Named(event.kind, event.id, event.address, why)


def _derived(memory: Memory) -> Iterator[Named]:
    """Log groups that services make by themselves, for what is there and for what was."""
    of = dict.fromkeys(
        named.key for named in (*_recorded(memory), *_wanted(memory), *_done(memory))
    )
    for kind, id_ in of:
        if group := log_group_of(kind, id_):
            yield Named(LOG_GROUP, group, "", f"AWS makes it for {kind} {id_}")


def ids_of(names: Iterable[Named]) -> dict[str, set[str]]:
    """The ids to read, by kind."""
    ids: dict[str, set[str]] = {}
    for named in names:
        ids.setdefault(named.kind, set()).add(named.id)
    return ids
