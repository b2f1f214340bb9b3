"""ec2.flow_log: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

from typing import Any

import boto3

from provisioner.lifecycle import Json
from tests.contract.case import Case
from tests.resources import _ec2


def _settings(session: boto3.Session) -> dict[str, Json]:
    session.client("logs").create_log_group(logGroupName="flows")
    trust = '{"Version": "2012-10-17", "Statement": []}'
    role = session.client("iam").create_role(RoleName="flows", AssumeRolePolicyDocument=trust)
    return {
        "resource_id": _ec2.vpc(session),
        "log_destination": "arn:aws:logs:eu-central-1:123456789012:log-group:flows",
        "deliver_logs_permission_arn": role["Role"]["Arn"],
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
        "resource_id": {"resource_id": "vpc-0123"},
        "traffic_type": {"traffic_type": "REJECT"},
        "log_destination": {
            "log_destination": "arn:aws:logs:eu-central-1:123456789012:log-group:other"
        },
        "deliver_logs_permission_arn": {
            "deliver_logs_permission_arn": "arn:aws:iam::123456789012:role/other"
        },
        "log_format": {"log_format": "$${version} $${action}"},
        "max_aggregation_interval": {"max_aggregation_interval": 60},
    },
    exempt={"log_destination_type": "s3 takes no role, so the type never changes alone"},
)
