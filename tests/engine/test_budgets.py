"""What many resources of a kind cost: a new call has to be put down here by its name."""

from __future__ import annotations

from collections import Counter
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

import provisioner
from provisioner.aws.clients import Aws, connect
from provisioner.lifecycle import Json
from provisioner.resources import iam_role
from provisioner.stack import Stack
from tests.conftest import VirtualClock

EACH = 12
TRUST: dict[str, Json] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
    ],
}


def many() -> Stack:
    """Twelve of each of five kinds."""
    stack = Stack("many", tags={"Environment": "dev"})
    for n in range(EACH):
        stack.add(f"q{n}", "sqs.queue", queue_name=f"q-{n}")
        stack.add(f"t{n}", "sns.topic", name=f"t-{n}")
        stack.add(f"l{n}", "logs.log_group", log_group_name=f"/many/l-{n}", retention_in_days=7)
        stack.add(f"p{n}", "ssm.parameter", name=f"/many/p-{n}", type="String", value=f"v{n}")
        stack.add(f"r{n}", "iam.role", role_name=f"r-{n}", assume_role_policy=TRUST)
    return stack


def test_a_plan_costs_pages_where_aws_has_them(session: boto3.Session, clock: VirtualClock) -> None:
    """One call says that a thing is absent; SQS and SNS are asked for each, IAM in pages."""
    counted: Counter[str] = Counter()
    options = provisioner.Options(clock=clock, called=lambda call: counted.update([str(call)]))
    stack = many()
    provisioner.plan(session, stack, options)
    assert counted == {
        "dynamodb.Query": 1,
        "iam.GetAccountAuthorizationDetails": 1,
        "iam.GetRole": EACH,
        "iam.ListRoles": 1,
        "logs.DescribeLogGroups": 1,
        "sns.GetTopicAttributes": EACH,
        "sqs.GetQueueAttributes": EACH,
        "ssm.DescribeParameters": 1,
        "ssm.GetParameters": 2,
        "sts.GetCallerIdentity": 1,
    }
    provisioner.apply(session, stack, options)
    clock.sleep(3600)
    counted.clear()
    planned = provisioner.plan(session, stack, options)
    assert planned.empty
    assert counted == {
        "dynamodb.Query": 1,
        "iam.GetAccountAuthorizationDetails": 1,
        "iam.ListRoles": 1,
        "logs.DescribeLogGroups": 1,
        "logs.ListTagsForResource": EACH,
        "sns.GetTopicAttributes": EACH,
        "sns.ListTagsForResource": EACH,
        "sqs.GetQueueAttributes": EACH,
        "sqs.ListQueueTags": EACH,
        "ssm.DescribeParameters": 1,
        "ssm.GetParameters": 2,
        "ssm.ListTagsForResource": EACH,
        "sts.GetCallerIdentity": 1,
    }


def test_a_role_reads_the_same_alone_and_in_pages(session: boto3.Session, aws: Aws) -> None:
    """Description, session, boundary, policies and tags come with the pages, too."""
    iam = session.client("iam")
    document = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", '
        '"Resource": "*"}]}'
    )
    arn = iam.create_policy(PolicyName="given", PolicyDocument=document)["Policy"]["Arn"]
    names = [f"role-{n}" for n in range(6)]
    for name in names:
        iam.create_role(
            RoleName=name,
            Path="/clinic/",
            AssumeRolePolicyDocument=document.replace(', "Resource": "*"', ', "Principal": "*"'),
            Description=f"for {name}",
            MaxSessionDuration=7200,
            PermissionsBoundary=arn,
            Tags=[{"Key": "Name", "Value": name}],
        )
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document)
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    together = iam_role.read(aws, [*names, "absent"])
    assert together == {name: iam_role.read(aws, [name])[name] for name in names}


@pytest.mark.parametrize("denied", ["ListRoles", "GetAccountAuthorizationDetails"])
def test_who_may_not_list_roles_reads_them_one_by_one(
    denied: str, session: boto3.Session, clock: VirtualClock
) -> None:
    """A refused page is no refusal of the roles."""
    names = [f"role-{n}" for n in range(6)]
    for name in names:
        session.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, denied)

    session.events.register(f"before-call.iam.{denied}", refuse)
    assert [*iam_role.read(connect(session, clock=clock), names)] == names
