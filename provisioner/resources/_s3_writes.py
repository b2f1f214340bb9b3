"""How each side of a bucket is written, in an order that is safe at every point.

Public access is shut before a policy is put, and opened after it; for a policy that lets everybody
in, S3 has to be told beforehand to take such a policy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from provisioner.aws.failures import unless_absent
from provisioner.aws.tags import tag_dict, tag_list
from provisioner.aws.target import Target
from provisioner.lifecycle.fields import policy_text
from provisioner.resources._policies import joined
from provisioner.resources._s3 import SWITCHES, tls_statement

Write = Callable[[Any, Target, str, Any], None]


def _public_access(client: Any, target: Target, name: str, spec: Any) -> None:
    del target
    switches = dict.fromkeys(SWITCHES, spec.block_public_access)
    client.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=switches)


def _ownership(client: Any, target: Target, name: str, spec: Any) -> None:
    del target
    rules = [{"ObjectOwnership": spec.object_ownership}]
    client.put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": rules})


def _encryption(client: Any, target: Target, name: str, spec: Any) -> None:
    """With a bucket key, so that not every object costs a call to KMS."""
    del target
    if spec.kms_key is None:
        client.delete_bucket_encryption(Bucket=name)
        return
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": spec.kms_key}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    client.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})


def _versioning(client: Any, target: Target, name: str, spec: Any) -> None:
    del target
    status = "Enabled" if spec.versioning else "Suspended"
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})


def _lock(client: Any, target: Target, name: str, spec: Any) -> None:
    del target
    configuration: dict[str, Any] = {"ObjectLockEnabled": "Enabled"}
    if spec.object_lock:
        retention = {"Mode": spec.object_lock.mode, "Days": spec.object_lock.days}
        configuration["Rule"] = {"DefaultRetention": retention}
    client.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=configuration)


def _lifecycle(client: Any, target: Target, name: str, spec: Any) -> None:
    del target
    if not spec.lifecycle_rules:
        client.delete_bucket_lifecycle(Bucket=name)
        return
    rules = [_rule(rule) for rule in spec.lifecycle_rules]
    client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})


def _rule(rule: Any) -> dict[str, Any]:
    sent: dict[str, Any] = {
        "ID": rule.id,
        "Status": "Enabled" if rule.enabled else "Disabled",
        "Filter": {"Prefix": rule.prefix},
    }
    if rule.expiration_days:
        sent["Expiration"] = {"Days": rule.expiration_days}
    if rule.noncurrent_version_expiration_days:
        days = rule.noncurrent_version_expiration_days
        sent["NoncurrentVersionExpiration"] = {"NoncurrentDays": days}
    if rule.abort_incomplete_multipart_upload_days:
        days = rule.abort_incomplete_multipart_upload_days
        sent["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
    if rule.transition_storage_class:
        to = {"Days": rule.transition_days, "StorageClass": rule.transition_storage_class}
        sent["Transitions"] = [to]
    return sent


def _policy(client: Any, target: Target, name: str, spec: Any) -> None:
    arn = f"arn:{target.partition}:s3:::{name}"
    policy = joined(spec.policy, [tls_statement(arn)] if spec.tls_only else [])
    if policy:
        client.put_bucket_policy(Bucket=name, Policy=policy_text(policy))
    else:
        client.delete_bucket_policy(Bucket=name)


def _logging(client: Any, target: Target, name: str, spec: Any) -> None:
    del target
    enabled = spec.logging and {
        "TargetBucket": spec.logging.target_bucket,
        "TargetPrefix": spec.logging.target_prefix,
    }
    status = {"LoggingEnabled": enabled} if enabled else {}
    client.put_bucket_logging(Bucket=name, BucketLoggingStatus=status)


def _notifications(client: Any, target: Target, name: str, spec: Any) -> None:
    del target
    members = {"sqs": "Queue", "sns": "Topic", "lambda": "LambdaFunction"}
    configuration: dict[str, Any] = {"EventBridgeConfiguration": {}} if spec.event_bridge else {}
    for one in spec.notifications:
        noun = members[one.target_arn.split(":")[2]]
        sent: dict[str, Any] = {f"{noun}Arn": one.target_arn, "Events": one.events}
        filters = [
            {"Name": side, "Value": value}
            for side, value in (("prefix", one.prefix), ("suffix", one.suffix))
            if value
        ]
        if filters:
            sent["Filter"] = {"Key": {"FilterRules": filters}}
        configuration.setdefault(f"{noun}Configurations", []).append(sent)
    client.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration=configuration
    )


def _shut(client: Any, target: Target, name: str, spec: Any) -> None:
    if spec.block_public_access:
        _public_access(client, target, name, spec)


def _take_public_policy(client: Any, target: Target, name: str, spec: Any) -> None:
    del target
    if spec.policy and not spec.block_public_access:
        switches = {switch: switch != "BlockPublicPolicy" for switch in SWITCHES}
        client.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=switches)


def _open(client: Any, target: Target, name: str, spec: Any) -> None:
    if not spec.block_public_access:
        _public_access(client, target, name, spec)


WRITES: tuple[tuple[frozenset[str], Write], ...] = (
    (frozenset({"block_public_access"}), _shut),
    (frozenset({"object_ownership"}), _ownership),
    (frozenset({"kms_key"}), _encryption),
    (frozenset({"block_public_access"}), _take_public_policy),
    (frozenset({"policy", "tls_only"}), _policy),
    (frozenset({"versioning"}), _versioning),
    (frozenset({"object_lock"}), _lock),
    (frozenset({"lifecycle_rules"}), _lifecycle),
    (frozenset({"logging"}), _logging),
    (frozenset({"notifications", "event_bridge"}), _notifications),
    (frozenset({"block_public_access"}), _open),
)
"""Which fields are written by which call, in this order."""


def tags_of_bucket(client: Any, name: str) -> dict[str, str]:
    """All tags, AWS's own included."""
    answer = unless_absent(lambda: client.get_bucket_tagging(Bucket=name), "NoSuchTagSet")
    return tag_dict((answer or {}).get("TagSet"))


def write_tags(client: Any, name: str, tags: Mapping[str, str]) -> None:
    """Replace all tags."""
    if tags:
        client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(tags)})
    else:
        client.delete_bucket_tagging(Bucket=name)
