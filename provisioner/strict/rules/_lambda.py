"""What Lambda's rules share: a function's name, age and state."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import Call
from provisioner.strict.world import World

CREATED, UPDATED, DELETED = "lambda.created", "lambda.updated", "lambda.deleted"
"""When something was done: noted for region and function."""
PENDING_SECONDS = 3.0
VPC_PENDING_SECONDS = 45.0
UPDATING_SECONDS = 2.0
VPC_UPDATING_SECONDS = 20.0
DELETING_SECONDS = 4.0


def name_of(call: Call) -> str:
    """The name of the function that a call is about, given by name or ARN."""
    given = str(call.params.get("FunctionName", ""))
    parts = given.split(":")
    return parts[6] if len(parts) > 6 else parts[0]


def which(world: World, name: str) -> str:
    """A function as notes name it."""
    return f"{world.region} {name}"


def configuration(world: World, name: str) -> dict[str, Any]:
    """A function as the emulator has it; empty if it is not there."""
    try:
        return dict(world.client("lambda").get_function_configuration(FunctionName=name))
    except ClientError:
        return {}


def in_vpc(config: dict[str, Any]) -> bool:
    """Whether a function's configuration puts it into a VPC."""
    return bool((config.get("VpcConfig") or {}).get("SubnetIds"))


def arn(world: World, name: str) -> str:
    """The ARN of a function."""
    return f"arn:aws:lambda:{world.region}:{world.account}:function:{name}"
