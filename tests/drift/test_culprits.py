"""Who did it, as far as CloudTrail's event history tells; its events are played by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError

from provisioner.api.drifts import drift
from provisioner.api.runs import apply
from provisioner.drifting.drift import Culprit
from provisioner.operations.desk import Options
from provisioner.stack import Stack
from tests.conftest import REGION, VirtualClock
from tests.drift.ground import ACCOUNT, trust

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
Play = Callable[..., list[tuple[str, str]]]


def event(call: str, at: datetime, *, read: bool = False, **detail: Any) -> dict[str, Any]:
    """An event as LookupEvents answers it."""
    detail = {
        "userIdentity": {"arn": f"arn:aws:iam::{ACCOUNT}:user/ada"},
        "sourceIPAddress": "198.51.100.7",
        **detail,
    }
    return {
        "EventId": call,
        "EventName": call,
        "ReadOnly": "true" if read else "false",
        "EventTime": at.timestamp(),
        "EventSource": "sqs.amazonaws.com",
        "Username": "ada",
        "CloudTrailEvent": json.dumps(detail),
    }


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Let the history answer these events, or refuse; who was asked for what."""

    def plays(
        events: dict[str, list[dict[str, Any]]], *, refuse: bool = False
    ) -> list[tuple[str, str]]:
        asked: list[tuple[str, str]] = []

        def answer(self: Any) -> str:
            name = json.loads(self.body)["LookupAttributes"][0]["AttributeValue"]
            asked.append((self.region, name))
            if refuse:
                raise JsonRESTError("AccessDeniedException", "you may not")
            return json.dumps({"Events": events.get(name, [])})

        monkeypatch.setattr(CloudTrailResponse, "lookup_events", answer, raising=False)
        return asked

    return plays


@pytest.fixture
def options(clock: VirtualClock) -> Options:
    return Options(clock=clock, workers=1)


@pytest.fixture
def url(session: boto3.Session, options: Options, clock: VirtualClock) -> str:
    """A queue that somebody changed, and a role that nobody did."""
    stack = Stack("shop")
    stack.add("orders", "sqs.queue", queue_name="orders")
    stack.add("role", "iam.role", role_name="shop", assume_role_policy=trust())
    apply(session, stack, options).check()
    clock.sleep(60)
    sqs = session.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "77"})
    return url


def at(clock: VirtualClock, seconds: float) -> datetime:
    return datetime.fromtimestamp(clock.now().timestamp() + seconds, UTC)


def test_the_calls_since_our_last_write_are_told(
    session: boto3.Session, options: Options, url: str, clock: VirtualClock, play: Play
) -> None:
    """By whom, when and from where; reads, refused calls and what came before are left out."""
    play(
        {
            QUEUE: [
                event("GetQueueAttributes", at(clock, 0), read=True),
                event("TagQueue", at(clock, -1), errorCode="AccessDenied"),
                event("SetQueueAttributes", at(clock, -2)),
                event("CreateQueue", at(clock, -3600)),
            ]
        }
    )
    [deed] = drift(session, "shop", options).culprits["orders"].deeds
    assert (deed.call, deed.who, deed.source) == (
        "sqs.SetQueueAttributes",
        f"arn:aws:iam::{ACCOUNT}:user/ada",
        "198.51.100.7",
    )
    assert deed.at == at(clock, -2).isoformat(timespec="seconds")


def test_it_is_asked_for_what_drifted_alone(
    session: boto3.Session, options: Options, url: str, clock: VirtualClock, play: Play
) -> None:
    """By each of its names until one is known; the role did not drift, and is not asked for."""
    asked = play({})
    found = drift(session, "shop", options)
    assert [name for _, name in asked] == [QUEUE, "orders"]
    assert "no such call" in found.culprits["orders"].unknown


def test_global_services_are_asked_in_their_region(
    session: boto3.Session, options: Options, url: str, play: Play
) -> None:
    """IAM's events are kept in us-east-1, wherever the stack is."""
    asked = play({"shop": []})
    session.client("iam").update_role(RoleName="shop", MaxSessionDuration=7200)
    drift(session, "shop", options)
    assert {name: region for region, name in asked if "orders" not in name} == {
        f"arn:aws:iam::{ACCOUNT}:role/shop": "us-east-1",
        "shop": "us-east-1",
    }


def test_where_it_is_denied_nobody_knows(
    session: boto3.Session, options: Options, url: str, play: Play
) -> None:
    """The drift is told all the same, and the history is asked once."""
    asked = play({}, refuse=True)
    session.client("sqs").tag_queue(QueueUrl=url, Tags={"a": "b"})
    found = drift(session, "shop", options)
    assert [one.field for one in found.told] == ["visibility_timeout"]
    assert found.culprits == {
        "orders": Culprit(unknown="CloudTrail did not answer (AccessDeniedException)")
    }
    assert len(asked) == 1


def test_without_drift_nobody_is_asked(
    session: boto3.Session, options: Options, url: str, play: Play
) -> None:
    """It costs nothing then."""
    asked = play({})
    session.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "30"})
    assert not drift(session, "shop", options).told
    assert asked == []


def test_it_is_asked_twice_a_second(
    session: boto3.Session, options: Options, url: str, clock: VirtualClock, play: Play
) -> None:
    """CloudTrail takes no more, and says so by refusing."""
    asked = play({})
    home = replace(options, region="us-east-1")
    stack = Stack("home")
    for name in ("a", "b", "c"):
        stack.add(name, "sqs.queue", queue_name=name)
    apply(session, stack, home).check()
    clock.sleep(60)
    far = session.client("sqs", region_name="us-east-1")
    for one in far.list_queues()["QueueUrls"]:
        far.set_queue_attributes(QueueUrl=one, Attributes={"DelaySeconds": "5"})
    before = clock.monotonic()
    drift(session, "home", home)
    assert len(asked) == 6
    assert clock.monotonic() - before >= (6 - 2) / 2
