"""Runs that are stopped, overtaken or shut out, at every moment of their lives."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from provisioner.api.runs import apply, teardown
from provisioner.aws.calls import Call
from provisioner.aws.clients import connect
from provisioner.engine.events import Event, LeaseAwaited, RunStarted, StepDone
from provisioner.engine.report import RunFailedError
from provisioner.engine.schedule import Verb
from provisioner.errors import InterruptedRunError, LeaseHeldError, LeaseLostError
from provisioner.inventory import Holder, Inventory, journal
from provisioner.inventory.dynamodb import DynamoStore
from provisioner.inventory.lease import LASTS
from provisioner.operations.desk import Options
from provisioner.planning.changes import Plan
from provisioner.views.results import report_lines
from tests.conftest import VirtualClock
from tests.e2e.alive import alive
from tests.engine.test_runs import network
from tests.engine.test_story import counts, small, writes

BOB = Holder(who="bob", host="ci", command="apply", run="")


@pytest.fixture
def options(clock: VirtualClock) -> Options:
    return Options(clock=clock, workers=1)


@pytest.fixture
def inventory(session: boto3.Session, clock: VirtualClock) -> Inventory:
    return Inventory(DynamoStore(connect(session, clock=clock)), clock)


@contextmanager
def watched(session: boto3.Session) -> Iterator[list[Call]]:
    """Every call that is made meanwhile, but those to the inventory."""
    made: list[Call] = []

    def note(model: Any, **_: Any) -> None:
        call = Call(model.service_model.service_name, model.name)
        if call.service not in {"dynamodb", "sts"}:
            made.append(call)

    session.events.register_first("before-call", note)
    try:
        yield made
    finally:
        session.events.unregister("before-call", note)


def free(inventory: Inventory, stack: str) -> bool:
    lease = inventory.lease(stack)
    return lease is not None and lease.holder is None


def test_a_run_stopped_while_it_plans_looks_at_nothing_more(
    session: boto3.Session, options: Options, inventory: Inventory
) -> None:
    """Nothing is changed, the stack is free, the history knows."""
    stop = threading.Event()
    session.events.register("before-call.ec2", lambda **_: stop.set())
    with watched(session) as made, pytest.raises(InterruptedRunError, match="before anything"):
        apply(session, network(), options, stop=stop)
    assert 1 <= len(made) <= 8  # those that were side by side
    assert not any(call.mutates for call in made)
    assert free(inventory, "net")
    assert [run.result for run in inventory.runs("net")] == ["interrupted"]
    assert alive(session) == {}


def test_a_run_stopped_before_it_plans_takes_no_lease(
    session: boto3.Session, options: Options, inventory: Inventory
) -> None:
    """Not even the inventory's table is made."""
    stop = threading.Event()
    stop.set()
    with pytest.raises(InterruptedRunError):
        apply(session, network(), options, stop=stop)
    assert session.client("dynamodb").list_tables()["TableNames"] == []


def test_a_run_stopped_at_the_question_changes_nothing(
    session: boto3.Session, options: Options, inventory: Inventory
) -> None:
    """Whether the person left, or said yes too late."""

    def leave(planned: Plan) -> bool:
        raise InterruptedRunError("Interrupted at the question.")

    with pytest.raises(InterruptedRunError):
        apply(session, network(), options, approve=leave)
    stop = threading.Event()

    def late(planned: Plan) -> bool:
        stop.set()
        return True

    report = apply(session, network(), options, approve=late, stop=stop)
    assert (report.result, report.outcome.done) == ("interrupted", {})
    assert [run.result for run in inventory.runs("net")] == ["interrupted", "interrupted"]
    assert free(inventory, "net")
    assert inventory.records("net") == {}
    assert alive(session) == {}


def test_a_run_stopped_while_it_waits_leaves_the_other_one_alone(
    session: boto3.Session, options: Options, inventory: Inventory
) -> None:
    """The lease is still the other run's."""
    stop = threading.Event()
    heard: list[Event] = []

    def listen(event: Event) -> None:
        heard.append(event)
        stop.set()

    with inventory.open("net", BOB) as other:
        before = inventory.lease("net")
        with pytest.raises(InterruptedRunError):
            apply(session, network(), options, listen=listen, stop=stop)
        assert [type(event) for event in heard] == [LeaseAwaited]
        assert inventory.lease("net") == before
        other.close("succeeded", {})


def test_a_stopped_run_tells_what_is_done_and_what_is_not(
    session: boto3.Session, options: Options
) -> None:
    """By name; the same command goes on with exactly that."""
    stop = threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, StepDone) and event.key.verb is Verb.CREATE:
            stop.set()

    report = apply(session, network(), options, listen=listen, stop=stop)
    text = "\n".join(line.plain for line in report_lines(report))
    assert "Begun, not finished (1): vpc." in text
    assert "Not started (3): endpoint, group, subnet." in text
    assert text.startswith("Interrupted: 4 skipped.")
    again = apply(session, network(), options).check()
    assert counts(again)["created"] == 3
    assert len(alive(session)["vpc"]) == 1


def test_a_stop_after_the_last_step_is_a_success(session: boto3.Session, options: Options) -> None:
    """There was nothing left to be stopped."""
    stop = threading.Event()
    left: list[int] = []

    def listen(event: Event) -> None:
        if isinstance(event, RunStarted):
            left.append(event.steps)
        if isinstance(event, StepDone):
            left[0] -= 1
            if not left[0]:
                stop.set()

    report = apply(session, network(), options, listen=listen, stop=stop)
    assert stop.is_set()
    assert report.result == "succeeded"


def test_a_run_that_sleeps_through_its_lease_writes_nothing_more(
    session: boto3.Session, options: Options, clock: VirtualClock, inventory: Inventory
) -> None:
    """Another one took over and finished the stack; the first one wakes, and sees that."""
    world: list[dict[str, list[str]]] = []

    def listen(event: Event) -> None:
        if isinstance(event, StepDone) and not world:
            clock.sleep(LASTS + 1)
            assert counts(apply(session, network(), options).check())["created"] == 3
            world.append(alive(session))
            made.clear()

    with watched(session) as made:
        report = apply(session, network(), options, listen=listen)
    assert [call for call in made if call.mutates] == []
    assert report.result == "lost"
    with pytest.raises(RunFailedError, match="taken over stack net"):
        report.check()
    assert "has taken over stack net" in "\n".join(line.plain for line in report_lines(report))
    assert alive(session) == world[0]
    assert [run.result for run in inventory.runs("net")] == ["succeeded", "died"]
    assert writes(apply(session, network(), options).check()) == 0
    teardown(session, "net", options).check()
    assert alive(session) == {}


def test_a_run_that_is_shut_out_before_it_began_changes_nothing(
    session: boto3.Session, options: Options, inventory: Inventory
) -> None:
    """Somebody took the stack from it while it asked its question."""

    def approve(planned: Plan) -> bool:
        lease = inventory.lease("net")
        assert lease is not None
        return inventory.unlock(lease)

    with pytest.raises(LeaseLostError):
        apply(session, network(), options, approve=approve)
    assert alive(session) == {}


def test_a_run_whose_steps_can_not_be_recorded_ends(
    session: boto3.Session, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not written down is found by its tags; the next run goes on."""
    monkeypatch.setattr(journal, "GATHER", 0.0)
    refused = threading.Event()

    def refuse(model: Any, **_: Any) -> None:
        if refused.is_set():
            error = {"Error": {"Code": "AccessDenied", "Message": "not you"}}
            raise ClientError(error, model.name)  # type: ignore[arg-type]

    def listen(event: Event) -> None:
        if isinstance(event, StepDone):
            refused.set()

    session.events.register("before-call.dynamodb", refuse)
    report = apply(session, network(), options, listen=listen)
    refused.clear()
    assert report.result == "partial"
    assert "AccessDenied" in "\n".join(line.plain for line in report_lines(report))
    options.clock.sleep(LASTS + 1)  # type: ignore[union-attr]
    apply(session, network(), options).check()
    assert len(alive(session)["vpc"]) == 1
    teardown(session, "net", options).check()
    assert alive(session) == {}


def test_other_stacks_are_not_waited_for(
    session: boto3.Session, options: Options, clock: VirtualClock, inventory: Inventory
) -> None:
    """One lease per stack, in one table."""
    with inventory.open("net", BOB) as other:
        at_once = replace(options, lock_timeout=0.0)
        assert counts(apply(session, small(), at_once).check()) == {"created": 3}
        with pytest.raises(LeaseHeldError, match="bob on ci"):
            apply(session, network(), at_once)
        assert counts(teardown(session, "small-dev", at_once).check()) == {"deleted": 3}
        other.close("succeeded", {})
    assert clock.seconds == 0
