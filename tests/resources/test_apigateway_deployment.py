"""apigateway.deployment: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import boto3

from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json
from provisioner.lifecycle.ensure import validated
from provisioner.resources.apigateway_deployment import RESOURCE, ensure_apigateway_deployment
from tests.contract.case import Case


def make_api(session: boto3.Session) -> str:
    """An API with one method, made by hand."""
    client = session.client("apigateway")
    made = client.create_rest_api(name="by-hand")
    api, root = made["id"], made["rootResourceId"]
    client.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    client.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    return api


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {"rest_api_id": make_api(session), "definition": "0123456789abcdef"}


def _alive(session: boto3.Session, id_: str) -> bool:
    api, _, definition = id_.partition("|")
    items = session.client("apigateway").get_deployments(restApiId=api)["items"]
    return any(definition in item["description"] for item in items)


CASE = Case(
    kind="apigateway.deployment",
    settings=_settings,
    alive=_alive,
    changes={
        "definition": {"definition": "fedcba9876543210"},
    },
    prepare={"rest_api_id": lambda session, _: {"rest_api_id": make_api(session)}},
)


def test_a_snapshot_is_found_again_by_its_hash(session: boto3.Session, aws: Aws) -> None:
    """The same definition is deployed once; a deployment made by hand is none of ours."""
    settings = _settings(session)
    api = str(settings["rest_api_id"])
    session.client("apigateway").create_deployment(restApiId=api, description="by hand")
    first = ensure_apigateway_deployment(aws, validated(RESOURCE, settings))
    again = ensure_apigateway_deployment(aws, validated(RESOURCE, settings))
    assert (again.action, again.attributes["id"]) == ("noop", first.attributes["id"])
    RESOURCE.delete(aws, first.id, {})
    items = session.client("apigateway").get_deployments(restApiId=api)["items"]
    assert [item["description"] for item in items] == ["by hand"]


def test_the_identity_is_not_guessed(aws: Aws) -> None:
    """While the API or its hash is unknown, so is the deployment's identity."""
    settings: dict[str, Json] = {"rest_api_id": "${api.id}", "definition": "${api.definition}"}
    spec = validated(RESOURCE, settings)
    assert RESOURCE.identity(spec, aws.target) is None
    assert RESOURCE.predict(spec, aws.target) == {}


def test_snapshots_of_an_api_that_is_gone_are_gone(session: boto3.Session, aws: Aws) -> None:
    """Deleting the API took its deployments along: absent, and a delete is a success."""
    settings = _settings(session)
    made = ensure_apigateway_deployment(aws, validated(RESOURCE, settings))
    session.client("apigateway").delete_rest_api(restApiId=str(settings["rest_api_id"]))
    assert RESOURCE.read(aws, [made.id]) == {}
    RESOURCE.delete(aws, made.id, {})
