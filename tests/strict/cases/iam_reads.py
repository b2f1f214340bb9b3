"""What IAM's reads show of what was changed a moment ago."""

from __future__ import annotations

import json
from typing import Any

from provisioner import Stack
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._identity import READING, role, settle, trust


def read_back(client: Client) -> None:
    """Give a role a policy, and delete the role with all policies that it has."""
    iam = client("iam")
    role(client, "reader")
    settle()
    iam.put_role_policy(RoleName="reader", PolicyName="read", PolicyDocument=json.dumps(READING))
    for name in iam.list_role_policies(RoleName="reader")["PolicyNames"]:
        iam.delete_role_policy(RoleName="reader", PolicyName=name)
    iam.delete_role(RoleName="reader")


def writing() -> dict[str, Any]:
    """Another policy."""
    allow = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [allow]}


def stack(policy: dict[str, Any], *, service: str = "lambda.amazonaws.com", **inline: Any) -> Stack:
    """A role with a managed policy and inline ones."""
    made = Stack("strict")
    managed = made.add("managed", "iam.policy", policy_name="managed", policy=policy)
    made.add(
        "reader",
        "iam.role",
        role_name="reader",
        assume_role_policy=trust(service),
        inline_policies=inline,
        managed_policy_arns=[managed.arn],
    )
    return made


def changed(ground: Ground) -> None:
    """Role and policy change in all sides, each apply right behind another; then both go."""
    ground.through(
        stack(READING, read=READING),
        stack(writing(), service="ec2.amazonaws.com", read=writing(), more=READING),
        stack(READING, more=READING),
    )


CASES = [Case("iam.stale-reads", read_back, "DeleteConflict", changed)]
