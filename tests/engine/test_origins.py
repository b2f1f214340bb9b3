"""Where each difference of a plan comes from."""

from __future__ import annotations

import boto3
import pytest

from provisioner.api.plans import plan
from provisioner.api.runs import apply, rollback
from provisioner.inventory import Record, Status
from provisioner.lifecycle import Difference, Origin
from provisioner.operations.desk import Options
from provisioner.planning.allowances import Allowances
from provisioner.planning.origins import traced
from provisioner.resources.sqs_queue import SqsQueueSpec
from provisioner.stack import Stack
from tests.conftest import REGION, VirtualClock


def stack(*, timeout: int = 30, word: str = "first-value", team: str = "care") -> Stack:
    """A queue, and a parameter that is a secret."""
    made = Stack("told", tags={"Team": team})
    made.add("queue", "sqs.queue", queue_name="told", visibility_timeout=timeout)
    made.add("token", "ssm.parameter", name="/told", value=word)
    return made


def record(status: Status, applied: int, intended: int | None) -> Record:
    """What stands written of the queue."""
    return Record(
        stack="told",
        address="queue",
        kind="sqs.queue",
        id="told",
        region=REGION,
        account="123456789012",
        status=status,
        settings={"visibility_timeout": applied},
        intended=None if intended is None else {"visibility_timeout": intended},
        created_at="",
        updated_at="",
    )


@pytest.fixture
def options(clock: VirtualClock) -> Options:
    return Options(clock=clock)


def origins(session: boto3.Session, wanted: Stack, options: Options) -> dict[str, Origin | None]:
    return {
        f"{change.address}.{one.field}": one.origin
        for change in plan(session, wanted, options).changes
        for one in change.differences
    }


def move(session: boto3.Session, *, timeout: int, secret: str, team: str) -> None:
    """Somebody's hands on the console."""
    sqs, ssm = session.client("sqs"), session.client("ssm")
    url = sqs.get_queue_url(QueueName="told")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(timeout)})
    sqs.tag_queue(QueueUrl=url, Tags={"Team": team})
    ssm.put_parameter(Name="/told", Value=secret, Overwrite=True)


def test_the_manifest_the_hands_or_both(session: boto3.Session, options: Options) -> None:
    """A number, a secret and a tag, each changed here, there, and on both sides."""
    apply(session, stack(), options).check()
    changed = stack(timeout=60, word="second-value", team="cure")
    fields = ["queue.visibility_timeout", "queue.tags", "token.value"]

    told = origins(session, changed, options)
    assert [told[field] for field in fields] == [Origin.MANIFEST] * 3
    assert told["token.tags"] is Origin.MANIFEST

    move(session, timeout=90, secret="third-value", team="other")
    told = origins(session, stack(), options)
    assert [told[field] for field in fields] == [Origin.DRIFT] * 3
    assert "token.tags" not in told

    told = origins(session, changed, options)
    assert [told[field] for field in fields] == [Origin.BOTH] * 3
    assert [
        one.applied
        for change in plan(session, changed, options).changes
        for one in change.differences
        if one.origin is Origin.BOTH
    ] == [30, {"Team": "care"}, None]


def test_what_was_just_found_has_no_origin(session: boto3.Session, options: Options) -> None:
    """An object that is adopted was never applied, so nobody can say who changed it."""
    session.client("sqs").create_queue(QueueName="told")
    adopting = Options(clock=options.clock, allow=Allowances(adopt=True))
    assert set(origins(session, stack(), adopting).values()) == {None}


def test_an_undo_tells_what_was_moved_meanwhile(session: boto3.Session, options: Options) -> None:
    """There is no manifest to an undo, so only what others did has an origin."""
    apply(session, stack(), options).check()
    report = apply(session, stack(timeout=60, team="cure"), options).check()
    undone = rollback(session, "told", report.run, options).check()
    assert {
        f"{change.address}.{one.field}": one.origin
        for change in undone.plan.changes
        for one in change.differences
    } == {"queue.visibility_timeout": None, "queue.tags": None, "token.tags": None}


@pytest.mark.parametrize(
    ("live", "wanted", "origin"),
    [(30, 60, Origin.MANIFEST), (60, 30, Origin.MANIFEST), (90, 60, Origin.BOTH)],
)
def test_what_a_run_that_died_may_have_sent_is_no_drift(
    live: int, wanted: int, origin: Origin
) -> None:
    """It meant to go from 30 to 60; whether it did, nobody outside has changed anything."""
    [told] = traced(
        [Difference("visibility_timeout", live, wanted)],
        SqsQueueSpec,
        {"visibility_timeout": wanted},
        {"visibility_timeout": live},
        record(Status.UPDATING, 30, 60),
    )
    assert told.origin is origin


def test_what_was_made_and_not_configured_yet_was_changed_by_nobody() -> None:
    """A create that was cut short leaves differences of no origin."""
    [told] = traced(
        [Difference("visibility_timeout", 30, 60)],
        SqsQueueSpec,
        {"visibility_timeout": 60},
        {"visibility_timeout": 30},
        record(Status.CREATING, 30, 60),
    )
    assert told.origin is None
