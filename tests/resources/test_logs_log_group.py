"""logs.log_group: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import boto3
import pytest

from provisioner.lifecycle import Json
from provisioner.resources.logs_log_group import LogsLogGroupSpec, ensure_logs_log_group
from tests.contract.case import Case

KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"


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
        "kms_key": {"kms_key": KEY},
        "log_group_class": {"log_group_class": "INFREQUENT_ACCESS"},
    },
)


def test_it_is_kept_for_six_years_unless_it_says_otherwise(session: boto3.Session) -> None:
    """Nobody has to think of retention to have one."""
    ensure_logs_log_group(session, LogsLogGroupSpec(log_group_name="/team/a"))
    [group] = session.client("logs").describe_log_groups(logGroupNamePrefix="/team/a")["logGroups"]
    assert group["retentionInDays"] == 2192


def test_only_what_aws_takes_can_be_written() -> None:
    """AWS knows a fixed set of retentions."""
    with pytest.raises(ValueError, match="11"):
        LogsLogGroupSpec.model_validate({"log_group_name": "a", "retention_in_days": 11})
