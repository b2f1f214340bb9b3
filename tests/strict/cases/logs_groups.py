"""Log groups of CloudWatch Logs."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from provisioner import Stack
from tests.conftest import REGION
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._identity import settle
from tests.strict.cases._keys import admitting, key
from tests.strict.cases._parallel import side_by_side

NAME = "/strict/patients"
SERVICE = f"logs.{REGION}.amazonaws.com"


def arn(id_: str) -> str:
    """The ARN of a key."""
    return f"arn:aws:kms:{REGION}:123456789012:key/{id_}"


def with_any_key(client: Client) -> None:
    """Encrypt a group with a key that the account alone may use."""
    id_ = key(client, Policy=json.dumps(admitting()))
    settle()
    client("logs").create_log_group(logGroupName=NAME, kmsKeyId=arn(id_))


def encrypted(*, at_first: bool) -> Stack:
    """A group and its key."""
    made = Stack("strict")
    policy = admitting(services=(SERVICE,))
    made_key = made.add("key", "kms.key", alias="alias/strict", policy=policy)
    settings: Any = {"kms_key": made_key.arn} if at_first else {}
    made.add("group", "logs.log_group", log_group_name=NAME, **settings)
    return made


def change_side_by_side(client: Client) -> None:
    """Give a group two metric filters at the same time."""
    logs = client("logs")
    logs.create_log_group(logGroupName=NAME)
    put = partial(
        logs.put_metric_filter,
        logGroupName=NAME,
        filterPattern="ERROR",
        metricTransformations=[
            {"metricName": "errors", "metricNamespace": "strict", "metricValue": "1"}
        ],
    )
    side_by_side(logs, [partial(put, filterName=name) for name in ("one", "two")])


def filtered(*names: str, **settings: Any) -> Stack:
    """A group with metric filters."""
    made = Stack("strict")
    group = made.add("group", "logs.log_group", log_group_name=NAME, **settings)
    for name in names:
        made.add(
            name,
            "logs.metric_filter",
            log_group_name=group.name,
            filter_name=name,
            filter_pattern="ERROR",
            metric_transformation={"metric_name": name, "metric_namespace": "strict"},
        )
    return made


def changed_side_by_side(ground: Ground) -> None:
    """A stranger changes the group at the same time; then a stack with four filters."""
    change_side_by_side(ground.aws.client)  # type: ignore[arg-type]
    logs = ground.plain("logs")
    filters = logs.describe_metric_filters(logGroupName=NAME)["metricFilters"]
    assert {one["filterName"] for one in filters} == {"one", "two"}
    logs.delete_log_group(logGroupName=NAME)
    ground.through(filtered("one", "two", "three", "four"), filtered("one", retention_in_days=30))


def make_many(client: Client) -> None:
    """Make twelve groups in a row."""
    for number in range(12):
        client("logs").create_log_group(logGroupName=f"{NAME}-{number}")


def many(ground: Ground) -> None:
    """Twelve groups at once, each with retention and tags."""
    made = Stack("strict")
    for number in range(12):
        made.add(
            f"group_{number}",
            "logs.log_group",
            log_group_name=f"{NAME}-{number}",
            tags={"Team": "care"},
        )
    ground.through(made)


CASES = [
    Case(
        "logs.key-admits",
        with_any_key,
        "AccessDeniedException",
        lambda ground: ground.through(encrypted(at_first=True), encrypted(at_first=False)),
    ),
    Case(
        "logs.parallel-changes",
        change_side_by_side,
        "OperationAbortedException",
        changed_side_by_side,
    ),
    Case("logs.rates", make_many, "ThrottlingException", many),
]
