"""Tables of DynamoDB: they come, change and go in their own time, one change after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import After, Answer, Call, Rule, Unplayed
from provisioner.strict.rules._dynamodb import (
    CREATED,
    CREATING_SECONDS,
    DELETED,
    DELETING_SECONDS,
    UPDATED,
    UPDATING_SECONDS,
    state,
    table,
    which,
)
from provisioner.strict.rules._rates import exceeds
from provisioner.strict.world import World

BACKFILLING_SECONDS = 20.0
TOGETHER = 50
"""Tables that may be made, changed and deleted at the same time."""
INDEXED = "dynamodb.indexed"
"""When an index was begun: noted for region, table and index."""
ITEM_CALLS = (
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "Scan",
    "TransactWriteItems",
    "TransactGetItems",
    "BatchGetItem",
    "BatchWriteItem",
)


def _note_created(world: World, call: Call, answer: Answer) -> None:
    made = which(world, call.params["TableName"])
    for what in (UPDATED, DELETED):
        world.forget(what, made)
    world.note(CREATED, made)


def _note_updated(world: World, call: Call, answer: Answer) -> None:
    world.note(UPDATED, which(world, call.params["TableName"]))
    for change in call.params.get("GlobalSecondaryIndexUpdates", ()):
        if "Create" in change:
            index = change["Create"]["IndexName"]
            world.note(INDEXED, f"{which(world, call.params['TableName'])} {index}")


def _show_state(member: str, world: World, call: Call, answer: Answer) -> None:
    told = answer[member]
    told["TableStatus"] = state(world, told["TableName"]) or told["TableStatus"]
    for index in told.get("GlobalSecondaryIndexes", ()):
        begun = world.age(INDEXED, f"{which(world, told['TableName'])} {index['IndexName']}")
        if begun < BACKFILLING_SECONDS or told["TableStatus"] == "CREATING":
            index["IndexStatus"] = "CREATING"


def _refuse_busy(world: World, call: Call) -> Answer | None:
    """A table takes a change when it is active."""
    name = call.params["TableName"]
    if busy := state(world, name):
        verb = {"CREATING": "created", "UPDATING": "updated", "DELETING": "deleted"}[busy]
        world.refuse(
            "ResourceInUseException",
            f"Attempt to change a resource which is still in use: Table is being {verb}: {name}",
        )
    return None


def _delete(world: World, call: Call) -> Answer | None:
    """Answer that it is being deleted, and delete it when its time has come."""
    _refuse_busy(world, call)
    known = table(world, call)
    if not known or known.get("DeletionProtectionEnabled"):
        return None
    world.note(DELETED, which(world, known["TableName"]))
    world.later(DELETING_SECONDS, partial(_end, world, known["TableName"]))
    return {"TableDescription": {**known, "TableStatus": "DELETING"}}


def _end(world: World, name: str) -> None:
    with suppress(ClientError):  # somebody was faster
        world.client("dynamodb").delete_table(TableName=name)


def _refuse_items(world: World, call: Call) -> Answer | None:
    """A table that is being made has no items yet, nor takes any."""
    for name in _tables_of(call.params):
        if state(world, name) == "CREATING":
            world.refuse("ResourceNotFoundException", "Requested resource not found")
    return None


def _tables_of(value: Any) -> Iterator[str]:
    """The tables that a call about items names, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("TableName"), str):
            yield value["TableName"]
        for item in value.get("TransactItems", ()):
            for part in item.values():
                yield from _tables_of(part)
        yield from value.get("RequestItems", {})


def _refuse_crowd(world: World, call: Call) -> Answer | None:
    """So many tables are made, changed and deleted at once, and no more."""
    spans = {CREATED: CREATING_SECONDS, UPDATED: UPDATING_SECONDS, DELETED: DELETING_SECONDS}
    busy = {
        one
        for what, seconds in spans.items()
        for one in world.recent(what, seconds)
        if one.startswith(f"{world.region} ")
    }
    if len(busy) >= TOGETHER:
        message = (
            f"Subscriber limit exceeded: Only {TOGETHER} tables can be created, updated, or "
            "deleted simultaneously"
        )
        world.refuse("LimitExceededException", message)
    return None


def _refuse_too_many(world: World, call: Call) -> Answer | None:
    if exceeds(world, str(call), 10.0, 10.0):
        message = "Rate of requests exceeds the allowed throughput."
        world.refuse("ThrottlingException", message)
    return None


WATCHES: dict[str, After] = {
    "dynamodb.CreateTable": _note_created,
    "dynamodb.UpdateTable": _note_updated,
}
RULES = (
    Rule(
        name="dynamodb.table-states",
        source="Table: states; DynamoDB API Reference, TableDescription",
        says="A table is CREATING and UPDATING for seconds, takes no other change (and, while it "
        "is made, no items) until it is ACTIVE, and is DELETING, and listed, for seconds.",
        before={
            "dynamodb.UpdateTable": _refuse_busy,
            "dynamodb.DeleteTable": _delete,
            "dynamodb.CreateTable": lambda world, call: (
                _refuse_busy(world, call)
                if state(world, call.params["TableName"]) == "DELETING"
                else None
            ),
            **{f"dynamodb.{name}": _refuse_items for name in ITEM_CALLS},
        },
        after={
            "dynamodb.CreateTable": partial(_show_state, "TableDescription"),
            "dynamodb.UpdateTable": partial(_show_state, "TableDescription"),
            "dynamodb.DescribeTable": partial(_show_state, "Table"),
        },
    ),
    Rule(
        name="dynamodb.tables-at-once",
        source="Table: limits; DynamoDB Developer Guide, Quotas",
        says="Some fifty tables can be made, changed and deleted at the same time; one more is "
        "LimitExceededException, simultaneously.",
        before={
            "dynamodb.CreateTable": _refuse_crowd,
            "dynamodb.UpdateTable": _refuse_crowd,
            "dynamodb.DeleteTable": _refuse_crowd,
        },
    ),
    Rule(
        name="dynamodb.read-rates",
        source="Table: tags, continuous backups; DynamoDB API Reference, ListTagsOfResource",
        says="Tags, and recovery, are read ten times a second in the whole account; more is "
        "ThrottlingException.",
        before={
            "dynamodb.ListTagsOfResource": _refuse_too_many,
            "dynamodb.DescribeContinuousBackups": _refuse_too_many,
        },
    ),
)
UNPLAYED = (
    Unplayed(
        "A table with deletion protection can't be deleted (ValidationException).",
        "The embedded AWS refuses it itself.",
    ),
    Unplayed(
        "A table whose key can't be used is INACCESSIBLE_ENCRYPTION_CREDENTIALS.",
        "No test can bring it back to life; the kind takes it for failed.",
    ),
    Unplayed(
        "A table changes to PAY_PER_REQUEST a few times a day only (LimitExceededException).",
        "It can't be waited for in a run; the error is told as it is.",
    ),
    Unplayed(
        "AWS keeps a backup of a restorable table for 35 days after it was deleted.",
        "It costs nothing and is in nobody's way; a teardown tells of it.",
    ),
)
