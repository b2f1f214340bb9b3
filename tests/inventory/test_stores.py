"""Both stores keep the same promises: rows, lease, fence."""

from __future__ import annotations

import json

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.aws.clients import connect
from provisioner.errors import DamagedRecordError, LeaseHeldError, LeaseLostError
from provisioner.inventory import (
    Holder,
    Inventory,
    Lease,
    MemoryStore,
    Record,
    Standing,
    Status,
    Store,
)
from provisioner.inventory.dynamodb import DynamoStore
from provisioner.inventory.store import Gone, Row
from tests.conftest import VirtualClock

ADA = Holder(who="ada", host="laptop", command="apply", run="r1")
BOB = Holder(who="bob", host="ci", command="teardown", run="r2")


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest, clock: VirtualClock) -> Store:
    if request.param == "memory":
        return MemoryStore()
    session: boto3.Session = request.getfixturevalue("session")
    return DynamoStore(connect(session, clock=clock))


def record(address: str, **more: object) -> Record:
    facts: dict[str, object] = {
        "stack": "s",
        "address": address,
        "kind": "kms.key",
        "id": f"id-{address}",
        "arn": f"arn:aws:kms:::{address}",
        "region": "eu-central-1",
        "account": "123456789012",
        "status": Status.READY,
        "created_at": "t0",
        "updated_at": "t0",
    }
    return Record.model_validate({**facts, **more})


def take(store: Store, holder: Holder, dead: Lease | None = None) -> int:
    """The fence of a lease that was taken; 0: another one holds it."""
    wanted = Lease(stack="s", holder=holder, lasts=60, expires_at=60, since="t")
    lease = store.take(wanted, ended=0, dead=dead)
    return lease.fence if lease.holder == holder else 0


def seen(store: Store) -> Lease:
    lease = store.lease("s")
    assert lease is not None
    return lease


def test_nothing_is_there_before_the_first_write(store: Store) -> None:
    """Reading an inventory that does not exist finds it empty, and makes nothing."""
    assert store.stacks() == ()
    assert store.rows("STACK#s", "RESOURCE#") == []
    assert store.by_arn("arn") == []
    assert store.leases() == ()
    assert store.lease("s") is None


def test_one_holder_at_a_time_and_the_fence_grows(store: Store) -> None:
    """A live lease is kept, a dead one taken over, and each taking has a higher fence."""
    assert take(store, ADA) == 1
    assert take(store, BOB) == 0
    before = seen(store)
    store.renew("s", 1, 99)
    assert take(store, BOB, dead=before) == 0
    assert seen(store) == before.model_copy(update={"beat": 1, "expires_at": 99})
    assert take(store, BOB, dead=seen(store)) == 2
    assert (seen(store).holder, seen(store).sign) == (BOB, (2, 0))


def test_a_lease_that_ended_long_ago_is_free(store: Store) -> None:
    """By its holder's clock, as the contender asks for it."""
    take(store, ADA)
    wanted = Lease(stack="s", holder=BOB, lasts=60, expires_at=5000, since="t")
    assert store.take(wanted, ended=59).holder == ADA
    assert store.take(wanted, ended=61) == wanted.model_copy(update={"fence": 2})


def test_who_lost_the_lease_can_write_nothing(store: Store) -> None:
    """Neither rows nor the lease; nothing of the refused batch is there."""
    take(store, ADA)
    store.write("s", 1, [Row("STACK#s", "RESOURCE#a", "{}")])
    take(store, BOB, dead=seen(store))
    with pytest.raises(LeaseLostError):
        store.write("s", 1, [Row("STACK#s", "RESOURCE#b", "{}"), Gone("STACK#s", "RESOURCE#a")])
    with pytest.raises(LeaseLostError):
        store.renew("s", 1, 999)
    assert [row.sk for row in store.rows("STACK#s", "RESOURCE#")] == ["RESOURCE#a"]


def test_a_broken_lease_fences_its_holder_off(store: Store) -> None:
    """`unlock` is for people; whoever held it is refused from then on, his last word too."""
    take(store, ADA)
    assert store.break_lease("s", 1)
    for release in (False, True):
        with pytest.raises(LeaseLostError):
            store.write("s", 1, [Row("STACK#s", "RUN#1", "{}")], release=release)
    with pytest.raises(LeaseLostError):
        store.renew("s", 1, 99)
    assert take(store, BOB) == 2
    assert store.rows("STACK#s", "RUN#") == []


def test_a_lease_that_changed_hands_is_not_broken(store: Store) -> None:
    """Whoever decided to break it had seen another one."""
    take(store, ADA)
    take(store, BOB, dead=seen(store))
    assert not store.break_lease("s", 1)
    store.write("s", 2, [])


def test_a_released_lease_is_free_at_once(store: Store) -> None:
    """The last write lets go of it."""
    take(store, ADA)
    store.write("s", 1, [Row("STACK#s", "RUN#1", "{}")], release=True)
    assert take(store, BOB) == 2


def test_rows_are_found_by_key_prefix_and_arn(store: Store) -> None:
    """In order, newest first if asked; a deleted row is gone."""
    take(store, ADA)
    rows = [Row("STACK#s", f"RUN#{n}", "{}") for n in "132"]
    store.write("s", 1, [*rows, Row("STACK#s", "RESOURCE#a", "{}", arn="arn:a", kind="kms.key")])
    assert [row.sk for row in store.rows("STACK#s", "RUN#")] == ["RUN#1", "RUN#2", "RUN#3"]
    newest = store.rows("STACK#s", "RUN#", newest_first=True)
    assert [row.sk for row in newest] == ["RUN#3", "RUN#2", "RUN#1"]
    assert [row.sk for row in store.by_arn("arn:a")] == ["RESOURCE#a"]
    assert store.rows("STACK#s", "RUN#", newest_first=True, limit=2) == newest[:2]
    assert store.rows("STACK#s", "RUN#", newest_first=True, after="RUN#3") == newest[1:]
    assert store.rows("STACK#s", "RUN#", limit=1, after="RUN#1") == [newest[1]]
    assert store.rows("STACK#s", "RUN#", after="RUN#3") == []
    store.write("s", 1, [Gone("STACK#s", "RUN#1")])
    assert len(store.rows("STACK#s", "RUN#")) == 2
    assert store.stacks() == ("s",)


def standing(run: str = "r1", *, resources: int = 1, result: str = "succeeded") -> Standing:
    return Standing(
        run=run,
        command="apply",
        who="ada",
        host="laptop",
        started_at="t0",
        result=result,
        resources=resources,
    )


def test_how_a_stack_stands_goes_with_its_rows(store: Store) -> None:
    """It is told by the lease, kept by whoever takes, renews or breaks it, and listed."""
    take(store, ADA)
    assert [lease.holder for lease in store.leases()] == [ADA]
    store.write("s", 1, [Row("STACK#s", "RESOURCE#a", "{}")], standing=standing())
    store.write("s", 1, [], release=True)
    assert seen(store) == Lease(stack="s", fence=1, standing=standing())
    assert take(store, BOB) == 2
    store.renew("s", 2, 99)
    assert store.leases() == (seen(store),)
    assert seen(store).standing == standing()
    assert store.break_lease("s", 2)
    assert seen(store).standing == standing()
    assert store.leases() == (seen(store),)


def test_who_lost_the_lease_says_nothing_of_the_stack(store: Store) -> None:
    """The word of a run that was taken over is refused with its rows."""
    take(store, ADA)
    take(store, BOB, dead=seen(store))
    for release in (False, True):
        with pytest.raises(LeaseLostError):
            store.write("s", 1, [], release=release, standing=standing())
    assert seen(store).standing is None


def test_a_stack_of_which_nothing_is_left_is_listed_no_more(store: Store) -> None:
    """Its lease stays, with the fence; the next run on it lists it again."""
    take(store, ADA)
    store.write("s", 1, [], standing=standing(result="running", resources=0))
    assert len(store.leases()) == 1
    store.write("s", 1, [], release=True, standing=standing(resources=0))
    assert store.leases() == ()
    assert seen(store) == Lease(stack="s", fence=1)
    assert take(store, BOB) == 2
    assert [lease.stack for lease in store.leases()] == ["s"]


def test_more_rows_than_a_transaction_takes(store: Store) -> None:
    """250 rows come through in several, under one fence."""
    take(store, ADA)
    store.write("s", 1, [Row("STACK#s", f"RESOURCE#{n:03}", "{}") for n in range(250)])
    assert len(store.rows("STACK#s", "RESOURCE#")) == 250


def test_a_run_writes_intents_at_once_and_results_behind(store: Store, clock: VirtualClock) -> None:
    """Intents are there when `intend` returns; results when the run closes."""
    inventory = Inventory(store, clock)
    with inventory.open("s", ADA) as journal:
        journal.intend([record("a", id=None, status=Status.INTENDED)])
        assert inventory.records("s")["a"].status is Status.INTENDED
        journal.note(record("a"))
        journal.note(record("b"))
        journal.forget("b")
        journal.close("succeeded", {"created": 1})
    assert {a: r.status for a, r in inventory.records("s").items()} == {"a": Status.READY}
    [run] = inventory.runs("s")
    assert (run.who, run.result, run.summary) == ("ada", "succeeded", {"created": 1})
    assert [found.address for found in inventory.by_arn("arn:aws:kms:::a")] == ["a"]


def test_a_run_that_raises_releases_the_lease(store: Store, clock: VirtualClock) -> None:
    """The next run does not have to wait; the history says what happened."""
    inventory = Inventory(store, clock)
    with pytest.raises(ZeroDivisionError):
        _fail_within(inventory)
    with inventory.open("s", BOB) as journal:
        journal.close("succeeded", {})
    assert [run.result for run in inventory.runs("s")] == ["succeeded", "failed"]


def _fail_within(inventory: Inventory) -> None:
    with inventory.open("s", ADA) as journal:
        journal.intend([record("a")])
        _ = 1 / 0


def test_a_held_stack_says_who_holds_it(store: Store, clock: VirtualClock) -> None:
    """Who, where, since when."""
    inventory = Inventory(store, clock)
    with inventory.open("s", ADA) as journal:
        with pytest.raises(LeaseHeldError, match="ada on laptop"):
            inventory.open("s", BOB)
        journal.close("succeeded", {})


def test_a_damaged_record_stops_the_run_with_its_key(store: Store, clock: VirtualClock) -> None:
    """Acting on a guess is how things get lost. The lease is free afterwards."""
    take(store, ADA)
    body = json.loads(record("a").model_dump_json())
    body["status"] = "odd"
    store.write("s", 1, [Row("STACK#s", "RESOURCE#a", json.dumps(body))], release=True)
    inventory = Inventory(store, clock)
    with pytest.raises(DamagedRecordError, match="RESOURCE#a") as stopped:
        inventory.open("s", BOB)
    assert stopped.value.hint == "Mend it with: recover s."
    lease = store.lease("s")
    assert lease is not None
    assert lease.holder is None


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take", "take over", "write", "renew", "break"]),
        st.sampled_from([ADA, BOB]),
    ),
    max_size=14,
)


@given(STEPS)
def test_only_the_newest_holder_ever_writes(steps: list[tuple[str, Holder]]) -> None:
    """Whatever two runs do in whatever order, a write of an older fence never lands."""
    store, fences, newest = MemoryStore(), dict.fromkeys(("ada", "bob"), 0), 0
    for act, holder in steps:
        mine = fences[holder.who]
        if act.startswith("take"):
            dead = store.lease("s") if act == "take over" else None
            fences[holder.who] = take(store, holder, dead) or mine
            newest = max(newest, fences[holder.who])
        elif act == "break":
            store.break_lease("s", newest)
        else:
            try:
                if act == "write":
                    store.write("s", mine, [Row("STACK#s", "R#1", str(mine))])
                else:
                    store.renew("s", mine, 60)
            except LeaseLostError:
                continue
            assert seen(store).fence == mine == newest
