"""What was there before us and is adopted stays what it is: not ours, and never deleted."""

from __future__ import annotations

import pytest

from provisioner.api.plans import plan
from provisioner.errors import ForeignObjectError, ReplaceRefusedError
from provisioner.lifecycle.ensure import Action
from tests.ownership.adoption import Adoption, calls_of_an_adoption, strike
from tests.ownership.hands import ACCOUNT, HANDS
from tests.ownership.world import stack_of, target, world

PARTS = 4


@pytest.fixture(scope="module")
def calls() -> int:
    return calls_of_an_adoption()


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("part", range(PARTS))
def test_an_adoption_that_is_killed_goes_on_and_owns_nothing(
    part: int, side: str, calls: int
) -> None:
    """Killed at any call, and run again: a teardown leaves every object as the adoption left it."""
    assert strike(2 + calls * part // PARTS, side) == []


def test_adopted_objects_have_their_settings_and_keep_their_content() -> None:
    """An adoption sends what differs; a teardown takes nothing of it back."""
    with Adoption.begun() as adoption:
        report = adoption.stage.up()
        assert report is not None
        assert report.summary["adopted"] == len(HANDS)
        assert adoption.content() == adoption.before
        sqs = adoption.stage.hands("sqs")
        url = sqs.get_queue_url(QueueName="own")["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
        assert found["Attributes"]["VisibilityTimeout"] == "30"
        assert adoption.left_alone() == []
        assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "theirs"


def test_a_rollback_of_an_adoption_gives_back_settings_and_deletes_nothing() -> None:
    """The objects are what they were by meaning, and stay through a teardown."""
    with Adoption.begun() as adoption:
        made = adoption.stage.up()
        assert made is not None
        undone = adoption.stage.undo(made.run)
        assert undone is not None
        assert undone.result == "succeeded"
        hands = adoption.stage.hands
        [alarm] = hands("cloudwatch").describe_alarms(AlarmNames=["own"])["MetricAlarms"]
        assert (alarm["AlarmDescription"], alarm["Threshold"]) == ("theirs", 7)
        assert hands("logs").describe_log_groups()["logGroups"][-1]["retentionInDays"] == 7
        targets = hands("events").list_targets_by_rule(Rule="own")["Targets"]
        assert [one["Id"] for one in targets] == ["theirs"]
        assert adoption.content() == adoption.before
        assert adoption.left_alone() == []


def test_what_can_not_become_what_is_wanted_is_not_adopted() -> None:
    """A field that can't change in place refuses the adoption as a whole, before the first call."""
    what = target("lambda.permission")
    with world(stack_of("lambda.permission", "sqs.queue"), adopt=True) as stage:
        what.hand.make(stage.hands, what.id)
        before = what.hand.told(stage.hands, what.id)
        with pytest.raises(ReplaceRefusedError, match="was there before us"):
            stage.up()
        assert what.hand.told(stage.hands, what.id) == before
        assert "queue" not in stage.numbers()


def test_an_adopted_object_is_never_replaced() -> None:
    """Neither for a field that can't change in place later on, nor for another kind."""
    what = target("dynamodb.table")
    with world(stack_of("dynamodb.table"), adopt=True) as stage:
        what.hand.make(stage.hands, what.id)
        first = stage.up()
        assert first is not None
        assert first.summary["adopted"] == 1
        before = what.hand.told(stage.hands, what.id)
        stage.stack = stack_of("dynamodb.table", dynamodb_table={"key": {"partition": "other"}})
        with pytest.raises(ReplaceRefusedError, match="was there before us"):
            stage.up()
        stage.stack = stack_of()
        stage.stack.add("dynamodb_table", "sqs.queue", queue_name="own")
        report = stage.up()
        assert report is not None
        assert report.summary["created"] == 1
        assert what.hand.told(stage.hands, what.id) == before


def test_another_name_leaves_the_adopted_object_where_it_is() -> None:
    """The new one is ours; the adopted one stays, and is known to nobody any more."""
    what = target("sqs.queue")
    with world(stack_of("sqs.queue"), adopt=True) as stage:
        what.hand.make(stage.hands, what.id)
        stage.up()
        before = what.hand.told(stage.hands, what.id)
        stage.stack = stack_of("sqs.queue", sqs_queue={"queue_name": "another"})
        [change] = plan(stage.clients, stage.stack, stage.options).changes
        assert (change.action, change.olds) == (Action.CREATE, ())
        report = stage.up()
        assert report is not None
        assert report.summary["created"] == 1
        down = stage.down()
        assert down is not None
        assert down.summary["deleted"] == 1
        assert what.hand.told(stage.hands, what.id) == before
        url = f"https://sqs.eu-central-1.amazonaws.com/{ACCOUNT}/own"
        assert stage.alive()["queue"] == [url]


def test_an_adopted_object_needs_no_leave_twice() -> None:
    """Ordinary runs keep an adopted object to its spec; a stranger's still stops them."""
    what = target("cloudwatch.alarm")
    with world(stack_of("cloudwatch.alarm"), adopt=True) as stage:
        what.hand.make(stage.hands, what.id)
        stage.up()
        stage.adopt = False
        stage.stack = stack_of("cloudwatch.alarm", cloudwatch_alarm={"threshold": 5.0})
        report = stage.up()
        assert report is not None
        assert report.summary["updated"] == 1
        stage.stack = stack_of("cloudwatch.alarm", "events.rule")
        target("events.rule").hand.make(stage.hands, "own")
        with pytest.raises(ForeignObjectError, match="own exists and is not ours"):
            stage.up()
