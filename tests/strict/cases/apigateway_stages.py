"""Stages."""

from __future__ import annotations

import time
from typing import Any

from provisioner import Stack
from tests.conftest import REGION
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._apis import LOGS, api, stack
from tests.strict.cases._roles import ACCOUNT, add_role, make_role

GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:strict"
FORMAT = '{"id": "$context.requestId"}'
ROLE_PATH = "/cloudwatchRoleArn"


def stack_with_logs(*, own_group: bool = True, **settings: Any) -> Stack:
    """An API whose stage logs, with what that needs."""
    made = stack()
    role = add_role(made, "apigateway", *LOGS)
    account = made.add("log_role", "apigateway.account", cloudwatch_role_arn=role.arn)
    group = made.add("group", "logs.log_group", log_group_name="strict")
    needs = [account]
    if own_group:
        name = "API-Gateway-Execution-Logs_${api.id}/prod"
        needs.append(made.add("executions", "logs.log_group", log_group_name=name))
    logging: dict[str, Any] = {
        "access_log_settings": {"destination_arn": group.arn, "format": FORMAT},
        "method_settings": {"*/*": {"logging_level": "INFO"}},
    }
    made.add(
        "prod",
        "apigateway.stage",
        rest_api_id="${api.id}",
        stage_name="prod",
        deployment_id="${deployment.id}",
        depends_on=needs,
        **(logging | settings),
    )
    return made


def stack_with_cache(**settings: Any) -> Stack:
    """An API whose stage may have a cache."""
    made = stack()
    made.add(
        "prod",
        "apigateway.stage",
        rest_api_id="${api.id}",
        stage_name="prod",
        deployment_id="${deployment.id}",
        **settings,
    )
    return made


def _set_role(client: Client) -> Any:
    """Give the account a role, slowly; the client that did."""
    role = make_role(client, "apigateway", *LOGS)
    time.sleep(30)
    gateway = client("apigateway")
    gateway.update_account(patchOperations=[{"op": "replace", "path": ROLE_PATH, "value": role}])
    return gateway


def role_at_once(client: Client) -> None:
    """Give the account a role that was made a moment ago."""
    role = make_role(client, "apigateway", *LOGS)
    client("apigateway").update_account(
        patchOperations=[{"op": "replace", "path": ROLE_PATH, "value": role}]
    )


def log_without_a_role(client: Client) -> None:
    """Have a stage log in an account without a role for it."""
    made = api(client)
    made.stage()
    made.patch("replace", "/*/*/logging/loglevel", "INFO")


def log_to_all_streams(client: Client) -> None:
    """Name a log group as DescribeLogGroups does: with :* behind its ARN."""
    _set_role(client)
    made = api(client)
    made.stage()
    made.patch("replace", "/accessLogSettings/destinationArn", f"{GROUP}:*")


def remove_a_field(client: Client) -> None:
    """Take one setting of a method away."""
    made = api(client)
    made.stage()
    made.patch("replace", "/*/*/metrics/enabled", "true")
    made.patch("remove", "/*/*/metrics/enabled")


def delete_and_forget(client: Client) -> None:
    """Delete an API, and take everything for gone."""
    _set_role(client)
    made = api(client)
    made.stage()
    made.patch("replace", "/*/*/logging/loglevel", "INFO")
    time.sleep(60)
    made.client.delete_rest_api(restApiId=made.id)
    assert client("logs").describe_log_groups()["logGroups"] == []


def cached_at_once(client: Client) -> None:
    """Use a cache as soon as its stage was made."""
    made = api(client)
    made.stage(cacheClusterEnabled=True, cacheClusterSize="0.5")
    found = made.client.get_stage(restApiId=made.id, stageName="prod")
    assert found["cacheClusterStatus"] == "AVAILABLE"


def other_settings(ground: Ground) -> None:
    """Settings of methods come, change and go."""
    settings: list[dict[str, Any]] = [
        {"*/*": {"metrics_enabled": True}, "/data/POST": {"throttling_rate_limit": 5.0}},
        {"/data/POST": {"throttling_burst_limit": 5}, "//GET": {"metrics_enabled": True}},
        {},
    ]
    ground.through(*(stack_with_cache(method_settings=one) for one in settings))


def no_log_group_is_left(ground: Ground) -> None:
    """A log group of the stack is taken away, and so is one that API Gateway made."""
    ground.up(stack_with_logs())
    ground.clock.sleep(60)
    ground.down(stack_with_logs())
    ground.up(stack_with_logs(own_group=False))
    ground.clock.sleep(60)
    ground.layer.catch_up()
    groups = ground.plain("logs").describe_log_groups(logGroupNamePrefix="API-Gateway-Execution")
    name = groups["logGroups"][0]["logGroupName"]
    report = ground.take_down(stack_with_logs(own_group=False))
    assert any(name in one.what for told in report.plan.obstacles.values() for one in told)
    ground.down(stack_with_logs(own_group=False))


def a_cache_is_waited_for(ground: Ground) -> None:
    """A stage with a cache is ready when the cache is."""
    started = ground.clock.seconds
    ground.up(stack_with_cache(cache_cluster_enabled=True, cache_cluster_size="0.5"))
    assert ground.clock.seconds - started >= 240
    ground.through(stack_with_cache())


CASES = [
    Case(
        "apigateway.account-role",
        role_at_once,
        "BadRequestException",
        lambda ground: ground.through(stack_with_logs()),
    ),
    Case(
        "apigateway.logs-need-role",
        log_without_a_role,
        "BadRequestException",
        lambda ground: ground.through(stack_with_logs()),
    ),
    Case(
        "apigateway.access-log",
        log_to_all_streams,
        "BadRequestException",
        lambda ground: ground.through(stack_with_logs()),
    ),
    Case("apigateway.method-settings", remove_a_field, "BadRequestException", other_settings),
    Case("apigateway.execution-logs", delete_and_forget, "", no_log_group_is_left),
    Case("apigateway.cache-cluster", cached_at_once, "", a_cache_is_waited_for),
]
