"""CloudTrail's trails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from provisioner import Stack
from provisioner.errors import ProvisionerError
from provisioner.resources.cloudtrail_trail import CloudtrailTrailSpec, ensure_cloudtrail_trail
from tests.conftest import REGION
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._parallel import side_by_side
from tests.strict.cases._roles import ACCOUNT, add_role, make_role
from tests.strict.cases._somebody import somebody_at_work

BUCKET = "strict-trail"
ARN = f"arn:aws:s3:::{BUCKET}"
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:strict:*"
ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
SERVICE = {"Service": "cloudtrail.amazonaws.com"}
POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": SERVICE,
            "Action": action,
            "Resource": resource,
            "Condition": {
                "StringEquals": {
                    "aws:SourceArn": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/strict"
                }
            },
        }
        for action, resource in (("s3:GetBucketAcl", ARN), ("s3:PutObject", f"{ARN}/AWSLogs/*"))
    ],
}
KEY_POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Effect": "Allow",
            "Principal": SERVICE,
            "Action": ["kms:GenerateDataKey*", "kms:DescribeKey"],
            "Resource": "*",
        },
    ],
}


def stack(**settings: Any) -> Stack:
    """A trail and its bucket."""
    made = Stack("strict")
    bucket = made.add(
        "bucket", "s3.bucket", bucket_name=BUCKET, policy=POLICY, empty_on_delete=True
    )
    made.add("trail", "cloudtrail.trail", name="strict", s3_bucket_name=bucket.name, **settings)
    return made


def stack_with_key() -> Stack:
    """A trail under a key of the stack."""
    made = stack()
    key = made.add("key", "kms.key", alias="alias/strict", policy=KEY_POLICY)
    bucket = made.add(
        "other", "s3.bucket", bucket_name=f"{BUCKET}-2", policy=_elsewhere(), empty_on_delete=True
    )
    made.add(
        "second",
        "cloudtrail.trail",
        name="strict-2",
        s3_bucket_name=bucket.name,
        kms_key=key.arn,
    )
    return made


def _elsewhere() -> dict[str, Any]:
    text = json.dumps(POLICY).replace(BUCKET, f"{BUCKET}-2").replace("/strict", "/strict-2")
    document: dict[str, Any] = json.loads(text)
    return document


def stack_with_logs() -> Stack:
    """A trail that writes to a log group of the stack."""
    made = Stack("strict")
    bucket = made.add(
        "bucket", "s3.bucket", bucket_name=BUCKET, policy=POLICY, empty_on_delete=True
    )
    group = made.add("group", "logs.log_group", log_group_name="strict")
    role = add_role(made, "cloudtrail", *ACTIONS)
    made.add(
        "trail",
        "cloudtrail.trail",
        name="strict",
        s3_bucket_name=bucket.name,
        cloud_watch_logs_log_group_arn=f"{group.arn}:*",
        cloud_watch_logs_role_arn=role.arn,
    )
    return made


def _bucket(client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(POLICY))


def _trail(client: Client, **settings: Any) -> Any:
    """A trail by plain calls, slowly; the client that made it."""
    import time

    _bucket(client)
    time.sleep(30)
    cloudtrail = client("cloudtrail")
    cloudtrail.create_trail(Name="strict", S3BucketName=BUCKET, **settings)
    return cloudtrail


def trail_at_once(client: Client) -> None:
    """Make a trail as soon as its bucket has its policy."""
    _bucket(client)
    client("cloudtrail").create_trail(Name="strict", S3BucketName=BUCKET)


def any_key(client: Client) -> None:
    """Name a key whose policy does not admit CloudTrail."""
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    _trail(client, KmsKeyId=key)


def role_at_once(client: Client) -> None:
    """Use a role that was made a moment ago."""
    _bucket(client)
    client("logs").create_log_group(logGroupName="strict")
    client("cloudtrail").create_trail(
        Name="strict",
        S3BucketName=BUCKET,
        CloudWatchLogsLogGroupArn=GROUP,
        CloudWatchLogsRoleArn=make_role(client, "cloudtrail", *ACTIONS),
    )


def key_as_sent(client: Client) -> None:
    """Compare the key of a trail with what was sent: an id."""
    key = client("kms").create_key(Policy=json.dumps(KEY_POLICY))["KeyMetadata"]["KeyId"]
    found = _trail(client, KmsKeyId=key).get_trail(Name="strict")["Trail"]
    assert found["KmsKeyId"] == key


def no_selectors(client: Client) -> None:
    """Expect no selectors where none were put."""
    assert _trail(client).get_event_selectors(TrailName="strict")["EventSelectors"] == []


def describe_one_that_is_gone(client: Client) -> None:
    """Take any answer for a trail's being there."""
    assert _trail(client).describe_trails(trailNameList=["gone"])["trailList"]


def tags_of_many(client: Client) -> None:
    """Ask for the tags of all trails at once."""
    arn = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/strict"
    _trail(client).list_tags(ResourceIdList=[arn] * 21)


def start_side_by_side(client: Client) -> None:
    """Start a trail while its selectors are put."""
    cloudtrail = _trail(client)
    selectors = [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]
    side_by_side(
        cloudtrail,
        [
            lambda: cloudtrail.start_logging(Name="strict"),
            lambda: cloudtrail.put_event_selectors(TrailName="strict", EventSelectors=selectors),
        ],
    )


def found_is_changeable(client: Client) -> None:
    """Stop whatever trail is found, in whatever region."""
    _trail(client, IsMultiRegionTrail=True)
    abroad = client("cloudtrail", region_name="us-east-1")  # type: ignore[call-arg]
    try:
        for trail in abroad.describe_trails()["trailList"]:
            abroad.stop_logging(Name=trail["TrailARN"])
    except abroad.exceptions.TrailNotFoundException:
        return


def empty_and_delete(client: Client) -> None:
    """Delete a trail and its bucket, emptied, some minutes later."""
    import time

    cloudtrail = _trail(client)
    cloudtrail.start_logging(Name="strict")
    cloudtrail.delete_trail(Name="strict")
    time.sleep(120)
    client("s3").delete_bucket(Bucket=BUCKET)


def start_while_somebody_does(ground: Ground) -> None:
    """A trail is stopped while somebody else puts its selectors."""
    ground.up(stack())
    selectors = [{"ReadWriteType": "All", "IncludeManagementEvents": True}]
    with somebody_at_work(
        ground,
        "cloudtrail",
        lambda client: client.put_event_selectors(TrailName="strict", EventSelectors=selectors),
    ):
        ground.apply(stack(logging=False))
    assert not ground.plain("cloudtrail").get_trail_status(Name="strict")["IsLogging"]
    ground.down(stack())


def abroad_it_is_not_ours(ground: Ground) -> None:
    """A trail of another region that is seen here is left alone, by name and by search."""
    ground.up(stack())
    session = ground.layer.session
    cloudtrail = session.client("cloudtrail", region_name="us-east-1")
    assert cloudtrail.describe_trails()["trailList"]
    ground.down(stack())


def a_missing_key_is_told(ground: Ground) -> None:
    """A key that is not there is told; one that admits CloudTrail is waited for."""
    _bucket(ground.plain)
    gone = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
    spec = {"name": "strict", "s3_bucket_name": BUCKET, "kms_key": gone}
    with pytest.raises(ProvisionerError, match="KmsKeyNotFoundException"):
        ensure_cloudtrail_trail(ground.aws, CloudtrailTrailSpec.model_validate(spec))
    ground.plain("s3").delete_bucket(Bucket=BUCKET)
    ground.through(stack_with_key())


def many_trails(ground: Ground) -> None:
    """Thirty trails are found with their tags."""
    _bucket(ground.plain)
    made = Stack("strict")
    for number in range(30):
        made.add(f"t{number}", "cloudtrail.trail", name=f"strict-{number}", s3_bucket_name=BUCKET)
    ground.up(made)
    ground.take_down(made)
    ground.plain("s3").delete_bucket(Bucket=BUCKET)
    ground.down(made)


CASES = [
    Case(
        "cloudtrail.one-change",
        start_side_by_side,
        "ConflictException",
        start_while_somebody_does,
    ),
    Case(
        "cloudtrail.home-region",
        found_is_changeable,
        "InvalidHomeRegionException",
        abroad_it_is_not_ours,
    ),
    Case(
        "cloudtrail.bucket-policy",
        trail_at_once,
        "InsufficientS3BucketPolicyException",
        lambda ground: ground.through(stack(), stack(s3_key_prefix="AWSLogs/more")),
    ),
    Case(
        "cloudtrail.key",
        any_key,
        "InsufficientEncryptionPolicyException",
        a_missing_key_is_told,
    ),
    Case(
        "cloudtrail.logs-role",
        role_at_once,
        "InvalidCloudWatchLogsRoleArnException",
        lambda ground: ground.through(stack_with_logs()),
    ),
    Case(
        "cloudtrail.key-arn",
        key_as_sent,
        "",
        lambda ground: ground.through(stack_with_key()),
    ),
    Case(
        "cloudtrail.default-selector",
        no_selectors,
        "",
        lambda ground: ground.through(
            stack(), stack(event_selectors=[{"read_write_type": "WriteOnly"}]), stack()
        ),
    ),
    Case(
        "cloudtrail.describe-by-names",
        describe_one_that_is_gone,
        "",
        lambda ground: ground.through(stack(), stack(logging=False)),
    ),
    Case("cloudtrail.twenty-tags", tags_of_many, "ValidationException", many_trails),
    Case(
        "cloudtrail.late-deliveries",
        empty_and_delete,
        "BucketNotEmpty",
        lambda ground: ground.through(stack()),
    ),
]
