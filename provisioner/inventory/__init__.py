"""The inventory: what was made, by whom, and what still is on its way."""

from provisioner.inventory.inventory import Inventory
from provisioner.inventory.journal import Journal
from provisioner.inventory.memory import MemoryStore
from provisioner.inventory.records import (
    Edge,
    Former,
    Holder,
    Lease,
    Record,
    Replaced,
    Run,
    RunEvent,
    Status,
)
from provisioner.inventory.store import Store

__all__ = [
    "Edge",
    "Former",
    "Holder",
    "Inventory",
    "Journal",
    "Lease",
    "MemoryStore",
    "Record",
    "Replaced",
    "Run",
    "RunEvent",
    "Status",
    "Store",
]
