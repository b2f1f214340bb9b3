"""What an API consists of: its models for people, its forms of comparison, its hash.

A deployment is a snapshot of the definition, so whatever takes effect only with a new deployment
counts into the hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, model_validator

from provisioner.lifecycle import Json, Settings, Spec
from provisioner.lifecycle.canonical import (
    Canonical,
    as_json_text,
    as_policy,
    as_set,
    without_empties,
)
from provisioner.lifecycle.fields import Shape

Name = Annotated[str, Shape(r"[A-Za-z0-9_-]+", longest=128, says="letters, digits, _ and -")]
ModelName = Annotated[str, Shape(r"[A-Za-z0-9]+", longest=128, says="letters and digits")]
Path = Annotated[
    str,
    Shape(r"/|(/(\{[A-Za-z0-9._:-]+\+?\}|[A-Za-z0-9._:-]+))+", says="a path such as /data/{id}"),
]
Status = Annotated[str, Shape(r"[1-5]\d\d", says="an HTTP status such as 200")]
HttpMethod = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"]


class IntegrationResponse(Spec):
    """How the backend's answer becomes the method's. Not for proxies, which answer themselves."""

    selection_pattern: str | None = None
    """A regular expression on the backend's error or status. Unset: the default answer."""
    response_templates: dict[str, str] = {}
    response_parameters: dict[str, str] = {}
    """`method.response.header.NAME` → `'constant'` or `integration.response.header.NAME`."""
    content_handling: Literal["CONVERT_TO_BINARY", "CONVERT_TO_TEXT"] | None = None


class Integration(Spec):
    """What a method calls."""

    type: Literal["AWS_PROXY", "AWS", "HTTP_PROXY", "HTTP", "MOCK"]
    uri: str | None = None
    """For a function: `${function.invoke_arn}`, which is `arn:PARTITION:apigateway:REGION:lambda:
    path/2015-03-31/functions/FUNCTION_ARN/invocations`."""
    http_method: str | None = None
    """How the backend is called. Unset: POST for AWS, which Lambda wants."""
    credentials: str | None = None
    """The ARN of a role to call with. Unset: the backend's own policy admits the API."""
    connection_type: Literal["INTERNET", "VPC_LINK"] = "INTERNET"
    connection_id: str | None = None
    passthrough_behavior: Literal["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"] = "WHEN_NO_MATCH"
    timeout_in_millis: Annotated[int, Field(ge=50, le=300_000)] = 29_000
    request_templates: dict[str, str] = {}
    request_parameters: dict[str, str] = {}
    """`integration.request.querystring.NAME` → `method.request.querystring.NAME`."""
    content_handling: Literal["CONVERT_TO_BINARY", "CONVERT_TO_TEXT"] | None = None
    cache_key_parameters: tuple[str, ...] = ()
    responses: dict[Status, IntegrationResponse] = {}
    """By the status of the method's response."""

    @model_validator(mode="after")
    def _calls_something(self) -> Integration:
        if (self.uri is None) != (self.type == "MOCK"):
            message = "an integration has a uri, unless its type is MOCK"
            raise ValueError(message)
        if self.type.startswith("HTTP") and not self.http_method:
            message = "an HTTP integration needs http_method"
            raise ValueError(message)
        return self


class MethodResponse(Spec):
    """An answer that a method may give."""

    response_models: dict[str, ModelName] = {}
    """Content type → model."""
    response_headers: tuple[str, ...] = ()
    """Names of headers that an integration response may set."""


class Method(Spec):
    """What one HTTP method on one path asks for, and does."""

    authorization_type: Literal["NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS"]
    """Who may call. There is no default: an open method is written down."""
    authorizer: Name | None = None
    """One of `authorizers`, for CUSTOM and COGNITO_USER_POOLS."""
    authorization_scopes: tuple[str, ...] = ()
    api_key_required: bool = False
    operation_name: str | None = None
    request_parameters: dict[str, bool] = {}
    """`method.request.querystring.NAME` (or `header`, `path`) → whether it is required."""
    request_validator: Name | None = None
    """One of `request_validators`."""
    request_models: dict[str, ModelName] = {}
    """Content type → one of `models`."""
    integration: Integration
    responses: dict[Status, MethodResponse] = {}

    @model_validator(mode="after")
    def _authorized(self) -> Method:
        wants = self.authorization_type in {"CUSTOM", "COGNITO_USER_POOLS"}
        if wants != (self.authorizer is not None):
            message = "authorizer goes with authorization_type CUSTOM or COGNITO_USER_POOLS"
            raise ValueError(message)
        return self


class RequestValidator(Spec):
    """What is checked before the backend is called."""

    validate_request_body: bool = False
    validate_request_parameters: bool = False


class Authorizer(Spec):
    """Who decides whether a call may pass."""

    type: Literal["TOKEN", "REQUEST", "COGNITO_USER_POOLS"]
    authorizer_uri: str | None = None
    """The function to ask, as an integration's `uri`."""
    authorizer_credentials: str | None = None
    identity_source: str | None = "method.request.header.Authorization"
    identity_validation_expression: str | None = None
    authorizer_result_ttl_in_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    """How long an answer is reused, over all methods: 0 asks every time."""
    provider_arns: tuple[str, ...] = ()
    """Cognito user pools."""


class GatewayResponse(Spec):
    """What API Gateway answers by itself, when a call does not reach the backend."""

    status_code: Status | None = None
    response_parameters: dict[str, str] = {}
    response_templates: dict[str, str] = {}


Models = dict[ModelName, dict[str, JsonValue]]
Resources = dict[Path, dict[HttpMethod, Method]]


def as_resources(value: Json) -> Json:
    """Paths with their methods, what AWS fills in left out."""
    paths = value if isinstance(value, dict) else {}
    canonical: dict[str, Json] = {
        path: {name: _as_method(method) for name, method in methods.items()}
        for path, methods in paths.items()
        if isinstance(methods, dict) and methods
    }
    return without_empties(canonical)


def as_models(value: Json) -> Json:
    """JSON schemas by name, compared as data; `$schema` says nothing."""
    models = value if isinstance(value, dict) else {}
    canonical: dict[str, Json] = {}
    for name, schema in models.items():
        data = as_json_text(schema)
        members = data if isinstance(data, dict) else {}
        canonical[name] = {key: item for key, item in members.items() if key != "$schema"}
    return canonical or None


def open_methods(settings: Settings) -> list[str]:
    """Methods that anybody may call."""
    paths = settings.get("resources")
    return [
        f"{name} {path} for anybody"
        for path, methods in (paths.items() if isinstance(paths, dict) else ())
        for name, method in (methods.items() if isinstance(methods, dict) else ())
        if isinstance(method, dict) and method.get("authorization_type") == "NONE"
    ]


def _as_method(method: Json) -> Json:
    if not isinstance(method, dict):
        return method
    integration = method.get("integration")
    canonical = dict(method)
    canonical["authorization_scopes"] = as_set(method.get("authorization_scopes"))
    if isinstance(integration, dict):
        called = dict(integration)
        if str(called.get("type")).startswith("AWS") and not called.get("http_method"):
            called["http_method"] = "POST"
        called["cache_key_parameters"] = as_set(called.get("cache_key_parameters"))
        called["responses"] = _present(called.get("responses"))
        canonical["integration"] = called
    canonical["responses"] = _present(_sorted_headers(method.get("responses")))
    return canonical


def _sorted_headers(responses: Json) -> Json:
    if not isinstance(responses, dict):
        return responses
    return {
        status: {**response, "response_headers": as_set(response.get("response_headers"))}
        if isinstance(response, dict)
        else response
        for status, response in responses.items()
    }


def _present(responses: Json) -> Json:
    """A response without members is a response all the same: mark it, or it would vanish."""
    if not isinstance(responses, dict):
        return responses
    return {
        status: {"status": status, **response} if isinstance(response, dict) else response
        for status, response in responses.items()
    }


RESOURCES = Canonical(as_resources)
MODELS = Canonical(as_models)

_DEPLOYED = {
    "resources": as_resources,
    "models": as_models,
    "request_validators": without_empties,
    "authorizers": without_empties,
    "gateway_responses": without_empties,
    "policy": as_policy,
    "binary_media_types": as_set,
    "minimum_compression_size": without_empties,
    "api_key_source": without_empties,
}
"""What takes effect with the next deployment only."""


def definition_of(settings: Settings) -> str:
    """A hash of everything that a deployment takes its snapshot of: 16 hexadecimal digits."""
    parts: dict[str, Json] = {
        name: form(settings[name])
        for name, form in _DEPLOYED.items()
        if settings.get(name) is not None
    }
    present = without_empties(parts)
    text = json.dumps(present, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def dumped(part: Spec) -> dict[str, Any]:
    """A part of the definition as plain data, without what is unset or empty."""
    plain: dict[str, Any] = part.model_dump(mode="json", exclude_none=True)
    return {name: value for name, value in plain.items() if value not in ([], {})}


def members_of(part: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Pick fields under AWS's names: `names` maps field → AWS's member."""
    return {member: part[name] for name, member in names.items() if name in part}
