"""Undoing a run: what it changed goes back, what it made is deleted, nothing else is touched."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import boto3
import pytest

from provisioner.api.plans import plan
from provisioner.api.runs import apply, rollback, teardown
from provisioner.engine.events import Event, StepDone
from provisioner.engine.report import RunFailedError
from provisioner.errors import InventoryError, PlanError
from provisioner.operations.desk import Options
from provisioner.planning.allowances import Allowances
from provisioner.stack import Handle, Stack
from tests.conftest import REGION, VirtualClock
from tests.e2e.alive import alive
from tests.engine.test_runs import refusing
from tests.engine.test_story import counts
from tests.faults.stage import Stage
from tests.faults.weather import SIDES, Side, killed_at, silence_the_dead
from tests.walks import one_in


@pytest.fixture
def options(clock: VirtualClock) -> Options:
    return Options(clock=clock, workers=1)


def shop(
    *, timeout: int = 30, group: str = "web", extra: bool = False, owner: str = "ada"
) -> Stack:
    """A queue with its topic, and a network whose group can be renamed, which is a replace."""
    stack = Stack("shop", tags={"Owner": owner})
    queue = stack.add("queue", "sqs.queue", queue_name="orders", visibility_timeout=timeout)
    topic = stack.add("topic", "sns.topic", name="news")
    stack.add("news", "sns.subscription", topic_arn=topic.arn, protocol="sqs", endpoint=queue.arn)
    vpc = stack.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    subnet = subnet_of(stack, vpc)
    sg = stack.add(
        "group", "ec2.security_group", group_name=group, description="who calls", vpc_id=vpc.id
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
    if extra:
        stack.add("late", "sqs.queue", queue_name="late")
        stack.add("seal", "kms.key", alias="alias/shop")
    return stack


def subnet_of(stack: Stack, vpc: Handle) -> Handle:
    return stack.add(
        "subnet",
        "ec2.subnet",
        vpc_id=vpc.id,
        cidr_block="10.0.1.0/24",
        availability_zone=f"{REGION}a",
    )


def timeout_of(session: boto3.Session) -> str:
    sqs = session.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    return found["Attributes"]["VisibilityTimeout"]


def owners(session: boto3.Session) -> set[str]:
    sqs = session.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    return {v for k, v in sqs.list_queue_tags(QueueUrl=url)["Tags"].items() if k == "Owner"}


def test_settings_go_back_and_creations_go(session: boto3.Session, options: Options) -> None:
    """An update is taken back field by field, tags too; what the run made is gone."""
    apply(session, shop(), options).check()
    before = alive(session)
    run = apply(session, shop(timeout=60, extra=True, owner="bob"), options).check().run
    assert (timeout_of(session), owners(session)) == ("60", {"bob"})
    report = rollback(session, "shop", run, options).check()
    assert (timeout_of(session), owners(session)) == ("30", {"ada"})
    assert alive(session) == before
    assert report.plan.lasting == ()
    assert plan(session, shop(), options).empty
    assert counts(apply(session, shop(), options).check()) == {"unchanged": 7}


def test_a_rollback_done_twice_changes_nothing_more(
    session: boto3.Session, options: Options
) -> None:
    """What is back already is left alone."""
    apply(session, shop(), options).check()
    run = apply(session, shop(timeout=60, extra=True), options).check().run
    rollback(session, "shop", run, options).check()
    again = rollback(session, "shop", run, options).check()
    assert again.plan.empty
    calls: Any = again.summary["aws_calls"]
    assert calls["write"] == 0


def test_a_replace_goes_back_with_its_users(session: boto3.Session, options: Options) -> None:
    """The earlier group is made anew under its name, and the endpoint uses it again."""
    apply(session, shop(), options).check()
    run = apply(session, shop(group="api"), options).check().run
    rollback(session, "shop", run, options).check()
    ec2 = session.client("ec2")
    [group] = [
        one
        for one in ec2.describe_security_groups()["SecurityGroups"]
        if one["GroupName"] in {"web", "api"}
    ]
    assert group["GroupName"] == "web"
    [endpoint] = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert [one["GroupId"] for one in endpoint["Groups"]] == [group["GroupId"]]
    assert plan(session, shop(), options).empty
    teardown(session, "shop", options).check()
    assert alive(session) == {}


def test_what_others_changed_meanwhile_stays(session: boto3.Session, options: Options) -> None:
    """Only the fields that the run changed go back."""
    apply(session, shop(), options).check()
    run = apply(session, shop(timeout=60), options).check().run
    sqs = session.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "5"})
    rollback(session, "shop", run, options).check()
    found = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["VisibilityTimeout", "DelaySeconds"]
    )["Attributes"]
    assert found == {"VisibilityTimeout": "30", "DelaySeconds": "5"}


def test_a_removed_resource_is_made_again(session: boto3.Session, options: Options) -> None:
    """It held no data, so it can come back; what held data is named and stays away."""
    apply(session, shop(extra=True), options).check()
    run = apply(session, shop(), options).check().run
    assert (len(alive(session)["queue"]), "kms" in alive(session)) == (1, False)
    report = rollback(session, "shop", run, options).check()
    assert [(one.address, "data" in one.why) for one in report.plan.lasting] == [("seal", True)]
    assert (len(alive(session)["queue"]), "kms" in alive(session)) == (2, False)


def test_a_later_run_is_undone_first(session: boto3.Session, options: Options) -> None:
    """Undoing an older run would throw away what came after; it says which run that was."""
    apply(session, shop(), options).check()
    first = apply(session, shop(timeout=60), options).check().run
    second = apply(session, shop(timeout=90), options).check().run
    with pytest.raises(PlanError, match=second):
        rollback(session, "shop", first, options)
    rollback(session, "shop", second, options).check()
    assert timeout_of(session) == "60"
    rollback(session, "shop", first, options).check()
    assert timeout_of(session) == "30"


def test_an_undo_can_be_undone(session: boto3.Session, options: Options) -> None:
    """It is a run like any other."""
    apply(session, shop(), options).check()
    run = apply(session, shop(timeout=60), options).check().run
    undo = rollback(session, "shop", run, options).check().run
    rollback(session, "shop", undo, options).check()
    assert timeout_of(session) == "60"


def test_a_first_run_is_undone_to_nothing(session: boto3.Session, options: Options) -> None:
    """Everything it made is deleted, in order."""
    run = apply(session, shop(extra=True), options).check().run
    rollback(session, "shop", run, options).check()
    assert alive(session) == {}


def test_what_is_protected_stays_with_what_it_needs(
    session: boto3.Session, options: Options
) -> None:
    """It is named before anything is done."""
    stack = Stack("safe")
    key = stack.add("key", "kms.key", alias="alias/safe")
    stack.add("queue", "sqs.queue", queue_name="safe", kms_key=key.arn, protect=True)
    stack.add("other", "sqs.queue", queue_name="other")
    run = apply(session, stack, options).check().run
    report = rollback(session, "safe", run, options).check()
    assert {one.address for one in report.plan.lasting} == {"key", "queue"}
    assert len(alive(session)["queue"]) == 1
    assert len(alive(session)["kms"]) == 1


def test_an_adoption_is_undone_by_giving_its_settings_back(
    session: boto3.Session, options: Options
) -> None:
    """What was there before us is as it was; it is never deleted."""
    sqs = session.client("sqs")
    url = sqs.create_queue(
        QueueName="orders", Attributes={"VisibilityTimeout": "45"}, tags={"Theirs": "yes"}
    )["QueueUrl"]
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    adopting = Options(clock=options.clock, workers=1, allow=Allowances(adopt=True))
    run = apply(session, shop(), adopting).check().run
    assert timeout_of(session) == "30"
    rollback(session, "shop", run, options).check()
    after = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    moving = {"LastModifiedTimestamp"}
    assert {k: v for k, v in after.items() if k not in moving} == {
        k: v for k, v in before.items() if k not in moving
    }
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"Theirs": "yes"}
    teardown(session, "shop", options).check()
    assert alive(session) == {"queue": [url]}


def test_a_failed_run_is_undone_when_that_was_asked_for(
    session: boto3.Session, options: Options
) -> None:
    """The run's own changes go back; what stood before it stays; the causes are told."""
    apply(session, shop(), options).check()
    before = alive(session)
    undoing = replace(options, rollback_on_failure=True)
    with refusing(session, "kms.CreateKey"):
        report = apply(session, shop(timeout=60, extra=True), undoing)
    assert report.result == "partial"
    assert report.rollback is not None
    assert report.rollback.result == "succeeded"
    assert alive(session) == before
    assert timeout_of(session) == "30"
    with pytest.raises(RunFailedError, match=f"undone by run {report.rollback.run}"):
        report.check()


def test_an_interrupted_run_is_not_undone(session: boto3.Session, options: Options) -> None:
    """Whoever stops a run wants it to stop."""
    stop = threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, StepDone):
            stop.set()

    undoing = replace(options, rollback_on_failure=True)
    report = apply(session, shop(), undoing, listen=listen, stop=stop)
    assert (report.result, report.rollback) == ("interrupted", None)
    apply(session, shop(), options).check()


CALLS = 400
STRIDE = one_in(13)
"""Every point of it takes minutes; the crash matrix walks them all."""


@pytest.mark.parametrize("side", SIDES)
def test_killed_at_any_call_it_is_gone_on_with(
    side: Side, session: boto3.Session, clock: VirtualClock
) -> None:
    """The same rollback again brings back the rest; nothing is made twice; nothing is left."""
    silence_the_dead()
    stage = Stage(session, shop(), clock)
    stage.up()
    before = stage.numbers()
    for number in range(1 + STRIDE // 2 * (side == "after"), CALLS, STRIDE):
        stage.stack = shop(timeout=60, group="api", extra=True, owner="bob")
        changed = stage.up()
        assert changed is not None
        run = changed.check().run
        killed = stage.undo(run, killed_at(number, side))
        again = stage.undo(run)
        assert again is not None
        again.check()
        assert stage.numbers() == before
        assert (timeout_of(session), owners(session)) == ("30", {"ada"})
        if killed is not None:
            break
    else:
        pytest.fail("it never came through")
    stage.down()
    assert stage.alive() == {}


def test_an_unknown_run_is_told(session: boto3.Session, options: Options) -> None:
    """And nothing is done."""
    apply(session, shop(), options).check()
    with pytest.raises(InventoryError, match="no run"):
        rollback(session, "shop", "ffffffff", options)


def test_what_was_before_and_is_not_known_stays(session: boto3.Session, options: Options) -> None:
    """A run that died before it wrote down what was, changed nothing: its undo deletes nothing."""
    apply(session, shop(), options).check()
    before = alive(session)
    run = apply(session, shop(timeout=60), options).check().run
    session.client("dynamodb").delete_item(
        TableName="provisioner-inventory",
        Key={"pk": {"S": f"RUN#{run}"}, "sk": {"S": "BEFORE#queue"}},
    )
    undone = rollback(session, "shop", run, options)
    assert undone.plan.changes == ()
    assert alive(session) == before
    assert plan(session, shop(timeout=60), options).empty
