"""What an API is made of."""

from __future__ import annotations

import json
from typing import Any

from tests.strict.case import Case, Client, Ground
from tests.strict.cases._apis import MOCK, api, stack

POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": "execute-api:/*",
        }
    ],
}
AUTHORIZER = {
    "type": "TOKEN",
    "authorizer_uri": (
        "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/"
        "arn:aws:lambda:eu-central-1:123456789012:function:strict/invocations"
    ),
}


def put_again(client: Client) -> None:
    """Bring a method to other settings by putting it once more."""
    made = api(client)
    where = {"restApiId": made.id, "resourceId": made.root, "httpMethod": "GET"}
    made.client.put_method(**where, authorizationType="AWS_IAM")


def delete_an_authorizer(client: Client) -> None:
    """Delete an authorizer before the method that asks it."""
    made = api(client)
    authorizer = made.client.create_authorizer(
        restApiId=made.id,
        name="mine",
        type="TOKEN",
        authorizerUri=AUTHORIZER["authorizer_uri"],
        identitySource="method.request.header.Authorization",
    )["id"]
    made.client.put_method(
        restApiId=made.id,
        resourceId=made.root,
        httpMethod="PUT",
        authorizationType="CUSTOM",
        authorizerId=authorizer,
    )
    made.client.delete_authorizer(restApiId=made.id, authorizerId=authorizer)


def compare_policies(client: Client) -> None:
    """Compare the policy of an API with what was sent."""
    text = json.dumps(POLICY)
    made = api(client, policy=text)
    assert made.client.get_rest_api(restApiId=made.id)["policy"] == text


def compare_integrations(client: Client) -> None:
    """Compare an integration with what was sent."""
    made = api(client)
    found = made.client.get_integration(restApiId=made.id, resourceId=made.root, httpMethod="GET")
    wanted = {"type": "MOCK", "requestTemplates": {"application/json": "{}"}}
    read = {name: found[name] for name in found if name != "ResponseMetadata" and found[name]}
    assert read == wanted


def _authorized(*names: str) -> dict[str, Any]:
    """An API whose methods ask these authorizers."""
    method = {**MOCK, "authorization_type": "CUSTOM"}
    return {
        "authorizers": dict.fromkeys(names, AUTHORIZER),
        "resources": {f"/{name}": {"GET": {**method, "authorizer": name}} for name in names},
    }


def change_everything(ground: Ground) -> None:
    """Methods, authorizers and policies come, change and go, each time with a new deployment."""
    ground.through(
        stack("prod"),
        stack("prod", policy=POLICY, **_authorized("one", "two")),
        stack("prod", policy=POLICY, **_authorized("two", "three")),
        stack("prod", paths=("/", "/data", "/data/{id}")),
    )


CASES = [
    Case("apigateway.same-names", put_again, "ConflictException", change_everything),
    Case("apigateway.parts-in-use", delete_an_authorizer, "ConflictException", change_everything),
    Case("apigateway.policy-form", compare_policies, "", change_everything),
    Case("apigateway.fill-ins", compare_integrations, "", change_everything),
]
