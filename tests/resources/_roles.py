"""Roles, keys and policies that the cases need to stand on, made with plain boto3."""

from __future__ import annotations

import json
from typing import Any

import boto3

ROOT = "arn:aws:iam::123456789012:root"


def role(session: boto3.Session, name: str, service: str, *actions: str) -> str:
    """The ARN of a role that a service may take, and that may do these things."""
    iam = session.client("iam")
    allow: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    trust = _policy(allow | {"Principal": {"Service": service}})
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    if actions:
        policy = _policy({"Effect": "Allow", "Action": [*actions], "Resource": "*"})
        iam.put_role_policy(RoleName=name, PolicyName="act", PolicyDocument=policy)
    return made["Role"]["Arn"]


def key(session: boto3.Session, *services: str) -> str:
    """The ARN of a key that the account and these services may use."""
    allow: dict[str, Any] = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    named: list[dict[str, Any]] = [{"AWS": ROOT}, *({"Service": one} for one in services)]
    policy = _policy(*(allow | {"Principal": one} for one in named))
    return session.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements]})
