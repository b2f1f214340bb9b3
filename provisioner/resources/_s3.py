"""A bucket as S3 shows it, in ten calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from provisioner.aws.failures import unless_absent
from provisioner.aws.tags import tag_dict
from provisioner.lifecycle import Json
from provisioner.resources._policies import parsed, parted, refusal

ABSENT = ("NoSuchBucket", "404")
ACTIONS = "s3:*"
SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def _or_nothing(call: Callable[[], Any], *codes: str) -> Mapping[str, Any]:
    """What the call answers; nothing where this side of the bucket was never set."""
    return unless_absent(call, *codes) or {}


def _versioning(client: Any, name: str) -> dict[str, Json] | None:
    answer = unless_absent(partial(client.get_bucket_versioning, Bucket=name), *ABSENT)
    return None if answer is None else {"versioning": answer.get("Status") == "Enabled"}


def _encryption(client: Any, name: str) -> dict[str, Json]:
    answer = _or_nothing(
        partial(client.get_bucket_encryption, Bucket=name),
        "ServerSideEncryptionConfigurationNotFoundError",
        *ABSENT,
    )
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
    return {"kms_key": default.get("KMSMasterKeyID")}


def _public_access(client: Any, name: str) -> dict[str, Json]:
    answer = _or_nothing(
        partial(client.get_public_access_block, Bucket=name),
        "NoSuchPublicAccessBlockConfiguration",
        *ABSENT,
    )
    found = answer.get("PublicAccessBlockConfiguration", {})
    return {"block_public_access": all(found.get(switch) for switch in SWITCHES)}


def _ownership(client: Any, name: str) -> dict[str, Json]:
    answer = _or_nothing(
        partial(client.get_bucket_ownership_controls, Bucket=name),
        "OwnershipControlsNotFoundError",
        *ABSENT,
    )
    rules = answer.get("OwnershipControls", {}).get("Rules", [])
    return {"object_ownership": rules[0]["ObjectOwnership"] if rules else "ObjectWriter"}


def _policy(client: Any, name: str) -> dict[str, Json]:
    call = partial(client.get_bucket_policy, Bucket=name)
    return {"policy": parsed(_or_nothing(call, "NoSuchBucketPolicy", *ABSENT).get("Policy"))}


def _lifecycle(client: Any, name: str) -> dict[str, Json]:
    call = partial(client.get_bucket_lifecycle_configuration, Bucket=name)
    answer = _or_nothing(call, "NoSuchLifecycleConfiguration", *ABSENT)
    return {"lifecycle_rules": [_rule(rule) for rule in answer.get("Rules", [])]}


def _rule(rule: Mapping[str, Any]) -> dict[str, Json]:
    transition = (rule.get("Transitions") or [{}])[0]
    versions = rule.get("NoncurrentVersionExpiration", {})
    uploads = rule.get("AbortIncompleteMultipartUpload", {})
    return {
        "id": rule.get("ID", ""),
        "prefix": rule.get("Prefix") or rule.get("Filter", {}).get("Prefix", ""),
        "enabled": rule.get("Status") == "Enabled",
        "expiration_days": rule.get("Expiration", {}).get("Days"),
        "noncurrent_version_expiration_days": versions.get("NoncurrentDays"),
        "abort_incomplete_multipart_upload_days": uploads.get("DaysAfterInitiation"),
        "transition_days": transition.get("Days"),
        "transition_storage_class": transition.get("StorageClass"),
    }


def _logging(client: Any, name: str) -> dict[str, Json]:
    answer = _or_nothing(partial(client.get_bucket_logging, Bucket=name), *ABSENT)
    found = answer.get("LoggingEnabled")
    if not found:
        return {"logging": None}
    prefix = found.get("TargetPrefix", "")
    return {"logging": {"target_bucket": found["TargetBucket"], "target_prefix": prefix}}


def _notifications(client: Any, name: str) -> dict[str, Json]:
    call = partial(client.get_bucket_notification_configuration, Bucket=name)
    answer = _or_nothing(call, *ABSENT)
    members = {
        "QueueConfigurations": "QueueArn",
        "TopicConfigurations": "TopicArn",
        "LambdaFunctionConfigurations": "LambdaFunctionArn",
    }
    listed: list[Json] = [
        _notification(one, key) for member, key in members.items() for one in answer.get(member, [])
    ]
    bridged = "EventBridgeConfiguration" in answer
    return {"notifications": listed, "event_bridge": bridged}


def _notification(found: Mapping[str, Any], key: str) -> dict[str, Json]:
    rules = found.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    named = {str(rule["Name"]).lower(): str(rule["Value"]) for rule in rules}
    return {
        "target_arn": found[key],
        "events": [*found["Events"]],
        "prefix": named.get("prefix", ""),
        "suffix": named.get("suffix", ""),
    }


def _lock(client: Any, name: str) -> dict[str, Json]:
    call = partial(client.get_object_lock_configuration, Bucket=name)
    answer = _or_nothing(call, "ObjectLockConfigurationNotFoundError", *ABSENT)
    found = answer.get("ObjectLockConfiguration", {})
    retention = found.get("Rule", {}).get("DefaultRetention")
    lock = {"mode": retention["Mode"], "days": retention["Days"]} if retention else None
    return {
        "object_lock_enabled": found.get("ObjectLockEnabled") == "Enabled",
        "object_lock": lock,
    }


def _tags(client: Any, name: str) -> dict[str, Json]:
    answer = _or_nothing(partial(client.get_bucket_tagging, Bucket=name), "NoSuchTagSet", *ABSENT)
    tags = tag_dict(answer.get("TagSet"))
    return {"tags": {key: value for key, value in tags.items() if not key.startswith("aws:")}}


FACETS = (
    _versioning,
    _encryption,
    _public_access,
    _ownership,
    _policy,
    _lifecycle,
    _logging,
    _notifications,
    _lock,
    _tags,
)
"""The sides of a bucket, each its own call; the first tells whether it exists."""


def observed_settings(found: Mapping[str, Json], arn: str) -> dict[str, Json]:
    """The facets, put together in the spec's terms."""
    policy = found["policy"]
    own, tls_only = parted(policy if isinstance(policy, dict) else None, tls_statement(arn))
    settings = {name: value for name, value in found.items() if name not in {"tags", "policy"}}
    return {**settings, "policy": own, "tls_only": tls_only}


def tls_statement(arn: str) -> dict[str, Json]:
    """The statement that refuses calls without TLS."""
    return refusal(ACTIONS, [arn, f"{arn}/*"])
