"""sqs.queue: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from provisioner.lifecycle import Json
from provisioner.resources.sqs_queue import SqsQueueSpec, ensure_sqs_queue
from tests.contract.case import Case

KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
POLICY: Json = {
    "Statement": [
        {
            "Sid": "Rule",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": "arn:aws:sqs:eu-central-1:123456789012:contract",
        }
    ]
}


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {"queue_name": "contract", "visibility_timeout": 60, "tags": {"Name": "contract"}}


def _alive(session: boto3.Session, id_: str) -> bool:
    try:
        session.client("sqs").get_queue_url(QueueName=id_)
    except ClientError:
        return False
    return True


def _dead_letters(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    session.client("sqs").create_queue(QueueName="failed")
    arn = "arn:aws:sqs:eu-central-1:123456789012:failed"
    return {"redrive_policy": {"dead_letter_target_arn": arn, "max_receive_count": 3}}


CASE = Case(
    kind="sqs.queue",
    settings=_settings,
    alive=_alive,
    changes={
        "queue_name": {"queue_name": "other"},
        "fifo_queue": {"fifo_queue": True, "queue_name": "contract.fifo"},
        "visibility_timeout": {"visibility_timeout": 90},
        "message_retention_period": {"message_retention_period": 1209600},
        "delay_seconds": {"delay_seconds": 5},
        "receive_message_wait_time_seconds": {"receive_message_wait_time_seconds": 20},
        "maximum_message_size": {"maximum_message_size": 2048},
        "kms_key": {"kms_key": KEY, "kms_data_key_reuse_period_seconds": 600},
        "redrive_policy": {},
        "policy": {"policy": POLICY},
        "tls_only": {"tls_only": False},
    },
    prepare={"redrive_policy": _dead_letters},
)


def test_plain_http_is_refused_beside_the_own_policy(session: boto3.Session) -> None:
    """The person's statements and ours stand together in AWS."""
    spec = SqsQueueSpec.model_validate({"queue_name": "contract", "policy": POLICY})
    made = ensure_sqs_queue(session, spec)
    sqs = session.client("sqs")
    found = sqs.get_queue_attributes(QueueUrl=made.attributes["url"], AttributeNames=["Policy"])
    sids = [one["Sid"] for one in json.loads(found["Attributes"]["Policy"])["Statement"]]
    assert sids == ["Rule", "RefuseInsecureTransport"]


def test_a_fifo_queue_says_so_in_its_name() -> None:
    """AWS would refuse it; we do so before."""
    with pytest.raises(ValueError, match=r"\.fifo"):
        SqsQueueSpec(queue_name="a", fifo_queue=True)
