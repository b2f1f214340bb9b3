"""CloudTrail: what a trail needs beforehand, how it reads back, what it still delivers."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import After, Answer, Call, Rule, Unplayed
from provisioner.strict.rules._kms import admits, key
from provisioner.strict.rules._policies import acts, listed, may, service_principals, statements
from provisioner.strict.world import World

SERVICE = "cloudtrail.amazonaws.com"
POLICY_SECONDS = 4.0
"""So long a bucket's policy, or a trail's write, is not known everywhere."""
DELIVERIES = (60.0, 300.0, 840.0)
"""When logs still arrive after a trail was deleted."""
TAGGED_AT_ONCE = 20
BUCKET_POLICY = "cloudtrail.bucket-policy"
"""When a bucket's policy was put: noted for its name."""
WRITES = ("cloudtrail.CreateTrail", "cloudtrail.UpdateTrail")
DENIED = "Access denied."
DEFAULT = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}


def _note_policy(world: World, call: Call, answer: Answer) -> None:
    world.note(BUCKET_POLICY, call.params["Bucket"])


def _arn(world: World, name: str) -> str:
    partition = world.client("cloudtrail").meta.partition
    return f"arn:{partition}:cloudtrail:{world.region}:{world.account}:trail/{name}"


def _trail(world: World, name: str) -> dict[str, Any] | None:
    try:
        return dict(world.client("cloudtrail").get_trail(Name=name)["Trail"])
    except ClientError:
        return None


def _refuse_bucket(world: World, call: Call) -> Answer | None:
    """Refuse a bucket whose policy does not let CloudTrail write, or not yet."""
    bucket = call.params.get("S3BucketName")
    if bucket and not _writable(world, str(bucket), _arn(world, call.params["Name"])):
        message = f"Incorrect S3 bucket policy is detected for bucket: {bucket}"
        world.refuse("InsufficientS3BucketPolicyException", message)
    return None


def _writable(world: World, bucket: str, trail: str) -> bool:
    try:
        policy = world.client("s3").get_bucket_policy(Bucket=bucket)["Policy"]
    except ClientError as error:
        # A bucket that is not there is refused by the emulator, in other words.
        return error.response["Error"]["Code"] == "NoSuchBucket"
    if world.age(BUCKET_POLICY, bucket) < POLICY_SECONDS:
        return False
    return all(
        any(_allows(statement, action, trail) for statement in statements(policy))
        for action in ("s3:GetBucketAcl", "s3:PutObject")
    )


def _allows(statement: Any, action: str, trail: str) -> bool:
    conditions = statement.get("Condition", {})
    sources = [
        str(arn)
        for test in conditions.values()
        for name, arns in test.items()
        if name.lower() == "aws:sourcearn"
        for arn in listed(arns)
    ]
    return (
        statement.get("Effect") == "Allow"
        and SERVICE in service_principals(statement)
        and acts(statement, action)
        and (not sources or any(fnmatchcase(trail, source) for source in sources))
    )


def _refuse_key(world: World, call: Call) -> Answer | None:
    """Refuse a key that is not there, or does not let CloudTrail use it, or not yet."""
    name = call.params.get("KmsKeyId")
    if not name:
        return None
    found = key(world, name)
    if found is None:
        world.refuse("KmsKeyNotFoundException", f"KMS key {name} is not found.")
    if found["KeyState"] != "Enabled":
        world.refuse("KmsKeyDisabledException", f"KMS key {name} is disabled.")
    if not admits(world, name, SERVICE):
        bucket = call.params.get("S3BucketName", "")
        message = f"Insufficient permissions to access S3 bucket {bucket} or KMS key {name}."
        world.refuse("InsufficientEncryptionPolicyException", message)
    return None


def _refuse_logs(world: World, call: Call) -> Answer | None:
    """Refuse a role that CloudTrail can't take on, or that may not write logs, by now."""
    role, group = (
        call.params.get("CloudWatchLogsRoleArn"),
        call.params.get("CloudWatchLogsLogGroupArn"),
    )
    if not role and not group:
        return None
    if not group or not str(group).endswith(":*"):
        message = "CloudTrail cannot validate the specified log group ARN."
        world.refuse("InvalidCloudWatchLogsLogGroupArnException", message)
    if not role or not world.can_assume(SERVICE, role):
        message = f"{DENIED} Verify in IAM that the role has adequate trust relationships."
        world.refuse("InvalidCloudWatchLogsRoleArnException", message)
    if not (may(world, role, "logs:PutLogEvents") and may(world, role, "logs:CreateLogStream")):
        message = f"{DENIED} Check the permissions for your role."
        world.refuse("InvalidCloudWatchLogsLogGroupArnException", message)
    return None


def _as_arn(world: World, call: Call) -> Answer | None:
    """Have the key kept as its ARN, however it was named."""
    name = call.params.get("KmsKeyId")
    if name and (found := key(world, name)):
        call.params["KmsKeyId"] = str(found["Arn"])
    return None


def _fill_selectors(world: World, call: Call, answer: Answer) -> None:
    if not answer.get("EventSelectors") and not answer.get("AdvancedEventSelectors"):
        answer["EventSelectors"] = [{**DEFAULT}]


def _only_named(world: World, call: Call, answer: Answer) -> None:
    """Leave out what was not asked for; a name that is not there is no error."""
    if names := call.params.get("trailNameList"):
        answer["trailList"] = [
            trail for trail in answer["trailList"] if {trail["Name"], trail["TrailARN"]} & {*names}
        ]


def _refuse_abroad(world: World, call: Call) -> Answer | None:
    """A trail over all regions is seen in each, and changed at home only."""
    name = str(call.params.get("Name") or call.params.get("TrailName"))
    seen = world.client("cloudtrail").describe_trails(includeShadowTrails=True)["trailList"]
    for trail in seen:
        if name in (trail["Name"], trail["TrailARN"]) and trail["HomeRegion"] != world.region:
            message = f"This operation must be called from trail home region: {trail['HomeRegion']}"
            world.refuse("InvalidHomeRegionException", message)
    return None


def _refuse_many(world: World, call: Call) -> Answer | None:
    if len(call.params["ResourceIdList"]) > TAGGED_AT_ONCE:
        message = f"The list of resource IDs holds more than {TAGGED_AT_ONCE}."
        world.refuse("ValidationException", message)
    return None


def _refuse_parallel(world: World, call: Call) -> Answer | None:
    name = call.params.get("Name") or call.params.get("TrailName")
    for other in world.others(call, "cloudtrail.*"):
        if (
            other.operation in CHANGES
            and (other.params.get("Name") or other.params.get("TrailName")) == name
        ):
            message = f"Trail {name} is being changed by another call. Try again later."
            world.refuse("ConflictException", message)
    return None


def _deliver_late(world: World, call: Call) -> Answer | None:
    """Keep delivering for a while what a trail has seen."""
    name = str(call.params["Name"]).rpartition("/")[2]
    trail = _trail(world, name)
    if trail and world.client("cloudtrail").get_trail_status(Name=name)["IsLogging"]:
        for seconds in DELIVERIES:
            world.later(seconds, partial(_deliver, world, trail, seconds))
    return None


def _deliver(world: World, trail: dict[str, Any], seconds: float) -> None:
    """Put a log into the bucket, if it is there and nobody logs to it any more."""
    prefix = f"{trail['S3KeyPrefix']}/" if trail.get("S3KeyPrefix") else ""
    folder = f"{prefix}AWSLogs/{world.account}/CloudTrail/{world.region}"
    try:
        world.client("s3").put_object(
            Bucket=trail["S3BucketName"], Key=f"{folder}/{seconds:.0f}.json.gz", Body=b"{}"
        )
    except ClientError:
        return


CHANGES = ("UpdateTrail", "PutEventSelectors", "StartLogging", "StopLogging", "DeleteTrail")
AT_HOME = (*CHANGES, "AddTags", "RemoveTags")
WATCHES: dict[str, After] = {"s3.PutBucketPolicy": _note_policy}
RULES = (
    Rule(
        name="cloudtrail.one-change",
        source="CloudTrail trail: concurrency; CloudTrail API Reference, UpdateTrail",
        says="Changes of one trail side by side are refused (ConflictException).",
        before={f"cloudtrail.{operation}": _refuse_parallel for operation in CHANGES},
    ),
    Rule(
        name="cloudtrail.home-region",
        source="CloudTrail trail: home region; CloudTrail API Reference, UpdateTrail",
        says="A trail over all regions is listed in every region and changed in its own only "
        "(InvalidHomeRegionException).",
        before={f"cloudtrail.{operation}": _refuse_abroad for operation in CHANGES},
    ),
    Rule(
        name="cloudtrail.bucket-policy",
        source="CloudTrail trail: bucket; CloudTrail User Guide, Amazon S3 bucket policy for "
        "CloudTrail",
        says="A trail is refused whose bucket does not let CloudTrail read its ACL and put "
        "objects, or does so only since seconds (InsufficientS3BucketPolicyException).",
        before=dict.fromkeys(WRITES, _refuse_bucket),
    ),
    Rule(
        name="cloudtrail.key",
        source="CloudTrail trail: key; CloudTrail User Guide, Configure AWS KMS key policies for "
        "CloudTrail",
        says="A trail is refused whose key is missing, disabled, or does not admit CloudTrail, or "
        "only since seconds (KmsKeyNotFoundException, KmsKeyDisabledException, "
        "InsufficientEncryptionPolicyException).",
        before=dict.fromkeys(WRITES, _refuse_key),
    ),
    Rule(
        name="cloudtrail.logs-role",
        source="CloudTrail trail: log group; CloudTrail User Guide, Sending events to CloudWatch "
        "Logs",
        says="A trail is refused whose role CloudTrail can't take on by now "
        "(InvalidCloudWatchLogsRoleArnException) or may not write by now, and a log group without "
        ":* behind its ARN (InvalidCloudWatchLogsLogGroupArnException).",
        before=dict.fromkeys(WRITES, _refuse_logs),
    ),
    Rule(
        name="cloudtrail.key-arn",
        source="CloudTrail trail: key; CloudTrail API Reference, CreateTrail",
        says="The key of a trail reads back as its ARN, however it was named.",
        before=dict.fromkeys(WRITES, _as_arn),
    ),
    Rule(
        name="cloudtrail.default-selector",
        source="CloudTrail trail: event selectors; CloudTrail API Reference, GetEventSelectors",
        says="A trail that nobody gave selectors has one: all management events.",
        after={"cloudtrail.GetEventSelectors": _fill_selectors},
    ),
    Rule(
        name="cloudtrail.describe-by-names",
        source="CloudTrail trail: read; CloudTrail API Reference, DescribeTrails",
        says="DescribeTrails by names answers those trails alone, and leaves out the missing ones.",
        after={"cloudtrail.DescribeTrails": _only_named},
    ),
    Rule(
        name="cloudtrail.twenty-tags",
        source="CloudTrail trail: tags; CloudTrail API Reference, ListTags",
        says="ListTags takes twenty trails at most.",
        before={"cloudtrail.ListTags": _refuse_many},
    ),
    Rule(
        name="cloudtrail.late-deliveries",
        source="CloudTrail trail: delete; CloudTrail User Guide, How CloudTrail works",
        says="Logs arrive in the bucket for a quarter of an hour after their trail was deleted.",
        before={"cloudtrail.DeleteTrail": _deliver_late},
    ),
)
UNPLAYED = (
    Unplayed(
        "A second trail of the same name is refused (TrailAlreadyExistsException), one whose "
        "bucket is not there, too (S3BucketDoesNotExistException); a new trail does not log; "
        "UpdateTrail keeps what it is not told.",
        "The emulator does so by itself.",
    ),
    Unplayed(
        "A region has five trails (MaximumNumberOfTrailsExceededException).",
        "A quota that is told like the others.",
    ),
    Unplayed(
        "A trail that tells a topic needs its leave (InsufficientSnsTopicPolicyException); basic "
        "and advanced selectors exclude each other.",
        "The kind has neither topics nor advanced selectors.",
    ),
    Unplayed(
        "Where no ACL header is sent, a condition on it denies in silence.",
        "No source confirms it; AWS's own example has the condition.",
    ),
)
