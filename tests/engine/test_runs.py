"""How runs end when something goes wrong, and how the next one goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from provisioner.api.plans import plan
from provisioner.api.runs import apply, teardown
from provisioner.aws.clients import connect
from provisioner.engine.events import Event, StepDone, StepFailed, StepSkipped
from provisioner.engine.report import RunFailedError
from provisioner.engine.schedule import Verb
from provisioner.errors import LeaseHeldError, WaitError, WriteRefusedError
from provisioner.inventory import Holder, Inventory, Status
from provisioner.inventory.dynamodb import DynamoStore
from provisioner.operations.desk import Options
from provisioner.stack import Setting, Stack
from tests.conftest import VirtualClock
from tests.e2e.alive import alive
from tests.engine.test_story import counts, writes


@pytest.fixture
def options(clock: VirtualClock) -> Options:
    return Options(clock=clock, workers=1)


def network(group: str = "web") -> Stack:
    """A VPC with a subnet, a group and an endpoint that uses both."""
    stack = Stack("net", tags={"Team": "care"})
    vpc = stack.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    subnet = stack.add(
        "subnet",
        "ec2.subnet",
        vpc_id=vpc.id,
        cidr_block="10.0.1.0/24",
        availability_zone="${region}a",
    )
    sg = stack.add(
        "group",
        "ec2.security_group",
        group_name=group,
        description="who may call",
        vpc_id=vpc.id,
        ingress=[{"from_port": 443, "to_port": 443, "cidr_ip": vpc.cidr_block}],
    )
    stack.add(
        "endpoint",
        "ec2.vpc_endpoint",
        vpc_id=vpc.id,
        service_name="com.amazonaws.${region}.kms",
        vpc_endpoint_type="Interface",
        subnet_ids=[subnet.id],
        security_group_ids=[sg.id],
    )
    return stack


@contextmanager
def refusing(session: boto3.Session, operation: str) -> Iterator[None]:
    """AWS says no to every call of this operation."""

    def refuse(**_: Any) -> None:
        error = {"Error": {"Code": "AccessDenied", "Message": "not you"}}
        raise ClientError(error, operation.rpartition(".")[2])  # type: ignore[arg-type]

    session.events.register(f"before-call.{operation}", refuse)
    try:
        yield
    finally:
        session.events.unregister(f"before-call.{operation}", refuse)


def test_a_refused_call_stops_what_needs_it_and_nothing_else(
    session: boto3.Session, options: Options
) -> None:
    """The report names the cause; the next run goes on from there; nothing is made twice."""
    heard: list[Event] = []
    with refusing(session, "ec2.CreateSecurityGroup"):
        report = apply(session, network(), options, listen=heard.append)
    assert report.result == "partial"
    assert counts(report) == {"created": 2, "failed": 1, "skipped": 1}
    [failed] = [event for event in heard if isinstance(event, StepFailed)]
    assert (failed.key.address, "AccessDenied" in str(failed.error)) == ("group", True)
    skipped = {event.key.address: event.cause for event in heard if isinstance(event, StepSkipped)}
    assert skipped["endpoint"] == failed.key
    with pytest.raises(RunFailedError, match="AccessDenied"):
        report.check()
    again = apply(session, network(), options).check()
    assert counts(again) == {"created": 2, "unchanged": 2}
    assert len(alive(session)["vpc"]) == 1
    teardown(session, "net", options).check()
    assert alive(session) == {}


def test_an_interrupted_run_ends_cleanly_and_is_gone_on_with(
    session: boto3.Session, options: Options
) -> None:
    """What is in flight is finished and recorded; nothing new starts; the next run has the rest."""
    stop = threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, StepDone) and event.key.verb is Verb.CREATE:
            stop.set()

    report = apply(session, network(), options, listen=listen, stop=stop)
    assert report.result == "interrupted"
    assert len(report.outcome.done) >= 1
    again = apply(session, network(), options).check()
    assert len(alive(session)["vpc"]) == 1
    assert again.summary["failed"] == 0
    assert counts(apply(session, network(), options).check()) == {"unchanged": 4}


def test_a_replace_is_made_before_the_old_one_goes(
    session: boto3.Session, options: Options
) -> None:
    """Who uses the replaced object gets its successor; the old one is gone afterwards."""
    apply(session, network(), options).check()
    before = alive(session)
    planned = plan(session, network("api"), options)
    assert {c.address: str(c.action) for c in planned.changes} == {
        "vpc": "noop",
        "subnet": "noop",
        "group": "replace",
        "endpoint": "update",
    }
    report = apply(session, network("api"), options).check()
    assert counts(report) == {"replaced": 1, "updated": 1, "unchanged": 2}
    after = alive(session)
    assert len(after["group"]) == 1
    assert after["group"] != before["group"]
    assert after["endpoint"] == before["endpoint"]
    [endpoint] = session.client("ec2").describe_vpc_endpoints(VpcEndpointIds=after["endpoint"])[
        "VpcEndpoints"
    ]
    assert [group["GroupId"] for group in endpoint["Groups"]] == after["group"]
    assert counts(apply(session, network("api"), options).check()) == {"unchanged": 4}


def test_a_second_run_on_a_stack_is_refused_while_the_first_holds_it(
    session: boto3.Session, options: Options, clock: VirtualClock
) -> None:
    """It is told who holds the stack; a lease that ran out is taken over."""
    inventory = Inventory(DynamoStore(connect(session, clock=clock)), clock)
    holder = Holder(who="ada", host="laptop", command="apply", run="")
    journal = inventory.open("net", holder, lasts=60.0)
    with pytest.raises(LeaseHeldError, match="ada on laptop"):
        apply(session, network(), replace(options, lock_timeout=0.0))
    assert alive(session) == {}
    clock.sleep(61)
    apply(session, network(), options).check()
    with pytest.raises(Exception, match=r"taken over|ran out|no longer"):
        journal.close("succeeded", {})


def test_a_plan_can_not_write(session: boto3.Session) -> None:
    """The clients of a plan refuse every mutating call, whoever makes it."""
    from provisioner.aws.clients import only_reads

    reading = connect(session).permitting(only_reads)
    with pytest.raises(WriteRefusedError, match="CreateVpc"):
        reading.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    assert alive(session) == {}


def test_a_lost_answer_is_settled_by_looking(session: boto3.Session, options: Options) -> None:
    """AWS did the work and the connection broke: the object is found, not made again."""
    from botocore.exceptions import ReadTimeoutError

    lost: list[str] = []

    def lose(**named: Any) -> None:
        if not lost:
            lost.append("VPC")
            raise ReadTimeoutError(endpoint_url="https://ec2")

    session.events.register("after-call.ec2.CreateVpc", lose)
    report = apply(session, network(), options).check()
    assert counts(report) == {"created": 4}
    assert lost == ["VPC"]
    assert len(alive(session)["vpc"]) == 1
    assert writes(apply(session, network(), options).check()) == 0


def test_an_intent_is_settled_by_looking_even_without_tags(
    session: boto3.Session, options: Options, clock: VirtualClock
) -> None:
    """Killed after a create that can't be tagged and whose name was not known beforehand."""
    stack = Stack("api")
    ping: Setting = {"authorization_type": "AWS_IAM", "integration": {"type": "MOCK"}}
    api = stack.add("api", "apigateway.rest_api", name="api", resources={"/": {"GET": ping}})
    stack.add("deployment", "apigateway.deployment", rest_api_id=api.id, definition=api.definition)
    apply(session, stack, options).check()
    inventory = Inventory(DynamoStore(connect(session, clock=clock)), clock)
    with inventory.open("api", Holder(who="a", host="b", command="apply", run="")) as journal:
        known = journal.records["deployment"]
        lost = {"id": None, "status": Status.INTENDED, "intended": known.settings}
        journal.intend([known.model_copy(update=lost)])
        journal.close("failed", {})
    again = apply(session, stack, options).check()
    assert (counts(again), writes(again)) == ({"unchanged": 2}, 0)
    assert inventory.records("api")["deployment"].id == known.id


def test_an_update_that_never_takes_effect_is_told(
    session: boto3.Session, options: Options
) -> None:
    """AWS answers success and the difference stays: the step fails, and nothing calls it done."""
    stack = Stack("rest")
    stack.add("table", "dynamodb.table", table_name="rest", key={"partition": "pk"})
    apply(session, stack, options).check()
    changed = Stack("rest")
    changed.add(
        "table", "dynamodb.table", table_name="rest", key={"partition": "pk"},
        table_class="STANDARD_INFREQUENT_ACCESS",
    )  # fmt: skip

    def swallow(**_: Any) -> Any:
        metadata = {"HTTPStatusCode": 200, "RequestId": "1"}
        return AWSResponse("", 200, HTTPHeaders(), None), {"ResponseMetadata": metadata}

    session.events.register("before-call.dynamodb.UpdateTable", swallow)
    report = apply(session, changed, options)
    [error] = report.outcome.failed.values()
    assert isinstance(error, WaitError)
    assert "table_class still not as wanted" in str(error)
    found = session.client("dynamodb").describe_table(TableName="rest")["Table"]
    assert "TableClassSummary" not in found or (
        found["TableClassSummary"]["TableClass"] == "STANDARD"
    )
