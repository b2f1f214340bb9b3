"""What an API is made of: names that are taken, parts in use, how it reads back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._apigateway import CONFLICT, api_of, methods, resources
from provisioner.strict.world import World

PAGE = 500


def _refuse_same_resource(world: World, call: Call) -> Answer | None:
    part, parent = call.params["pathPart"], call.params["parentId"]
    for one in resources(world, api_of(call)):
        if (one.get("parentId"), one.get("pathPart")) == (parent, part):
            message = f"Another resource with the same parent already has this name: {part}"
            world.refuse(CONFLICT, message, 409)
    return None


def _refuse_same_method(world: World, call: Call) -> Answer | None:
    for one in resources(world, api_of(call)):
        if one["id"] == call.params["resourceId"] and call.params["httpMethod"] in (
            one.get("resourceMethods") or {}
        ):
            world.refuse(CONFLICT, "Method already exists for this resource", 409)
    return None


def _refuse_same_authorizer(world: World, call: Call) -> Answer | None:
    found = world.client("apigateway").get_authorizers(restApiId=api_of(call), limit=PAGE)
    if call.params["name"] in {one["name"] for one in found["items"]}:
        message = f"Authorizer name must be unique. Authorizer {call.params['name']} already exists"
        world.refuse(CONFLICT, message, 409)
    return None


def _refuse_used(world: World, call: Call) -> Answer | None:
    """Keep an authorizer, a validator or a model that a method names."""
    for path, verb, method in methods(world, api_of(call)):
        if _uses(method, call.params):
            noun = call.operation.removeprefix("Delete")
            message = f"Cannot delete {noun}, is referenced in method: {verb} {path}"
            world.refuse(CONFLICT, message, 409)
    return None


def _uses(method: Mapping[str, Any], names: Mapping[str, Any]) -> bool:
    used = {
        "authorizerId": {method.get("authorizerId")},
        "requestValidatorId": {method.get("requestValidatorId")},
        "modelName": {*(method.get("requestModels") or {}).values()},
    }
    return any(name in names and names[name] in found for name, found in used.items())


def _escape(world: World, call: Call, answer: Answer) -> None:
    for api in answer.get("items", (answer,)):
        if policy := api.get("policy"):
            own = f"arn:{world.client('apigateway').meta.partition}:execute-api:{world.region}"
            text = json.dumps(json.loads(policy), separators=(",", ":"))
            whole = text.replace('"execute-api:/', f'"{own}:{world.account}:{api["id"]}/')
            api["policy"] = whole.replace('"', '\\"')


def _fill_api(api: Answer) -> None:
    api.setdefault("apiKeySource", "HEADER")
    configuration = api.setdefault("endpointConfiguration", {"types": ["EDGE"]})
    api["endpointConfiguration"] = {"ipAddressType": "ipv4", **configuration}
    api.setdefault("disableExecuteApiEndpoint", False)


def _fill_stage(stage: Answer) -> None:
    stage.setdefault("cacheClusterEnabled", False)
    stage.setdefault("cacheClusterStatus", "NOT_AVAILABLE")
    stage.setdefault("tracingEnabled", False)
    stage.setdefault("methodSettings", {})


def _fill_integration(integration: Answer, resource: str) -> None:
    integration.setdefault("passthroughBehavior", "WHEN_NO_MATCH")
    integration.setdefault("timeoutInMillis", 29000)
    integration.setdefault("cacheNamespace", resource)
    integration.setdefault("cacheKeyParameters", [])


def _each(fill: Callable[[Answer], None], member: str) -> Callable[[World, Call, Answer], None]:
    """Fill in the object that is answered, or each of a list."""

    def look(world: World, call: Call, answer: Answer) -> None:
        listed: Iterable[Answer] = answer.get(member, (answer,))
        for one in listed:
            fill(one)

    return look


def _fill_integrations(world: World, call: Call, answer: Answer) -> None:
    if call.operation.endswith("Integration"):
        _fill_integration(answer, str(call.params["resourceId"]))
    for resource in answer.get("items", ()):
        for method in (resource.get("resourceMethods") or {}).values():
            if "methodIntegration" in method:
                _fill_integration(method["methodIntegration"], resource["id"])
    if "methodIntegration" in answer:
        _fill_integration(answer["methodIntegration"], str(call.params["resourceId"]))


FILLED = {
    **dict.fromkeys(
        (f"apigateway.{name}" for name in ("GetRestApi", "GetRestApis", "CreateRestApi")),
        _each(_fill_api, "items"),
    ),
    **dict.fromkeys(
        (f"apigateway.{name}" for name in ("GetStage", "GetStages", "CreateStage", "UpdateStage")),
        _each(_fill_stage, "item"),
    ),
    **dict.fromkeys(
        (
            f"apigateway.{name}"
            for name in ("GetResources", "GetMethod", "GetIntegration", "PutIntegration")
        ),
        _fill_integrations,
    ),
}
RULES = (
    Rule(
        name="apigateway.same-names",
        source="API Gateway resource, method, authorizer: create; API Gateway API Reference, "
        "CreateResource and PutMethod",
        says="A second resource of the same parent and name, a second method of the same verb and "
        "a second authorizer of the same name are refused (ConflictException).",
        before={
            "apigateway.CreateResource": _refuse_same_resource,
            "apigateway.PutMethod": _refuse_same_method,
            "apigateway.CreateAuthorizer": _refuse_same_authorizer,
        },
    ),
    Rule(
        name="apigateway.parts-in-use",
        source="API Gateway authorizer, validator, model: delete; API Gateway API Reference, "
        "DeleteAuthorizer",
        says="An authorizer, a validator or a model can't be deleted while a method names it "
        "(ConflictException).",
        before={
            "apigateway.DeleteAuthorizer": _refuse_used,
            "apigateway.DeleteRequestValidator": _refuse_used,
            "apigateway.DeleteModel": _refuse_used,
        },
    ),
    Rule(
        name="apigateway.policy-form",
        source="API Gateway REST API: policy; API Gateway API Reference, RestApi",
        says="The policy of an API reads back with its quotes escaped once more and execute-api:/ "
        "written out as the API's ARN.",
        after=dict.fromkeys(
            (
                "apigateway.CreateRestApi",
                "apigateway.GetRestApi",
                "apigateway.GetRestApis",
                "apigateway.UpdateRestApi",
                "apigateway.PutRestApi",
            ),
            _escape,
        ),
    ),
    Rule(
        name="apigateway.fill-ins",
        source="API Gateway API, stage, integration: defaults; API Gateway API Reference, "
        "PutIntegration",
        says="What nobody set of an API, a stage or an integration reads back with AWS's own "
        "values: 29 seconds, WHEN_NO_MATCH, the resource's id as the cache's namespace.",
        after=FILLED,
    ),
)
UNPLAYED = (
    Unplayed(
        "An integration needs its method; a deleted resource takes its children with it; two APIs "
        "may have one name.",
        "The emulator does so by itself.",
    ),
    Unplayed(
        "PutMethodResponse meets conflicts of its own; patches of methods have paths of their own.",
        "The kind imports the whole definition with one call.",
    ),
    Unplayed(
        "An endpoint's type can be changed between EDGE and REGIONAL, hardly from PRIVATE; an API "
        "with base path mappings or VPC links can't be deleted.",
        "There is no kind for domain names and VPC links; AWS's refusal is told as is.",
    ),
)
