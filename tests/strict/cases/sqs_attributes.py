"""Attributes of SQS queues."""

from __future__ import annotations

import json
from typing import Any

from provisioner import Stack
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._roles import (
    ACCOUNT,
    ROLE_ARN,
    add_role,
    admitting,
    make_role,
)

QUEUE_ARN = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:strict"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
POLICY = admitting(ROLE_ARN, "sqs:SendMessage", QUEUE_ARN)


def _queue(client: Client) -> str:
    url: str = client("sqs").create_queue(QueueName="strict")["QueueUrl"]
    return url


def stack(**settings: Any) -> Stack:
    """A queue."""
    made = Stack("strict")
    made.add("queue", "sqs.queue", queue_name="strict", **settings)
    return made


def stack_with_role() -> Stack:
    """A queue whose policy names a role of the stack."""
    made = Stack("strict")
    role = add_role(made, "lambda")
    policy = admitting(role.arn, "sqs:SendMessage", QUEUE_ARN)
    made.add("queue", "sqs.queue", queue_name="strict", policy=policy)
    return made


def read_back(client: Client) -> None:
    """Set an attribute and read it."""
    sqs, url = client("sqs"), _queue(client)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "5"})
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])
    assert found["Attributes"]["DelaySeconds"] == "5"


def encrypt_twice(client: Client) -> None:
    """Ask for both kinds of encryption."""
    attributes = {"KmsMasterKeyId": KEY, "SqsManagedSseEnabled": "true"}
    client("sqs").set_queue_attributes(QueueUrl=_queue(client), Attributes=attributes)


def admit_a_new_role(client: Client) -> None:
    """Name a role in a policy that was made a moment ago."""
    make_role(client, "lambda")
    client("sqs").set_queue_attributes(
        QueueUrl=_queue(client), Attributes={"Policy": json.dumps(POLICY)}
    )


def every_encryption(ground: Ground) -> None:
    """From SQS's own key to another, and back; the queue is never without."""
    ground.up(stack())
    ground.up(stack(kms_key=KEY))
    ground.up(stack())
    url = ground.plain("sqs").get_queue_url(QueueName="strict")["QueueUrl"]
    found = ground.plain("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    assert found["Attributes"]["SqsManagedSseEnabled"] == "true"
    ground.down(stack())


CASES = [
    Case(
        "sqs.attributes-settle",
        read_back,
        "",
        lambda ground: ground.through(stack(), stack(delay_seconds=5), stack(tls_only=False)),
    ),
    Case("sqs.one-encryption", encrypt_twice, "InvalidAttributeValue", every_encryption),
    Case(
        "sqs.new-principals",
        admit_a_new_role,
        "InternalFailure",
        lambda ground: ground.through(stack_with_role()),
    ),
]
