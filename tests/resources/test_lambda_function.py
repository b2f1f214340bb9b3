"""lambda.function: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from provisioner.lifecycle import Json
from provisioner.resources.lambda_function import LambdaFunctionSpec, ensure_lambda_function
from tests.contract.case import Case
from tests.resources import _ec2, _lambda

HERE = Path(__file__).parent
KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
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
        "kms_key": {"kms_key": KEY},
        "subnet_ids": {},
        "dead_letter_target_arn": {"dead_letter_target_arn": QUEUE},
        "tracing_mode": {"tracing_mode": "Active"},
        "log_group": {"log_group": "/team/functions"},
        "log_format": {"log_format": "JSON"},
        "reserved_concurrent_executions": {"reserved_concurrent_executions": 5},
    },
    prepare={
        "role": lambda session, _: {"role": _lambda.role(session, "another")},
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
