"""SQS queues."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from provisioner import Stack
from tests.strict.case import Case, Client, Ground


def stack(**settings: Any) -> Stack:
    """A queue."""
    made = Stack("strict")
    made.add("queue", "sqs.queue", queue_name="strict", **settings)
    return made


def make_anew(client: Client) -> None:
    """Delete a queue and make it again."""
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="strict")["QueueUrl"]
    sqs.delete_queue(QueueUrl=url)
    sqs.create_queue(QueueName="strict", Attributes={"DelaySeconds": "5"})


def gone_at_once(client: Client) -> None:
    """Take a queue for gone when its delete was answered."""
    sqs = client("sqs")
    sqs.delete_queue(QueueUrl=sqs.create_queue(QueueName="strict")["QueueUrl"])
    try:
        sqs.get_queue_url(QueueName="strict")
    except ClientError as error:
        assert "NonExistentQueue" in str(error)  # noqa: PT017  the other way fails below
    else:
        raise AssertionError


def use_at_once(client: Client) -> None:
    """Use a queue as soon as it was made."""
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="strict")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "5"})


def list_at_once(client: Client) -> None:
    """Look for a new queue in the list."""
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="strict")["QueueUrl"]
    assert url in sqs.list_queues().get("QueueUrls", [])


def down_and_up(ground: Ground) -> None:
    """A stack is taken down and put up again at once: the new queue is a new one, and stays."""
    ground.up(stack())
    ground.take_down(stack())
    ground.up(stack())
    ground.clock.sleep(3600)
    ground.layer.catch_up()
    assert ground.plain("sqs").get_queue_url(QueueName="strict")
    ground.down(stack())


CASES = [
    Case(
        "sqs.name-held",
        make_anew,
        "AWS.SimpleQueueService.QueueDeletedRecently",
        down_and_up,
    ),
    Case("sqs.deleted-linger", gone_at_once, "", down_and_up),
    Case(
        "sqs.new-queue",
        use_at_once,
        "AWS.SimpleQueueService.NonExistentQueue",
        lambda ground: ground.through(stack(), stack(visibility_timeout=60)),
    ),
    Case("sqs.new-unlisted", list_at_once, "", lambda ground: ground.through(stack())),
]
