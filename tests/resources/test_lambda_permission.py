"""lambda.permission: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest

from provisioner.lifecycle import Json
from provisioner.resources.lambda_permission import LambdaPermissionSpec, ensure_lambda_permission
from tests.contract.case import Case
from tests.resources import _lambda

RULE = "arn:aws:events:eu-central-1:123456789012:rule/nightly"


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {
        "function_name": _lambda.function(session, "contract"),
        "statement_id": "rule",
        "principal": "events.amazonaws.com",
        "source_arn": RULE,
    }


def _alive(session: boto3.Session, id_: str) -> bool:
    name, sid = id_.split("|")
    client = session.client("lambda")
    try:
        policy = json.loads(client.get_policy(FunctionName=name)["Policy"])
    except client.exceptions.ResourceNotFoundException:
        return False
    return sid in [one["Sid"] for one in policy["Statement"]]


CASE = Case(
    kind="lambda.permission",
    settings=_settings,
    alive=_alive,
    changes={
        "statement_id": {"statement_id": "other"},
        "principal": {"principal": "sns.amazonaws.com"},
        "action": {"action": "lambda:InvokeFunctionUrl"},
        "source_arn": {"source_arn": RULE + "-2"},
        "source_account": {"source_account": "123456789012"},
    },
    prepare={
        "function_name": lambda session, _: {"function_name": _lambda.function(session, "other")}
    },
)


def test_a_service_is_bound_to_its_source() -> None:
    """Any rule of any account could call the function otherwise."""
    with pytest.raises(ValueError, match="source_arn"):
        LambdaPermissionSpec(function_name="a", statement_id="b", principal="sns.amazonaws.com")


def test_permissions_of_one_function_are_added_in_turn(
    session: boto3.Session, tmp_path: Path
) -> None:
    """AWS would lose some of those added at once."""
    name = _lambda.function(session, "busy")
    specs = [
        LambdaPermissionSpec(
            function_name=name,
            statement_id=f"rule-{number}",
            principal="events.amazonaws.com",
            source_arn=RULE,
        )
        for number in range(6)
    ]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda spec: ensure_lambda_permission(session, spec), specs))
    assert all(_alive(session, f"busy|rule-{number}") for number in range(6))


def test_a_bucket_is_bound_to_its_account() -> None:
    """Its ARN does not say whose it is."""
    bucket = "arn:aws:s3:::team-uploads"
    with pytest.raises(ValueError, match="source_account"):
        LambdaPermissionSpec(
            function_name="a",
            statement_id="b",
            principal="s3.amazonaws.com",
            source_arn=bucket,
        )


def test_an_account_may_call_without_a_source(session: boto3.Session) -> None:
    """An account is who it is; AWS stores it as its root's ARN, which is no difference."""
    spec = LambdaPermissionSpec(
        function_name=_lambda.function(session, "shared"),
        statement_id="partner",
        principal="210987654321",
    )
    assert ensure_lambda_permission(session, spec).action == "create"
    assert ensure_lambda_permission(session, spec).action == "noop"
