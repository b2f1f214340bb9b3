"""`inventory`: what is recorded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from provisioner.cli.surroundings import Surroundings, surroundings

if TYPE_CHECKING:
    from provisioner.inventory import Inventory, Record


@click.group()
def inventory() -> None:
    """What was made, in which stack."""


@inventory.command("list")
@click.argument("stack", required=False)
@surroundings
def list_(here: Surroundings, stack: str | None) -> int:
    """All stacks, or the resources of STACK."""
    terminal = here.terminal()
    found = _inventory(here)
    if stack is None:
        for name in found.stacks():
            count = len(found.records(name))
            terminal.say(f"{name}  {count} resources")
            terminal.tell({"stack": name, "resources": count})
        return 0
    records = _records(found, stack)
    width = max((len(address) for address in records), default=0)
    for address, record in sorted(records.items()):
        terminal.say(f"{address:<{width}}  {record.kind:<24} {record.status:<9} {record.id or '-'}")
        terminal.tell(record.model_dump(mode="json"))
    return 0


@inventory.command()
@click.argument("stack")
@click.argument("address")
@surroundings
def show(here: Surroundings, stack: str, address: str) -> int:
    """Everything recorded of one resource."""
    from provisioner.errors import InventoryError, nearest

    terminal = here.terminal()
    records = _records(_inventory(here), stack)
    if address not in records:
        raise InventoryError(f"{stack} has no {address!r}.", hint=nearest(address, records))
    record = records[address].model_dump(mode="json")
    terminal.say(json.dumps(record, indent=2, ensure_ascii=False))
    terminal.tell(record)
    return 0


def _inventory(here: Surroundings) -> Inventory:
    from provisioner.operations.desk import Desk

    return Desk.reader(here.session(), here.options()).inventory


def _records(found: Inventory, stack: str) -> dict[str, Record]:
    records = found.records(stack)
    if not records:
        found.check(stack)
    return records
