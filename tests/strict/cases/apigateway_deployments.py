"""Deployments."""

from __future__ import annotations

from typing import Any

from tests.strict.case import Case, Client, Ground
from tests.strict.cases._apis import Api, api, stack
from tests.strict.cases.apigateway_definition import POLICY


def served(client: Any, api_id: str) -> set[str]:
    """The paths that `prod` serves; an emulator that shows none serves what is defined."""
    stage = client.get_stage(restApiId=api_id, stageName="prod")
    deployment = client.get_deployment(
        restApiId=api_id, deploymentId=stage["deploymentId"], embed=["apisummary"]
    )
    defined = client.get_resources(restApiId=api_id)["items"]
    return {*deployment.get("apiSummary", [one["path"] for one in defined])}


def defined_is_served(client: Client) -> None:
    """Add a path to an API that is served."""
    made = api(client)
    made.stage()
    made.method(made.resource("late"))
    assert "/late" in served(made.client, made.id)


def delete_the_old_one(client: Client) -> None:
    """Delete the old deployment before the stage points to the new one."""
    made = api(client)
    old = made.stage()
    new = made.deployment()
    made.client.delete_deployment(restApiId=made.id, deploymentId=old)
    made.patch("replace", "/deploymentId", new)


def what_is_wanted_is_served(ground: Ground) -> None:
    """After each apply the stage serves what the manifest says, by a deployment of its own."""
    gateway = ground.layer.session.client("apigateway")
    forms = [
        stack("prod"),
        stack("prod", paths=("/", "/late")),
        stack("prod", paths=("/", "/late"), policy=POLICY),
        stack("prod", paths=("/late",)),
    ]
    deployments = set()
    for number, form in enumerate(forms, start=1):
        ground.up(form)
        [found] = gateway.get_rest_apis()["items"]
        stage = gateway.get_stage(restApiId=found["id"], stageName="prod")
        deployments.add(stage["deploymentId"])
        assert len(deployments) == number
        assert len(gateway.get_deployments(restApiId=found["id"])["items"]) == 1
        defined = {path for path, _, _ in _methods(Api(gateway, found["id"], ""))}
        assert served(gateway, found["id"]) == defined
    ground.down(forms[-1])


def _methods(made: Api) -> list[tuple[str, str, Any]]:
    found = made.client.get_resources(restApiId=made.id, embed=["methods"])["items"]
    return [
        (one["path"], verb, method)
        for one in found
        for verb, method in one.get("resourceMethods", {}).items()
    ]


CASES = [
    Case("apigateway.snapshots", defined_is_served, "", what_is_wanted_is_served),
    Case(
        "apigateway.served-deployments",
        delete_the_old_one,
        "BadRequestException",
        lambda ground: ground.through(stack("prod"), stack("prod", paths=("/late",))),
    ),
]
