"""Roles that the cases need: by plain calls, and in stacks."""

from __future__ import annotations

import json
from typing import Any

from provisioner import Stack
from tests.strict.case import Client
from tests.strict.cases._identity import trust

ACCOUNT = "123456789012"
ROLE = "strict"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"


def doing(*actions: str) -> dict[str, Any]:
    """A policy that allows these actions on everything."""
    return _policy({"Effect": "Allow", "Action": [*actions], "Resource": "*"})


def admitting(arn: str, action: str, resource: str) -> dict[str, Any]:
    """A resource's policy that admits a role."""
    return _policy(
        {
            "Sid": "Admitted",
            "Effect": "Allow",
            "Principal": {"AWS": arn},
            "Action": action,
            "Resource": resource,
        }
    )


def _policy(statement: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [statement]}


def make_role(client: Client, service: str, *actions: str) -> str:
    """Make a role that may do something; its ARN."""
    iam = client("iam")
    made = iam.create_role(
        RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust(f"{service}.amazonaws.com"))
    )
    if actions:
        document = json.dumps(doing(*actions))
        iam.put_role_policy(RoleName=ROLE, PolicyName="does", PolicyDocument=document)
    return str(made["Role"]["Arn"])


def add_role(stack: Stack, service: str, *actions: str) -> Any:
    """A role in a stack, that may do something."""
    return stack.add(
        "role",
        "iam.role",
        role_name=ROLE,
        assume_role_policy=trust(f"{service}.amazonaws.com"),
        inline_policies={"does": doing(*actions)} if actions else {},
    )
