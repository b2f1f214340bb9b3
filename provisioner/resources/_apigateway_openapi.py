"""An API's definition as OpenAPI 3 with API Gateway's extensions: one call imports all of it.

Extensions: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.lifecycle import Json, Settings
from provisioner.resources._apigateway_definition import (
    Authorizer,
    GatewayResponse,
    HttpMethod,
    Integration,
    Method,
    MethodResponse,
    Models,
    RequestValidator,
    Resources,
    dumped,
    members_of,
)

API_KEY = "api_key"
INTEGRATION = {
    "uri": "uri",
    "credentials": "credentials",
    "connection_id": "connectionId",
    "timeout_in_millis": "timeoutInMillis",
    "request_templates": "requestTemplates",
    "request_parameters": "requestParameters",
    "content_handling": "contentHandling",
    "cache_key_parameters": "cacheKeyParameters",
}
INTEGRATION_RESPONSE = {
    "response_templates": "responseTemplates",
    "response_parameters": "responseParameters",
    "content_handling": "contentHandling",
}
AUTHORIZER = {
    "authorizer_uri": "authorizerUri",
    "authorizer_credentials": "authorizerCredentials",
    "identity_source": "identitySource",
    "identity_validation_expression": "identityValidationExpression",
    "authorizer_result_ttl_in_seconds": "authorizerResultTtlInSeconds",
    "provider_arns": "providerARNs",
}
GATEWAY_RESPONSE = {
    "status_code": "statusCode",
    "response_parameters": "responseParameters",
    "response_templates": "responseTemplates",
}
PLACES = {"querystring": "query", "header": "header", "path": "path"}


def document(
    title: str,
    *,
    resources: Resources,
    models: Models,
    request_validators: Mapping[str, RequestValidator],
    authorizers: Mapping[str, Authorizer],
    gateway_responses: Mapping[str, GatewayResponse],
    settings: Settings,
) -> dict[str, Any]:
    """The whole document.

    It repeats the API's own settings: an import in mode overwrite resets what it does not name.
    """
    body: dict[str, Any] = {
        "openapi": "3.0.1",
        "info": {"title": title, "version": "1.0"},
        "paths": {path: path_item(methods) for path, methods in sorted(resources.items())},
        "components": {
            "schemas": dict(models),
            "securitySchemes": _schemes(authorizers, resources),
        },
    }
    if settings.get("description"):
        body["info"]["description"] = settings["description"]
    named = {
        "request-validators": validators(request_validators),
        "gateway-responses": _gateway_responses(gateway_responses),
        "policy": settings.get("policy"),
        "binary-media-types": settings.get("binary_media_types"),
        "minimum-compression-size": settings.get("minimum_compression_size"),
        "api-key-source": settings.get("api_key_source"),
        "endpoint-configuration": _endpoint(settings),
    }
    extensions = {
        f"x-amazon-apigateway-{name}": value
        for name, value in named.items()
        if value not in (None, [], {})
    }
    return body | extensions


def _endpoint(settings: Settings) -> dict[str, Json]:
    configuration = settings.get("endpoint_configuration")
    ids = configuration.get("vpc_endpoint_ids") if isinstance(configuration, dict) else None
    disabled = {"disableExecuteApiEndpoint": bool(settings.get("disable_execute_api_endpoint"))}
    return {**disabled, **({"vpcEndpointIds": ids} if ids else {})}


def _schemes(authorizers: Mapping[str, Authorizer], resources: Resources) -> dict[str, Any]:
    schemes = {name: security_scheme(item) for name, item in authorizers.items()}
    methods = [method for named in resources.values() for method in named.values()]
    if any(method.api_key_required for method in methods):
        schemes[API_KEY] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
    return schemes


def path_item(methods: Mapping[HttpMethod, Method]) -> dict[str, Any]:
    """One path of the document."""
    return {
        "x-amazon-apigateway-any-method" if name == "ANY" else name.lower(): operation(method)
        for name, method in methods.items()
    }


def operation(method: Method) -> dict[str, Any]:
    """One method of a path."""
    item: dict[str, Any] = {
        "responses": {status: _response(response) for status, response in method.responses.items()},
        "x-amazon-apigateway-integration": _integration(method.integration),
    }
    if method.authorizer is None:
        item["x-amazon-apigateway-auth"] = {"type": method.authorization_type}
    if security := _security(method):
        item["security"] = security
    if method.operation_name:
        item["operationId"] = method.operation_name
    if method.request_validator:
        item["x-amazon-apigateway-request-validator"] = method.request_validator
    if method.request_parameters:
        item["parameters"] = [
            _parameter(name, required=required)
            for name, required in sorted(method.request_parameters.items())
        ]
    if method.request_models:
        item["requestBody"] = {"content": _content(method.request_models), "required": True}
    return item


def security_scheme(authorizer: Authorizer) -> dict[str, Any]:
    """One authorizer of the document."""
    source = authorizer.identity_source or ""
    header = source.rpartition(".")[2] if authorizer.type != "REQUEST" else "Unused"
    extension = members_of(dumped(authorizer), AUTHORIZER)
    cognito = authorizer.type == "COGNITO_USER_POOLS"
    if cognito:
        extension.pop("identitySource", None)
    return {
        "type": "apiKey",
        "name": header or "Unused",
        "in": "header",
        "x-amazon-apigateway-authtype": "cognito_user_pools" if cognito else "custom",
        "x-amazon-apigateway-authorizer": {"type": authorizer.type.lower(), **extension},
    }


def validators(named: Mapping[str, RequestValidator]) -> dict[str, Any]:
    """The request validators of the document."""
    return {
        name: {
            "validateRequestBody": validator.validate_request_body,
            "validateRequestParameters": validator.validate_request_parameters,
        }
        for name, validator in named.items()
    }


def _gateway_responses(named: Mapping[str, GatewayResponse]) -> dict[str, Any]:
    """The gateway responses of the document."""
    return {kind: members_of(dumped(item), GATEWAY_RESPONSE) for kind, item in named.items()}


def _integration(integration: Integration) -> dict[str, Any]:
    plain = dumped(integration)
    item = {"type": integration.type.lower()} | members_of(plain, INTEGRATION)
    item["passthroughBehavior"] = integration.passthrough_behavior.lower()
    if integration.connection_type != "INTERNET":
        item["connectionType"] = integration.connection_type
    method = integration.http_method
    if integration.type.startswith("AWS"):
        method = method or "POST"
    if method:
        item["httpMethod"] = method
    if integration.responses:
        item["responses"] = {
            response.selection_pattern or "default": {
                "statusCode": status,
                **members_of(dumped(response), INTEGRATION_RESPONSE),
            }
            for status, response in integration.responses.items()
        }
    return item


def _security(method: Method) -> list[dict[str, list[str]]]:
    needed = [{method.authorizer: [*method.authorization_scopes]}] if method.authorizer else []
    return [*needed, {API_KEY: []}] if method.api_key_required else needed


def _parameter(name: str, *, required: bool) -> dict[str, Any]:
    _, _, place, bare = name.split(".", 3)
    return {
        "name": bare,
        "in": PLACES[place],
        "required": required,
        "schema": {"type": "string"},
    }


def _response(response: MethodResponse) -> dict[str, Any]:
    item: dict[str, Any] = {"description": "An answer."}
    if response.response_headers:
        item["headers"] = {
            name: {"schema": {"type": "string"}} for name in response.response_headers
        }
    if response.response_models:
        item["content"] = _content(response.response_models)
    return item


def _content(models: Mapping[str, str]) -> dict[str, Any]:
    return {
        content_type: {"schema": {"$ref": f"#/components/schemas/{model}"}}
        for content_type, model in sorted(models.items())
    }
