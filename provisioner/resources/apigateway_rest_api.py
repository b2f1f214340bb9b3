"""apigateway.rest_api: a REST API with its whole definition: paths, methods, models, authorizers.

API Gateway takes few control calls a second and none side by side, so the definition goes in with
one import (PutRestApi, mode overwrite) however many methods it has. A change takes effect for
callers only with a new deployment: give `apigateway.deployment` the attribute `definition`, which
changes with it. Names are not unique and creation takes no token: the ownership tags tell which
API is ours.
API: https://docs.aws.amazon.com/apigateway/latest/api/API_PutRestApi.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import Field, model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.facets import read_facets
from provisioner.aws.failures import absent_is_success
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    CREATE,
    STACK_TAG,
    Changes,
    Json,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
    settings_of,
)
from provisioner.lifecycle.canonical import UNORDERED
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import PolicyDocument, Shape, Tags, policy_text, unresolved
from provisioner.resources._apigateway import (
    ABSENT,
    execution_arn,
    if_found,
    in_turn,
    rest_api_arn,
)
from provisioner.resources._apigateway_definition import (
    MODELS,
    RESOURCES,
    Authorizer,
    GatewayResponse,
    Models,
    Name,
    RequestValidator,
    Resources,
    definition_of,
    open_methods,
)
from provisioner.resources._apigateway_observed import definition, facets
from provisioner.resources._apigateway_openapi import document
from provisioner.resources._apigateway_patches import patches

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_apigateway.type_defs import CreateRestApiRequestTypeDef

DEFINITION = frozenset(
    {"resources", "models", "request_validators", "authorizers", "gateway_responses"}
)
"""The fields that an import carries."""


class EndpointConfiguration(Spec):
    """Where the API answers."""

    types: Annotated[
        tuple[Literal["REGIONAL", "EDGE", "PRIVATE"], ...], Field(min_length=1, max_length=1)
    ] = ("REGIONAL",)
    vpc_endpoint_ids: tuple[str, ...] = ()
    """For a PRIVATE API."""


class ApigatewayRestApiSpec(Spec):
    """A REST API and all that is in it."""

    name: Annotated[str, CREATE, Shape(longest=255, shortest=1)]
    description: Annotated[str | None, CREATE, Wait.NAME, Shape(longest=1024)] = None
    endpoint_configuration: Annotated[EndpointConfiguration, CREATE] = EndpointConfiguration()
    api_key_source: Annotated[Literal["HEADER", "AUTHORIZER"], CREATE] = "HEADER"
    binary_media_types: Annotated[tuple[str, ...], CREATE, UNORDERED] = ()
    minimum_compression_size: Annotated[int | None, CREATE, Field(ge=0, le=10_485_760)] = None
    """Answers from this many bytes on are compressed. Unset: none is."""
    disable_execute_api_endpoint: Annotated[bool, CREATE] = False
    """True: the API answers under its custom domain only."""
    policy: Annotated[PolicyDocument | None, CREATE, Wait.EXISTS] = None
    """Who may call the API at all. Its own resources are written `execute-api:/*`."""
    resources: Annotated[Resources, RESOURCES, Wait.NAME] = {}
    """Path → HTTP method → what it asks for and calls."""
    models: Annotated[Models, MODELS, Wait.NAME] = {}
    """Name → JSON schema of a body, within what OpenAPI 3.0 knows of JSON schema."""
    request_validators: dict[Name, RequestValidator] = {}
    authorizers: Annotated[dict[Name, Authorizer], Wait.NAME] = {}
    gateway_responses: dict[str, GatewayResponse] = {}
    """`DEFAULT_4XX`, `UNAUTHORIZED`, … → the answer in place of AWS's own."""
    tags: Tags = {}

    @model_validator(mode="after")
    def _whole(self) -> ApigatewayRestApiSpec:
        """Every method names models, validators and authorizers that are there."""
        for path, methods in self.resources.items():
            for verb, method in methods.items():
                wanted = (
                    ("authorizer", [method.authorizer], self.authorizers),
                    ("request validator", [method.request_validator], self.request_validators),
                    ("model", [*method.request_models.values()], {*self.models, "Empty", "Error"}),
                )
                for what, names, known in wanted:
                    if missing := [name for name in names if name and name not in known]:
                        message = f"{verb} {path} names {what} {missing[0]!r}, which is not defined"
                        raise ValueError(message)
        return self


ATTRIBUTES = {
    "id": "the API's id",
    "name": "the API's name",
    "arn": "the ARN of the API, as tags want it",
    "execution_arn": "the ARN that permissions to invoke name; add `/*/METHOD/path`",
    "root_resource_id": "the id of the resource `/`",
    "definition": "a hash of all that takes effect with a deployment; for apigateway.deployment",
}


def identity(spec: ApigatewayRestApiSpec, target: Target) -> str | None:  # noqa: ARG001
    """AWS makes the id."""
    return None


def predict(spec: ApigatewayRestApiSpec, target: Target) -> Mapping[str, str]:  # noqa: ARG001
    """The name; and the hash, once nothing in the definition is unknown."""
    settings = settings_of(spec)
    known = {"name": spec.name}
    if unresolved(json.dumps(settings)):
        return known
    return known | {"definition": definition_of(settings)}


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """Six calls an API, side by side: itself, and each list of its definition."""
    client = aws.client("apigateway")
    found = read_facets(aws, ids, [partial(_itself, client), *facets(client)])
    return {id_: _observed(facts, aws.target) for id_, facts in found.items()}


def create(aws: Aws, spec: ApigatewayRestApiSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the API without its definition, which follows with one import."""
    request = _request(spec)
    request["tags"] = dict(tags)
    api: Mapping[str, Any] = aws.client("apigateway").create_rest_api(**request)
    wanted = settings_of(spec)
    settings = {name: value for name, value in wanted.items() if name not in DEFINITION}
    attributes = _attributes(api, aws.target)
    return api["id"], Observed(settings, attributes, tags)


def update(aws: Aws, id_: str, spec: ApigatewayRestApiSpec, changes: Changes) -> Phase:
    """Import the definition if any of it differs; patch what an import does not carry."""
    client = aws.client("apigateway")
    operations = [*patches(changes)]
    with in_turn(aws, id_):
        if changes.keys() & DEFINITION:
            client.put_rest_api(
                restApiId=id_, mode="overwrite", failOnWarnings=False, body=_body(spec)
            )
        if operations:
            client.update_rest_api(restApiId=id_, patchOperations=cast("Any", operations))
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Take the API away, with stages and deployments. AWS takes one such call in 30 seconds."""
    with in_turn(aws, id_), absent_is_success(ABSENT):
        aws.client("apigateway").delete_rest_api(restApiId=id_)


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    client = aws.client("apigateway")
    arn = rest_api_arn(aws.target, id_)
    if added:
        client.tag_resource(resourceArn=arn, tags=added)
    if removed:
        client.untag_resource(resourceArn=arn, tagKeys=list(removed))


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every API; the list carries the tags."""
    pages = aws.client("apigateway").get_paginator("get_rest_apis").paginate()
    ids = [
        api["id"]
        for page in pages
        for api in page["items"]
        if stack is None or api.get("tags", {}).get(STACK_TAG) == stack
    ]
    return read(aws, ids)


def _itself(client: APIGatewayClient, id_: str) -> dict[str, Json] | None:
    api: Any = if_found(lambda: client.get_rest_api(restApiId=id_))
    if api is None:
        return None
    kept = (
        "id", "name", "description", "binaryMediaTypes", "minimumCompressionSize", "apiKeySource",
        "endpointConfiguration", "policy", "tags", "disableExecuteApiEndpoint", "rootResourceId",
    )  # fmt: skip
    return {member: api[member] for member in kept if api.get(member) is not None}


def _attributes(api: Mapping[str, Any], target: Target) -> dict[str, str]:
    id_ = str(api["id"])
    return {
        "id": id_,
        "name": str(api["name"]),
        "arn": rest_api_arn(target, id_),
        "execution_arn": execution_arn(target, id_),
        "root_resource_id": str(api["rootResourceId"]),
    }


def _observed(facts: Mapping[str, Any], target: Target) -> Observed:
    endpoint = facts.get("endpointConfiguration") or {}
    settings: dict[str, Json] = {
        "name": facts["name"],
        "description": facts.get("description"),
        "endpoint_configuration": {
            "types": endpoint.get("types") or ["EDGE"],
            "vpc_endpoint_ids": endpoint.get("vpcEndpointIds") or [],
        },
        "api_key_source": facts.get("apiKeySource") or "HEADER",
        "binary_media_types": facts.get("binaryMediaTypes"),
        "minimum_compression_size": facts.get("minimumCompressionSize"),
        "disable_execute_api_endpoint": bool(facts.get("disableExecuteApiEndpoint")),
        "policy": _policy(facts.get("policy"), execution_arn(target, facts["id"])),
        **definition(facts),
    }
    attributes = _attributes(facts, target) | {"definition": definition_of(settings)}
    return Observed(settings, attributes, facts.get("tags") or {})


def _policy(text: str | None, own: str) -> Json:
    """AWS escapes the text once more, and expands `execute-api:/…` to the API's own ARN."""
    if not text:
        return None
    try:
        policy: Json = json.loads(text)
    except ValueError:
        policy = json.loads(text.replace('\\"', '"'))
    shortened: Json = json.loads(json.dumps(policy).replace(f"{own}/", "execute-api:/"))
    return shortened


def _request(spec: ApigatewayRestApiSpec) -> CreateRestApiRequestTypeDef:
    request: dict[str, Any] = {
        "name": spec.name,
        "description": spec.description,
        "apiKeySource": spec.api_key_source,
        "binaryMediaTypes": list(spec.binary_media_types),
        "minimumCompressionSize": spec.minimum_compression_size,
        "disableExecuteApiEndpoint": spec.disable_execute_api_endpoint,
        "policy": policy_text(spec.policy) if spec.policy else None,
        "endpointConfiguration": {"types": list(spec.endpoint_configuration.types)},
    }
    if spec.endpoint_configuration.vpc_endpoint_ids:
        ids = list(spec.endpoint_configuration.vpc_endpoint_ids)
        request["endpointConfiguration"]["vpcEndpointIds"] = ids
    given = {member: value for member, value in request.items() if value not in (None, [])}
    return cast("CreateRestApiRequestTypeDef", given)


def _body(spec: ApigatewayRestApiSpec) -> bytes:
    parts = document(
        spec.name,
        resources=spec.resources,
        models=spec.models,
        request_validators=spec.request_validators,
        authorizers=spec.authorizers,
        gateway_responses=spec.gateway_responses,
        settings=settings_of(spec),
    )
    return json.dumps(parts, separators=(",", ":")).encode()


RESOURCE = ResourceType(
    kind="apigateway.rest_api",
    service="apigateway",
    spec=ApigatewayRestApiSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    read=read,
    create=create,
    update=update,
    delete=delete,
    exposes=open_methods,
    retag=retag,
    search=search,
    deletes=("apigateway:DELETE",),
    seconds=4.0,
)


def ensure_apigateway_rest_api(
    session: ClientFactory,
    spec: ApigatewayRestApiSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the API if it is missing, correct it where it differs, else do nothing.

    Without an owner the API is found again by its `Name` tag. See
    `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
