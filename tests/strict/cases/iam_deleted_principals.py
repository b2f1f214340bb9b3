"""Policies and the principals they name."""

from __future__ import annotations

import json
from typing import Any

from provisioner import Stack
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._identity import role, settle, trust


def admitting(arn: str, *resources: str) -> dict[str, Any]:
    """A policy that lets a role, and the account, do everything."""
    root = "arn:aws:iam::123456789012:root"
    allow = {"Effect": "Allow", "Action": "*", "Principal": {"AWS": [root, arn]}}
    return {"Version": "2012-10-17", "Statement": [allow | {"Resource": [*resources] or "*"}]}


def make_a_role_again(client: Client) -> None:
    """Delete a role that a key's policy names, make it again, and see that it is still named."""
    arn = role(client, "reader")
    settle()
    key = client("kms").create_key(Policy=json.dumps(admitting(arn)))["KeyMetadata"]["KeyId"]
    client("iam").delete_role(RoleName="reader")
    assert role(client, "reader") == arn
    settle()
    assert arn in client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"]


def stack() -> Stack:
    """A role that a key, a bucket, a queue, a topic and a vault let in."""
    made = Stack("strict")
    reader = made.add("reader", "iam.role", role_name="reader", assume_role_policy=trust())
    made.add("key", "kms.key", alias="alias/strict", policy=admitting(reader.arn))
    bucket = "arn:aws:s3:::strict-reports"
    policy = admitting(reader.arn, bucket, f"{bucket}/*")
    made.add("bucket", "s3.bucket", bucket_name="strict-reports", policy=policy)
    made.add("queue", "sqs.queue", queue_name="strict", policy=_on("sqs", "strict", reader.arn))
    made.add("topic", "sns.topic", name="strict", policy=_on("sns", "strict", reader.arn))
    policy = _on("backup", "backup-vault:strict", reader.arn)
    made.add("vault", "backup.vault", backup_vault_name="strict", policy=policy)
    return made


def _on(service: str, name: str, arn: str) -> dict[str, Any]:
    return admitting(arn, f"arn:aws:{service}:eu-central-1:123456789012:{name}")


def made_again(ground: Ground) -> None:
    """Somebody deletes the role; the next apply makes it again and puts the policies anew."""
    ground.up(stack())
    ground.plain("iam").delete_role(RoleName="reader")
    ground.up(stack())
    for policy in _policies(ground):
        assert "AROA" not in policy
        assert "role/reader" in policy
    ground.down(stack())


def _policies(ground: Ground) -> list[str]:
    """The policies of bucket, queue, topic and vault, as AWS answers them."""
    sqs, sns = ground.session.client("sqs"), ground.session.client("sns")
    queue = sqs.get_queue_attributes(
        QueueUrl=sqs.get_queue_url(QueueName="strict")["QueueUrl"], AttributeNames=["Policy"]
    )
    topic = sns.get_topic_attributes(TopicArn="arn:aws:sns:eu-central-1:123456789012:strict")
    backup = ground.session.client("backup")
    return [
        ground.session.client("s3").get_bucket_policy(Bucket="strict-reports")["Policy"],
        queue["Attributes"]["Policy"],
        topic["Attributes"]["Policy"],
        backup.get_backup_vault_access_policy(BackupVaultName="strict")["Policy"],
    ]


CASES = [Case("iam.deleted-principals", make_a_role_again, "", made_again)]
