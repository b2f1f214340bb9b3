"""APIs that the cases need: by plain calls, and as stacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from provisioner import Stack
from tests.strict.case import Client

MOCK: dict[str, Any] = {
    "authorization_type": "NONE",
    "integration": {
        "type": "MOCK",
        "request_templates": {"application/json": '{"statusCode": 200}'},
    },
}
LOGS = ("logs:CreateLogGroup", "logs:PutLogEvents")


@dataclass(frozen=True)
class Api:
    """An API by plain calls.

    Attributes:
        client: that made it.
        id: of the API.
        root: the id of its resource `/`.
    """

    client: Any
    id: str
    root: str

    def method(self, resource: str = "", verb: str = "GET") -> None:
        """A method that answers by itself."""
        where = {"restApiId": self.id, "resourceId": resource or self.root, "httpMethod": verb}
        self.client.put_method(**where, authorizationType="NONE")
        self.client.put_integration(
            **where, type="MOCK", requestTemplates={"application/json": "{}"}
        )

    def resource(self, part: str) -> str:
        """A resource below the root; its id."""
        made = self.client.create_resource(restApiId=self.id, parentId=self.root, pathPart=part)
        return str(made["id"])

    def deployment(self) -> str:
        """A deployment; its id."""
        return str(self.client.create_deployment(restApiId=self.id)["id"])

    def stage(self, name: str = "prod", **settings: Any) -> str:
        """A stage on a new deployment; the deployment's id."""
        deployment = self.deployment()
        self.client.create_stage(
            restApiId=self.id, stageName=name, deploymentId=deployment, **settings
        )
        return deployment

    def patch(self, op: str, path: str, value: str | None = None) -> None:
        """Change the stage `prod`."""
        operation = {"op": op, "path": path} | ({} if value is None else {"value": value})
        self.client.update_stage(restApiId=self.id, stageName="prod", patchOperations=[operation])


def api(client: Client, **settings: Any) -> Api:
    """An API with one method."""
    gateway = client("apigateway")
    made = gateway.create_rest_api(
        name="strict", endpointConfiguration={"types": ["REGIONAL"]}, **settings
    )
    found = Api(gateway, made["id"], made["rootResourceId"])
    found.method()
    return found


def stack(*stages: str, paths: tuple[str, ...] = ("/",), **settings: Any) -> Stack:
    """An API with these paths, a deployment, and stages of these names."""
    made = Stack("strict")
    resources = {path: {"GET": MOCK} for path in paths}
    gateway = made.add(
        "api", "apigateway.rest_api", **{"name": "strict", "resources": resources, **settings}
    )
    deployment = made.add(
        "deployment",
        "apigateway.deployment",
        rest_api_id=gateway.id,
        definition=gateway.definition,
    )
    for name in stages:
        made.add(
            name,
            "apigateway.stage",
            rest_api_id=gateway.id,
            stage_name=name,
            deployment_id=deployment.id,
        )
    return made
