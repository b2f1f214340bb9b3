"""Who may write to a stack, on machines whose clocks disagree, with answers that get lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectionClosedError
from hypothesis import given
from hypothesis import strategies as st

from provisioner.aws.calls import Call
from provisioner.aws.clients import connect
from provisioner.errors import InterruptedRunError, LeaseHeldError, LeaseLostError
from provisioner.inventory import Holder, Inventory, Lease, MemoryStore, Store
from provisioner.inventory.dynamodb import DynamoStore
from provisioner.inventory.lease import APART, LASTS, POLL_SELDOM, Contender, Hold, Queue
from tests.conftest import VirtualClock

PATIENT = Queue(seconds=None)
YEAR = 365 * 86400.0


def nothing(now: float) -> None:
    """Happens."""
    del now


@dataclass
class Time:
    """What really is the time, the same for all machines.

    Attributes:
        happens: hears of each moment that somebody sleeps to.
    """

    seconds: float = 0.0
    happens: Callable[[float], None] = nothing

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds
        self.happens(self.seconds)


@dataclass
class Machine:
    """A machine's own clock.

    Attributes:
        off: seconds that its time of day is ahead.
        booted: seconds before the test began.
    """

    time: Time
    off: float = 0.0
    booted: float = 0.0

    def monotonic(self) -> float:
        return self.time.seconds + self.booted

    def sleep(self, seconds: float) -> None:
        self.time.pass_by(seconds)

    def wait(self, stop: threading.Event, seconds: float) -> None:
        if not stop.is_set():
            self.sleep(seconds)

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.time.seconds + self.off)


@dataclass
class Run:
    """A run on stack `s`, on a machine of its own."""

    store: Store
    who: str
    time: Time
    off: float = 0.0
    clock: Machine = field(init=False)

    def __post_init__(self) -> None:
        self.clock = Machine(self.time, self.off, booted=len(self.who) * 1000.0)

    def take(self, queue: Queue = PATIENT, lasts: float = LASTS) -> Hold:
        holder = Holder(who=self.who, host=f"{self.who}'s", command="apply", run=self.who)
        return Contender(self.store, self.clock, "s", holder, lasts).take(queue)

    def renew(self, hold: Hold) -> None:
        self.store.renew("s", hold.lease.fence, self.clock.now().timestamp() + hold.lease.lasts)


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest, clock: VirtualClock) -> Store:
    if request.param == "memory":
        return MemoryStore()
    session: boto3.Session = request.getfixturevalue("session")
    return DynamoStore(connect(session, clock=clock))


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.mark.parametrize("off", [0.0, -YEAR, -APART, APART])
def test_a_dead_run_is_taken_over_when_its_lease_ends(store: Store, time: Time, off: float) -> None:
    """Not before, and not long after, whatever the other clock says."""
    ada, bob = Run(store, "ada", time), Run(store, "bobby", time, off)
    hold = ada.take()
    assert bob.take().lease.fence == hold.lease.fence + 1
    assert LASTS <= time.seconds <= LASTS + POLL_SELDOM


@pytest.mark.parametrize("off", [-APART, APART])
def test_a_run_that_lives_is_never_taken_over(store: Store, time: Time, off: float) -> None:
    """It renews its lease every twenty seconds; another clock is as far off as AWS lets it be."""
    ada, bob = Run(store, "ada", time), Run(store, "bobby", time, off)
    hold = ada.take()
    beats: list[float] = []

    def happens(now: float) -> None:
        if now - (beats[-1] if beats else 0) >= 20:
            beats.append(now)
            ada.renew(hold)

    time.happens = happens
    with pytest.raises(LeaseHeldError, match="ada on ada's"):
        bob.take(Queue(seconds=600))
    assert time.seconds == 600
    assert len(beats) >= 20
    store.write("s", hold.lease.fence, [])


def test_only_a_dead_run_is_waited_for(store: Store, time: Time) -> None:
    """Without a time to wait, the first sign of life ends the waiting; it says who lives."""
    ada, bob = Run(store, "ada", time), Run(store, "bobby", time)
    hold = ada.take()
    told: list[tuple[str, float]] = []

    def hear(lease: Lease, left: float) -> None:
        assert lease.holder is not None
        told.append((lease.holder.who, left))

    time.happens = lambda now: ada.renew(hold) if now >= 20 else None
    with pytest.raises(LeaseHeldError, match="since 2026-01-01T00:00:00"):
        bob.take(Queue(None, hear))
    assert 20 <= time.seconds <= 20 + POLL_SELDOM
    assert told[0] == ("ada", LASTS)
    assert [left for _, left in told] == sorted((left for _, left in told), reverse=True)


def test_a_lease_that_is_let_go_is_taken_at_the_next_look(store: Store, time: Time) -> None:
    """Waiting ends with the other run, not with its lease."""
    ada, bob = Run(store, "ada", time), Run(store, "bobby", time)
    hold = ada.take()

    def happens(now: float) -> None:
        if now >= 10 and store.lease("s") == hold.lease:
            store.write("s", hold.lease.fence, [], release=True)

    time.happens = happens
    assert bob.take(Queue(seconds=30)).lease.fence == 2
    assert 10 <= time.seconds <= 10 + POLL_SELDOM


def test_a_lease_from_long_ago_is_taken_at_once(store: Store, time: Time) -> None:
    """Yesterday's dead run costs nobody a wait."""
    Run(store, "ada", time).take()
    time.pass_by(86400)
    assert Run(store, "bobby", time).take(Queue(seconds=0)).lease.fence == 2
    assert time.seconds == 86400


def test_two_who_watch_the_same_dead_run_do_not_both_get_it(store: Store, time: Time) -> None:
    """Whoever comes second finds another lease than the one that died."""
    ada, bob, eve = (Run(store, who, time) for who in ("ada", "bobby", "evelyn"))
    ada.take()
    got: list[Hold] = []

    def happens(now: float) -> None:
        if now >= LASTS and not got:
            time.happens = nothing
            got.append(eve.take(Queue(seconds=120)))

    time.happens = happens
    with pytest.raises(LeaseHeldError, match="evelyn"):
        bob.take()
    assert store.lease("s") == got[0].lease


def test_waiting_is_stopped_at_once(store: Store, time: Time) -> None:
    """And so is a run that was interrupted before it asked: not even a table is made."""
    ada, bob = Run(store, "ada", time), Run(store, "bobby", time)
    stop = threading.Event()
    stop.set()
    with pytest.raises(InterruptedRunError):
        ada.take(Queue(None, stop=stop))
    assert store.lease("s") is None
    stop.clear()
    hold = ada.take()
    time.happens = lambda now: stop.set() if now >= 3 else None
    with pytest.raises(InterruptedRunError):
        bob.take(Queue(None, stop=stop))
    assert time.seconds <= 3 + POLL_SELDOM
    assert store.lease("s") == hold.lease


def test_a_holder_counts_from_before_it_asked(time: Time) -> None:
    """Nobody can have begun to measure its lease earlier, however slow the answer was."""
    store = MemoryStore()

    class Slow(MemoryStore):
        def take(self, wanted: Lease, *, ended: float, dead: Lease | None = None) -> Lease:
            lease = store.take(wanted, ended=ended, dead=dead)
            time.pass_by(25)
            return lease

    ada = Run(Slow(), "ada", time)
    hold = ada.take()
    assert hold.ends - ada.clock.monotonic() == LASTS - 25


@given(
    st.lists(st.floats(1, 90), max_size=12),
    st.floats(-APART / 2, APART / 2),
    st.floats(-APART / 2, APART / 2),
    st.sampled_from([None, 0.0, 30.0, 300.0]),
)
def test_two_runs_never_both_think_that_they_hold_a_stack(
    gaps: list[float], one: float, other: float, patience: float | None
) -> None:
    """Whatever heartbeats are late or missing: before the second has it, the first has stopped."""
    store, time = MemoryStore(), Time()
    ada, bob = Run(store, "ada", time, one), Run(store, "bobby", time, other)
    hold = ada.take()
    ends = hold.ends - ada.clock.booted
    due = [sum(gaps[: number + 1]) for number in range(len(gaps))]

    def happens(now: float) -> None:
        nonlocal ends
        while due and due[0] <= now:
            due.pop(0)
            try:
                ada.renew(hold)
            except LeaseLostError:
                due.clear()
            else:
                ends = now + LASTS

    time.happens = happens
    try:
        bob.take(Queue(patience))
    except LeaseHeldError:
        store.write("s", hold.lease.fence, [])
    else:
        assert time.seconds >= ends
        with pytest.raises(LeaseLostError):
            store.write("s", hold.lease.fence, [])


class Losing:
    """Loses the next answer to an operation of DynamoDB's, after the work is done."""

    def __init__(self, session: boto3.Session, operation: str) -> None:
        self.sent = 0
        self.lose = 0
        session.events.register(f"after-call.dynamodb.{operation}", self)

    def __call__(self, **_: Any) -> None:
        self.sent += 1
        if self.lose:
            self.lose -= 1
            raise ConnectionClosedError(endpoint_url="https://dynamodb")


def test_taking_a_free_lease_costs_one_call(session: boto3.Session, time: Time) -> None:
    """And so does being told that it is held."""
    aws = connect(session)
    store = DynamoStore(aws)
    Run(store, "ada", time).take()
    before = aws.ledger.counts
    Run(store, "bobby", time).store.write("s", 1, [], release=True)
    Run(store, "bobby", time).take()
    with pytest.raises(LeaseHeldError):
        Run(store, "eve", time).take(Queue(0))
    made = {name: count - before.get(name, 0) for name, count in aws.ledger.counts.items()}
    assert {name: count for name, count in made.items() if count} == {
        "dynamodb.TransactWriteItems": 1,
        "dynamodb.UpdateItem": 2,
    }


def test_a_lost_answer_to_the_taking_finds_the_lease_ours(
    session: boto3.Session, clock: VirtualClock, time: Time
) -> None:
    """The put was done; sent again it is refused, by our own lease."""
    losing = Losing(session, "UpdateItem")
    store = DynamoStore(connect(session, clock=clock))
    Run(store, "ada", time).take()
    losing.lose = 2
    store.break_lease("s", 1)
    losing.lose = 2
    hold = Run(store, "bobby", time).take(Queue(0))
    assert (losing.lose, hold.lease.fence) == (0, 2)
    assert store.lease("s") == hold.lease
    losing.lose = 1
    store.renew("s", 2, 99)
    store.write("s", 2, [])


@pytest.mark.parametrize("taken", [False, True])
def test_a_lost_answer_to_the_release_does_not_fail_the_run(
    session: boto3.Session, clock: VirtualClock, time: Time, *, taken: bool
) -> None:
    """Also when the next run has taken the stack before the release is sent again."""
    losing = Losing(session, "TransactWriteItems")
    store = DynamoStore(connect(session, clock=clock))
    inventory = Inventory(store, clock)
    journal = inventory.open("s", Holder(who="ada", host="h", command="apply", run=""))
    losing.lose = 1
    if taken:
        sleep = clock.sleep

        def take(seconds: float) -> None:
            sleep(seconds)
            if store.lease("s") == Lease(stack="s", fence=1):
                Run(store, "bobby", time).take(Queue(0))

        clock.sleep = take  # type: ignore[method-assign]
    journal.close("succeeded", {})
    assert losing.sent == 2
    assert [run.result for run in inventory.runs("s")] == ["succeeded"]
    lease = store.lease("s")
    assert lease is not None
    assert (lease.holder is not None, lease.fence) == (taken, 1 + taken)


def test_a_lease_lost_while_a_call_waits_for_its_turn_is_seen(
    session: boto3.Session, clock: VirtualClock
) -> None:
    """The last question before a write comes after the last wait."""

    def permit(call: Call) -> None:
        if call.mutates and clock.seconds > 0:
            raise LeaseLostError("It was taken over meanwhile.")

    apis = connect(session, clock=clock).permitting(permit).client("apigateway")
    apis.create_rest_api(name="first")
    with pytest.raises(LeaseLostError):
        apis.create_rest_api(name="one every three seconds")
    assert clock.seconds > 0
    found = session.client("apigateway").get_rest_apis()["items"]
    assert [api["name"] for api in found] == ["first"]
