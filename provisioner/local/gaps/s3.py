"""What moto 5.2 gets wrong in S3, filled.

- `CreateBucket` ignores `Tags`, and a new bucket has none of AWS's defaults: encryption by S3,
  all public access blocked, no ACLs.
- `CreateBucket` in us-east-1 changes the ownership and the lock of a bucket that is there.
- The grant to `logging.s3.amazonaws.com` is not found in a policy that also has Principal `*`.
- Conditions of a bucket policy are passed over, so a Deny of calls without TLS denies them all.
- `DeleteBucketEncryption` leaves no encryption at all instead of S3's own.
- `GetBucketNotificationConfiguration` does not tell of EventBridge.
"""

from __future__ import annotations

import json
from typing import Any

import xmltodict
from moto.s3.models import FakeBucket, S3Backend, s3_backends
from moto.s3.responses import S3Response

AES256 = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}}

_put = S3Response._bucket_response_put
_get_permission = FakeBucket.get_permission
_serialized = S3Response.serialized
_delete_bucket_encryption = S3Backend.delete_bucket_encryption


def bucket_response_put(self: Any, request: Any, bucket_name: str, querystring: Any) -> Any:
    """Give a new bucket its tags and AWS's defaults."""
    known = s3_backends.bucket_accounts.keys()
    new = bucket_name not in known
    if not new and not querystring:
        return _make_again(self, request, bucket_name, querystring)
    answer = _put(self, request, bucket_name, querystring)
    if new and bucket_name in s3_backends.bucket_accounts.keys():  # noqa: SIM118  no mapping
        _dress(self, request, bucket_name)
    return answer


def _make_again(response: Any, request: Any, name: str, querystring: Any) -> Any:
    """Change nothing of it, if AWS answers success at all."""
    bucket = response.backend.get_bucket(name)
    sides = ("ownership_rule", "object_lock_enabled", "versioning_status")
    before = {side: getattr(bucket, side) for side in sides}
    try:
        return _put(response, request, name, querystring)
    finally:
        vars(bucket).update(before)


def _dress(response: Any, request: Any, name: str) -> None:
    backend = response.backend
    bucket = backend.get_bucket(name)
    if tags := _tags(response.body):
        backend.put_bucket_tagging(name, tags)
    bucket.encryption = bucket.encryption or AES256
    backend.put_public_access_block(
        name,
        dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"),
            "true",
        ),
    )
    wanted = request.headers.get("x-amz-object-ownership")
    bucket.ownership_rule = wanted or "BucketOwnerEnforced"


def _tags(body: Any) -> dict[str, str]:
    if not body:
        return {}
    configuration = xmltodict.parse(body).get("CreateBucketConfiguration") or {}
    found = (configuration.get("Tags") or {}).get("Tag") or []
    listed = found if isinstance(found, list) else [found]
    return {tag["Key"]: tag.get("Value") or "" for tag in listed}


def log_permissions_enabled_policy(target_bucket: Any, target_prefix: str | None) -> bool:
    """Whether any statement lets the logging service write, whatever the others say."""
    del target_prefix
    policy = json.loads((target_bucket.policy or b'{"Statement": []}').decode())
    for statement in policy["Statement"]:
        who = statement.get("Principal")
        named = isinstance(who, dict) and who.get("Service") == "logging.s3.amazonaws.com"
        if named and statement["Effect"] == "Allow" and "s3:PutObject" in statement["Action"]:
            return True
    return False


def get_permission(self: Any, action: str, resource: str) -> Any:
    """Judge by the statements without conditions; those with one can't be judged here."""
    whole = self.policy
    statements = json.loads(whole.decode())["Statement"] if whole else []
    plain = [statement for statement in statements if not statement.get("Condition")]
    if len(plain) == len(statements):
        return _get_permission(self, action, resource)
    document = {"Version": "2012-10-17", "Statement": plain}
    self.policy = json.dumps(document).encode() if plain else None
    try:
        return _get_permission(self, action, resource)
    finally:
        self.policy = whole


def delete_bucket_encryption(self: Any, bucket_name: str) -> None:
    """Go back to S3's own encryption."""
    _delete_bucket_encryption(self, bucket_name)
    self.get_bucket(bucket_name).encryption = AES256


def serialized(self: Any, action_result: Any) -> Any:
    """Tell of EventBridge, too."""
    if self.data.get("Action") == "GetBucketNotificationConfiguration":
        found = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if found and found.event_bridge is not None:
            action_result.result["EventBridgeConfiguration"] = {}
    return _serialized(self, action_result)


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    S3Response._bucket_response_put = bucket_response_put  # type: ignore[method-assign]
    S3Response.serialized = serialized  # type: ignore[method-assign]
    S3Backend.delete_bucket_encryption = delete_bucket_encryption  # type: ignore[method-assign]
    FakeBucket.get_permission = get_permission  # type: ignore[method-assign]
    FakeBucket._log_permissions_enabled_policy = staticmethod(  # type: ignore[method-assign]
        log_permissions_enabled_policy
    )
