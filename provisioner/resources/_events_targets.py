"""The targets of an EventBridge rule: in the spec's words, in AWS's, put and removed.

AWS takes ten at a time, and reports a target that it refused inside a success.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, cast

from botocore.exceptions import ClientError
from pydantic import Field, JsonValue, model_validator

from provisioner.aws.calls import Call
from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json, Spec
from provisioner.lifecycle.canonical import as_json_text, as_set
from provisioner.lifecycle.fields import Shape

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import TargetOutputTypeDef, TargetTypeDef

DEFAULT_BUS = "default"
ENTRIES = 10
"""The most targets that one PutTargets or RemoveTargets takes."""


RuleName = Annotated[
    str, Shape(r"[A-Za-z0-9._-]+", longest=64, says="letters, digits, '.', '_' and '-'")
]


class InputTransformer(Spec):
    """Makes the target's input from parts of the event."""

    input_paths_map: dict[str, str] = {}
    """Name → JSON path in the event: `{alarm: $.detail.alarmName}`."""
    input_template: str
    """The input, with `<name>` where a part goes."""


class DeadLetterConfig(Spec):
    """Where an event goes that could not be delivered."""

    arn: str
    """The ARN of a queue whose policy admits `events.amazonaws.com`."""


class RetryPolicy(Spec):
    """How long delivery is tried. Unset: 185 times within 24 hours."""

    maximum_retry_attempts: Annotated[int | None, Field(ge=0, le=185)] = None
    maximum_event_age_in_seconds: Annotated[int | None, Field(ge=60, le=86400)] = None


class SqsParameters(Spec):
    """For a FIFO queue."""

    message_group_id: str


class RuleTarget(Spec):
    """One receiver of the events. At most one of the three `input…` fields."""

    id: RuleName
    """Its name within the rule, of your choice."""
    arn: str
    role_arn: str | None = None
    """The role that EventBridge takes on: for state machines, streams, other buses."""
    input: str | dict[str, JsonValue] | None = None
    """Constant JSON in place of the event, as data or as text."""
    input_path: str | None = None
    """A JSON path: only that part of the event is sent."""
    input_transformer: InputTransformer | None = None
    dead_letter_config: DeadLetterConfig | None = None
    retry_policy: RetryPolicy | None = None
    sqs_parameters: SqsParameters | None = None

    @model_validator(mode="after")
    def _one_input(self) -> RuleTarget:
        if sum(bool(given) for given in (self.input, self.input_path, self.input_transformer)) > 1:
            message = "a target takes one of input, input_path and input_transformer"
            raise ValueError(message)
        return self


def as_targets(value: Json) -> Json:
    """Targets in any order; a constant input compared as data."""
    if not isinstance(value, list):
        return as_set(value)
    return as_set(
        [
            {**target, "input": as_json_text(target.get("input"))}
            if isinstance(target, dict)
            else target
            for target in value
        ]
    )


def parts(id_: str) -> tuple[str, str]:
    """The bus and the name that an id is made of."""
    bus, _, name = id_.rpartition("|")
    return bus or DEFAULT_BUS, name


def targets_of(client: EventBridgeClient, id_: str) -> list[TargetOutputTypeDef] | None:
    """None when the rule does not exist."""
    bus, name = parts(id_)
    pages = client.get_paginator("list_targets_by_rule").paginate(Rule=name, EventBusName=bus)
    try:
        return [target for page in pages for target in page.get("Targets", ())]
    except client.exceptions.ResourceNotFoundException:
        return None


def target_request(target: RuleTarget) -> TargetTypeDef:
    """`dead_letter_config` is `DeadLetterConfig`, and so on; what is unset is left out."""
    request = _members(target.model_dump(mode="json", exclude_none=True))
    if target.input is not None:
        request["Input"] = json_text(target.input)
    if target.input_transformer:
        paths = target.input_transformer.input_paths_map
        request["InputTransformer"]["InputPathsMap"] = paths
    return cast("TargetTypeDef", request)


def _members(value: Any) -> Any:
    if isinstance(value, dict):
        return {name.title().replace("_", ""): _members(item) for name, item in value.items()}
    return value


MEMBERS = {
    "Id": "id",
    "Arn": "arn",
    "RoleArn": "role_arn",
    "Input": "input",
    "InputPath": "input_path",
    "InputTransformer": "input_transformer",
    "InputPathsMap": "input_paths_map",
    "InputTemplate": "input_template",
    "DeadLetterConfig": "dead_letter_config",
    "RetryPolicy": "retry_policy",
    "MaximumRetryAttempts": "maximum_retry_attempts",
    "MaximumEventAgeInSeconds": "maximum_event_age_in_seconds",
    "SqsParameters": "sqs_parameters",
    "MessageGroupId": "message_group_id",
}
"""AWS's members of a target, as the spec's fields. Others are kept under AWS's names, so that a
target with parameters that this kind does not have shows as a difference."""


def words(value: Any) -> Any:
    """AWS's members as the spec's fields."""
    if isinstance(value, dict):
        return {
            MEMBERS.get(name, name): item if name == "InputPathsMap" else words(item)
            for name, item in value.items()
        }
    return value


def json_text(value: str | dict[str, JsonValue]) -> str:
    """JSON as AWS takes it: as text."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def by_id(targets: Json) -> dict[str, Json]:
    """Targets by their names within the rule."""
    listed = targets if isinstance(targets, list) else []
    return {str(target["id"]): target for target in listed if isinstance(target, dict)}


def put_targets(aws: Aws, id_: str, targets: Sequence[TargetTypeDef]) -> None:
    """Put targets; those of the same id are overwritten."""
    client = aws.client("events")
    bus, name = parts(id_)
    for start in range(0, len(targets), ENTRIES):
        entries = targets[start : start + ENTRIES]
        put = partial(client.put_targets, Rule=name, EventBusName=bus, Targets=entries)
        aws.whole(Call("events", "PutTargets"), partial(all_of, "PutTargets", put))


def remove_targets(aws: Aws, id_: str, targets: Sequence[str]) -> None:
    """Take targets away."""
    client = aws.client("events")
    bus, name = parts(id_)
    for start in range(0, len(targets), ENTRIES):
        ids = targets[start : start + ENTRIES]
        remove = partial(client.remove_targets, Rule=name, EventBusName=bus, Ids=ids)
        aws.whole(Call("events", "RemoveTargets"), partial(all_of, "RemoveTargets", remove))


def all_of(operation: str, call: Callable[[], Mapping[str, Any]]) -> None:
    """Make a call that answers 200 and lists what it refused.

    Raises:
        ClientError: with the first refused target's code and message, as if it had been alone.
    """
    for failed in call()["FailedEntries"]:
        reason = failed.get("ErrorMessage") or "no reason given"
        message = f"target {failed.get('TargetId')}: {reason}"
        code = str(failed.get("ErrorCode", ""))
        raise ClientError({"Error": {"Code": code, "Message": message}}, operation)
