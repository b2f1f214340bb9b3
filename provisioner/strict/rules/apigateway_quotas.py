"""How much API Gateway takes: fixed rates, one change of an API at a time, quotas."""

from __future__ import annotations

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._apigateway import CONFLICT, api_of, changes, stages
from provisioner.strict.rules._rates import exceeds
from provisioner.strict.world import World

RATES: dict[str, tuple[float, float]] = {
    "CreateRestApi": (1 / 3, 1),
    "ImportRestApi": (1 / 3, 1),
    "DeleteRestApi": (1 / 30, 1),
    "PutRestApi": (1, 1),
    "CreateDeployment": (1 / 5, 1),
    "CreateResource": (5, 5),
    "DeleteResource": (5, 5),
    "CreateApiKey": (5, 5),
    "DeleteApiKey": (5, 5),
    "GetResources": (2.5, 5),
    "UpdateAccount": (1 / 20, 1),
    "UpdateUsagePlan": (1 / 20, 1),
    "CreateDomainName": (1 / 30, 1),
    "DeleteDomainName": (1 / 30, 1),
}
"""Calls a second, and at once."""
EDGE = (1 / 30, 1.0)
OTHERS = (10.0, 40.0)
"""Everything else together."""
STAGES = 10


def _refuse_too_many(world: World, call: Call) -> Answer | None:
    per_second, burst = RATES.get(call.operation, OTHERS)
    if call.operation == "CreateRestApi":
        types = call.params.get("endpointConfiguration", {}).get("types") or ["EDGE"]
        per_second, burst = EDGE if types == ["EDGE"] else (per_second, burst)
    name = call.operation if call.operation in RATES else "others"
    if exceeds(world, f"apigateway.{name}", per_second, burst):
        world.refuse("TooManyRequestsException", "Too Many Requests", 429)
    return None


def _refuse_parallel(world: World, call: Call) -> Answer | None:
    api = api_of(call)
    if not api or not changes(call):
        return None
    others = world.others(call, "apigateway.*")
    if any(api_of(other) == api and changes(other) for other in others):
        message = (
            "Unable to complete operation due to concurrent modification. Please try again later."
        )
        world.refuse(CONFLICT, message, 409)
    return None


def _refuse_eleventh(world: World, call: Call) -> Answer | None:
    if len(stages(world, api_of(call))) >= STAGES:
        message = (
            "Maximum number of stages for this API has been reached. Please contact AWS if you "
            "need additional stages."
        )
        world.refuse("LimitExceededException", message, 429)
    return None


RULES = (
    Rule(
        name="apigateway.rates",
        source="API Gateway: rates; API Gateway Developer Guide, Quotas for creating, deploying "
        "and managing an API",
        says="An account makes an API every 3 seconds (30 at the edge), deletes one every 30, "
        "deploys every 5, updates account and usage plans every 20, imports every second, and has "
        "10 other calls a second; more are TooManyRequestsException.",
        before={"apigateway.*": _refuse_too_many},
    ),
    Rule(
        name="apigateway.one-change",
        source="API Gateway REST API: concurrency; API Gateway API Reference, UpdateRestApi",
        says="Changes of one API side by side are refused (ConflictException).",
        before={"apigateway.*": _refuse_parallel},
    ),
    Rule(
        name="apigateway.quotas",
        source="API Gateway: quotas; API Gateway Developer Guide, Quotas for configuring and "
        "running a REST API",
        says="A quota, of ten stages for instance, is refused with LimitExceededException and the "
        "HTTP status of a rate, 429.",
        before={"apigateway.CreateStage": _refuse_eleventh},
    ),
)
UNPLAYED = (
    Unplayed(
        "An answer to too many calls may carry Retry-After.",
        "The library keeps to the rates before, and waits by its own table after.",
    ),
    Unplayed(
        "Domain names, API keys, VPC links and WAF associations have rules of their own.",
        "There is no kind for them; their rates are played.",
    ),
)
