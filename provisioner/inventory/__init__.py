"""The inventory: what was made, by whom, and what still is on its way."""

from provisioner.inventory.inventory import Inventory
from provisioner.inventory.journal import Journal
from provisioner.inventory.memory import MemoryStore
from provisioner.inventory.records import (
    Edge,
    Former,
    Holder,
    Lease,
    Reader,
    Record,
    Replaced,
    Run,
    RunEvent,
    Standing,
    Status,
    Used,
)
from provisioner.inventory.standing import Health, Listed
from provisioner.inventory.store import Store

__all__ = [
    "Edge",
    "Former",
    "Health",
    "Holder",
    "Inventory",
    "Journal",
    "Lease",
    "Listed",
    "MemoryStore",
    "Reader",
    "Record",
    "Replaced",
    "Run",
    "RunEvent",
    "Standing",
    "Status",
    "Store",
    "Used",
]
