"""Policies and the principals they name."""

from __future__ import annotations

import json
from typing import Any

from provisioner import Stack
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._identity import role, settle, trust


def admitting(arn: str, *resources: str) -> dict[str, Any]:
    """A policy that lets a role, and the account, do everything."""
    root = "arn:aws:iam::123456789012:root"
    allow = {"Effect": "Allow", "Action": "*", "Principal": {"AWS": [root, arn]}}
    return {"Version": "2012-10-17", "Statement": [allow | {"Resource": [*resources] or "*"}]}


def make_a_role_again(client: Client) -> None:
    """Delete a role that a key's policy names, make it again, and see that it is still named."""
    arn = role(client, "reader")
    settle()
    key = client("kms").create_key(Policy=json.dumps(admitting(arn)))["KeyMetadata"]["KeyId"]
    client("iam").delete_role(RoleName="reader")
    assert role(client, "reader") == arn
    settle()
    assert arn in client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"]


def stack() -> Stack:
    """A role that a key, a bucket, a queue and a topic let in."""
    made = Stack("strict")
    reader = made.add("reader", "iam.role", role_name="reader", assume_role_policy=trust())
    made.add("key", "kms.key", alias="alias/strict", policy=admitting(reader.arn))
    bucket = "arn:aws:s3:::strict-reports"
    policy = admitting(reader.arn, bucket, f"{bucket}/*")
    made.add("bucket", "s3.bucket", bucket_name="strict-reports", policy=policy)
    return made


def made_again(ground: Ground) -> None:
    """Somebody deletes the role; the next apply makes it again and puts the policies anew."""
    ground.up(stack())
    ground.plain("iam").delete_role(RoleName="reader")
    ground.up(stack())
    bucket = ground.session.client("s3").get_bucket_policy(Bucket="strict-reports")
    assert "AROA" not in bucket["Policy"]
    assert "role/reader" in bucket["Policy"]
    ground.down(stack())


CASES = [Case("iam.deleted-principals", make_a_role_again, "", made_again)]
