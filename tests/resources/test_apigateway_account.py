"""apigateway.account: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import boto3

from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json
from provisioner.resources.apigateway_account import (
    RESOURCE,
    ApigatewayAccountSpec,
    ensure_apigateway_account,
)
from tests.contract.case import Case
from tests.resources._roles import role

ROLE = "arn:aws:iam::123456789012:role/api-logs"
OTHER = "arn:aws:iam::123456789012:role/other"


def _settings(session: boto3.Session) -> dict[str, Json]:
    for name in ("api-logs", "other"):
        role(session, name, "apigateway.amazonaws.com", "logs:PutLogEvents")
    return {"cloudwatch_role_arn": ROLE}


def _alive(session: boto3.Session, id_: str) -> bool:
    return bool(session.client("apigateway").get_account().get("cloudwatchRoleArn"))


CASE = Case(
    kind="apigateway.account",
    settings=_settings,
    alive=_alive,
    changes={"cloudwatch_role_arn": {"cloudwatch_role_arn": OTHER}},
)


def test_a_role_that_others_set_since_is_left(session: boto3.Session, aws: Aws) -> None:
    """A delete clears only the role that we set, and none at all when it is not known which."""
    ensure_apigateway_account(aws, ApigatewayAccountSpec(cloudwatch_role_arn=ROLE))
    client = session.client("apigateway")
    client.update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": OTHER}]
    )
    RESOURCE.delete(aws, "account", {"cloudwatch_role_arn": ROLE})
    RESOURCE.delete(aws, "account", {})
    assert client.get_account()["cloudwatchRoleArn"] == OTHER
