"""Buckets that the cases stand on."""

from __future__ import annotations

from typing import Any

from provisioner import Stack
from tests.conftest import REGION
from tests.strict.case import Client
from tests.strict.cases._identity import settle

NAME = "strict-reports"
ARN = f"arn:aws:s3:::{NAME}"


def bucket(client: Client, name: str = NAME) -> str:
    """Make a bucket that can be seen; its name."""
    client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    settle()
    return name


def reading(principal: Any) -> dict[str, Any]:
    """A policy that lets somebody read."""
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{ARN}/*"}
    return {"Version": "2012-10-17", "Statement": [{**allow, "Principal": principal}]}


def expiring(days: int) -> list[dict[str, Any]]:
    """A lifecycle, as the kind has it."""
    return [{"id": "old", "expiration_days": days}]


def stack(**settings: Any) -> Stack:
    """One bucket, emptied when it goes."""
    made = Stack("strict")
    made.add("bucket", "s3.bucket", **{"bucket_name": NAME, "empty_on_delete": True, **settings})
    return made
