"""s3.bucket: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json
from provisioner.resources.s3_bucket import RESOURCE, S3BucketSpec, ensure_s3_bucket
from tests.contract.case import Case

KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
POLICY: Json = {
    "Statement": [
        {
            "Sid": "Trail",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:GetBucketAcl",
            "Resource": "arn:aws:s3:::contract-bucket",
        }
    ]
}


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {"bucket_name": "contract-bucket", "tags": {"Name": "contract"}}


def _alive(session: boto3.Session, id_: str) -> bool:
    return id_ in [one["Name"] for one in session.client("s3").list_buckets()["Buckets"]]


def _log_bucket(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    client: Any = session.client("s3")
    place = {"LocationConstraint": "eu-central-1"}
    client.create_bucket(Bucket="access-logs", CreateBucketConfiguration=place)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::access-logs/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client.put_bucket_policy(Bucket="access-logs", Policy=policy)
    return {"logging": {"target_bucket": "access-logs", "target_prefix": "data/"}}


def _queue(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    session.client("sqs").create_queue(QueueName="uploads")
    arn = "arn:aws:sqs:eu-central-1:123456789012:uploads"
    return {
        "notifications": [
            {"target_arn": arn, "events": ["s3:ObjectCreated:*"], "prefix": "records/"}
        ]
    }


CASE = Case(
    kind="s3.bucket",
    settings=_settings,
    alive=_alive,
    changes={
        "bucket_name": {"bucket_name": "another-bucket"},
        "versioning": {"versioning": False},
        "kms_key": {"kms_key": KEY},
        "block_public_access": {"block_public_access": False},
        "object_ownership": {"object_ownership": "BucketOwnerPreferred"},
        "policy": {"policy": POLICY},
        "tls_only": {"tls_only": False},
        "lifecycle_rules": {
            "lifecycle_rules": [
                {"id": "old", "noncurrent_version_expiration_days": 90},
                {"id": "uploads", "abort_incomplete_multipart_upload_days": 7},
                {"id": "cold", "transition_days": 30, "transition_storage_class": "GLACIER_IR"},
            ]
        },
        "logging": {},
        "notifications": {},
        "event_bridge": {"event_bridge": True},
        "object_lock_enabled": {"object_lock_enabled": True},
    },
    prepare={"logging": _log_bucket, "notifications": _queue},
    exempt={
        "object_lock": "needs a bucket that was made for it; see below",
    },
)


def test_a_bare_bucket_is_private_versioned_encrypted_and_for_tls(session: boto3.Session) -> None:
    """Nobody has to think of it."""
    ensure_s3_bucket(session, S3BucketSpec(bucket_name="bare-bucket"))
    s3 = session.client("s3")
    block = s3.get_public_access_block(Bucket="bare-bucket")["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    assert s3.get_bucket_versioning(Bucket="bare-bucket")["Status"] == "Enabled"
    assert s3.get_bucket_encryption(Bucket="bare-bucket")["ServerSideEncryptionConfiguration"]
    [statement] = json.loads(s3.get_bucket_policy(Bucket="bare-bucket")["Policy"])["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_lock_is_set_and_lifted(session: boto3.Session) -> None:
    """The retention of new objects can change, as long as the bucket was made for it."""
    head: dict[str, Json] = {"bucket_name": "locked-bucket", "object_lock_enabled": True}
    lock: Json = {"mode": "GOVERNANCE", "days": 30}
    ensure_s3_bucket(session, S3BucketSpec.model_validate({**head, "object_lock": lock}))
    again = ensure_s3_bucket(session, S3BucketSpec.model_validate({**head, "object_lock": lock}))
    assert str(again.action) == "noop"
    found = session.client("s3").get_object_lock_configuration(Bucket="locked-bucket")
    retention = found["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert (retention["Mode"], retention["Days"]) == ("GOVERNANCE", 30)


def test_a_bucket_with_objects_stays(session: boto3.Session, aws: Aws) -> None:
    """A delete alone empties nothing, whatever the settings say."""
    ensure_s3_bucket(session, S3BucketSpec(bucket_name="full-bucket"))
    session.client("s3").put_object(Bucket="full-bucket", Key="a", Body=b"x")
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        RESOURCE.delete(aws, "full-bucket", {"empty_on_delete": True})
    assert _alive(session, "full-bucket")
