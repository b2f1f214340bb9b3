"""From what AWS shows to the records that the inventory has lost. Pure: no AWS, no clock, no files.

Tags say whose an object is and at which address; what can't carry tags is whoever's its parent is.
Nothing is guessed: what two objects claim, what nobody claims and what was not read is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from provisioner.discovery.edges import each_once, edges_by_likeness, edges_of, without_circles
from provisioner.discovery.sightings import Sight, Sighted, Unread
from provisioner.discovery.traces import (
    Stamp,
    Traces,
    address_of,
    knows,
    local_settings,
    remade,
    values_of,
    wanted_at,
)
from provisioner.inventory import Edge, Record
from provisioner.lifecycle import Spec, local_fields
from provisioner.registry import kind_of
from provisioner.stack import Resource
from provisioner.stack.derived import LOG_GROUP, log_group_of
from provisioner.stack.likeness import Known, Likeness
from provisioner.stack.values import Values


@dataclass(frozen=True, slots=True)
class Told:
    """An object that was left out, and why.

    Attributes:
        kind, id: of the object.
        why: a sentence.
        ours: it carries our tags, so somebody has to decide what becomes of it.
    """

    kind: str
    id: str
    why: str
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """A setting that AWS does not know and no manifest told.

    Attributes:
        address: of the resource.
        field: of its spec.
        taken: the safe default, which was put down instead.
    """

    address: str
    field: str
    taken: JsonValue


@dataclass(frozen=True)
class Recovery:
    """What is to be written down, and what there is to say.

    Attributes:
        stack: its name.
        records: made again.
        completed: good records that now say what they need among those, or what a manifest told.
        kept: addresses whose records are good.
        dropped: addresses whose damaged records have no object any more.
        moved: addresses made from ids, whose objects the manifest names otherwise.
        told: objects that were left out.
        unread: kinds that AWS did not show.
        unknown: settings that stand in a manifest alone.
        unclaimed: by kind, the ids that the manifest gives to what was not found.
        nameless: by kind and address, the specs of what was not found, and whose ids AWS makes.
    """

    stack: str
    records: tuple[Record, ...] = ()
    completed: tuple[Record, ...] = ()
    kept: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    told: tuple[Told, ...] = ()
    unread: tuple[Unread, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    unclaimed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    nameless: Mapping[str, Mapping[str, Spec]] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether everything that is ours is recorded now, as far as AWS can show."""
        return not (self.unread or any(one.ours for one in self.told))

    def with_strangers(self, sight: Sight) -> Recovery:
        """Tell also what stands under an unclaimed name."""
        strangers = (
            Told(one.kind.kind, one.id, f"it has a name of the manifest, and {_whose(one)}")
            for one in sight.objects
            if one.owner is None or one.owner.stack != self.stack
        )
        return replace(self, told=(*self.told, *strangers), unread=(*self.unread, *sight.unread))


def _whose(one: Sighted) -> str:
    return f"belongs to stack {one.owner.stack}" if one.owner else "does not carry our tags"


def recovered(traces: Traces, stamp: Stamp) -> Recovery:
    """What can be written down again of a stack.

    Args:
        traces: what is left of it.
        stamp: of the run that asks.
    """
    return _Recovering(traces, stamp).result()


class _Recovering:
    """The records in the making."""

    def __init__(self, traces: Traces, stamp: Stamp) -> None:
        self._traces = traces
        self._stamp = stamp
        self._records = dict(traces.records)
        self._told: list[Told] = []
        self._placed: dict[str, Sighted] = {}

    def result(self) -> Recovery:
        """Place every object, then write down what stands where and needs whom."""
        self._place_tagged()
        values = values_of(self._traces, self._placed)
        named = {
            (resource.kind.kind, str(values.identity(resource))): resource.address
            for resource in self._traces.wanted or ()
        }
        self._give_up_made_addresses(named)
        self._place_belonging(named)
        edges = self._edges()
        return Recovery(
            stack=self._traces.stack,
            records=tuple(
                remade(one, address, self._traces, self._stamp, values, edges[address])
                for address, one in sorted(self._placed.items())
            ),
            completed=tuple(self._completed(edges, values)),
            kept=tuple(sorted(self._records)),
            dropped=self._dropped(),
            moved=tuple(sorted(self._moved)),
            told=tuple(self._told),
            unread=self._traces.unread,
            unknown=tuple(self._unknown()),
            unclaimed=self._unclaimed(values),
            nameless=self._nameless(values),
        )

    @property
    def _recorded(self) -> set[tuple[str, str | None]]:
        return {(record.kind, record.id) for record in self._records.values()}

    @property
    def _moved(self) -> set[str]:
        return set(self._traces.records) - set(self._records)

    def _place_tagged(self) -> None:
        claims: dict[str, list[Sighted]] = defaultdict(list)
        recorded = self._recorded
        for one in self._traces.tagged.objects:
            if one.key in recorded:
                continue
            if one.owner and one.owner.address:
                claims[one.owner.address].append(one)
            else:
                self._tell(one, "its tags name the stack but no address")
        for address, claimants in sorted(claims.items()):
            record = self._records.get(address)
            if record is not None:
                for one in claimants:
                    if not knows(record, one):
                        self._tell(one, f"{address} has a record, of {record.id}")
            elif len(claimants) == 1:
                self._placed[address] = claimants[0]
            else:
                for one in claimants:
                    self._tell(one, f"{len(claimants)} objects carry the tags of {address}")

    def _give_up_made_addresses(self, named: Mapping[tuple[str, str], str]) -> None:
        """An address that was made from an id gives way to the one that the manifest says."""
        for one in self._traces.belonging.objects:
            made, address = address_of(one), named.get(one.key)
            record = self._records.get(made)
            if record and record.id == one.id and address and address not in self._records:
                del self._records[made]

    def _place_belonging(self, named: Mapping[tuple[str, str], str]) -> None:
        """Recorded ones are known; else the manifest tells their addresses, or their ids do."""
        recorded = self._recorded
        for one in self._traces.belonging.objects:
            if one.key in recorded:
                continue
            address = named.get(one.key, "") if self._traces.wanted else address_of(one)
            if others := self._traces.holders.get(one.key, set()) - {self._traces.stack}:
                whose = ", ".join(sorted(others))
                self._tell(one, f"it belongs to a resource of ours, and stack {whose} has made it")
            elif not address:
                self._tell(one, "it belongs to a resource of ours, but is not in the manifest")
            elif address in self._records:
                self._tell(one, f"{address} has a record, of {self._records[address].id}")
            else:
                self._placed[address] = one

    def _edges(self) -> dict[str, tuple[Edge, ...]]:
        """Of all that is placed or recorded: from the manifest, else from values."""
        likeness = Likeness(self._known())
        sighted = {one.key: one for one in self._traces.tagged.objects}
        edges = {
            address: self._needs(address, one, likeness) for address, one in self._placed.items()
        }
        for address, record in self._records.items():
            one = sighted.get((record.kind, record.id or ""))
            again = self._needs(address, one, likeness) if one else ()
            edges[address] = each_once(
                (
                    *(edge for edge in record.edges if edge.address not in self._moved),
                    *(edge for edge in again if edge.address in self._placed),
                )
            )
        wanted = self._traces.wanted
        return without_circles(edges, firm=wanted.resources if wanted else ())

    def _needs(self, address: str, one: Sighted, likeness: Likeness) -> tuple[Edge, ...]:
        if resource := wanted_at(self._traces, address, one.kind):
            return edges_of(resource)
        found = edges_by_likeness(address, one.kind, one.observed.settings, likeness)
        return each_once((*found, *self._writes_to(one)))

    def _writes_to(self, one: Sighted) -> Iterator[Edge]:
        """The log group that a service would make again if it went before its writer."""
        group = log_group_of(one.kind.kind, one.id)
        for address, other in self._placed.items():
            if group and other.key == (LOG_GROUP, group):
                yield Edge(address=address, stage="create")

    def _known(self) -> dict[str, Known]:
        known = {
            address: Known(kind_of(record.kind), record.attributes)
            for address, record in self._traces.records.items()
        }
        return known | {
            address: Known(one.kind, one.observed.attributes)
            for address, one in self._placed.items()
        }

    def _completed(self, edges: Mapping[str, tuple[Edge, ...]], values: Values) -> Iterator[Record]:
        """Good records that lack edges, or settings that no manifest told so far."""
        for address, record in self._records.items():
            settings = dict(record.settings)
            resource = wanted_at(self._traces, address, kind_of(record.kind))
            if resource and settings:
                spec = resource.resolved(values.resolve).spec
                settings = local_settings(resource.kind, spec) | settings
            if settings != record.settings or set(edges[address]) != set(record.edges):
                yield record.model_copy(update={"edges": edges[address], "settings": settings})

    def _dropped(self) -> tuple[str, ...]:
        """Nothing is dropped as long as its object may be among what was not read."""
        if self._traces.unread:
            return ()
        return tuple(sorted(self._traces.damaged - set(self._placed)))

    def _unknown(self) -> Iterator[Unknown]:
        for address, one in sorted(self._placed.items()):
            if wanted_at(self._traces, address, one.kind):
                continue
            for name in local_fields(one.kind):
                field = one.kind.spec.model_fields[name]
                yield Unknown(address, name, field.get_default(call_default_factory=True))

    def _missing(self) -> Iterator[Resource]:
        """What the manifest wants, could carry our tags, and was not found though it was read."""
        unread = {one.kind for one in self._traces.unread}
        known = {*self._placed, *self._records}
        for resource in self._traces.wanted or ():
            kind = resource.kind
            if resource.address not in known and kind.taggable and kind.kind not in unread:
                yield resource

    def _unclaimed(self, values: Values) -> dict[str, frozenset[str]]:
        ids: dict[str, set[str]] = defaultdict(set)
        for resource in self._missing():
            if identity := values.identity(resource):
                ids[resource.kind.kind].add(identity)
        return {kind: frozenset(wanted) for kind, wanted in ids.items()}

    def _nameless(self, values: Values) -> dict[str, dict[str, Spec]]:
        specs: dict[str, dict[str, Spec]] = defaultdict(dict)
        for resource in self._missing():
            if resource.kind.taken:
                spec = resource.resolved(values.resolve).spec
                specs[resource.kind.kind][resource.address] = spec
        return dict(specs)

    def _tell(self, one: Sighted, why: str) -> None:
        self._told.append(Told(one.kind.kind, one.id, why, ours=one.owner is not None))
