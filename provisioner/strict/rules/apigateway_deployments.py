"""Deployments: what was defined when they were made, and who serves them."""

from __future__ import annotations

from typing import Any

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._apigateway import BAD, api_of, methods, stages
from provisioner.strict.world import World

SNAPSHOTS = "apigateway.snapshots"
"""Deployment → its paths with their methods."""


def _take(world: World, call: Call, answer: Answer) -> None:
    """Keep the definition as it is now."""
    summary: dict[str, dict[str, Any]] = {}
    for path, verb, method in methods(world, api_of(call)):
        summary.setdefault(path, {})[verb] = {
            "authorizationType": method.get("authorizationType", "NONE"),
            "apiKeyRequired": bool(method.get("apiKeyRequired")),
        }
    world.notes(SNAPSHOTS)[answer["id"]] = summary


def _show(world: World, call: Call, answer: Answer) -> None:
    if "apisummary" in call.params.get("embed", ()):
        answer["apiSummary"] = world.notes(SNAPSHOTS).get(answer["id"], {})


def _refuse_served(world: World, call: Call) -> Answer | None:
    deployment = call.params["deploymentId"]
    if any(stage["deploymentId"] == deployment for stage in stages(world, api_of(call))):
        message = "Active stages pointing to this deployment must be moved or deleted"
        world.refuse(BAD, message)
    return None


RULES = (
    Rule(
        name="apigateway.snapshots",
        source="API Gateway deployment: content; API Gateway Developer Guide, Deploy REST APIs",
        says="A deployment serves what was defined when it was made; a later change of the API is "
        "served only by a new one.",
        after={"apigateway.CreateDeployment": _take, "apigateway.GetDeployment": _show},
    ),
    Rule(
        name="apigateway.served-deployments",
        source="API Gateway deployment: delete; API Gateway API Reference, DeleteDeployment",
        says="A deployment can't be deleted while a stage points to it (BadRequestException).",
        before={"apigateway.DeleteDeployment": _refuse_served},
    ),
)
UNPLAYED = (
    Unplayed(
        "An API without methods, or with one that has no integration, can't be deployed "
        "(BadRequestException).",
        "The emulator refuses it, too, the second with NotFoundException.",
    ),
    Unplayed(
        "A deployment has no name, token or tag, so a lost answer leaves an orphan.",
        "tests/faults loses the answer of every create.",
    ),
)
