"""Flow logs."""

from __future__ import annotations

import json
from typing import Any

from provisioner import Stack
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._network import network, settle, wanted

TRUST: Any = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def _role(client: Client) -> str:
    made = client("iam").create_role(RoleName="flow", AssumeRolePolicyDocument=json.dumps(TRUST))
    return str(made["Role"]["Arn"])


def _log(client: Client, vpc: str, role: str) -> Any:
    return client("ec2").create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName="flow",
        DeliverLogsPermissionArn=role,
    )


def with_a_new_role(client: Client) -> None:
    """Make the role and the flow log next."""
    vpc = network(client).vpc
    _log(client, vpc, _role(client))


def twice(client: Client) -> None:
    """Make a flow log that is there, and wait for an error."""
    ec2 = client("ec2")
    vpc, role = network(client).vpc, _role(client)
    settle(60)
    _log(client, vpc, role)
    try:
        _log(client, vpc, role)
    except ec2.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "FlowLogAlreadyExists"  # noqa: PT017
    else:
        raise AssertionError


def with_flow_log() -> Stack:
    """A VPC whose traffic is recorded, with a role of its own."""
    base = wanted()
    group = base.stack.add("group", "logs.log_group", log_group_name="/flow", retention_in_days=7)
    role = base.stack.add("role", "iam.role", role_name="flow", assume_role_policy=TRUST)
    base.stack.add(
        "log",
        "ec2.flow_log",
        resource_id=base.vpc.id,
        traffic_type="ALL",
        log_destination=group.arn,
        deliver_logs_permission_arn=role.arn,
    )
    return base.stack


def made_again(ground: Ground) -> None:
    """A role that was made again is waited for, too."""
    stack = with_flow_log()
    ground.up(stack)
    ground.plain("iam").delete_role(RoleName="flow")
    logs = ground.plain("ec2").describe_flow_logs()["FlowLogs"]
    ground.plain("ec2").delete_flow_logs(FlowLogIds=[log["FlowLogId"] for log in logs])
    ground.up(stack)
    ground.down(stack)


CASES = [
    Case("ec2.flow-log-role", with_a_new_role, "InvalidParameter", made_again),
    Case(
        "ec2.flow-log-unsuccessful",
        twice,
        "",
        lambda ground: ground.through(with_flow_log()),
    ),
]
