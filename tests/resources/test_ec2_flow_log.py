"""ec2.flow_log: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

from typing import Any

import boto3

from provisioner.lifecycle import Json
from tests.contract.case import Case
from tests.resources import _ec2, _roles


def _role(session: boto3.Session, name: str) -> str:
    """The ARN of a role that flow logs may take."""
    return _roles.role(session, name, "vpc-flow-logs.amazonaws.com", "logs:*")


def _another_group(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    session.client("logs").create_log_group(logGroupName="other")
    return {"log_destination": "arn:aws:logs:eu-central-1:123456789012:log-group:other"}


def _settings(session: boto3.Session) -> dict[str, Json]:
    session.client("logs").create_log_group(logGroupName="flows")
    return {
        "resource_id": _ec2.vpc(session),
        "log_destination": "arn:aws:logs:eu-central-1:123456789012:log-group:flows",
        "deliver_logs_permission_arn": _role(session, "flows"),
        "tags": {"Name": "contract"},
    }


def _alive(session: boto3.Session, id_: str) -> bool:
    ec2: Any = session.client("ec2")
    filters = [{"Name": "flow-log-id", "Values": [id_]}]
    return bool(ec2.describe_flow_logs(Filter=filters)["FlowLogs"])


CASE = Case(
    kind="ec2.flow_log",
    settings=_settings,
    alive=_alive,
    changes={
        "traffic_type": {"traffic_type": "REJECT"},
        "log_format": {"log_format": "$${version} $${action}"},
        "max_aggregation_interval": {"max_aggregation_interval": 60},
    },
    prepare={
        "resource_id": lambda session, _: {"resource_id": _ec2.vpc(session)},
        "log_destination": _another_group,
        "deliver_logs_permission_arn": lambda session, _: {
            "deliver_logs_permission_arn": _role(session, "other")
        },
    },
    exempt={"log_destination_type": "s3 takes no role, so the type never changes alone"},
)
