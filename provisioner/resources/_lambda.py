"""What GetFunction says, and a function's configuration between our fields and Lambda's members.

UpdateFunctionConfiguration leaves alone what is not sent, so each field is cleared by its own
empty form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from provisioner.aws.clients import Aws
from provisioner.errors import AwsError
from provisioner.lifecycle import Json, Phase

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


def _vpc(spec: Any) -> dict[str, Any]:
    groups = {"SubnetIds": spec.subnet_ids, "SecurityGroupIds": spec.security_group_ids}
    return {"VpcConfig": groups}


def _logging(spec: Any) -> dict[str, Any]:
    config = {"LogFormat": spec.log_format}
    return {"LoggingConfig": config | ({"LogGroup": spec.log_group} if spec.log_group else {})}


CONFIGURATION: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "role": lambda spec: {"Role": spec.role},
    "runtime": lambda spec: {"Runtime": spec.runtime},
    "handler": lambda spec: {"Handler": spec.handler},
    "description": lambda spec: {"Description": spec.description or ""},
    "memory_size": lambda spec: {"MemorySize": spec.memory_size},
    "timeout": lambda spec: {"Timeout": spec.timeout},
    "ephemeral_storage": lambda spec: {"EphemeralStorage": {"Size": spec.ephemeral_storage}},
    "environment": lambda spec: {"Environment": {"Variables": spec.environment}},
    "kms_key": lambda spec: {"KMSKeyArn": spec.kms_key or ""},
    "subnet_ids": _vpc,
    "security_group_ids": _vpc,
    "dead_letter_target_arn": lambda spec: {
        "DeadLetterConfig": {"TargetArn": spec.dead_letter_target_arn or ""}
    },
    "tracing_mode": lambda spec: {"TracingConfig": {"Mode": spec.tracing_mode}},
    "log_group": _logging,
    "log_format": _logging,
    "layers": lambda spec: {"Layers": spec.layers},
}
"""Field → the members that carry it."""


def request_of(spec: Any, fields: Iterable[str]) -> dict[str, Any]:
    """The members that carry these fields."""
    request: dict[str, Any] = {}
    for name in fields:
        request |= CONFIGURATION[name](spec)
    return request


def observed_settings(configuration: Mapping[str, Any]) -> dict[str, Json]:
    """A function's configuration in the spec's terms, without its code."""
    vpc = configuration.get("VpcConfig") or {}
    logging = configuration.get("LoggingConfig") or {}
    return {
        "function_name": configuration["FunctionName"],
        "role": configuration["Role"],
        "runtime": configuration.get("Runtime"),
        "handler": configuration.get("Handler"),
        "architectures": [*configuration.get("Architectures", ["x86_64"])],
        "description": configuration.get("Description") or None,
        "memory_size": configuration.get("MemorySize", 128),
        "timeout": configuration.get("Timeout", 3),
        "ephemeral_storage": (configuration.get("EphemeralStorage") or {}).get("Size", 512),
        "environment": dict((configuration.get("Environment") or {}).get("Variables", {})),
        "kms_key": configuration.get("KMSKeyArn") or None,
        "subnet_ids": [*vpc.get("SubnetIds", ())],
        "security_group_ids": [*vpc.get("SecurityGroupIds", ())],
        "dead_letter_target_arn": (configuration.get("DeadLetterConfig") or {}).get("TargetArn"),
        "tracing_mode": (configuration.get("TracingConfig") or {}).get("Mode", "PassThrough"),
        "log_group": logging.get("LogGroup"),
        "log_format": logging.get("LogFormat", "Text"),
        "layers": [layer["Arn"] for layer in configuration.get("Layers") or ()],
    }


def answers(aws: Aws, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What GetFunction says of those that exist."""
    client = aws.client("lambda")
    found = aws.gather([partial(_function, client, id_) for id_ in ids])
    return {id_: one for id_, one in zip(ids, found, strict=True) if one is not None}


def _function(client: LambdaClient, name: str) -> dict[str, Any] | None:
    try:
        answer: dict[str, Any] = {**client.get_function(FunctionName=name)}
    except client.exceptions.ResourceNotFoundException:
        return None
    if error := answer.get("TagsError"):
        raise AwsError(
            f"lambda.function {name}: its tags can't be read ({error.get('ErrorCode')}): "
            f"{error.get('Message')}",
            code=str(error.get("ErrorCode", "")),
            operation="GetFunction",
            hint="Grant the caller the permission lambda:ListTags, then run it again.",
        )
    return answer


def phase_of(configuration: Mapping[str, Any]) -> tuple[Phase, str]:
    """Where a function is in its life: its creation counts first, then its last update."""
    state = configuration.get("State", "Active")
    if state == "Failed":
        return Phase.FAILED, str(configuration.get("StateReason", state))
    if state in {"Pending", "Deleting"}:
        leaving = state == "Deleting"
        return (Phase.LEAVING if leaving else Phase.PENDING), str(
            configuration.get("StateReason") or state
        )
    if configuration.get("LastUpdateStatus") == "InProgress":
        return Phase.PENDING, str(
            configuration.get("LastUpdateStatusReason") or "update in progress"
        )
    return Phase.READY, ""
