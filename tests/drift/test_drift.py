"""What AWS has against what was last applied: everything is seen, and nothing else is told."""

from __future__ import annotations

from dataclasses import replace

import boto3
import pytest

from provisioner.api.drifts import drift
from provisioner.api.runs import apply
from provisioner.aws.calls import Call
from provisioner.aws.clients import connect
from provisioner.drifting.drift import Drifts
from provisioner.errors import InventoryError, PlanError
from provisioner.inventory import Holder, Inventory, Status
from provisioner.inventory.dynamodb import DynamoStore
from provisioner.operations.desk import Options
from provisioner.stack import Stack
from tests.conftest import VirtualClock
from tests.drift import ground
from tests.drift.ground import ADDED, clinic


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


def told(found: Drifts) -> list[tuple[str, str]]:
    return [(one.address, one.field) for one in found.told]


def test_what_was_just_applied_has_no_drift(
    session: boto3.Session, options: Options, stands: Stack
) -> None:
    """Nothing of a stack of many kinds is mistaken for drift; the look itself writes nothing."""
    found = drift(session, "clinic", options)
    assert (told(found), found.sure, found.compared) == ([], True, len(stands.resources))


def test_what_is_wanted_and_not_applied_is_no_drift(
    session: boto3.Session, options: Options, small: Stack
) -> None:
    """The records are the measure: no manifest is asked."""
    small.resources.clear()
    assert not drift(session, "clinic", options).told


def test_what_others_added_is_seen(session: boto3.Session, options: Options, stands: Stack) -> None:
    """What hands add to objects of ours is told at their addresses, and nothing else is."""
    for by_hand, _, _ in ADDED.values():
        by_hand(session)
    found = drift(session, "clinic", options)
    assert sorted(told(found)) == sorted((address, field) for _, address, field in ADDED.values())
    assert found.sure


def test_fields_tags_and_protection_are_compared(
    session: boto3.Session, options: Options, stands: Stack
) -> None:
    """As applied, and as it is now; tags that others put beside ours are theirs."""
    sqs, url = session.client("sqs"), ground.queue_url(session)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "77"})
    sqs.tag_queue(QueueUrl=url, Tags={"Owner": "nobody", "Theirs": "yes"})
    session.client("dynamodb").update_table(TableName="patients", DeletionProtectionEnabled=False)
    found = {(one.address, one.field): one for one in drift(session, "clinic", options).told}
    assert {key: (one.applied, one.live) for key, one in found.items()} == {
        ("orders", "visibility_timeout"): (30, 77),
        ("orders", "tags"): ({"Owner": "care"}, {"Owner": "nobody"}),
        ("table", "deletion_protection"): (True, False),
    }


def test_a_secret_that_changed_is_told_and_not_shown(
    session: boto3.Session, options: Options, stands: Stack
) -> None:
    """Neither the old value nor the new one stands anywhere in what is found."""
    session.client("lambda").update_function_configuration(
        FunctionName="worker", Environment={"Variables": {"TOKEN": "mallory-knows"}}
    )
    found = drift(session, "clinic", options)
    assert [(one.field, one.secret) for one in found.told] == [("environment", True)]
    assert not any(secret in repr(found) for secret in ("sesame-opens", "mallory-knows"))


def test_what_is_gone_is_told(session: boto3.Session, options: Options, stands: Stack) -> None:
    """With what went with it: a topic takes its subscriptions along."""
    session.client("sns").delete_topic(TopicArn=ground.TOPIC)
    assert told(drift(session, "clinic", options)) == [("feed", "gone"), ("news", "gone")]


def test_what_was_made_anew_under_its_name_is_told(
    session: boto3.Session, options: Options, small: Stack
) -> None:
    """It looks the same, and its tags say that it is not ours."""
    sqs = session.client("sqs")
    sqs.delete_queue(QueueUrl=ground.queue_url(session))
    sqs.create_queue(QueueName="orders", tags={"Owner": "care"})
    assert ("orders", "ownership") in told(drift(session, "clinic", options))


def test_who_has_the_alias_of_a_key_that_is_gone_is_told(
    session: boto3.Session, options: Options, stands: Stack
) -> None:
    """AWS makes the ids of keys: the name leads to the other one."""
    kms, old = session.client("kms"), ground.key_id(session)
    new = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName="alias/clinic", TargetKeyId=new)
    kms.schedule_key_deletion(KeyId=old)
    gone = [one for one in drift(session, "clinic", options).told if one.field == "gone"]
    assert [(one.address, one.id, one.live) for one in gone] == [("key", old, new)]


def test_what_another_stack_made_is_no_addition(
    session: boto3.Session, options: Options, stands: Stack
) -> None:
    """Its subscription of our topic is recorded there."""
    other = Stack("other")
    queue = other.add("queue", "sqs.queue", queue_name="other")
    other.add("sub", "sns.subscription", topic_arn=ground.TOPIC, protocol="sqs", endpoint=queue.arn)
    apply(session, other, options).check()
    assert not drift(session, "clinic", options).told


def test_an_unknown_stack_is_told(session: boto3.Session, options: Options) -> None:
    """No records are no proof of no drift."""
    with pytest.raises(InventoryError, match="no stack"):
        drift(session, "clinik", options)


def test_another_region_is_refused(
    session: boto3.Session, options: Options, small: Stack, clock: VirtualClock
) -> None:
    """Everything would be gone there."""
    elsewhere = Options(clock=clock, region="us-west-2")
    with pytest.raises((PlanError, InventoryError)):
        drift(session, "clinic", elsewhere)


def test_an_unfinished_run_is_told_and_not_guessed_at(
    session: boto3.Session, options: Options, small: Stack
) -> None:
    """What a run was cut short at can't be compared; the rest is."""
    aws = connect(session)
    inventory = Inventory(DynamoStore(aws), aws.clock)
    record = inventory.records("clinic")["orders"]
    with inventory.open("clinic", Holder(who="a", host="b", command="apply", run="")) as journal:
        journal.intend([record.model_copy(update={"status": Status.UPDATING})])
        journal.close("failed", {})
    found = drift(session, "clinic", options)
    assert ([one.address for one in found.unfinished], found.sure) == (["orders"], False)
    assert found.told == ()


def test_nothing_is_written(session: boto3.Session, options: Options, stands: Stack) -> None:
    """Neither to AWS nor to the inventory: a mutating call would be refused, and none is made."""
    heard: list[Call] = []
    for by_hand in (ground.attach_admin, ground.subscribe, ground.grant):
        by_hand(session)
    drift(session, "clinic", replace(options, called=heard.append))
    assert heard
    assert [call for call in heard if call.mutates] == []
