"""sns.subscription: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import boto3

from provisioner.lifecycle import Json
from tests.contract.case import Case

QUEUE = "arn:aws:sqs:eu-central-1:123456789012:inbox"


def _settings(session: boto3.Session) -> dict[str, Json]:
    topic = session.client("sns").create_topic(Name="alerts")["TopicArn"]
    session.client("sqs").create_queue(QueueName="inbox")
    return {"topic_arn": topic, "protocol": "sqs", "endpoint": QUEUE}


def _alive(session: boto3.Session, id_: str) -> bool:
    listed = session.client("sns").list_subscriptions()["Subscriptions"]
    return id_ in ["|".join((s["TopicArn"], s["Protocol"], s["Endpoint"])) for s in listed]


CASE = Case(
    kind="sns.subscription",
    settings=_settings,
    alive=_alive,
    changes={
        "protocol": {"protocol": "email"},
        "endpoint": {"endpoint": "arn:aws:sqs:eu-central-1:123456789012:other"},
        "filter_policy": {"filter_policy": {"severity": ["high"]}},
        "raw_message_delivery": {"raw_message_delivery": True},
        "redrive_policy": {"redrive_policy": "arn:aws:sqs:eu-central-1:123456789012:failed"},
    },
    only_here={"protocol": "one that nobody confirms can't be deleted; it goes by itself"},
    prepare={
        "topic_arn": lambda session, _: {
            "topic_arn": session.client("sns").create_topic(Name="other")["TopicArn"]
        }
    },
)
