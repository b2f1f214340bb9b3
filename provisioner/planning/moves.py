"""A resource under a new address: its record goes there, and its object stays what it is. Pure.

A record that was moved says where it was before (`former`) until the object's own tags say where it
is now. So whatever dies in between, the object is known to be ours by either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from provisioner.errors import PlanError
from provisioner.inventory import Former, Record
from provisioner.stack import Resource, Stack


@dataclass(frozen=True)
class Moves:
    """What `moved_from` makes of the records of a stack.

    Attributes:
        records: by the addresses that are wanted; edges lead there, too.
        origins: new address → old one, of what has yet to be moved in the inventory.
    """

    records: Mapping[str, Record]
    origins: Mapping[str, str]


def moved(stack: Stack, records: Mapping[str, Record]) -> Moves:
    """Give records the addresses that the stack says they have by now.

    A `moved_from` that was carried out already, or never was needed, says nothing.

    Raises:
        PlanError: the record is of another kind, or both addresses have an object.
    """
    origins = {resource.address: old for resource in stack if (old := _origin(resource, records))}
    if not origins:
        return Moves(records, {})
    addresses = {old: new for new, old in origins.items()}
    placed = {new: _moved(records[old], new) for new, old in origins.items()}
    kept = {a: record for a, record in records.items() if a not in addresses}
    return Moves({a: _leading_to(r, addresses) for a, r in {**kept, **placed}.items()}, origins)


def _origin(resource: Resource, records: Mapping[str, Record]) -> str:
    """The address under which the object of a resource is recorded; empty if it is its own."""
    recorded = [old for old in resource.moved_from if old in records]
    if not recorded:
        return ""
    here = records.get(resource.address)
    if here and [here.id] == [records[old].id for old in recorded]:
        return recorded[0]  # a move was cut short between two writes: both are of one object
    if here or len(recorded) > 1:
        both = [*([resource.address] if here else []), *recorded]
        raise PlanError(
            f"{resource.address}: moved_from names {', '.join(recorded)}, but "
            f"{' and '.join(both)} have an object each.",
            hint="Keep one: take moved_from away, and the other is deleted; or name only one.",
        )
    [old] = recorded
    if records[old].kind != resource.kind.kind:
        raise PlanError(
            f"{resource.address} can't be moved from {old}: that is a {records[old].kind}, "
            f"and this is a {resource.kind.kind}.",
            hint="Take moved_from away: the old one is deleted, the new one made.",
        )
    return old


def _moved(record: Record, address: str) -> Record:
    former = Former(stack=record.stack, address=record.address)
    return record.model_copy(update={"address": address, "former": (*record.former, former)})


def _leading_to(record: Record, addresses: Mapping[str, str]) -> Record:
    """The record with its edges leading to where others are by now."""
    if not any(edge.address in addresses for edge in record.edges):
        return record
    edges = tuple(
        edge.model_copy(update={"address": addresses.get(edge.address, edge.address)})
        for edge in record.edges
    )
    return record.model_copy(update={"edges": edges})
