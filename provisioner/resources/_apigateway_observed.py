"""What AWS says of an API's definition, in the spec's terms."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from provisioner.lifecycle import Json
from provisioner.lifecycle.canonical import without_empties
from provisioner.resources._apigateway import if_found

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient

PAGE = 500
MODEL_URL = re.compile(r"https://apigateway\.[^/]+/restapis/[^/]+/models/")
AWS_OWN_MODELS = {"Empty": "Empty Schema", "Error": "Error Schema"}
"""Models that AWS makes with every API, by their titles."""


def facets(client: APIGatewayClient) -> list[Callable[[str], dict[str, Json] | None]]:
    """The five reads that show a whole definition. None from any: there is no such API."""
    return [
        partial(_listed, client, operation, member)
        for operation, member in (
            ("get_resources", "paths"),
            ("get_models", "models"),
            ("get_authorizers", "authorizers"),
            ("get_request_validators", "request_validators"),
            ("get_gateway_responses", "gateway_responses"),
        )
    ]


def definition(facts: Mapping[str, Any]) -> dict[str, Json]:
    """The definition from the answers of all facets, merged."""
    authorizers = {item["id"]: item["name"] for item in facts["authorizers"]}
    validators = {item["id"]: item["name"] for item in facts["request_validators"]}
    return {
        "resources": {
            item["path"]: {
                name: _method(method, authorizers, validators)
                for name, method in item["resourceMethods"].items()
            }
            for item in facts["paths"]
            if item.get("resourceMethods")
        },
        "models": dict(_models(facts["models"])),
        "authorizers": {item["name"]: _authorizer(item) for item in facts["authorizers"]},
        "request_validators": {
            item["name"]: {
                "validate_request_body": bool(item.get("validateRequestBody")),
                "validate_request_parameters": bool(item.get("validateRequestParameters")),
            }
            for item in facts["request_validators"]
        },
        "gateway_responses": {
            item["responseType"]: _gateway_response(item)
            for item in facts["gateway_responses"]
            if not item.get("defaultResponse")
        },
    }


def _listed(
    client: APIGatewayClient, operation: str, member: str, api: str
) -> dict[str, Json] | None:
    """All items of one list of an API, page by page."""
    call: Callable[..., dict[str, Any]] = getattr(client, operation)
    embed = {"embed": ["methods"]} if operation == "get_resources" else {}

    def pages() -> list[Json]:
        items: list[Json] = []
        position: dict[str, str] = {}
        while True:
            page = call(restApiId=api, limit=PAGE, **embed, **position)
            items += page.get("items", [])
            if not page.get("position"):
                return items
            position = {"position": page["position"]}

    items = if_found(pages)
    return None if items is None else {member: items}


def _models(items: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, Json]]:
    for item in items:
        text = MODEL_URL.sub("#/components/schemas/", item.get("schema") or "{}")
        schema = json.loads(text)
        own = AWS_OWN_MODELS.get(item["name"])
        if own is None or schema.get("title") != own:
            yield item["name"], schema


def _method(
    method: Mapping[str, Any], authorizers: Mapping[str, str], validators: Mapping[str, str]
) -> Json:
    observed: dict[str, Json] = {
        "authorization_type": method.get("authorizationType") or "NONE",
        "authorizer": authorizers.get(method.get("authorizerId") or ""),
        "authorization_scopes": method.get("authorizationScopes"),
        "api_key_required": bool(method.get("apiKeyRequired")),
        "operation_name": method.get("operationName"),
        "request_parameters": method.get("requestParameters"),
        "request_validator": validators.get(method.get("requestValidatorId") or ""),
        "request_models": method.get("requestModels"),
        "integration": _integration(method.get("methodIntegration") or {}),
        "responses": {
            status: _response(response)
            for status, response in (method.get("methodResponses") or {}).items()
        },
    }
    return observed


def _integration(item: Mapping[str, Any]) -> Json:
    return {
        "type": item.get("type"),
        "uri": item.get("uri"),
        "http_method": item.get("httpMethod"),
        "credentials": item.get("credentials"),
        "connection_type": item.get("connectionType") or "INTERNET",
        "connection_id": item.get("connectionId"),
        "passthrough_behavior": (item.get("passthroughBehavior") or "WHEN_NO_MATCH").upper(),
        "timeout_in_millis": int(item.get("timeoutInMillis") or 29_000),
        "request_templates": item.get("requestTemplates"),
        "request_parameters": item.get("requestParameters"),
        "content_handling": item.get("contentHandling"),
        "cache_key_parameters": item.get("cacheKeyParameters"),
        "responses": {
            status: {
                "selection_pattern": response.get("selectionPattern"),
                "response_templates": response.get("responseTemplates"),
                "response_parameters": response.get("responseParameters"),
                "content_handling": response.get("contentHandling"),
            }
            for status, response in (item.get("integrationResponses") or {}).items()
        },
    }


def _response(item: Mapping[str, Any]) -> Json:
    parameters = item.get("responseParameters") or {}
    return {
        "response_models": item.get("responseModels"),
        "response_headers": sorted(name.rpartition(".")[2] for name in parameters),
    }


def _authorizer(item: Mapping[str, Any]) -> Json:
    ttl = item.get("authorizerResultTtlInSeconds")
    return {
        "type": item.get("type"),
        "authorizer_uri": item.get("authorizerUri"),
        "authorizer_credentials": item.get("authorizerCredentials"),
        "identity_source": item.get("identitySource"),
        "identity_validation_expression": item.get("identityValidationExpression"),
        "authorizer_result_ttl_in_seconds": 300 if ttl is None else int(ttl),
        "provider_arns": item.get("providerARNs"),
    }


def _gateway_response(item: Mapping[str, Any]) -> Json:
    return without_empties(
        {
            "status_code": item.get("statusCode"),
            "response_parameters": item.get("responseParameters"),
            "response_templates": item.get("responseTemplates"),
        }
    )
