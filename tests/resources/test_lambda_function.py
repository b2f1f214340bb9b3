"""lambda.function: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.awslambda.models import LambdaFunction
from moto.awslambda.responses import LambdaResponse

from provisioner.aws.clients import Aws
from provisioner.errors import AwsError, WaitError
from provisioner.lifecycle import Json, Observed, Phase
from provisioner.lifecycle.ensure import ensure
from provisioner.resources.lambda_function import (
    RESOURCE,
    LambdaFunctionSpec,
    ensure_lambda_function,
)
from tests.contract.case import Case
from tests.resources import _ec2, _lambda, _roles

HERE = Path(__file__).parent

QUEUE = "arn:aws:sqs:eu-central-1:123456789012:failed"
SOURCES = HERE.parent.parent / "lambdas"


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {
        "function_name": "contract",
        "role": _lambda.role(session),
        "runtime": "python3.13",
        "code": str(SOURCES / "health_check"),
        "environment": {"STAGE": "dev"},
        "tags": {"Name": "contract"},
    }


def _alive(session: boto3.Session, id_: str) -> bool:
    listed = session.client("lambda").list_functions()["Functions"]
    return id_ in [one["FunctionName"] for one in listed]


def _in_a_vpc(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    vpc = _ec2.vpc(session)
    return {
        "subnet_ids": [_ec2.subnet(session, vpc, "10.9.1.0/24")],
        "security_group_ids": [_ec2.group(session, vpc)],
    }


CASE = Case(
    kind="lambda.function",
    settings=_settings,
    alive=_alive,
    changes={
        "function_name": {"function_name": "other"},
        "runtime": {"runtime": "python3.12"},
        "handler": {"handler": "handler.other"},
        "code": {"code": str(SOURCES / "data_processor")},
        "architectures": {"architectures": ["arm64"]},
        "description": {"description": "other"},
        "memory_size": {"memory_size": 256},
        "timeout": {"timeout": 10},
        "ephemeral_storage": {"ephemeral_storage": 1024},
        "environment": {"environment": {"STAGE": "prod"}},
        "subnet_ids": {},
        "dead_letter_target_arn": {"dead_letter_target_arn": QUEUE},
        "tracing_mode": {"tracing_mode": "Active"},
        "log_group": {"log_group": "/team/functions"},
        "log_format": {"log_format": "JSON"},
        "reserved_concurrent_executions": {"reserved_concurrent_executions": 5},
    },
    prepare={
        "role": lambda session, _: {"role": _lambda.role(session, "another")},
        "kms_key": lambda session, _: {"kms_key": _roles.key(session)},
        "subnet_ids": _in_a_vpc,
        "security_group_ids": _in_a_vpc,
    },
    exempt={"layers": "moto wants the layer itself; sent like any other member"},
)


def test_the_same_sources_are_no_difference(session: boto3.Session, tmp_path: Path) -> None:
    """A folder that was copied, touched and compiled is the same code."""
    role = _lambda.role(session)
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "handler.py").write_text("def handler(event, context): ...\n")

    def ensured(folder: str) -> str:
        spec = LambdaFunctionSpec(
            function_name="same", role=role, runtime="python3.13", code=str(tmp_path / folder)
        )
        return str(ensure_lambda_function(session, spec).action)

    assert ensured("one") == "create"
    assert ensured("two") == "noop"
    (tmp_path / "two" / "handler.py").write_text("def handler(event, context): return 1\n")
    assert ensured("two") == "update"


def test_a_missing_folder_is_told_before_anything_is_made(tmp_path: Path) -> None:
    """The sentence names the folder."""
    with pytest.raises(ValueError, match="there is no folder"):
        LambdaFunctionSpec(
            function_name="a",
            role="arn:aws:iam::123456789012:role/a",
            runtime="python3.13",
            code=str(tmp_path / "none"),
        )


def test_subnets_and_groups_go_together() -> None:
    """AWS takes both or neither."""
    with pytest.raises(ValueError, match="go together"):
        LambdaFunctionSpec(
            function_name="a",
            role="arn:aws:iam::123456789012:role/a",
            runtime="python3.13",
            code="src",
            subnet_ids=["subnet-1"],
        )


def _saying(monkeypatch: pytest.MonkeyPatch, **said: str) -> None:
    """Let Lambda say this of every function."""
    original = LambdaFunction.get_configuration

    def configuration(self: Any, *args: Any, **named: Any) -> dict[str, Any]:
        return {**original(self, *args, **named), **said}

    monkeypatch.setattr(LambdaFunction, "get_configuration", configuration)


def _seen(aws: Aws) -> tuple[Observed, Observed]:
    """A function as a plan reads it, and as a wait polls it."""
    assert RESOURCE.poll is not None
    return RESOURCE.read(aws, ["busy"])["busy"], RESOURCE.poll(aws, ["busy"])["busy"]


@pytest.mark.parametrize(
    ("said", "read", "polled"),
    [
        ({"State": "Pending", "StateReason": "why"}, Phase.PENDING, Phase.PENDING),
        ({"State": "Failed", "StateReason": "why"}, Phase.FAILED, Phase.FAILED),
        ({"State": "Deleting", "StateReason": "why"}, Phase.LEAVING, Phase.LEAVING),
        ({"State": "Inactive"}, Phase.READY, Phase.READY),
        ({"LastUpdateStatus": "InProgress"}, Phase.PENDING, Phase.PENDING),
        (
            {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "why"},
            Phase.READY,
            Phase.FAILED,
        ),
    ],
)
def test_a_phase_is_what_lambda_says(
    said: dict[str, str],
    read: Phase,
    polled: Phase,
    session: boto3.Session,
    aws: Aws,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """States and updates, with Lambda's reason; a failed update is no reason to replace."""
    _lambda.function(session, "busy")
    _saying(monkeypatch, **said)
    seen, waited = _seen(aws)
    assert (seen.phase, waited.phase) == (read, polled)
    if "why" in said.values():
        assert waited.reason == "why"


def test_an_update_that_fails_ends_with_the_reason(
    session: boto3.Session, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is neither sent over and over nor taken for done."""
    settings = _settings(session)
    spec = LambdaFunctionSpec.model_validate(settings)
    ensure(RESOURCE, aws, spec)
    _saying(monkeypatch, LastUpdateStatus="Failed", LastUpdateStatusReason="no subnet left")
    with pytest.raises(WaitError, match="no subnet left"):
        ensure(RESOURCE, aws, LambdaFunctionSpec.model_validate(settings | {"timeout": 30}))


def test_tags_that_cannot_be_read_are_not_no_tags(
    session: boto3.Session, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its tags our own function would look like somebody else's."""
    _lambda.function(session, "busy")
    original = LambdaResponse.get_function

    def get_function(self: Any) -> str:
        answer = json.loads(original(self))
        answer.pop("Tags", None)
        error = {"ErrorCode": "AccessDeniedException", "Message": "not yours to see"}
        return json.dumps(answer | {"TagsError": error})

    monkeypatch.setattr(LambdaResponse, "get_function", get_function)
    with pytest.raises(AwsError, match="tags can't be read") as told:
        RESOURCE.read(aws, ["busy"])
    assert "lambda:ListTags" in told.value.hint
