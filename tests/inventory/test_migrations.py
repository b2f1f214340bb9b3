"""Rows that older versions wrote are read in today's form."""

from __future__ import annotations

import json

import pytest

from provisioner.errors import DamagedRecordError, InventoryError
from provisioner.inventory import Inventory, MemoryStore
from provisioner.inventory.records import RECORD_VERSION
from provisioner.inventory.store import Row
from tests.conftest import VirtualClock
from tests.inventory.test_stores import ADA, take

FIRST: dict[str, object] = {
    "stack": "s",
    "address": "topic",
    "kind": "sns.topic",
    "id": "arn:aws:sns:eu-central-1:123456789012:t",
    "region": "eu-central-1",
    "account": "123456789012",
    "status": "ready",
    "tag_keys": ["Team"],
    "created_at": "2026-01-01T00:00:00+00:00",
    "updated_at": "2026-01-01T00:00:00+00:00",
}
"""A record of version 1, which did not name its version."""


def stored(body: dict[str, object], clock: VirtualClock) -> Inventory:
    store = MemoryStore()
    take(store, ADA)
    store.write("s", 1, [Row("STACK#s", "RESOURCE#topic", json.dumps(body))], release=True)
    return Inventory(store, clock)


def test_a_record_of_the_first_version_is_read(clock: VirtualClock) -> None:
    """It kept the keys of our tags; their values are not known, and that is what it says."""
    [found] = stored(FIRST, clock).records("s").values()
    assert (found.id, found.tags) == (FIRST["id"], {"Team": None})
    assert found.version == RECORD_VERSION


def test_a_record_of_a_newer_version_stops_the_run(clock: VirtualClock) -> None:
    """What an older provisioner does not understand it must not overwrite."""
    inventory = stored({**FIRST, "version": RECORD_VERSION + 1}, clock)
    with pytest.raises(InventoryError, match="versions up to") as stopped:
        inventory.records("s", damaged=lambda *_: None)
    assert not isinstance(stopped.value, DamagedRecordError)


def test_every_row_names_its_version(clock: VirtualClock) -> None:
    """So that the next form can tell it from its own."""
    store = MemoryStore()
    inventory = Inventory(store, clock)
    with inventory.open("s", ADA) as journal:
        journal.intend([])
        journal.close("succeeded", {})
    [row] = store.rows("STACK#s", "RUN#")
    assert json.loads(row.body)["version"] == RECORD_VERSION
