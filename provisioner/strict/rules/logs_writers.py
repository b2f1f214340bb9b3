"""Who writes logs late, and makes a deleted log group anew with that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._policies import may
from provisioner.strict.world import World

DELAY_SECONDS = 60.0
"""So much later a writer delivers what it still had."""
BUFFERED_SECONDS = 300.0
"""So long after a writer is gone it may still have something."""
STOPPED = "logs.writer-stopped"
"""When a writer that may make the group stopped: noted for region and group."""


def _note_function(world: World, call: Call) -> Answer | None:
    name = str(call.params["FunctionName"]).rpartition(":")[2]
    for function in world.client("lambda").list_functions()["Functions"]:
        if function["FunctionName"] == name and may(world, function["Role"], "logs:CreateLogGroup"):
            world.note(STOPPED, f"{world.region} {_group_of(function)}")
    return None


def _note_flow_logs(world: World, call: Call) -> Answer | None:
    answer = world.client("ec2").describe_flow_logs(FlowLogIds=call.params["FlowLogIds"])
    for group in _flow_log_groups(world, answer["FlowLogs"]):
        world.note(STOPPED, f"{world.region} {group}")
    return None


def _return(world: World, call: Call, answer: Answer) -> None:
    """Have a group come back that is written to still, or was a moment ago."""
    name = call.params["logGroupName"]
    late = world.age(STOPPED, f"{world.region} {name}") < BUFFERED_SECONDS
    if late or name in _written_to(world):
        world.forget(STOPPED, f"{world.region} {name}")
        world.later(DELAY_SECONDS, partial(_make, world, name))


def _make(world: World, name: str) -> None:
    with suppress(ClientError):  # somebody was faster
        world.client("logs").create_log_group(logGroupName=name)


def _written_to(world: World) -> Iterator[str]:
    """The groups that a living writer would make anew."""
    for function in world.client("lambda").list_functions()["Functions"]:
        if may(world, function["Role"], "logs:CreateLogGroup"):
            yield _group_of(function)
    yield from _flow_log_groups(world, world.client("ec2").describe_flow_logs()["FlowLogs"])


def _group_of(function: dict[str, Any]) -> str:
    logging = function.get("LoggingConfig", {})
    return str(logging.get("LogGroup") or f"/aws/lambda/{function['FunctionName']}")


def _flow_log_groups(world: World, flow_logs: list[dict[str, Any]]) -> Iterator[str]:
    for flow_log in flow_logs:
        role = flow_log.get("DeliverLogsPermissionArn")
        if flow_log.get("LogGroupName") and role and may(world, role, "logs:CreateLogGroup"):
            yield str(flow_log["LogGroupName"])


RULES = (
    Rule(
        name="logs.late-writers",
        source="Log group: delete; Lambda Developer Guide, Sending Lambda function logs to "
        "CloudWatch Logs; Amazon VPC User Guide, Publish flow logs to CloudWatch Logs",
        says="A deleted log group comes back, without key and retention, when a function or flow "
        "log whose role may make it writes once more, up to minutes after it is gone itself.",
        before={
            "lambda.DeleteFunction": _note_function,
            "ec2.DeleteFlowLogs": _note_flow_logs,
        },
        after={"logs.DeleteLogGroup": _return},
    ),
)
UNPLAYED = (
    Unplayed(
        "API Gateway, Step Functions and CloudTrail write late, too.",
        "They don't make groups that a stack of these kinds names.",
    ),
)
