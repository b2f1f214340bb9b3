"""What API Gateway's rules ask: which API a call is about, and what the emulator has of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import Call
from provisioner.strict.world import World

READS = ("Get", "Test")
BAD = "BadRequestException"
CONFLICT = "ConflictException"


def changes(call: Call) -> bool:
    """Whether a call may change anything."""
    return not call.operation.startswith(READS)


def api_of(call: Call) -> str:
    """The id of the API that a call is about; empty if it is about none."""
    return str(call.params.get("restApiId") or "")


def resources(world: World, api: str) -> list[dict[str, Any]]:
    """The resources of an API with their methods; none if there is no such API."""
    client = world.client("apigateway")
    try:
        return [*client.get_resources(restApiId=api, embed=["methods"], limit=500)["items"]]
    except ClientError:
        return []


def methods(world: World, api: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every method of an API: path, verb, settings."""
    for resource in resources(world, api):
        for verb, method in (resource.get("resourceMethods") or {}).items():
            yield str(resource["path"]), str(verb), method


def stages(world: World, api: str) -> list[dict[str, Any]]:
    """The stages of an API; none if there is no such API."""
    try:
        return [*world.client("apigateway").get_stages(restApiId=api)["item"]]
    except ClientError:
        return []


def patches(call: Call) -> list[dict[str, str]]:
    """The patch operations of an update."""
    return [*call.params.get("patchOperations", ())]
