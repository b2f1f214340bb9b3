"""Buckets of S3."""

from __future__ import annotations

import json
from functools import partial

import pytest

from provisioner import Stack, apply
from provisioner.engine.report import RunFailedError
from tests.conftest import REGION
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._buckets import ARN, NAME, bucket, expiring, reading, stack
from tests.strict.cases._identity import role, trust
from tests.strict.cases._parallel import side_by_side


def version_at_once(client: Client) -> None:
    """Make a bucket and have it keep versions."""
    s3 = client("s3")
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})


def make_again(client: Client) -> None:
    """Delete a bucket and make one of that name."""
    client("s3").delete_bucket(Bucket=bucket(client))
    bucket(client)


def made_again(ground: Ground) -> None:
    """A stack is put up, torn down, and put up again at once."""
    ground.through(stack())
    ground.up(stack())
    ground.plain("s3").delete_bucket(Bucket=NAME)
    ground.up(stack())
    ground.down(stack())


def two_sides_at_once(client: Client) -> None:
    """Set versions and tags of a bucket at the same time."""
    s3 = client("s3")
    name = bucket(client)
    side_by_side(
        s3,
        [
            partial(
                s3.put_bucket_versioning,
                Bucket=name,
                VersioningConfiguration={"Status": "Enabled"},
            ),
            partial(
                s3.put_bucket_tagging,
                Bucket=name,
                Tagging={"TagSet": [{"Key": "Team", "Value": "care"}]},
            ),
        ],
    )


def both_sides(ground: Ground) -> None:
    """A stranger writes to the bucket at the same time; then a stack with all sides."""
    two_sides_at_once(ground.aws.client)  # type: ignore[arg-type]
    s3 = ground.plain("s3")
    assert s3.get_bucket_versioning(Bucket=NAME)["Status"] == "Enabled"
    assert s3.get_bucket_tagging(Bucket=NAME)["TagSet"] == [{"Key": "Team", "Value": "care"}]
    s3.delete_bucket(Bucket=NAME)
    ground.through(
        stack(lifecycle_rules=expiring(30), event_bridge=True, tags={"Team": "care"}),
        stack(versioning=False, lifecycle_rules=expiring(90), tags={"Team": "lab"}),
    )


def admit_a_new_role(client: Client) -> None:
    """Make a role that may read a bucket."""
    name = bucket(client)
    policy = reading({"AWS": role(client, "reader")})
    client("s3").put_bucket_policy(Bucket=name, Policy=json.dumps(policy))


def admitted(ground: Ground) -> None:
    """A bucket is made with the role that may read it."""
    made = stack()
    reader = made.add("reader", "iam.role", role_name="reader", assume_role_policy=trust())
    first, second = Stack("strict"), Stack("strict")
    for one, name in ((first, "reader"), (second, "other")):
        reader = one.add("reader", "iam.role", role_name=name, assume_role_policy=trust())
        one.add("bucket", "s3.bucket", bucket_name=NAME, policy=reading({"AWS": reader.arn}))
    ground.through(first, second)


def write_a_long_policy(client: Client) -> None:
    """Give a bucket a policy of 25 KB."""
    client("s3").put_bucket_policy(Bucket=bucket(client), Policy=json.dumps(_long()))


def _long() -> dict[str, object]:
    folders = [f"{ARN}/{'x' * 100}{number}/*" for number in range(220)]
    policy = reading({"Service": "logging.s3.amazonaws.com"})
    policy["Statement"][0]["Resource"] = folders
    return policy


def told_of_the_length(ground: Ground) -> None:
    """The run says so at once; with a shorter policy the stack stands."""
    started = ground.clock.monotonic()
    with pytest.raises(RunFailedError, match="document size"):
        apply(ground.session, stack(policy=_long()), ground.options).check()
    assert ground.clock.monotonic() - started < 60
    ground.through(stack(policy=reading({"Service": "logging.s3.amazonaws.com"})))


def open_to_all(client: Client) -> None:
    """Let everybody read a new bucket."""
    policy = json.dumps(reading("*"))
    client("s3").put_bucket_policy(Bucket=bucket(client), Policy=policy)


def opened_and_shut(ground: Ground) -> None:
    """A bucket is made open to all, is shut, and is opened again."""
    opened = stack(block_public_access=False, policy=reading("*"))
    ground.through(opened, stack(), opened)


CASES = [
    Case(
        "s3.new-buckets",
        version_at_once,
        "NoSuchBucket",
        lambda ground: ground.through(stack(), stack(versioning=False)),
    ),
    Case("s3.deleted-buckets", make_again, "OperationAborted", made_again),
    Case("s3.parallel-writes", two_sides_at_once, "OperationAborted", both_sides),
    Case("s3.policy-principals", admit_a_new_role, "MalformedPolicy", admitted),
    Case("s3.policy-size", write_a_long_policy, "MalformedPolicy", told_of_the_length),
    Case("s3.public-policies", open_to_all, "AccessDenied", opened_and_shut),
]
