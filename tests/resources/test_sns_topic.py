"""sns.topic: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import json

import boto3

from provisioner.lifecycle import Json
from provisioner.resources.sns_topic import SnsTopicSpec, ensure_sns_topic
from tests.contract.case import Case

ARN = "arn:aws:sns:eu-central-1:123456789012:contract"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
POLICY: Json = {
    "Statement": [
        {
            "Sid": "Alarms",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": ARN,
        }
    ]
}


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {"name": "contract", "display_name": "first", "tags": {"Name": "contract"}}


def _alive(session: boto3.Session, id_: str) -> bool:
    return id_ in [t["TopicArn"] for t in session.client("sns").list_topics()["Topics"]]


CASE = Case(
    kind="sns.topic",
    settings=_settings,
    alive=_alive,
    changes={
        "name": {"name": "other"},
        "fifo_topic": {"name": "contract.fifo", "fifo_topic": True},
        "display_name": {"display_name": "second"},
        "kms_key": {"kms_key": KEY},
        "policy": {"policy": POLICY},
        "tls_only": {"tls_only": False},
        "tracing_config": {"tracing_config": "Active"},
        "delivery_policy": {
            "delivery_policy": {"http": {"defaultHealthyRetryPolicy": {"numRetries": 5}}}
        },
    },
)


def test_plain_http_is_refused_beside_the_own_policy(session: boto3.Session) -> None:
    """The person's statements and ours stand together in AWS."""
    ensure_sns_topic(session, SnsTopicSpec.model_validate({"name": "contract", "policy": POLICY}))
    found = session.client("sns").get_topic_attributes(TopicArn=ARN)["Attributes"]["Policy"]
    sids = [one["Sid"] for one in json.loads(found)["Statement"]]
    assert sids == ["Alarms", "RefuseInsecureTransport"]
