"""Roles and policies that the cases stand on."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.strict.case import Client

READING: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}


def settle(seconds: float = 10) -> None:
    """Let AWS get to know what was just made."""
    time.sleep(seconds)


def trust(service: str = "lambda.amazonaws.com") -> dict[str, Any]:
    """A trust policy for a service."""
    allow = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    return {"Version": "2012-10-17", "Statement": [allow]}


def trust_of(*arns: str) -> dict[str, Any]:
    """A trust policy for roles."""
    allow = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": [*arns]}}
    return {"Version": "2012-10-17", "Statement": [allow]}


def role(client: Client, name: str, service: str = "lambda.amazonaws.com") -> str:
    """Make a role; its ARN."""
    made = client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(trust(service))
    )
    return str(made["Role"]["Arn"])


def policy(client: Client, name: str) -> str:
    """Make a managed policy; its ARN."""
    made = client("iam").create_policy(PolicyName=name, PolicyDocument=json.dumps(READING))
    return str(made["Policy"]["Arn"])
