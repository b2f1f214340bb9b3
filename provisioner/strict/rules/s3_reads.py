"""What S3's reads show: members that AWS adds, and what was true before the last write."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import Answer, Call, Rule
from provisioner.strict.rules._stale import keep, kept
from provisioner.strict.world import World

STALE_SECONDS = 10.0
STALE = "s3.stale-lifecycle"
BLOCKED = {"EncryptionType": ["SSE-C"]}
SMALLEST = "all_storage_classes_128K"


def _add_blocked(world: World, call: Call, answer: Answer) -> None:
    for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]:
        rule.setdefault("BlockedEncryptionTypes", BLOCKED)


def _add_smallest(world: World, call: Call, answer: Answer) -> None:
    answer.setdefault("TransitionDefaultMinimumObjectSize", SMALLEST)


def _keep(world: World, call: Call) -> Answer | None:
    """Look at the rules that are about to change."""
    keep(world, STALE, call.params["Bucket"], _rules(world, call), STALE_SECONDS)
    return None


def _rules(world: World, call: Call) -> list[Any]:
    """The rules of a bucket as the emulator has them."""
    s3 = world.client("s3")
    try:
        answer = s3.get_bucket_lifecycle_configuration(Bucket=call.params["Bucket"])
    except ClientError:
        return []
    return list(answer["Rules"])


def _show_old(world: World, call: Call) -> Answer | None:
    """Answer the rules there were."""
    old = kept(world, STALE, call.params["Bucket"], STALE_SECONDS)
    if old == []:
        message = "The lifecycle configuration does not exist"
        world.refuse("NoSuchLifecycleConfiguration", message, 404)
    return {"Rules": old} if old else None


RULES = (
    Rule(
        name="s3.added-members",
        source="Bucket: encryption, lifecycle; Amazon S3 API Reference, ServerSideEncryptionRule, "
        "GetBucketLifecycleConfiguration",
        says="Reads show members that nobody set: BlockedEncryptionTypes in the encryption, "
        "TransitionDefaultMinimumObjectSize in the lifecycle.",
        after={
            "s3.GetBucketEncryption": _add_blocked,
            "s3.GetBucketLifecycleConfiguration": _add_smallest,
        },
    ),
    Rule(
        name="s3.stale-lifecycle",
        source="Bucket: lifecycle; Amazon S3 User Guide, Setting an S3 Lifecycle configuration",
        says="For seconds after a bucket's lifecycle was changed reads show the old one.",
        before={
            "s3.PutBucketLifecycleConfiguration": _keep,
            "s3.DeleteBucketLifecycle": _keep,
            "s3.GetBucketLifecycleConfiguration": _show_old,
        },
    ),
)
