"""What S3's reads show."""

from __future__ import annotations

from typing import Any

from tests.strict.case import Case, Client
from tests.strict.cases._buckets import bucket, expiring, stack

RULES: list[dict[str, Any]] = [
    {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 30}}
]


def compare_all_of_it(client: Client) -> None:
    """Encrypt a bucket and find what was set."""
    s3 = client("s3")
    name = bucket(client)
    wanted = {
        "Rules": [
            {
                "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
                "BucketKeyEnabled": False,
            }
        ]
    }
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=wanted)
    found = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
    assert found == wanted


def read_back(client: Client) -> None:
    """Set a lifecycle and read it back."""
    s3 = client("s3")
    name = bucket(client)
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": RULES})
    s3.get_bucket_lifecycle_configuration(Bucket=name)


CASES = [
    Case(
        "s3.added-members",
        compare_all_of_it,
        "",
        lambda ground: ground.through(
            stack(kms_key="arn:aws:kms:eu-central-1:123456789012:key/1"),
            stack(lifecycle_rules=expiring(30)),
        ),
    ),
    Case(
        "s3.stale-lifecycle",
        read_back,
        "NoSuchLifecycleConfiguration",
        lambda ground: ground.through(
            stack(lifecycle_rules=expiring(30)), stack(lifecycle_rules=expiring(90)), stack()
        ),
    ),
]
