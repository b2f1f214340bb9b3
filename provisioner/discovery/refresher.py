"""Look at AWS: every recorded and every wanted object, in as few calls as there are kinds.

Reading goes in waves. The first reads what is known by id: recorded ids, and names that follow
from the specs; kinds whose ids AWS makes are searched by our tag where no record has the id,
and asked who has a name that only one may have.
What a wave finds may complete the names of others; they are read in the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from provisioner.aws.clients import Aws
from provisioner.aws.failures import translate
from provisioner.discovery.freshness import hidden, outdated, pauses
from provisioner.errors import ForeignObjectError, ManifestError, PlanError
from provisioner.inventory import Record
from provisioner.lifecycle import AnyType, Observed, Owner, Phase, Spec
from provisioner.lifecycle.creating import as_created
from provisioner.registry import kind_of
from provisioner.stack import Resource, Stack
from provisioner.stack.values import Values, predicted

T = TypeVar("T")
READERS = 16
"""Kinds that are read side by side."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object that AWS showed."""

    id: str
    observed: Observed


@dataclass(frozen=True)
class Situation:
    """What is, as far as it concerns one stack.

    Attributes:
        records: by address, as the inventory has them.
        found: by address, the object recorded, named or tagged so. Whose it is, is judged later.
        replaced: by address and id, what a replace that was cut short still has to delete.
        leaving: addresses whose recorded object is on its way out.
        values: what is known of attributes.
        origins: new address → old one, of records that have yet to be moved in the inventory.
    """

    records: Mapping[str, Record]
    found: Mapping[str, Found]
    replaced: Mapping[str, Mapping[str, Observed]]
    values: Values
    leaving: frozenset[str] = frozenset()
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Look:
    """What is known while the waves go on."""

    aws: Aws
    stack_name: str
    values: Values
    seen: dict[str, dict[str, Observed]] = field(default_factory=lambda: defaultdict(dict))
    asked: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    searched: set[str] = field(default_factory=set)
    holders: dict[str, str] = field(default_factory=dict)
    recorded: Mapping[tuple[str, str], str] = field(default_factory=dict)


def refresh(
    aws: Aws, name: str, records: Mapping[str, Record], stack: Stack | None = None
) -> Situation:
    """Read what the records and the stack name.

    Args:
        aws: clients; only reading calls are made.
        name: of the stack.
        records: from the inventory.
        stack: what is wanted; None for a teardown.

    Raises:
        AwsError: a read failed. Nothing is ever taken for absent because it could not be read.
    """
    values = predicted(stack, aws.target) if stack else Values(aws.target)
    recorded = {(record.kind, record.id): a for a, record in records.items() if record.id}
    look = _Look(aws, name, values, recorded=recorded)
    wanted = {resource.address: resource for resource in stack or ()}
    found = _read_all(look, records, wanted)
    for looks, pause in enumerate(pauses()):
        unsettled = _unsettled(look, records, found, looks, values=stack is not None)
        if not unsettled:
            break
        aws.clock.sleep(pause)
        for record in unsettled:
            look.asked[record.kind].clear()
            look.seen[record.kind].pop(record.id or "", None)
        found = _read_all(look, records, wanted)
    _check_adopted(found, records, wanted)
    replaced = {
        address: {
            old.id: seen
            for old in record.replaced
            if (seen := look.seen[old.kind].get(old.id)) and _replaced(record, old.id, seen)
        }
        for address, record in records.items()
        if record.replaced
    }
    leaving = frozenset(
        address
        for address, record in records.items()
        if (seen := look.seen[record.kind].get(record.id or "")) and seen.phase is Phase.LEAVING
    )
    return Situation(records, found, replaced, values, leaving)


def _read_all(
    look: _Look, records: Mapping[str, Record], wanted: Mapping[str, Resource]
) -> dict[str, Found]:
    """Read in waves, until no more names are known."""
    _search(look, _kinds_to_search(records, wanted, look.values))
    _ask_for_names(look, [r for a, r in wanted.items() if not (a in records and records[a].id)])
    while _read(look, _ids(look, records, wanted)):
        for address, one in _found(look, records, wanted).items():
            named = address in wanted and wanted[address].adopts == one.id
            if named or _may_be_ours(look, address, records, one):
                look.values.learn(address, one.observed.attributes)
    return _found(look, records, wanted)


def _unsettled(
    look: _Look,
    records: Mapping[str, Record],
    found: Mapping[str, Found],
    looks: int,
    *,
    values: bool,
) -> list[Record]:
    """What AWS does not show yet as it is, or, where values count, as it was written."""
    now = look.aws.clock.now()
    seen = {address: one.observed for address, one in found.items()}
    return hidden(records, seen, now, looks) + (outdated(records, seen, now) if values else [])


def _kinds_to_search(
    records: Mapping[str, Record], wanted: Mapping[str, Resource], values: Values
) -> set[str]:
    """Kinds of which an object may exist whose id nobody wrote down."""
    lost = {record.kind for record in records.values() if not record.id}
    unknown = {
        resource.kind.kind
        for address, resource in wanted.items()
        if not (address in records and records[address].id)
        and not resource.adopts
        and values.identity(resource) is None
    }
    return {kind for kind in lost | unknown if kind_of(kind).search is not None}


def _ids(
    look: _Look, records: Mapping[str, Record], wanted: Mapping[str, Resource]
) -> dict[str, set[str]]:
    """The ids to read next, by kind."""
    ids: dict[str, set[str]] = defaultdict(set)
    for record in records.values():
        ids[record.kind] |= {record.id} if record.id else set()
        for old in record.replaced:
            ids[old.kind].add(old.id)
        if not record.id and (identity := _intended_identity(look, record)):
            ids[record.kind].add(identity)
    for address, resource in wanted.items():
        ids[resource.kind.kind] |= {look.holders[address]} if address in look.holders else set()
        ids[resource.kind.kind] |= {adopted} if (adopted := _adopted(resource, records)) else set()
        if identity := look.values.identity(resource):
            ids[resource.kind.kind].add(identity)
    return {
        kind: fresh
        for kind, known in ids.items()
        if (fresh := known - look.asked[kind] - set(look.seen[kind]))
    }


def _intended_identity(look: _Look, record: Record) -> str | None:
    """The name under which an intent that was cut short would have made its object."""
    kind = kind_of(record.kind)
    if record.intended is None:
        return None
    try:
        return look.values.identity(Resource(record.address, kind, record.intended))
    except ManifestError:  # a sealed secret need not fit its field
        return None


def _read(look: _Look, ids: Mapping[str, set[str]]) -> bool:
    """Read these; False if there was nothing to read."""

    def read(kind: AnyType, wanted: list[str]) -> tuple[str, Mapping[str, Observed]]:
        try:
            return kind.kind, kind.read(look.aws, wanted)
        except Exception as error:
            raise translate(error, f"reading {kind.kind}") from error

    for name, answer in side_by_side(
        partial(read, kind_of(kind), sorted(wanted)) for kind, wanted in ids.items()
    ):
        look.asked[name] |= ids[name]
        look.seen[name].update(answer)
    return bool(ids)


def _search(look: _Look, kinds: set[str]) -> None:
    """Find what carries the stack's tag."""

    def search(kind: AnyType) -> tuple[str, Mapping[str, Observed]]:
        try:
            assert kind.search is not None  # noqa: S101  chosen so
            return kind.kind, kind.search(look.aws, look.stack_name)
        except Exception as error:
            raise translate(error, f"searching {kind.kind}") from error

    for name, answer in side_by_side(partial(search, kind_of(kind)) for kind in sorted(kinds)):
        look.seen[name].update(answer)
    look.searched |= kinds


def _ask_for_names(look: _Look, unknown: Sequence[Resource]) -> None:
    """Who has the names of what nobody wrote down."""
    specs: dict[str, dict[str, Spec]] = defaultdict(dict)
    for resource in unknown:
        if resource.kind.taken is not None:
            spec = resource.resolved(look.values.resolve).spec
            specs[resource.kind.kind][resource.address] = spec

    def ask(kind: AnyType, named: Mapping[str, Spec]) -> Mapping[str, str]:
        try:
            assert kind.taken is not None  # noqa: S101  chosen so
            return kind.taken(look.aws, named)
        except Exception as error:
            raise translate(error, f"reading {kind.kind}") from error

    for answer in side_by_side(partial(ask, kind_of(name), named) for name, named in specs.items()):
        look.holders.update(answer)


def _found(
    look: _Look, records: Mapping[str, Record], wanted: Mapping[str, Resource]
) -> dict[str, Found]:
    """The object of each address, as far as it was seen."""
    found = {}
    for address in {**records, **wanted}:
        record, resource = records.get(address), wanted.get(address)
        if one := _of_address(look, address, record, resource):
            found[address] = one
    return found


def _of_address(
    look: _Look, address: str, record: Record | None, resource: Resource | None
) -> Found | None:
    if record and record.id:
        seen = look.seen[record.kind].get(record.id)
        if seen and seen.phase is not Phase.LEAVING and not _replaced(record, record.id, seen):
            return Found(record.id, seen)
        if seen or resource is None:
            return None
    kind = resource.kind.kind if resource else record.kind if record else ""
    if resource and resource.adopts and not (record and record.id):
        there = look.seen[kind].get(resource.adopts)
        return Found(resource.adopts, there) if there else None
    identity = look.values.identity(resource) if resource else None
    if identity is None and record:
        identity = _intended_identity(look, record)
    if identity:
        seen = look.seen[kind].get(identity)
        if seen is None or seen.phase is Phase.LEAVING or _replaced(record, identity, seen):
            return None
        return Found(identity, seen)
    return _by_tag(look, kind, address, record) or _by_name(look, kind, address)


def _adopted(resource: Resource, records: Mapping[str, Record]) -> str:
    """The id that a resource names itself, as long as none is recorded."""
    record = records.get(resource.address)
    return "" if record and record.id else resource.adopts


def _check_adopted(
    found: Mapping[str, Found], records: Mapping[str, Record], wanted: Mapping[str, Resource]
) -> None:
    """What a person names by its id has to be there: nothing is made in its place.

    Raises:
        PlanError: it is not.
    """
    missing = [
        f"{address}: there is no {resource.kind.kind} {resource.adopts} to adopt."
        for address, resource in wanted.items()
        if _adopted(resource, records) and address not in found
    ]
    if missing:
        raise PlanError("\n".join(missing), hint="Mend the id, or take adopts away to make one.")


def _by_name(look: _Look, kind: str, address: str) -> Found | None:
    """What has the name of the wanted, though none of our tags."""
    holder = look.holders.get(address)
    seen = look.seen[kind].get(holder) if holder else None
    return Found(holder, seen) if holder and seen else None


def _replaced(record: Record | None, id_: str, observed: Observed) -> bool:
    """Whether an object is one that a replace still has to delete.

    Its successor may have the same name: then the intent's token on it tells, or, where there are
    no tags, whether it is what the intent would have made.
    """
    if record is None or id_ not in {old.id for old in record.replaced}:
        return False
    if observed.tags is None:
        return not as_created(kind_of(record.kind), record.intended or {}, observed)
    mark = Owner.of(observed.tags)
    return mark is None or mark.token != record.token


def _by_tag(look: _Look, kind: str, address: str, record: Record | None) -> Found | None:
    """What carries our tags and no other record has; by the intent's token if several do."""
    owner = Owner(look.stack_name, address)
    tagged = {
        id_: observed
        for id_, observed in look.seen[kind].items()
        if (owner.owns(observed.tags) or (record and record.formerly(observed.tags)))
        and observed.phase is not Phase.LEAVING
        and look.recorded.get((kind, id_), address) == address
        and not (record and id_ in {old.id for old in record.replaced})
    }
    if len(tagged) > 1 and record and record.token:
        exact = {
            id_: observed
            for id_, observed in tagged.items()
            if (mark := Owner.of(observed.tags)) and mark.token == record.token
        }
        tagged = exact or tagged
    if len(tagged) > 1:
        raise ForeignObjectError(
            f"{kind} {address}: {len(tagged)} objects carry its ownership tags: "
            f"{', '.join(sorted(tagged))}.",
            hint="Remove the tags from, or delete, all but the right one.",
        )
    return next((Found(id_, observed) for id_, observed in tagged.items()), None)


def _may_be_ours(look: _Look, address: str, records: Mapping[str, Record], found: Found) -> bool:
    record = records.get(address)
    if record and (record.id == found.id or record.formerly(found.observed.tags)):
        return True
    return found.observed.tags is None or Owner(look.stack_name, address).owns(found.observed.tags)


def side_by_side(calls: Iterable[Callable[[], T]]) -> list[T]:
    """Run calls on threads of their own; the first error is raised when all have ended."""
    waiting = [*calls]
    if len(waiting) < 2:
        return [call() for call in waiting]
    with ThreadPoolExecutor(min(READERS, len(waiting)), thread_name_prefix="read") as pool:
        futures = [pool.submit(call) for call in waiting]
    return [future.result() for future in futures]
