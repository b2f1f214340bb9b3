"""From the names of other stacks' outputs to their values, and what other stacks read of one.

Both are looked up in the inventory. What a stack reads is written down with its own records, beside
the lease of the one it reads; so the other's teardown, and an apply that takes an output away, know
of it without a look at any other stack.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from pydantic import JsonValue

from provisioner.discovery.refresher import side_by_side
from provisioner.errors import BlockedError
from provisioner.inventory import Inventory, Reader, Record, Used
from provisioner.inventory.reading import Uses
from provisioner.lifecycle import Obstacle
from provisioner.planning.changes import Plan
from provisioner.stack import Stack
from provisioner.stack.readings import Reading, check, filled, readings_of

TEARDOWN = "teardown"


class Joined(NamedTuple):
    """A stack whose every reading has its value.

    Attributes:
        stack: with the values.
        uses: what it reads, and of which run of the other stacks.
    """

    stack: Stack
    uses: Uses


@dataclass(frozen=True, slots=True)
class _Seen:
    stack: str
    fence: int
    outputs: Mapping[str, JsonValue] | None


def joined(inventory: Inventory, stack: Stack) -> Joined:
    """Put in what a stack reads of others: two calls for each of them, side by side.

    Raises:
        ManifestError: there is no such stack or output, or a value does not fit.
        BlockedError: one of them is being torn down.
    """
    readings = readings_of(stack)
    if not readings:
        return Joined(stack, Uses())
    names = sorted({one.stack for one in readings})
    seen = side_by_side(partial(_look, inventory, name) for name in names)
    known = {one.stack: one.outputs for one in seen if one.outputs is not None}
    listed = () if len(known) == len(names) else inventory.listed()
    check(readings, known, tuple(one.name for one in listed))
    return Joined(filled(stack, known), _uses(readings, known, seen))


def _look(inventory: Inventory, name: str) -> _Seen:
    lease = inventory.lease(name)
    if lease and lease.holder and lease.holder.command == TEARDOWN:
        raise BlockedError(
            f"Stack {name}, of which outputs are read, is being torn down by {lease.holder.who}.",
            hint="Apply it again first, or take the references out.",
        )
    if lease is None or not inventory.exists(lease):
        return _Seen(name, 0, None)
    return _Seen(name, lease.fence, inventory.outputs(name))


def _uses(
    readings: Sequence[Reading],
    known: Mapping[str, Mapping[str, JsonValue]],
    seen: Sequence[_Seen],
) -> Uses:
    places: dict[tuple[str, str], list[str]] = {}
    for one in readings:
        places.setdefault((one.stack, one.output), []).append(one.where)
    used = {
        name: tuple(
            Used(output=output, value=known[name][output], where=tuple(where))
            for (stack, output), where in sorted(places.items())
            if stack == name
        )
        for name in known
    }
    return Uses(used, {one.stack: one.fence for one in seen})


def guarded(
    inventory: Inventory,
    plan: Plan,
    readers: Collection[Reader],
    records: Mapping[str, Record],
    *,
    kept: Collection[str] | None,
) -> Plan:
    """The plan; with what it takes away and another stack uses as obstacles.

    Args:
        inventory: is asked whether those stacks are still there, if anything is taken from them.
        plan: of what is to be done.
        readers: who reads what of the stack.
        records: all of the stack's.
        kept: the outputs that an apply leaves; None if it is none.
    """
    told = [
        Obstacle(
            f"used by stack {reader.stack}: ${{stack.{plan.stack}.{used.output}}} in "
            + ", ".join(f"{reader.stack}.{where}" for where in used.where),
            f"Tear down {reader.stack} first, or take the reference out there and apply it.",
        )
        for reader in readers
        if (lost := [one for one in reader.uses if _lost(plan, one, records, kept)])
        and inventory.known(reader.stack)
        for used in lost
    ]
    if not told:
        return plan
    obstacles = {**plan.obstacles, "": (*plan.obstacles.get("", ()), *told)}
    return replace(plan, obstacles=obstacles)


def _lost(
    plan: Plan, used: Used, records: Mapping[str, Record], kept: Collection[str] | None
) -> bool:
    """Whether what is used is there no more after the plan."""
    if kept is not None:
        return used.output not in kept
    going = {change.address for change in plan.changes if not change.stays}
    if records and going >= set(records):
        return True
    text = str(used.value)
    return any(value in text for address in going for value in _values(records.get(address)))


def _values(record: Record | None) -> Iterator[str]:
    """What tells an object: its id, and what others may have got of it."""
    if record:
        yield from {record.id or "", record.arn or "", *record.attributes.values()} - {""}
