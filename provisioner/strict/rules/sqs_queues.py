"""SQS queues: names that are held, and what is made or deleted but not seen so yet."""

from __future__ import annotations

from functools import partial

from botocore.exceptions import ClientError

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.world import World

HELD_SECONDS = 60.0
LINGERS_SECONDS = 30.0
"""So long a deleted queue still answers."""
USABLE_SECONDS = 1.0
LISTED_SECONDS = 30.0
CREATED = "sqs.created"
DELETED = "sqs.deleted"
ABSENT = "AWS.SimpleQueueService.NonExistentQueue"


def queue_of(call: Call) -> str:
    """The name of the queue that a call is about."""
    url = str(call.params.get("QueueUrl", ""))
    return str(call.params.get("QueueName", "")) or url.rpartition("/")[2]


def url_of(world: World, name: str) -> str:
    """The URL of a queue that the emulator has; empty if it has none."""
    try:
        return str(world.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])
    except ClientError:
        return ""


def _refuse_held(world: World, call: Call) -> Answer | None:
    """Keep the name of a queue that was deleted within the last minute."""
    if world.age(DELETED, queue_of(call)) < HELD_SECONDS:
        message = (
            "You must wait 60 seconds after deleting a queue before you can create another with "
            "the same name."
        )
        code = "QueueDeletedRecently"
        world.refuse(f"AWS.SimpleQueueService.{code}", message, modelled=code)
    return None


def _note_deleted(world: World, call: Call, answer: Answer) -> None:
    world.note(DELETED, queue_of(call))


def _delete(world: World, call: Call) -> Answer | None:
    """Answer at once, and take the queue away later."""
    name = queue_of(call)
    if not url_of(world, name):
        return None
    if world.age(DELETED, name) >= HELD_SECONDS:
        world.note(DELETED, name)
        world.later(LINGERS_SECONDS, partial(_take_away, world, name))
    return {}


def _take_away(world: World, name: str) -> None:
    if url := url_of(world, name):
        world.client("sqs").delete_queue(QueueUrl=url)


def _note_new(world: World, call: Call) -> Answer | None:
    """A queue that is not there yet is new when this call has made it."""
    if not url_of(world, queue_of(call)):
        world.note(CREATED, queue_of(call))
    return None


def _refuse_new(world: World, call: Call) -> Answer | None:
    if call.operation == "CreateQueue":
        return _note_new(world, call)
    if world.age(CREATED, queue_of(call)) < USABLE_SECONDS:
        message = "The specified queue does not exist."
        world.refuse(ABSENT, message, modelled="QueueDoesNotExist")
    return None


def _hide_new(world: World, call: Call, answer: Answer) -> None:
    answer["QueueUrls"] = [
        url
        for url in answer.get("QueueUrls", ())
        if world.age(CREATED, url.rpartition("/")[2]) >= LISTED_SECONDS
    ]


RULES = (
    Rule(
        name="sqs.name-held",
        source="SQS queue: delete; SQS API Reference, DeleteQueue",
        says="The name of a deleted queue can't be used again for 60 seconds "
        "(AWS.SimpleQueueService.QueueDeletedRecently).",
        before={"sqs.CreateQueue": _refuse_held},
        after={"sqs.DeleteQueue": _note_deleted},
    ),
    Rule(
        name="sqs.deleted-linger",
        source="SQS queue: delete; SQS API Reference, DeleteQueue",
        says="A deleted queue answers, and is listed, for up to a minute more.",
        before={"sqs.DeleteQueue": _delete, "sqs.CreateQueue": _refuse_held},
    ),
    Rule(
        name="sqs.new-queue",
        source="SQS queue: create; SQS API Reference, CreateQueue",
        says="A queue can't be used, nor found by its name, within the second after it was made "
        "(AWS.SimpleQueueService.NonExistentQueue).",
        before={"sqs.*": _refuse_new},
    ),
    Rule(
        name="sqs.new-unlisted",
        source="SQS queue: listing; SQS API Reference, ListQueues",
        says="A new queue is not listed for up to a minute.",
        before={"sqs.CreateQueue": _note_new},
        after={"sqs.ListQueues": _hide_new},
    ),
)
UNPLAYED = (
    Unplayed(
        "CreateQueue answers the URL of a queue that has the same attributes, whatever its tags, "
        "and refuses others (QueueAlreadyExists).",
        "The emulator does so by itself.",
    ),
    Unplayed(
        "An error's code is the old query code, with the modelled name beside it.",
        "The emulator does so by itself; the kind knows both spellings.",
    ),
    Unplayed(
        "A dead-letter queue must be of the same type, region and account as its source.",
        "It is a mistake in the stack's own settings; AWS refuses it and the run tells so.",
    ),
)
