"""Stages: their logs and who may write them, settings of methods, caches."""

from __future__ import annotations

from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import After, Answer, Call, Rule, Unplayed
from provisioner.strict.rules._apigateway import BAD, api_of, patches, stages
from provisioner.strict.rules._policies import may
from provisioner.strict.world import World

SERVICE = "apigateway.amazonaws.com"
KNOWN_SECONDS = 4.0
"""So long after the account was given a role stages don't know of it."""
LOGS_SECONDS = 20.0
CACHE_SECONDS = 240.0
ROLE_SET = "apigateway.role-set"
CACHED = "apigateway.cache-made"
MEMBERS = frozenset(
    {
        "accessLogSettings",
        "cacheClusterEnabled",
        "cacheClusterSize",
        "canarySettings",
        "clientCertificateId",
        "deploymentId",
        "description",
        "documentationVersion",
        "tracingEnabled",
        "variables",
    }
)
"""What the paths of patches begin with that are not about methods."""


def _refuse_role(world: World, call: Call) -> Answer | None:
    """Try the role at once, as API Gateway does."""
    for patch in patches(call):
        role = patch.get("value")
        if patch["path"] != "/cloudwatchRoleArn" or not role:
            continue
        if not world.can_assume(SERVICE, role):
            message = (
                "The role ARN does not have required permissions configured. Please grant trust "
                "permission for API Gateway and add the required role policy."
            )
            world.refuse(BAD, message)
        if not may(world, role, "logs:PutLogEvents"):
            message = (
                "API Gateway could not successfully write to CloudWatch Logs using the ARN "
                "specified"
            )
            world.refuse(BAD, message)
    return None


def _note_role(world: World, call: Call, answer: Answer) -> None:
    world.note(ROLE_SET, world.region)


def _refuse_logs(world: World, call: Call) -> Answer | None:
    """Log nothing as long as the account has no role for it."""
    if not any(_logs(patch) for patch in patches(call)):
        return None
    account = world.client("apigateway").get_account()
    known = world.age(ROLE_SET, world.region) >= KNOWN_SECONDS
    if not account.get("cloudwatchRoleArn") or not known:
        message = "CloudWatch Logs role ARN must be set in account settings to enable logging"
        world.refuse(BAD, message)
    return None


def _logs(patch: dict[str, str]) -> bool:
    path, value = patch["path"], patch.get("value", "")
    if patch["op"] == "remove":
        return False
    return (
        path.startswith("/accessLogSettings")
        or (path.endswith("/logging/loglevel") and value != "OFF")
        or (path.endswith("/logging/dataTrace") and value == "true")
    )


def _refuse_access_log(world: World, call: Call) -> Answer | None:
    for patch in patches(call):
        value = patch.get("value", "")
        if patch["path"] == "/accessLogSettings/destinationArn" and value.endswith("*"):
            message = (
                "Access Log destination must only contain characters 'a-z', 'A-Z', '0-9', '_', "
                "'-', '/', '.': '*'"
            )
            world.refuse(BAD, message)
        known = ("$context.requestId", "$context.extendedRequestId")
        if patch["path"] == "/accessLogSettings/format" and not any(one in value for one in known):
            message = "Access Log format must contain $context.requestId"
            world.refuse(BAD, message)
    return None


def _refuse_removal(world: World, call: Call) -> Answer | None:
    """Take the settings of a method away as a whole, and only if there are any."""
    found: dict[str, Any] = next(
        (
            stage.get("methodSettings", {})
            for stage in stages(world, api_of(call))
            if stage["stageName"] == call.params["stageName"]
        ),
        {},
    )
    for patch in patches(call):
        _, member, *rest = patch["path"].split("/")
        if patch["op"] != "remove" or member in MEMBERS:
            continue
        if len(rest) > 1:
            message = f"Invalid patch path  '{patch['path']}' specified for op 'remove'."
            world.refuse(BAD, message)
        if f"{member}/{rest[0]}" not in found:
            world.refuse(BAD, "Invalid patch: no method setting for this method")
    return None


def _log_later(world: World, call: Call, answer: Answer) -> None:
    """Make the log group of a stage that logs its executions."""
    settings = answer.get("methodSettings", {}).values()
    if any(one.get("loggingLevel", "OFF") != "OFF" for one in settings):
        group = f"API-Gateway-Execution-Logs_{api_of(call)}/{call.params['stageName']}"
        world.later(LOGS_SECONDS, partial(_make_group, world, group))


def _make_group(world: World, group: str) -> None:
    try:
        world.client("logs").create_log_group(logGroupName=group)
    except ClientError:
        return  # it is there


def _note_cache(world: World, call: Call, answer: Answer) -> None:
    switched = any(
        patch["path"] == "/cacheClusterEnabled" and patch.get("value") == "true"
        for patch in patches(call)
    )
    if call.params.get("cacheClusterEnabled") or switched:
        world.note(CACHED, f"{api_of(call)}/{call.params['stageName']}")
    _show_cache(world, call, answer)


def _show_cache(world: World, call: Call, answer: Answer) -> None:
    for stage in answer.get("item", (answer,)):
        age = world.age(CACHED, f"{api_of(call)}/{stage['stageName']}")
        if stage.get("cacheClusterEnabled") and age < CACHE_SECONDS:
            stage["cacheClusterStatus"] = "CREATE_IN_PROGRESS"


WATCHES: dict[str, After] = {"apigateway.UpdateAccount": _note_role}
RULES = (
    Rule(
        name="apigateway.account-role",
        source="API Gateway account: role; API Gateway Developer Guide, Set up CloudWatch logging",
        says="A role that was made seconds ago, or may not write logs by now, is refused as the "
        "account's (BadRequestException).",
        before={"apigateway.UpdateAccount": _refuse_role},
    ),
    Rule(
        name="apigateway.logs-need-role",
        source="API Gateway stage: logs; API Gateway Developer Guide, Set up CloudWatch logging",
        says="A stage logs only once the account has a role for it, some seconds since "
        "(BadRequestException, role ARN must be set).",
        before={"apigateway.UpdateStage": _refuse_logs},
    ),
    Rule(
        name="apigateway.access-log",
        source="API Gateway stage: access log; API Gateway API Reference, AccessLogSettings",
        says="The log group of an access log is named without :* behind its ARN, and its format "
        "has the id of the request (BadRequestException).",
        before={"apigateway.UpdateStage": _refuse_access_log},
    ),
    Rule(
        name="apigateway.method-settings",
        source="API Gateway stage: method settings; API Gateway API Reference, Patch operations",
        says="The settings of a method are taken away as a whole, not field by field, and only if "
        "there are any (BadRequestException).",
        before={"apigateway.UpdateStage": _refuse_removal},
    ),
    Rule(
        name="apigateway.execution-logs",
        source="API Gateway stage: execution log; API Gateway Developer Guide, Set up CloudWatch "
        "logging",
        says="A stage that logs its executions gets a log group that API Gateway makes itself, "
        "without key or end, and that stays when the API is gone.",
        after={"apigateway.UpdateStage": _log_later},
    ),
    Rule(
        name="apigateway.cache-cluster",
        source="API Gateway stage: cache; API Gateway API Reference, Stage",
        says="The cache of a stage takes minutes to be made.",
        after={
            "apigateway.CreateStage": _note_cache,
            "apigateway.UpdateStage": _note_cache,
            "apigateway.GetStage*": _show_cache,
        },
    ),
)
UNPLAYED = (
    Unplayed(
        "A second stage of the same name is refused (ConflictException), and settings of methods "
        "read back with every default filled in.",
        "The embedded emulator does so by itself.",
    ),
    Unplayed(
        "A role that is gone leaves its ARN in the account's settings.",
        "The emulator does so by itself; the kind takes out its own role before it goes.",
    ),
)
