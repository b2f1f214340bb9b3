"""SNS subscriptions."""

from __future__ import annotations

from typing import Any

from provisioner import Stack
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._roles import ACCOUNT

TOPIC_ARN = f"arn:aws:sns:eu-central-1:{ACCOUNT}:strict"
MAIL = "people@example.org"


def stack(*, mail: bool = True, **settings: Any) -> Stack:
    """A topic, and perhaps somebody who reads it by mail."""
    made = Stack("strict")
    topic = made.add("topic", "sns.topic", name="strict")
    if mail:
        made.add(
            "mail",
            "sns.subscription",
            topic_arn=topic.arn,
            protocol="email",
            endpoint=MAIL,
            **settings,
        )
    return made


def _subscribe(client: Client) -> str:
    sns = client("sns")
    topic = sns.create_topic(Name="strict")["TopicArn"]
    arn: str = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=MAIL)["SubscriptionArn"]
    return arn


def unsubscribe_by_answer(client: Client) -> None:
    """Take back a subscription that nobody has confirmed."""
    client("sns").unsubscribe(SubscriptionArn=_subscribe(client))


def gone_from_the_list(client: Client) -> None:
    """Take a subscription for gone from the list when it was deleted."""
    sns = client("sns")
    sns.unsubscribe(SubscriptionArn=_subscribe(client))
    assert sns.list_subscriptions_by_topic(TopicArn=TOPIC_ARN)["Subscriptions"] == []


def nobody_confirms(ground: Ground) -> None:
    """An apply does not wait for a reader, the next has nothing to do, a teardown succeeds."""
    ground.up(stack(filter_policy={"kind": ["alert"]}, raw_message_delivery=False))
    ground.up(stack(mail=False))
    ground.down(stack(mail=False))


def somebody_confirms(ground: Ground) -> None:
    """Once its reader has confirmed it, a subscription is brought to its settings, and deleted."""
    nobody_confirms(ground)
    ground.up(stack())
    (arn,) = _arns(ground)
    ground.layer.session.client("sns").confirm_subscription(
        TopicArn=TOPIC_ARN, Token=arn.rpartition(":")[2]
    )
    ground.up(stack(filter_policy={"kind": ["alert"]}))
    found = ground.plain("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert found["FilterPolicy"] == '{"kind": ["alert"]}'
    ground.up(stack(mail=False))
    assert _arns(ground) == []
    ground.down(stack(mail=False))


def _arns(ground: Ground) -> list[str]:
    listed = ground.plain("sns").list_subscriptions_by_topic(TopicArn=TOPIC_ARN)["Subscriptions"]
    return [one["SubscriptionArn"] for one in listed]


CASES = [
    Case(
        "sns.pending-confirmation",
        unsubscribe_by_answer,
        "InvalidParameter",
        somebody_confirms,
    ),
    Case(
        "sns.deleted-listed",
        gone_from_the_list,
        "",
        lambda ground: ground.through(stack(), stack(mail=False), stack()),
    ),
]
