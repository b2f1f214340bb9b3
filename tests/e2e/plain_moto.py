"""What a user's own test does, as the README shows it: a stack up, unchanged, and down on moto.

python -m tests.e2e.plain_moto
"""

from __future__ import annotations

import boto3
from moto import mock_aws

import provisioner
from provisioner.local import gaps
from provisioner.stack import Setting

TRUST: Setting = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
    ],
}


def main() -> None:
    """Nothing else prepares moto here."""
    gaps.fill()
    stack = provisioner.Stack("tenant-42")
    key = stack.add("key", "kms.key", alias="alias/tenant-42")
    stack.add("files", "s3.bucket", bucket_name="tenant-42-files", kms_key=key.arn)
    stack.add("jobs", "sqs.queue", queue_name="tenant-42-jobs")
    stack.add("alerts", "sns.topic", name="tenant-42-alerts")
    stack.add("worker", "iam.role", role_name="tenant-42-worker", assume_role_policy=TRUST)
    with mock_aws():
        session = boto3.Session("a", "b", region_name="eu-west-3")
        first = provisioner.apply(session, stack).check()
        again = provisioner.apply(session, stack).check()
        gone = provisioner.teardown(session, "tenant-42").check()
        left = session.client("sqs").list_queues().get("QueueUrls", [])
    assert first.summary["created"] == 5
    assert again.summary["unchanged"] == 5
    assert gone.summary["deleted"] == 5
    assert left == []


if __name__ == "__main__":
    main()
