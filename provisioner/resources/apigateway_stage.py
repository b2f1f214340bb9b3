"""apigateway.stage: a deployment served under a name, with logs, throttling and tracing.

CreateStage takes neither access logs nor settings of methods: they follow with one UpdateStage.
Both need the account's role to be set before (`depends_on` an apigateway.account).
API: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateStage.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import AfterValidator, model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    COMPUTED,
    CREATE,
    IMMUTABLE,
    STACK_TAG,
    Changes,
    Json,
    Observed,
    Obstacle,
    Owner,
    Patience,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
    settings_of,
)
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Shape, Tags, unresolved
from provisioner.resources._apigateway import (
    ABSENT,
    by_first_part,
    execution_arn,
    if_found,
    in_turn,
    patch,
    pointer,
    stage_arn,
)
from provisioner.resources._apigateway_methods import (
    METHOD_SETTINGS,
    MethodPath,
    MethodSetting,
    observed_settings,
    setting_patches,
)

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_apigateway.type_defs import CreateStageRequestTypeDef

LogGroupArn = Annotated[str, AfterValidator(lambda arn: str(arn).removesuffix(":*"))]


class AccessLogSettings(Spec):
    """A line for every call."""

    destination_arn: LogGroupArn
    """The ARN of a log group, or of a Firehose stream named `amazon-apigateway-…`."""
    format: str
    """The line, with `$context.…` in it; best JSON. It must hold `$context.requestId`."""

    @model_validator(mode="after")
    def _names_the_request(self) -> AccessLogSettings:
        known = ("$context.requestId", "$context.extendedRequestId")
        if not any(name in self.format for name in known):
            message = "the format of an access log must hold $context.requestId"
            raise ValueError(message)
        return self


class ApigatewayStageSpec(Spec):
    """A stage, known by its API and name."""

    rest_api_id: Annotated[str, IMMUTABLE, Wait.EXISTS]
    stage_name: Annotated[
        str, IMMUTABLE, Shape(r"[A-Za-z0-9_-]+", longest=128, says="letters, digits, _ and -")
    ]
    deployment_id: Annotated[str, CREATE]
    """`${deployment.id}`."""
    description: Annotated[str | None, CREATE, Wait.NAME, Shape(longest=1024)] = None
    variables: Annotated[dict[str, str], CREATE, Wait.NAME] = {}
    """Stage variables: they can be read by everybody who may read the stage, so no secrets."""
    tracing_enabled: Annotated[bool, CREATE] = False
    """X-Ray."""
    cache_cluster_enabled: Annotated[bool, CREATE] = False
    """A cache of the stage's own: takes minutes to make, and costs by the hour."""
    cache_cluster_size: Annotated[
        Literal["0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"] | None, CREATE, COMPUTED
    ] = None
    """Gigabytes."""
    access_log_settings: AccessLogSettings | None = None
    method_settings: Annotated[dict[MethodPath, MethodSetting], METHOD_SETTINGS] = {}
    """`*/*` for all methods, `/path/METHOD` for one → how it runs."""
    client_certificate_id: str | None = None
    """The certificate that API Gateway shows to HTTP backends."""
    tags: Tags = {}


ATTRIBUTES = {
    "id": "API and stage, `api|stage`",
    "name": "the stage's name",
    "arn": "the ARN of the stage, as tags, WAF and usage plans want it",
    "execution_arn": "the ARN that permissions to invoke name; add `/METHOD/path`",
    "invoke_url": "where the stage answers: https://….execute-api.REGION.amazonaws.com/STAGE",
}


def identity(spec: ApigatewayStageSpec, target: Target) -> str | None:  # noqa: ARG001
    """API and name, once the API is known."""
    return None if unresolved(spec.rest_api_id) else f"{spec.rest_api_id}|{spec.stage_name}"


def predict(spec: ApigatewayStageSpec, target: Target) -> Mapping[str, str]:
    """Everything follows from API and name."""
    if unresolved(spec.rest_api_id):
        return {"name": spec.stage_name}
    return _attributes(spec.rest_api_id, spec.stage_name, target)


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One GetStages an API; tags are in it."""
    found = _stages(aws, [*by_first_part(ids)])
    return {id_: found[id_] for id_ in ids if id_ in found}


def create(aws: Aws, spec: ApigatewayStageSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the stage without logs and settings of methods, which follow."""
    request = {
        "restApiId": spec.rest_api_id,
        "stageName": spec.stage_name,
        "deploymentId": spec.deployment_id,
        "description": spec.description or "",
        "variables": spec.variables,
        "tracingEnabled": spec.tracing_enabled,
        "cacheClusterEnabled": spec.cache_cluster_enabled,
        "tags": dict(tags),
    }
    if spec.cache_cluster_size:
        request["cacheClusterSize"] = spec.cache_cluster_size
    with in_turn(aws, spec.rest_api_id):
        aws.client("apigateway").create_stage(**cast("CreateStageRequestTypeDef", request))
    follows = {"access_log_settings", "method_settings", "client_certificate_id"}
    settings = {name: item for name, item in settings_of(spec).items() if name not in follows}
    phase = Phase.PENDING if spec.cache_cluster_enabled else Phase.READY
    attributes = _attributes(spec.rest_api_id, spec.stage_name, aws.target)
    return attributes["id"], Observed(settings, attributes, tags, phase)


def update(aws: Aws, id_: str, spec: ApigatewayStageSpec, changes: Changes) -> Phase:  # noqa: ARG001
    """One UpdateStage for all that differs."""
    operations = [*_patches(changes)]
    with in_turn(aws, spec.rest_api_id):
        aws.client("apigateway").update_stage(
            restApiId=spec.rest_api_id,
            stageName=spec.stage_name,
            patchOperations=cast("Any", operations),
        )
    cached = changes.keys() & {"cache_cluster_enabled", "cache_cluster_size"}
    return Phase.PENDING if cached else Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Take the stage away. Its execution log group goes at the end: AWS may still write to it."""
    api, _, stage = id_.partition("|")
    with in_turn(aws, api), absent_is_success(ABSENT):
        aws.client("apigateway").delete_stage(restApiId=api, stageName=stage)


def obstacles(
    aws: Aws,
    id_: str,
    settings: Settings,  # noqa: ARG001
    ids: frozenset[str],
) -> Sequence[Obstacle]:
    """The log group that API Gateway made for it, unless the stack has it as its own."""
    name = _execution_logs(id_)
    if name in ids:
        return []
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return [
        Obstacle(
            f"API Gateway's own log group {name} goes with it, and all that was logged",
            blocks=False,
        )
        for group in groups
        if group["logGroupName"] == name
    ]


def returns(id_: str, settings: Settings) -> Sequence[tuple[str, str]]:  # noqa: ARG001
    """The log group that API Gateway makes by itself; nobody else can have that name."""
    return [("logs.log_group", _execution_logs(id_))]


def _execution_logs(id_: str) -> str:
    api, _, stage = id_.partition("|")
    return f"API-Gateway-Execution-Logs_{api}/{stage}"


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    client = aws.client("apigateway")
    api, _, stage = id_.partition("|")
    arn = stage_arn(aws.target, api, stage)
    if added:
        client.tag_resource(resourceArn=arn, tags=added)
    if removed:
        client.untag_resource(resourceArn=arn, tagKeys=list(removed))


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """The stages of every API; the lists carry the tags."""
    pages = aws.client("apigateway").get_paginator("get_rest_apis").paginate()
    found = _stages(aws, [api["id"] for page in pages for api in page["items"]])
    return {
        id_: stage
        for id_, stage in found.items()
        if stack is None or (stage.tags or {}).get(STACK_TAG) == stack
    }


def _attributes(api: str, stage: str, target: Target) -> dict[str, str]:
    host = f"{api}.execute-api.{target.region}.{target.dns_suffix}"
    return {
        "id": f"{api}|{stage}",
        "name": stage,
        "arn": stage_arn(target, api, stage),
        "execution_arn": f"{execution_arn(target, api)}/{stage}",
        "invoke_url": f"https://{host}/{stage}",
    }


def _stages(aws: Aws, apis: Sequence[str]) -> dict[str, Observed]:
    client = aws.client("apigateway")
    listed = aws.gather(partial(_of_api, client, api) for api in apis)
    return {
        f"{api}|{stage['stageName']}": _observed(api, stage, aws.target)
        for api, stages in zip(apis, listed, strict=True)
        for stage in stages
    }


def _of_api(client: APIGatewayClient, api: str) -> list[dict[str, Any]]:
    found = if_found(lambda: client.get_stages(restApiId=api)["item"])
    return [dict(stage) for stage in found or ()]


def _observed(api: str, stage: Mapping[str, Any], target: Target) -> Observed:
    settings: dict[str, Json] = {
        "rest_api_id": api,
        "stage_name": stage["stageName"],
        "deployment_id": stage.get("deploymentId"),
        "description": stage.get("description"),
        "variables": stage.get("variables"),
        "tracing_enabled": bool(stage.get("tracingEnabled")),
        "cache_cluster_enabled": bool(stage.get("cacheClusterEnabled")),
        "cache_cluster_size": stage.get("cacheClusterSize"),
        "access_log_settings": _access_log(stage.get("accessLogSettings") or {}),
        "method_settings": observed_settings(stage.get("methodSettings") or {}),
        "client_certificate_id": stage.get("clientCertificateId"),
    }
    status = str(stage.get("cacheClusterStatus") or "")
    phase = Phase.PENDING if status.endswith("_IN_PROGRESS") else Phase.READY
    attributes = _attributes(api, stage["stageName"], target)
    return Observed(settings, attributes, stage.get("tags") or {}, phase, status)


def _access_log(item: Mapping[str, Any]) -> Json:
    if not item.get("destinationArn"):
        return None
    arn = str(item["destinationArn"]).removesuffix(":*")
    return {"destination_arn": arn, "format": str(item.get("format", ""))}


_TEXTS = {
    "deployment_id": "/deploymentId",
    "description": "/description",
    "tracing_enabled": "/tracingEnabled",
    "cache_cluster_enabled": "/cacheClusterEnabled",
    "cache_cluster_size": "/cacheClusterSize",
    "client_certificate_id": "/clientCertificateId",
}


def _patches(changes: Changes) -> Iterator[dict[str, str]]:
    for name, change in changes.items():
        after = change.after
        if name in _TEXTS:
            text = str(after).lower() if isinstance(after, bool) else str(after or "")
            yield patch(_TEXTS[name], text)
        elif name == "variables":
            yield from _variables(change.before, after)
        elif name == "access_log_settings":
            yield from _access_log_patches(after)
        elif name == "method_settings":
            yield from setting_patches(change.before, after)


def _variables(before: Json, after: Json) -> Iterator[dict[str, str]]:
    old = before if isinstance(before, dict) else {}
    new = after if isinstance(after, dict) else {}
    for name in sorted(old.keys() - new.keys()):
        yield patch(f"/variables/{pointer(name)}", None, op="remove")
    for name, value in sorted(new.items()):
        if old.get(name) != value:
            yield patch(f"/variables/{pointer(name)}", str(value))


def _access_log_patches(after: Json) -> Iterator[dict[str, str]]:
    if not isinstance(after, dict):
        yield patch("/accessLogSettings", None, op="remove")
        return
    yield patch("/accessLogSettings/destinationArn", str(after["destination_arn"]))
    yield patch("/accessLogSettings/format", str(after["format"]))


RESOURCE = ResourceType(
    kind="apigateway.stage",
    service="apigateway",
    spec=ApigatewayStageSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    obstacles=obstacles,
    returns=returns,
    deletes=("apigateway:DELETE", "logs:DeleteLogGroup -"),
    ready=Patience(every=5, typical=240, limit=5400),
    seconds=1.0,
)


def ensure_apigateway_stage(
    session: ClientFactory,
    spec: ApigatewayStageSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the stage if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
