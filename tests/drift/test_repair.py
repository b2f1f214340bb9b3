"""Drift brought back: AWS is as it was applied, nothing else changed, and it can be undone."""

from __future__ import annotations

from datetime import date
from typing import Any

import boto3
import pytest

from provisioner.api.drifts import drift, repair
from provisioner.api.plans import plan
from provisioner.api.runs import apply, rollback, teardown
from provisioner.drifting.ignoring import Ignore
from provisioner.errors import PlanError
from provisioner.operations.desk import Options
from provisioner.planning.changes import Plan
from provisioner.stack import Stack
from tests.conftest import VirtualClock
from tests.drift import ground
from tests.drift.ground import ADDED, clinic
from tests.e2e.alive import alive
from tests.faults.stage import Stage
from tests.faults.weather import SIDES, Side, killed_at, silence_the_dead
from tests.walks import one_in


@pytest.fixture
def options(clock: VirtualClock) -> Options:
    return Options(clock=clock, workers=1)


@pytest.fixture
def small(session: boto3.Session, options: Options, clock: VirtualClock) -> Stack:
    """A stack of a queue and a topic was applied some time ago."""
    stack = Stack("clinic", tags={"Owner": "care"})
    stack.add("orders", "sqs.queue", queue_name="orders", visibility_timeout=30)
    stack.add("news", "sns.topic", name="news")
    apply(session, stack, options).check()
    clock.sleep(3600)
    return stack


@pytest.fixture
def stands(session: boto3.Session, options: Options, clock: VirtualClock) -> Stack:
    """The stack was applied some time ago."""
    stack = clinic()
    apply(session, stack, options).check()
    clock.sleep(3600)
    return stack


def fields(session: boto3.Session, options: Options) -> set[tuple[str, str]]:
    return {(one.address, one.field) for one in drift(session, "clinic", options).told}


def queue(session: boto3.Session) -> dict[str, str]:
    found = session.client("sqs").get_queue_attributes(
        QueueUrl=ground.queue_url(session), AttributeNames=["VisibilityTimeout", "DelaySeconds"]
    )
    return {str(name): value for name, value in found["Attributes"].items()}


def slow_down(session: boto3.Session) -> None:
    session.client("sqs").set_queue_attributes(
        QueueUrl=ground.queue_url(session),
        Attributes={"VisibilityTimeout": "77", "DelaySeconds": "5"},
    )


def test_everything_that_others_added_is_taken_away(
    session: boto3.Session, options: Options, stands: Stack, clock: VirtualClock
) -> None:
    """One of each sort, shown in the plan before; afterwards nothing differs, and no plan does."""
    for by_hand, _, _ in ADDED.values():
        by_hand(session)
    clock.sleep(60)
    shown: list[Plan] = []

    def approve(planned: Plan) -> bool:
        shown.append(planned)
        return True

    repair(session, "clinic", (), options, approve=approve).check()
    told = {one.field for change in shown[0].changes for one in change.differences}
    assert {"extra grant", "extra function URL", "extra user"} <= told
    clock.sleep(60)
    assert fields(session, options) == set()
    assert plan(session, stands, options).empty
    iam, kms, logs = session.client("iam"), session.client("kms"), session.client("logs")
    attached = iam.list_attached_role_policies(RoleName="worker")["AttachedPolicies"]
    assert [one["PolicyName"] for one in attached] == ["access"]
    assert kms.list_grants(KeyId=ground.key_id(session))["Grants"] == []
    filters = logs.describe_subscription_filters(logGroupName="/aws/lambda/worker")
    assert filters["subscriptionFilters"] == []
    topic = session.client("sns").list_subscriptions_by_topic(TopicArn=ground.TOPIC)
    assert [one["Endpoint"].rpartition(":")[2] for one in topic["Subscriptions"]] == ["orders"]


def test_only_what_was_chosen_is_repaired(
    session: boto3.Session, options: Options, stands: Stack
) -> None:
    """The rest stays as it is, and is drift still."""
    slow_down(session)
    ground.attach_admin(session)
    ground.subscribe(session)
    repair(session, "clinic", ["orders"], options).check()
    assert queue(session) == {"VisibilityTimeout": "30", "DelaySeconds": "0"}
    assert fields(session, options) == {
        ("role", "managed_policy_arns"),
        ("news", "extra subscription"),
    }


def test_what_did_not_drift_can_not_be_chosen(
    session: boto3.Session, options: Options, small: Stack
) -> None:
    """A typing error repairs nothing."""
    slow_down(session)
    with pytest.raises(PlanError, match="order did not drift") as refused:
        repair(session, "clinic", ["order"], options)
    assert "orders" in refused.value.hint
    assert queue(session)["VisibilityTimeout"] == "77"


def test_a_repair_that_is_declined_changes_nothing(
    session: boto3.Session, options: Options, small: Stack
) -> None:
    """It is shown before."""
    slow_down(session)
    report = repair(session, "clinic", (), options, approve=lambda _: False)
    assert (report.command, report.result) == ("repair", "declined")
    assert queue(session)["VisibilityTimeout"] == "77"


def test_a_repair_can_be_undone(session: boto3.Session, options: Options, stands: Stack) -> None:
    """Settings and what was an object of its own come back as hands had left them."""
    slow_down(session)
    ground.let_call(session)
    run = repair(session, "clinic", (), options).check().run
    assert queue(session) == {"VisibilityTimeout": "30", "DelaySeconds": "0"}
    rollback(session, "clinic", run, options).check()
    assert queue(session) == {"VisibilityTimeout": "77", "DelaySeconds": "5"}
    policy = session.client("lambda").get_policy(FunctionName="worker")["Policy"]
    assert '"theirs"' in policy


def test_a_gone_object_comes_back_with_what_needs_it(
    session: boto3.Session, options: Options, stands: Stack, clock: VirtualClock
) -> None:
    """The topic with its subscription; a group under a new id. Then no plan has anything to do."""
    session.client("sns").delete_topic(TopicArn=ground.TOPIC)
    session.client("ec2").delete_security_group(GroupId=ground.group_id(session))
    assert fields(session, options) == {("news", "gone"), ("feed", "gone"), ("web", "gone")}
    report = repair(session, "clinic", ["news", "web"], options)
    assert {one.address for one in report.plan.lasting} == {"feed"}
    assert ground.TOPIC in [t["TopicArn"] for t in session.client("sns").list_topics()["Topics"]]
    apply(session, stands, options).check()
    clock.sleep(60)
    assert fields(session, options) == set()
    teardown(session, "clinic", options)


def test_a_secret_can_not_be_repaired_and_stays_drift(
    session: boto3.Session, options: Options, stands: Stack
) -> None:
    """It is named beforehand; what else drifted of the function is repaired; the drift remains."""
    session.client("lambda").update_function_configuration(
        FunctionName="worker", Timeout=60, Environment={"Variables": {"TOKEN": "mallory"}}
    )
    report = repair(session, "clinic", (), options).check()
    [left] = report.plan.lasting
    assert (left.address, left.what) == ("worker", "environment")
    assert "apply the manifest" in left.why
    found = session.client("lambda").get_function_configuration(FunctionName="worker")
    assert (found["Timeout"], found["Environment"]["Variables"]) == (3, {"TOKEN": "mallory"})
    assert fields(session, options) == {("worker", "environment")}
    apply(session, stands, options).check()
    assert fields(session, options) == set()


def test_what_is_ignored_stays_and_stays_ignored_drift(
    session: boto3.Session, options: Options, small: Stack
) -> None:
    """A repair of the rest is no consent to it: it would be told without the ignore file."""
    slow_down(session)
    ignores = [Ignore(("orders",), ("delay_seconds",), "on purpose", date(2099, 1, 1))]
    repair(session, "clinic", (), options, ignores=ignores).check()
    assert queue(session) == {"VisibilityTimeout": "30", "DelaySeconds": "5"}
    assert fields(session, options) == {("orders", "delay_seconds")}


def test_ownership_tags_are_put_back(
    session: boto3.Session, options: Options, small: Stack
) -> None:
    """The very ones; tags of others stay."""
    sqs, url = session.client("sqs"), ground.queue_url(session)
    before = sqs.list_queue_tags(QueueUrl=url)["Tags"]
    sqs.untag_queue(QueueUrl=url, TagKeys=[*before])
    sqs.tag_queue(QueueUrl=url, Tags={"Theirs": "yes"})
    repair(session, "clinic", (), options).check()
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {**before, "Theirs": "yes"}


def test_without_drift_nothing_is_done(
    session: boto3.Session, options: Options, small: Stack
) -> None:
    """Not one write, and nothing else was made or deleted."""
    before = alive(session)
    report = repair(session, "clinic", (), options).check()
    calls: Any = report.summary["aws_calls"]
    assert calls["write"] == 0
    assert alive(session) == before


CALLS = 400
STRIDE = one_in(23)


@pytest.mark.parametrize("side", SIDES)
def test_killed_at_any_call_it_is_gone_on_with(
    side: Side, session: boto3.Session, clock: VirtualClock
) -> None:
    """The next repair brings back the rest: nothing is made twice, nothing others made is left."""
    silence_the_dead()
    stack = clinic()
    for address in ("files", "table", "vpc", "web"):
        del stack.resources[address]
    stage = Stage(session, stack, clock)
    stage.up()
    clock.sleep(60)
    before = stage.numbers()
    for number in range(1 + STRIDE // 2 * (side == "after"), CALLS, STRIDE):
        for by_hand in (slow_down, ground.put_inline, ground.let_call, ground.open_url):
            by_hand(session)
        session.client("events").remove_targets(Rule="tick", Ids=["worker"])
        session.client("lambda").remove_permission(FunctionName="worker", StatementId="ticks")
        clock.sleep(60)
        killed = stage.repair(killed_at(number, side))
        clock.sleep(60)
        again = stage.repair()
        assert again is not None
        again.check()
        clock.sleep(60)
        found = drift(session, "clinic", stage.options)
        assert (found.told, found.unfinished) == ((), ()), number
        assert stage.numbers() == before
        if killed is not None:
            break
    else:
        pytest.fail("it never came through")


def test_what_is_protected_is_not_replaced(
    session: boto3.Session, options: Options, clock: VirtualClock
) -> None:
    """A repair is bound by what a plan may not do."""
    stack = Stack("clinic")
    stack.add(
        "table", "dynamodb.table", table_name="records", key={"partition": "pk"}, protect=True
    )
    apply(session, stack, options).check()
    clock.sleep(3600)
    table = session.client("dynamodb")
    table.update_table(TableName="records", DeletionProtectionEnabled=False)
    table.delete_table(TableName="records")
    table.create_table(
        TableName="records",
        KeySchema=[{"AttributeName": "other", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "other", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(PlanError, match="protected"):
        repair(session, "clinic", (), options)
    described = table.describe_table(TableName="records")["Table"]
    assert described["KeySchema"][0]["AttributeName"] == "other"
