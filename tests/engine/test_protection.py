"""What protects protects: the whole plan is checked first, and no record is lost on the way."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from provisioner.api.plans import plan, plan_removal
from provisioner.api.runs import apply, teardown
from provisioner.errors import DamagedRecordError, ProtectedError
from provisioner.inventory import Record
from provisioner.operations.desk import Desk, Options
from provisioner.planning.allowances import Allowances
from provisioner.stack import Stack
from tests.conftest import VirtualClock
from tests.e2e.alive import alive
from tests.engine.test_runs import refusing
from tests.engine.test_story import counts, writes
from tests.faults.stage import Clients


@pytest.fixture
def clients(session: boto3.Session) -> Any:
    """A session that makes each client once."""
    return Clients(session)


@pytest.fixture
def options(clock: VirtualClock) -> Options:
    return Options(clock=clock, workers=1)


def home(*, protect: bool = False, cidr: str = "16", without: str = "", after: str = "") -> Stack:
    """A network with what stands in it, and a queue beside it."""
    stack = Stack("home")
    vpc = stack.add("vpc", "ec2.vpc", cidr_block=f"10.0.0.0/{cidr}", protect=protect)
    stack.add(
        "subnet",
        "ec2.subnet",
        vpc_id=vpc.id,
        cidr_block="10.0.1.0/24",
        availability_zone="${region}a",
    )
    stack.add("queue", "sqs.queue", queue_name="home", depends_on=[after] if after else [])
    for address in without.split():
        del stack.resources[address]
    return stack


def recorded(clients: Any, options: Options) -> dict[str, Record]:
    return Desk.reader(clients, options).inventory.records("home")


def test_a_protection_alone_is_stored(clients: Any, options: Options) -> None:
    """On a run that changes nothing else, and before the resource leaves the manifest."""
    apply(clients, home(), options).check()
    report = apply(clients, home(protect=True), options).check()
    assert (counts(report), writes(report)) == ({"unchanged": 3}, 0)
    assert recorded(clients, options)["vpc"].protect
    with pytest.raises(ProtectedError, match="vpc is protected and would be deleted"):
        plan(clients, home(without="vpc subnet"), options)
    with pytest.raises(ProtectedError, match="vpc: it is protected"):
        teardown(clients, "home", options)


def test_nothing_goes_before_a_protection_is_met(clients: Any, options: Options) -> None:
    """Neither what depends on the protected object nor what has nothing to do with it."""
    apply(clients, home(protect=True), options).check()
    before = alive(clients)
    for stack in (home(without="vpc subnet queue"), home(protect=True, cidr="20")):
        with pytest.raises(ProtectedError):
            apply(clients, stack, options)
    with pytest.raises(ProtectedError):
        teardown(clients, "home", options)
    assert plan_removal(clients, "home", options).blocked
    allowed = Options(clock=options.clock, allow=Allowances(replace=frozenset({"vpc"})))
    with pytest.raises(ProtectedError):
        apply(clients, home(protect=True, cidr="20"), allowed)
    assert alive(clients) == before
    assert {record.status for record in recorded(clients, options).values()} == {"ready"}


def test_taking_a_protection_away_is_a_step_of_its_own(clients: Any, options: Options) -> None:
    """Not together with the replace it would permit; it is shown, and written down with its run."""
    apply(clients, home(protect=True), options).check()
    with pytest.raises(ProtectedError, match="would be replaced") as refused:
        apply(clients, home(cidr="20"), options)
    assert refused.value.hint == "Set protect: false on it first, and apply that by itself."
    run = apply(clients, home(), options).check().run
    events = Desk.reader(clients, options).inventory.events(run)
    assert [(e.address, e.message) for e in events] == [("vpc", "it is no longer protected")]
    assert counts(apply(clients, home(cidr="20"), options).check())["replaced"] == 2
    assert counts(teardown(clients, "home", options).check()) == {"deleted": 3}
    assert alive(clients) == {}


def test_a_renamed_resource_stays_protected(clients: Any, options: Options) -> None:
    """Its record takes the protection along, from the first run on."""
    apply(clients, home(protect=True), options).check()
    stack = home(without="vpc subnet")
    stack.add("net", "ec2.vpc", cidr_block="10.0.0.0/20", moved_from="vpc")
    with pytest.raises(ProtectedError, match="net is protected and would be replaced"):
        plan(clients, stack, options)


def test_a_delete_that_fails_drops_no_record(session: boto3.Session, options: Options) -> None:
    """Whatever AWS says, what stands is recorded, and the next run deletes it."""
    apply(session, home(), options).check()
    with refusing(session, "sqs.DeleteQueue"):
        report = apply(session, home(without="queue"), options)
        assert (report.result, counts(report)) == ("failed", {"unchanged": 2, "failed": 1})
        assert recorded(session, options)["queue"].id
        down = teardown(session, "home", options)
        assert down.result == "partial"
        assert [left.address for left in down.left] == ["queue"]
    assert set(recorded(session, options)) == {"queue"}
    assert counts(teardown(session, "home", options).check()) == {"deleted": 1}
    assert alive(session) == {}


def test_a_plan_that_would_adopt_adopts_nothing(clients: Any, options: Options) -> None:
    """A look with --adopt leaves no record, so that no later run takes the object for known."""
    clients.client("sqs").create_queue(QueueName="home")
    allowed = Options(clock=options.clock, allow=Allowances(adopt=True))
    change = plan(clients, home(), allowed).change("queue")
    assert change
    assert str(change.action) == "adopt"
    assert clients.client("dynamodb").list_tables()["TableNames"] == []
    apply(clients, home(without="queue"), options).check()
    assert set(recorded(clients, options)) == {"vpc", "subnet"}
    assert counts(teardown(clients, "home", options).check()) == {"deleted": 2}
    assert len(clients.client("sqs").list_queues()["QueueUrls"]) == 1


def test_a_record_that_can_not_be_read_is_not_nothing(clients: Any, options: Options) -> None:
    """Neither a plan nor a teardown goes on as if there were no such resource."""
    apply(clients, home(), options).check()
    before = alive(clients)
    clients.client("dynamodb").update_item(
        TableName="provisioner-inventory",
        Key={"pk": {"S": "STACK#home"}, "sk": {"S": "RESOURCE#vpc"}},
        UpdateExpression="SET body = :b",
        ExpressionAttributeValues={":b": {"S": '{"stack": "home"}'}},
    )
    for act in (
        lambda: plan(clients, home(), options),
        lambda: apply(clients, home(without="vpc subnet queue"), options),
        lambda: plan_removal(clients, "home", options),
        lambda: teardown(clients, "home", options),
    ):
        with pytest.raises(DamagedRecordError, match="RESOURCE#vpc"):
            act()
    assert alive(clients) == before


def test_a_new_dependency_is_recorded_by_a_run_that_changes_nothing(
    clients: Any, options: Options
) -> None:
    """Edges are those of the last run, so a teardown keeps to an order written only today."""
    apply(clients, home(), options).check()
    report = apply(clients, home(after="subnet"), options).check()
    assert (counts(report), writes(report)) == ({"unchanged": 3}, 0)
    [edge] = recorded(clients, options)["queue"].edges
    assert edge.address == "subnet"
    down = teardown(clients, "home", options).check()
    deleted = [str(key) for key in down.outcome.done if str(key).startswith("delete")]
    assert deleted.index("delete queue") < deleted.index("delete subnet")
