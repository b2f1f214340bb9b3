"""Objects in buckets."""

from __future__ import annotations

import json
from typing import Any

from provisioner import Stack
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._buckets import NAME, bucket, stack

LOGS = "strict-logs"


def empty(client: Client, name: str) -> None:
    """Delete all objects of a bucket that keeps no versions."""
    s3 = client("s3")
    keys = [{"Key": one["Key"]} for one in s3.list_objects_v2(Bucket=name).get("Contents", ())]
    if keys:
        s3.delete_objects(Bucket=name, Delete={"Objects": keys})


def empty_and_delete(client: Client) -> None:
    """Empty a bucket and delete it."""
    s3 = client("s3")
    name = bucket(client)
    for number in range(3):
        s3.put_object(Bucket=name, Key=str(number), Body=b"")
    empty(client, name)
    s3.delete_bucket(Bucket=name)


def emptied(ground: Ground) -> None:
    """A bucket with versions and markers goes with its stack."""
    ground.up(stack())
    s3 = ground.plain("s3")
    for number in range(3):
        s3.put_object(Bucket=NAME, Key=str(number), Body=b"")
    s3.delete_object(Bucket=NAME, Key="0")
    ground.down(stack())


def admitting_logs() -> dict[str, Any]:
    """What lets S3 write access logs."""
    allow = {
        "Effect": "Allow",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{LOGS}/*",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
    }
    return {"Version": "2012-10-17", "Statement": [allow]}


def delete_with_its_logs(client: Client) -> None:
    """Delete a bucket, then empty and delete the one with its access logs."""
    s3 = client("s3")
    bucket(client)
    bucket(client, LOGS)
    s3.put_bucket_policy(Bucket=LOGS, Policy=json.dumps(admitting_logs()))
    enabled = {"LoggingEnabled": {"TargetBucket": LOGS, "TargetPrefix": ""}}
    s3.put_bucket_logging(Bucket=NAME, BucketLoggingStatus=enabled)
    s3.delete_bucket(Bucket=NAME)
    empty(client, LOGS)
    s3.delete_bucket(Bucket=LOGS)


def logged(ground: Ground) -> None:
    """A bucket and the one with its access logs go with their stack."""
    made = Stack("strict")
    logs = made.add(
        "logs", "s3.bucket", bucket_name=LOGS, policy=admitting_logs(), empty_on_delete=True
    )
    logging = {"target_bucket": logs.name}
    made.add("data", "s3.bucket", bucket_name=NAME, logging=logging, empty_on_delete=True)
    ground.through(made)


CASES = [
    Case("s3.partial-deletes", empty_and_delete, "BucketNotEmpty", emptied),
    Case("s3.late-deliveries", delete_with_its_logs, "BucketNotEmpty", logged),
]
