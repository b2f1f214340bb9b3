"""What is read of past runs: in pages, by the beginning of an id, and how those ended that died."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from provisioner.errors import InventoryError
from provisioner.inventory import Holder, Inventory, MemoryStore, Run, RunEvent
from provisioner.inventory.lease import LASTS
from provisioner.inventory.store import Row
from tests.conftest import VirtualClock
from tests.inventory.test_stores import store

__all__ = ["store"]


def holder(run: str) -> Holder:
    return Holder(who="ada", host="laptop", command="apply", run=run)


@pytest.fixture
def inventory(store: MemoryStore, clock: VirtualClock) -> Inventory:
    return Inventory(store, clock)


def test_the_newest_runs_come_first_and_in_pages(inventory: Inventory) -> None:
    """Each page goes on where the one before ended; the last one is short."""
    for number in range(5):
        with inventory.open("s", holder(f"r{number}")) as journal:
            journal.close("succeeded", {"created": number})
    pages = [
        [run.id for run in inventory.runs("s", limit=2, before=before)]
        for before in ("", "r3", "r1", "r0")
    ]
    assert pages == [["r4", "r3"], ["r2", "r1"], ["r0"], []]
    assert [run.id for run in inventory.runs("s")] == ["r4", "r3", "r2", "r1", "r0"]


def test_a_page_reads_no_more_than_it_shows(
    clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the history is."""
    asked: list[int | None] = []

    class Watched(MemoryStore):
        def rows(self, pk: str, prefix: str, **how: Any) -> list[Row]:
            asked.append(how.get("limit"))
            return super().rows(pk, prefix, **how)

    inventory = Inventory(Watched(), clock)
    with inventory.open("s", holder("r0")) as journal:
        journal.close("succeeded", {})
    asked.clear()
    inventory.runs("s", limit=7)
    inventory.run("s", "r0")
    assert asked == [7, 2, None]  # the steps of one run are as many as its plan had


def test_a_run_is_named_by_the_beginning_of_its_id(inventory: Inventory) -> None:
    """Enough of it that no other run's begins so; its steps come in order."""
    for run in ("abc", "abd", "b"):
        with inventory.open("s", holder(run)) as journal:
            for number in (2, 1):
                journal.event(
                    RunEvent(number=number, at="t", address=run, kind="kms.key", action="create")
                )
            journal.close("succeeded", {})
    found, events = inventory.run("s", "abd")
    assert (found.id, [event.number for event in events]) == ("abd", [1, 2])
    assert inventory.run("s", "b")[0].id == "b"
    with pytest.raises(InventoryError, match="more than one run ab"):
        inventory.run("s", "ab")
    with pytest.raises(InventoryError, match="no run 'x'"):
        inventory.run("s", "x")


def test_a_run_that_never_ended_is_alive_silent_or_dead(
    inventory: Inventory, clock: VirtualClock
) -> None:
    """It lives while it holds the lease and renews it; whoever holds it next shows that it died."""

    def fates() -> list[str]:
        assert inventory.run("s", "r1")[0].result == inventory.runs("s")[-1].result
        return [run.result for run in inventory.runs("s")]

    journal = inventory.open("s", holder("r1"))
    journal.intend([])
    assert fates() == ["running"]
    clock.sleep(LASTS + 1)
    assert fates() == ["silent"]
    lease = inventory.lease("s")
    assert lease is not None
    assert inventory.unlock(lease)
    assert fates() == ["died"]
    with inventory.open("s", holder("r2")) as second:
        second.intend([])
        assert fates() == ["running", "died"]
        second.close("succeeded", {})
    assert fates() == ["succeeded", "died"]


def test_a_run_that_ends_while_it_is_read_has_not_died(clock: VirtualClock) -> None:
    """It let go of the lease with its last word, between the two looks."""
    last: list[Any] = []

    class Late(MemoryStore):
        def lease(self, stack: str) -> Any:
            if last:
                last.pop()()
            return super().lease(stack)

    inventory = Inventory(Late(), clock)
    journal = inventory.open("s", holder("r1"))
    journal.intend([])
    last.append(lambda: journal.close("succeeded", {}))
    [run] = inventory.runs("s")
    assert run.result == "succeeded"


def test_an_unknown_stack_is_told_with_the_nearest(inventory: Inventory) -> None:
    """One of which only the history is left is known."""
    with pytest.raises(InventoryError) as nothing:
        inventory.check("net")
    assert nothing.value.hint == "There are none."
    with inventory.open("net-dev", holder("r1")) as journal:
        journal.close("succeeded", {})
    inventory.check("net-dev")
    with pytest.raises(InventoryError, match="no stack 'net-def'") as near:
        inventory.check("net-def")
    assert near.value.hint == "Did you mean 'net-dev'?"


def test_times_are_told_in_utc(inventory: Inventory) -> None:
    """By the clock of the machine that ran."""
    with inventory.open("s", holder("r1")) as journal:
        journal.close("succeeded", {})
    [run] = inventory.runs("s")
    assert isinstance(run, Run)
    offset = datetime.fromisoformat(run.started_at).utcoffset()
    assert offset is not None
    assert offset.total_seconds() == 0
