"""logs.log_group: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError

from provisioner.aws.calls import Ledger
from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json
from provisioner.resources.logs_log_group import (
    RESOURCE,
    LogsLogGroupSpec,
    ensure_logs_log_group,
)
from tests.contract.case import Case
from tests.resources import _roles


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {"log_group_name": "/team/contract", "tags": {"Name": "contract"}}


def _alive(session: boto3.Session, id_: str) -> bool:
    groups = session.client("logs").describe_log_groups(logGroupNamePrefix=id_)["logGroups"]
    return id_ in [group["logGroupName"] for group in groups]


CASE = Case(
    kind="logs.log_group",
    settings=_settings,
    alive=_alive,
    changes={
        "log_group_name": {"log_group_name": "/team/other"},
        "retention_in_days": {"retention_in_days": 30},
        "log_group_class": {"log_group_class": "INFREQUENT_ACCESS"},
        "deletion_protection_enabled": {"deletion_protection_enabled": True},
    },
    prepare={
        "kms_key": lambda session, _: {
            "kms_key": _roles.key(session, f"logs.{session.region_name}.amazonaws.com")
        }
    },
)


def test_it_is_kept_for_six_years_unless_it_says_otherwise(session: boto3.Session) -> None:
    """Nobody has to think of retention to have one."""
    ensure_logs_log_group(session, LogsLogGroupSpec(log_group_name="/team/a"))
    [group] = session.client("logs").describe_log_groups(logGroupNamePrefix="/team/a")["logGroups"]
    assert group["retentionInDays"] == 2192


def test_only_what_aws_takes_can_be_written() -> None:
    """AWS knows a fixed set of retentions."""
    with pytest.raises(ValueError, match="retention_in_days"):
        LogsLogGroupSpec.model_validate({"log_group_name": "a", "retention_in_days": 11})


def test_a_protected_group_stays_until_that_is_lifted(session: boto3.Session, aws: Aws) -> None:
    """A delete alone lifts nothing, whatever the settings say; lifting twice is a success."""
    spec = LogsLogGroupSpec(log_group_name="/team/a", deletion_protection_enabled=True)
    ensure_logs_log_group(session, spec)
    with pytest.raises(ClientError, match="deletion protection"):
        RESOURCE.delete(aws, "/team/a", {"deletion_protection_enabled": True})
    assert RESOURCE.lift
    RESOURCE.lift(aws, "/team/a")
    RESOURCE.lift(aws, "/team/a")
    RESOURCE.delete(aws, "/team/a", {})
    assert not _alive(session, "/team/a")
    RESOURCE.lift(aws, "/team/a")


def test_delivery_keeps_its_own_retention(session: boto3.Session) -> None:
    """AWS sets the retention of such a group: no difference, where ours would always be one."""
    with pytest.raises(ValueError, match="retention_in_days: null"):
        LogsLogGroupSpec(log_group_name="/team/a", log_group_class="DELIVERY")
    spec = LogsLogGroupSpec(
        log_group_name="/team/a", log_group_class="DELIVERY", retention_in_days=None
    )
    ensure_logs_log_group(session, spec)
    session.client("logs").put_retention_policy(logGroupName="/team/a", retentionInDays=1)
    assert ensure_logs_log_group(session, spec).action == "noop"


def test_names_far_apart_do_not_list_the_whole_account(session: boto3.Session, aws: Aws) -> None:
    """Each path is listed by what its names begin with, and a similar name is not theirs."""
    names = ["/team/dev/api", "/team/dev/apple", "/aws/lambda/team", "Execution_1/prod", "plain"]
    for name in [*names, "/team/dev/ap", "/other/thing", "plain-2"]:
        ensure_logs_log_group(session, LogsLogGroupSpec(log_group_name=name))
    ledger = Ledger()
    found = RESOURCE.read(aws.permitting(lambda _: None, ledger), [*names, "/gone/away"])
    assert set(found) == set(names)
    assert ledger.counts["logs.DescribeLogGroups"] == 5
    assert ledger.counts["logs.ListTagsForResource"] == len(names)


def test_it_tells_the_arn_of_its_streams(session: boto3.Session) -> None:
    """Policies and trails want it with the star, others without."""
    made = ensure_logs_log_group(session, LogsLogGroupSpec(log_group_name="/team/a"))
    assert made.attributes["log_stream_arn"] == f"{made.arn}:*"
    assert made.arn.endswith(":log-group:/team/a")
