"""Buckets of S3: when they are seen, how they are changed, which policies they take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._policies import listed, statements, strangers
from provisioner.strict.world import World

VISIBLE_SECONDS = 3.0
LINGERING_SECONDS = 4.0
"""So long a deleted bucket is still listed."""
HELD_SECONDS = 60.0
"""So long nobody can have the name of a deleted bucket; it can be hours."""
MADE, DELETED = "s3.made", "s3.deleted"
"""When a bucket was made or deleted: noted for its name."""
LARGEST_POLICY = 20 * 1024
CONFLICT = (
    "A conflicting conditional operation is currently in progress against this resource. "
    "Please try again."
)
WRITES = (
    "s3.PutBucket*",
    "s3.DeleteBucket*",
    "s3.PutPublicAccessBlock",
    "s3.DeletePublicAccessBlock",
    "s3.PutObjectLockConfiguration",
)
"""Calls that write a side of a bucket."""


def _note_made(world: World, call: Call, answer: Answer) -> None:
    world.note(MADE, call.params["Bucket"])


def _refuse_young(world: World, call: Call) -> Answer | None:
    """Refuse a call about a bucket that was made a moment ago."""
    if call.operation == "CreateBucket":
        return None
    if world.age(MADE, call.params.get("Bucket", "")) < VISIBLE_SECONDS:
        if call.operation.startswith("Head"):
            world.refuse("404", "Not Found", 404)
        world.refuse("NoSuchBucket", "The specified bucket does not exist", 404)
    return None


def _hide_young(world: World, call: Call, answer: Answer) -> None:
    answer["Buckets"] = [
        one for one in answer["Buckets"] if world.age(MADE, one["Name"]) >= VISIBLE_SECONDS
    ]


def _note_deleted(world: World, call: Call, answer: Answer) -> None:
    world.note(DELETED, call.params["Bucket"])


def _refuse_held(world: World, call: Call) -> Answer | None:
    """Keep the name of a bucket that was deleted a moment ago."""
    if world.age(DELETED, call.params["Bucket"]) < HELD_SECONDS:
        world.refuse("OperationAborted", CONFLICT, 409)
    return None


def _show_deleted(world: World, call: Call, answer: Answer) -> None:
    there = {one["Name"] for one in answer["Buckets"]}
    for name in world.recent(DELETED, LINGERING_SECONDS):
        if name not in there and not call.params.get("Prefix"):
            answer["Buckets"].append({"Name": name, "BucketRegion": world.region})


def _refuse_parallel(world: World, call: Call) -> Answer | None:
    """One change of a bucket at a time."""
    bucket = call.params["Bucket"]
    for pattern in WRITES:
        if any(one.params.get("Bucket") == bucket for one in world.others(call, pattern)):
            world.refuse("OperationAborted", CONFLICT, 409)
    return None


def _refuse_strangers(world: World, call: Call) -> Answer | None:
    """A bucket's policy names who is there."""
    if strangers(world, call.params["Policy"]):
        world.refuse("MalformedPolicy", "Invalid principal in policy")
    return None


def _refuse_large(world: World, call: Call) -> Answer | None:
    """A bucket's policy has at most 20 KB."""
    if len(call.params["Policy"].encode()) > LARGEST_POLICY:
        message = "Policy exceeds the maximum allowed document size."
        world.refuse("MalformedPolicy", message)
    return None


def _refuse_public(world: World, call: Call) -> Answer | None:
    """A policy that lets everybody in is refused while public policies are blocked."""
    bucket = call.params["Bucket"]
    if any(_public(one) for one in statements(call.params["Policy"])) and _blocks(world, bucket):
        message = (
            f"User is not authorized to perform: s3:PutBucketPolicy on resource: "
            f'"arn:aws:s3:::{bucket}" because public policies are blocked by the '
            "BlockPublicPolicy block public access setting."
        )
        world.refuse("AccessDenied", message, 403)
    return None


def _public(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    named = listed(principal.get("AWS", [])) if isinstance(principal, Mapping) else [principal]
    return statement.get("Effect") == "Allow" and "*" in named and not statement.get("Condition")


def _blocks(world: World, bucket: str) -> bool:
    try:
        answer = world.client("s3").get_public_access_block(Bucket=bucket)
    except ClientError:
        return False
    return bool(answer["PublicAccessBlockConfiguration"].get("BlockPublicPolicy"))


RULES = (
    Rule(
        name="s3.new-buckets",
        source="Bucket: after create; Amazon S3 User Guide, Amazon S3 data consistency model",
        says="For seconds after a bucket was made every call about it is NoSuchBucket, and no "
        "list shows it.",
        before={"s3.*": _refuse_young},
        after={"s3.CreateBucket": _note_made, "s3.ListBuckets": _hide_young},
    ),
    Rule(
        name="s3.deleted-buckets",
        source="Bucket: delete; Amazon S3 User Guide, Deleting a general purpose bucket",
        says="For a while after a bucket was deleted its name is refused (OperationAborted), and "
        "for seconds it is still listed.",
        before={"s3.CreateBucket": _refuse_held},
        after={"s3.DeleteBucket": _note_deleted, "s3.ListBuckets": _show_deleted},
    ),
    Rule(
        name="s3.parallel-writes",
        source="Bucket: sub-resources; Amazon S3 API Reference, Error responses",
        says="Writes of several sides of one bucket at the same time are refused: "
        "OperationAborted.",
        before=dict.fromkeys(WRITES, _refuse_parallel),
    ),
    Rule(
        name="s3.policy-principals",
        source="Bucket policy: principals; Amazon S3 User Guide, Troubleshoot access denied errors",
        says="A bucket policy that names a role or user that is not there, or was made seconds "
        "ago, is refused as MalformedPolicy, Invalid principal in policy.",
        before={"s3.PutBucketPolicy": _refuse_strangers},
    ),
    Rule(
        name="s3.policy-size",
        source="Bucket policy: size; Amazon S3 User Guide, Bucket policies",
        says="A bucket policy has at most 20 KB.",
        before={"s3.PutBucketPolicy": _refuse_large},
    ),
    Rule(
        name="s3.public-policies",
        source="Bucket: block public access; Amazon S3 User Guide, Blocking public access",
        says="While public policies are blocked, as they are on every new bucket, a policy that "
        "lets everybody in is AccessDenied.",
        before={"s3.PutBucketPolicy": _refuse_public},
    ),
)
UNPLAYED = (
    Unplayed(
        "A bucket with objects, versions or delete markers is BucketNotEmpty.",
        "The embedded AWS refuses it itself.",
    ),
    Unplayed(
        "In us-east-1 making one's own bucket again is a success, and resets its ACL.",
        "The embedded AWS answers so itself.",
    ),
    Unplayed(
        "New buckets have SSE-S3, all public access blocked, and no ACLs.",
        "The embedded AWS does so itself; see the gaps of S3.",
    ),
    Unplayed(
        "Versions take up to 15 minutes to be kept after they were switched on.",
        "It concerns who writes objects; no kind does.",
    ),
)
