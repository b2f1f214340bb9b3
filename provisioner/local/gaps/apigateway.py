"""What moto 5.2 leaves out of API Gateway, filled.

- `PutRestApi` in mode overwrite keeps paths and integrations only; here it imports the whole
  document: authorization, validators, models, authorizers, parameters, responses, settings.
- `UpdateRestApi` can't set a boolean to false, nor compression, nor VPC endpoints.
- `CreateRestApi` drops `binaryMediaTypes`.
- `TagResource` and `UntagResource` know stages only, not APIs.
- `DeleteRestApi` of an API that is gone is a crash, not `NotFoundException`.
- `UpdateStage` can't remove the settings of a method, nor set a client certificate; and a method
  without throttling of its own reads as throttled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from moto.apigateway import models, responses
from moto.apigateway.exceptions import RestAPINotFound

PLACES = {"query": "querystring", "header": "header", "path": "path"}
X = "x-amazon-apigateway-"

_put_rest_api = models.APIGatewayBackend.put_rest_api
_delete_rest_api = models.APIGatewayBackend.delete_rest_api
_create_rest_api = responses.APIGatewayResponse.create_rest_api
_tag_resource = responses.APIGatewayResponse.tag_resource
_untag_resource = responses.APIGatewayResponse.untag_resource
_apply_to_stage = models.Stage.apply_operations
_method_defaults = models.Stage._get_default_method_settings
_stage_to_json = models.Stage.to_json


def put_rest_api(
    self: Any,
    function_id: str,
    api_doc: dict[str, Any],
    fail_on_warnings: bool,  # noqa: FBT001  moto's own signature
    mode: str = "merge",
) -> Any:
    """Mode overwrite imports the whole document; mode merge stays as it is."""
    if mode != "overwrite":
        return _put_rest_api(self, function_id, api_doc, fail_on_warnings, mode)
    api = self.get_rest_api(function_id)
    _settings(api, api_doc)
    api.models = {}
    components = api_doc.get("components", {})
    for name, schema in components.get("schemas", {}).items():
        api.add_model(name, "", json.dumps(schema), "application/json")
    api.request_validators = {}
    for name, checks in api_doc.get(f"{X}request-validators", {}).items():
        api.create_request_validator(
            name, checks.get("validateRequestBody"), checks.get("validateRequestParameters")
        )
    api.gateway_responses = {}
    for kind, item in api_doc.get(f"{X}gateway-responses", {}).items():
        api.put_gateway_response(
            kind, item.get("statusCode"), item.get("responseParameters", {}),
            item.get("responseTemplates", {}),
        )  # fmt: skip
    api.authorizers = {}
    for name, scheme in components.get("securitySchemes", {}).items():
        if f"{X}authorizer" in scheme:
            _authorizer(self, function_id, name, scheme)
    api.default.resource_methods = {}
    api.resources = {api.default.id: api.default}
    for path, item in sorted(api_doc["paths"].items()):
        resource = _resource(self, api, path)
        for verb, operation in item.items():
            _method(self, api, resource, verb, operation)
    return api


def _settings(api: Any, document: Mapping[str, Any]) -> None:
    api.name = document["info"]["title"]
    api.description = document["info"].get("description", "")
    policy = document.get(f"{X}policy")
    api.policy = json.dumps(policy) if policy else None
    api.binaryMediaTypes = document.get(f"{X}binary-media-types", [])
    api.minimum_compression_size = document.get(f"{X}minimum-compression-size")
    api.api_key_source = document.get(f"{X}api-key-source", "HEADER")
    endpoint = document.get(f"{X}endpoint-configuration", {})
    api.disableExecuteApiEndpoint = endpoint.get("disableExecuteApiEndpoint", False)


def _authorizer(backend: Any, api_id: str, name: str, scheme: Mapping[str, Any]) -> None:
    item = scheme[f"{X}authorizer"]
    kind = item["type"].upper()
    source = item.get("identitySource")
    if kind != "REQUEST" and not source:
        source = f"method.request.header.{scheme['name']}"
    made = backend.create_authorizer(
        api_id,
        name,
        kind,
        provider_arns=item.get("providerARNs"),
        auth_type=scheme.get(f"{X}authtype"),
        authorizer_uri=item.get("authorizerUri"),
        authorizer_credentials=item.get("authorizerCredentials"),
        identity_source=source,
        authorizer_result_ttl=item.get("authorizerResultTtlInSeconds", 300),
    )
    made.identity_validation_expression = item.get("identityValidationExpression")


def _resource(backend: Any, api: Any, path: str) -> Any:
    """The resource of a path, made with its ancestors where they are missing."""
    resource = api.default
    walked = ""
    for part in path.strip("/").split("/") if path != "/" else ():
        walked += f"/{part}"
        resource = api.get_resource_for_path(walked) or backend.create_resource(
            api.id, resource.id, part
        )
    return resource


def _method(backend: Any, api: Any, resource: Any, verb: str, operation: dict[str, Any]) -> None:
    name = "ANY" if verb.startswith("x-") else verb.upper()
    needed = {who: scopes for item in operation.get("security", []) for who, scopes in item.items()}
    authorizers = {item.name: item for item in api.authorizers.values()}
    authorizer = next((authorizers[who] for who in needed if who in authorizers), None)
    kind = operation.get(f"{X}auth", {}).get("type", "NONE")
    if authorizer:
        kind = authorizer.type if authorizer.type == "COGNITO_USER_POOLS" else "CUSTOM"
    validators = {item.name: item.id for item in api.request_validators.values()}
    backend.put_method(
        api.id,
        resource.id,
        name,
        kind,
        api_key_required="api_key" in needed,
        request_parameters={
            f"method.request.{PLACES[item['in']]}.{item['name']}": item.get("required", False)
            for item in operation.get("parameters", [])
        },
        request_models=_models(operation.get("requestBody", {})),
        operation_name=operation.get("operationId"),
        authorizer_id=authorizer.id if authorizer else None,
        authorization_scopes=needed.get(authorizer.name) if authorizer else None,
        request_validator_id=validators.get(operation.get(f"{X}request-validator")),
    )
    for status, answer in operation.get("responses", {}).items():
        headers = {
            f"method.response.header.{header}": False for header in answer.get("headers", {})
        }
        backend.put_method_response(api.id, resource.id, name, status, _models(answer), headers)
    if integration := operation.get(f"{X}integration"):
        _integration(backend, api.id, resource.id, name, integration)


def _models(holder: Mapping[str, Any]) -> dict[str, str]:
    return {
        content_type: item["schema"]["$ref"].rpartition("/")[2]
        for content_type, item in holder.get("content", {}).items()
    }


def _integration(
    backend: Any, api_id: str, resource_id: str, method: str, item: dict[str, Any]
) -> None:
    arguments = {k: v for k, v in backend._build_integration_args(item).items() if v is not None}
    arguments |= {
        "integration_type": item["type"].upper(),
        "uri": item.get("uri"),
        "integration_method": item.get("httpMethod"),
        "passthrough_behavior": item.get("passthroughBehavior", "when_no_match").upper(),
    }
    made = backend.put_integration(api_id, resource_id, method, **arguments)
    made.cache_key_parameters = item.get("cacheKeyParameters", [])
    for answer in backend._build_integration_responses_args(item):
        backend.put_integration_response(api_id, resource_id, method, **answer)


def delete_rest_api(self: Any, function_id: str) -> Any:
    """An API that is gone is not found."""
    if function_id not in self.apis:
        raise RestAPINotFound
    return _delete_rest_api(self, function_id)


def create_rest_api(self: Any) -> Any:
    """Keep the binary media types."""
    answer = _create_rest_api(self)
    types = self._get_param("binaryMediaTypes")
    if not types or answer[0] != 200:
        return answer
    api = self.backend.get_rest_api(json.loads(answer[2])["id"])
    api.binaryMediaTypes = types
    return 200, {}, json.dumps(api.to_dict())


def patch_rest_api(self: Any, patch_operations: Iterable[Mapping[str, Any]]) -> None:
    """Every patch that AWS documents for an API, by its exact path."""
    for patch in patch_operations:
        value = patch.get("value")
        _, member, *rest = patch["path"].split("/")
        last = rest[-1].replace("~1", "/").replace("~0", "~") if rest else ""
        if member == "binaryMediaTypes":
            kept = [item for item in self.binaryMediaTypes if item != last]
            self.binaryMediaTypes = [*kept, last] if patch["op"] == "add" else kept
        elif member == "endpointConfiguration" and rest[0] == "types":
            self.endpoint_configuration["types"] = [value]
        elif member == "endpointConfiguration":
            ids = [i for i in self.endpoint_configuration.get(rest[0], []) if i != value]
            self.endpoint_configuration[rest[0]] = [*ids, value] if patch["op"] == "add" else ids
        elif member == "disableExecuteApiEndpoint":
            self.disableExecuteApiEndpoint = value == "true"
        elif member == "minimumCompressionSize":
            self.minimum_compression_size = int(value) if value else None
        elif member == "apiKeySource":
            self.api_key_source = value
        else:
            setattr(self, member, value)


def _tagged(response: Any) -> Any | None:
    """The API whose ARN stands in the path; None when it is a stage's."""
    arn = unquote(response.path.split("/tags/")[1])
    parts = arn.partition("/restapis/")[2].split("/")
    return response.backend.get_rest_api(parts[0]) if len(parts) == 1 else None


def tag_resource(self: Any) -> str:
    """Tag an API as well as a stage."""
    api = _tagged(self)
    if api is None:
        return str(_tag_resource(self))
    api.tags = {**api.tags, **(self._get_param("tags") or {})}
    return "{}"


def untag_resource(self: Any) -> str:
    """Untag an API as well as a stage."""
    api = _tagged(self)
    if api is None:
        return str(_untag_resource(self))
    keys = self.querystring.get("tagKeys") or []
    api.tags = {key: value for key, value in api.tags.items() if key not in keys}
    return "{}"


def patch_stage(self: Any, patch_operations: list[dict[str, Any]]) -> Any:
    """Removed method settings, and the client certificate; the rest stays as it is."""
    others = []
    for patch in patch_operations:
        steps = patch["path"].split("/")
        if patch["op"] == "remove" and len(steps) == 3 and steps[1] != "variables":
            self.method_settings.pop("/".join(steps[1:]), None)
        elif steps[1] == "clientCertificateId":
            self.client_certificate_id = patch.get("value") or None
        else:
            others.append(patch)
    return _apply_to_stage(self, others)


def method_defaults(self: Any) -> dict[str, Any]:
    """What AWS answers of a method that nothing was set for: no throttling of its own."""
    defaults: dict[str, Any] = _method_defaults(self)
    return {**defaults, "throttlingBurstLimit": -1, "throttlingRateLimit": -1.0}


def stage_to_json(self: Any) -> dict[str, Any]:
    """The client certificate too."""
    answer: dict[str, Any] = _stage_to_json(self)
    certificate = getattr(self, "client_certificate_id", None)
    return {**answer, "clientCertificateId": certificate} if certificate else answer


FILLINGS: tuple[tuple[type, str, Callable[..., Any]], ...] = (
    (models.APIGatewayBackend, "put_rest_api", put_rest_api),
    (models.APIGatewayBackend, "delete_rest_api", delete_rest_api),
    (models.RestAPI, "apply_patch_operations", patch_rest_api),
    (models.Stage, "apply_operations", patch_stage),
    (models.Stage, "_get_default_method_settings", method_defaults),
    (models.Stage, "to_json", stage_to_json),
    (responses.APIGatewayResponse, "create_rest_api", create_rest_api),
    (responses.APIGatewayResponse, "tag_resource", tag_resource),
    (responses.APIGatewayResponse, "untag_resource", untag_resource),
)


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    for owner, name, filling in FILLINGS:
        setattr(owner, name, filling)
