"""Usage plans: they hold the stages they are for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._apigateway import BAD, api_of, patches
from provisioner.strict.world import World

LAG_SECONDS = 3.0
LET_GO = "apigateway.plan-let-go"
"""When a plan last let a stage go: noted for its id."""


def _holders(world: World, api: str, stage: str = "") -> Iterator[dict[str, Any]]:
    """The plans that are for an API, or for one stage of it."""
    for plan in world.client("apigateway").get_usage_plans(limit=500)["items"]:
        for held in plan.get("apiStages", ()):
            if held["apiId"] == api and stage in ("", held["stage"]):
                yield plan


def _refuse_held(world: World, call: Call) -> Answer | None:
    for plan in _holders(world, api_of(call), call.params.get("stageName", "")):
        what = call.params.get("stageName") or api_of(call)
        message = f"Cannot delete {what} because Usage Plan {plan['id']} is associated with it"
        world.refuse(BAD, message)
    return None


def _note_let_go(world: World, call: Call, answer: Answer) -> None:
    if any(patch["op"] == "remove" for patch in patches(call)):
        world.note(LET_GO, call.params["usagePlanId"])


def _refuse_holding(world: World, call: Call) -> Answer | None:
    id_ = call.params["usagePlanId"]
    for plan in world.client("apigateway").get_usage_plans(limit=500)["items"]:
        held = [f"{one['apiId']}:{one['stage']}" for one in plan.get("apiStages", ())]
        if plan["id"] == id_ and (held or world.age(LET_GO, id_) < LAG_SECONDS):
            message = (
                f"Cannot delete Usage Plan {id_} because there are API Stages associated with it, "
                f"including {(held or ['one that was'])[0]}"
            )
            world.refuse(BAD, message)
    return None


RULES = (
    Rule(
        name="apigateway.usage-plans",
        source="API Gateway usage plan: stages; API Gateway API Reference, DeleteUsagePlan",
        says="A stage, and its API, can't be deleted while a usage plan is for it, nor a plan "
        "while it is for stages, nor for a moment after (BadRequestException).",
        before={
            "apigateway.DeleteStage": _refuse_held,
            "apigateway.DeleteRestApi": _refuse_held,
            "apigateway.DeleteUsagePlan": _refuse_holding,
        },
        after={"apigateway.UpdateUsagePlan": _note_let_go},
    ),
)
UNPLAYED = (
    Unplayed(
        "The value of an API key is unique and immutable; a key is in a plan once "
        "(ConflictException).",
        "There are no kinds for keys and plans; the emulator refuses the first by itself.",
    ),
)
