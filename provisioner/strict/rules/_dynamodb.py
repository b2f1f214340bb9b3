"""What DynamoDB's rules share: when a table was made, changed, deleted, and its state by that."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import Call
from provisioner.strict.world import World

CREATING_SECONDS = 10.0
UPDATING_SECONDS = 8.0
DELETING_SECONDS = 6.0
CREATED, UPDATED, DELETED = "dynamodb.created", "dynamodb.updated", "dynamodb.deleted"
"""When something was done: noted for region and table."""


def which(world: World, name: str) -> str:
    """A table by name or ARN, as notes name it."""
    return f"{world.region} {name.rpartition('/')[2]}"


def table(world: World, call: Call) -> dict[str, Any]:
    """The table of a call as the emulator has it; empty if it is not there."""
    try:
        answer = world.client("dynamodb").describe_table(TableName=call.params["TableName"])
    except ClientError:
        return {}
    return dict(answer["Table"])


def state(world: World, name: str) -> str:
    """What AWS says of a table's state; empty where the emulator is right."""
    named = which(world, name)
    if world.age(DELETED, named) < DELETING_SECONDS:
        return "DELETING"
    if world.age(CREATED, named) < CREATING_SECONDS:
        return "CREATING"
    return "UPDATING" if world.age(UPDATED, named) < UPDATING_SECONDS else ""
