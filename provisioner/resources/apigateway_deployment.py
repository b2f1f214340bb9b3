"""apigateway.deployment: a snapshot of an API, which a stage then serves.

Give it `definition: ${api.definition}`: the hash changes with the API, a changed hash is a new
deployment, made before the old one goes. AWS makes its id and takes no name, token or tag, so the
hash stands in its description, by which it is found again.
API: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateDeployment.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    IMMUTABLE,
    Changes,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
)
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Shape, unresolved
from provisioner.resources._apigateway import ABSENT, by_first_part, if_found, in_turn

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient

PAGE = 500
MARK = "definition "
"""What the description starts with; the hash follows."""


class ApigatewayDeploymentSpec(Spec):
    """A snapshot of an API, known by the hash of what it shows."""

    rest_api_id: Annotated[str, IMMUTABLE]
    """`${api.id}`, once all its methods and integrations are there."""
    definition: Annotated[str, IMMUTABLE, Shape(longest=128, shortest=1)]
    """`${api.definition}`, or any text that changes when a new snapshot is wanted."""


ATTRIBUTES = {
    "id": "the deployment's id, for apigateway.stage",
    "definition": "the hash it was made for",
}


def identity(spec: ApigatewayDeploymentSpec, target: Target) -> str | None:  # noqa: ARG001
    """API and hash, once both are known."""
    if unresolved(spec.rest_api_id) or unresolved(spec.definition):
        return None
    return f"{spec.rest_api_id}|{spec.definition}"


def predict(spec: ApigatewayDeploymentSpec, target: Target) -> Mapping[str, str]:  # noqa: ARG001
    """The hash."""
    return {} if unresolved(spec.definition) else {"definition": spec.definition}


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One GetDeployments an API. Of several with one hash the newest counts."""
    client = aws.client("apigateway")
    apis = by_first_part(ids)
    listed = aws.gather(partial(_deployments, client, api) for api in apis)
    found: dict[str, Observed] = {}
    for (api, hashes), deployments in zip(apis.items(), listed, strict=True):
        for deployment in sorted(deployments, key=_age):
            definition = _definition(deployment)
            if definition in hashes:
                found[f"{api}|{definition}"] = _observed(api, definition, deployment["id"])
    return found


def create(
    aws: Aws,
    spec: ApigatewayDeploymentSpec,
    tags: Mapping[str, str],  # noqa: ARG001
) -> tuple[str, Observed]:
    """Take the snapshot. AWS takes one such call in five seconds."""
    with in_turn(aws, spec.rest_api_id):
        made = aws.client("apigateway").create_deployment(
            restApiId=spec.rest_api_id, description=MARK + spec.definition
        )
    observed = _observed(spec.rest_api_id, spec.definition, made["id"])
    return f"{spec.rest_api_id}|{spec.definition}", observed


def update(aws: Aws, id_: str, spec: ApigatewayDeploymentSpec, changes: Changes) -> Phase:  # noqa: ARG001
    """Nothing of a snapshot can change."""
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Take the snapshot away, with any twin a lost answer left. No stage may serve it any more."""
    client = aws.client("apigateway")
    api, _, definition = id_.partition("|")
    for deployment in _deployments(client, api):
        if _definition(deployment) == definition:
            with in_turn(aws, api), absent_is_success(ABSENT):
                client.delete_deployment(restApiId=api, deploymentId=deployment["id"])


def within(aws: Aws, parents: Sequence[str]) -> Mapping[str, Observed]:
    """All snapshots of these APIs that were made here."""
    client = aws.client("apigateway")
    listed = aws.gather(partial(_deployments, client, api) for api in parents)
    return {
        f"{api}|{definition}": _observed(api, definition, deployment["id"])
        for api, deployments in zip(parents, listed, strict=True)
        for deployment in sorted(deployments, key=_age)
        if (definition := _definition(deployment))
    }


def _observed(api: str, definition: str, deployment: str) -> Observed:
    settings = {"rest_api_id": api, "definition": definition}
    return Observed(settings, {"id": deployment, "definition": definition})


def _deployments(client: APIGatewayClient, api: str) -> list[dict[str, Any]]:
    """All deployments of an API; none if the API is gone."""
    pages = client.get_paginator("get_deployments").paginate(
        restApiId=api, PaginationConfig={"PageSize": PAGE}
    )
    found = if_found(lambda: [dict(item) for page in pages for item in page["items"]])
    return found or []


def _definition(deployment: Mapping[str, Any]) -> str:
    description = str(deployment.get("description") or "")
    return description.removeprefix(MARK) if description.startswith(MARK) else ""


def _age(deployment: Mapping[str, Any]) -> str:
    return str(deployment.get("createdDate", ""))


RESOURCE = ResourceType(
    kind="apigateway.deployment",
    service="apigateway",
    spec=ApigatewayDeploymentSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    alien="it is a snapshot of an API: write one in the manifest, and the first apply makes it",
    read=read,
    create=create,
    update=update,
    delete=delete,
    deletes=("apigateway:DELETE -",),
    parent="rest_api_id",
    belongs_to="apigateway.rest_api.id",
    within=within,
    seconds=2.0,
)


def ensure_apigateway_deployment(
    session: ClientFactory,
    spec: ApigatewayDeploymentSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Take a snapshot of the API if there is none for this definition, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
