"""What a teardown of many resources costs: a new call has to be put down here by its name."""

from __future__ import annotations

from collections import Counter

import boto3

import provisioner
from tests.conftest import VirtualClock
from tests.engine.test_budgets import EACH, many

READS = ("Describe", "Get", "List", "Query")


def test_a_teardown_asks_once_what_all_need(session: boto3.Session, clock: VirtualClock) -> None:
    """Functions and instance profiles are listed once for all roles."""
    counted: Counter[str] = Counter()
    stack = many()
    provisioner.apply(session, stack, provisioner.Options(clock=clock))
    clock.sleep(3600)
    options = provisioner.Options(clock=clock, called=lambda call: counted.update([str(call)]))
    provisioner.teardown(session, stack.name, options).check()
    reads = {call: n for call, n in counted.items() if call.split(".")[1].startswith(READS)}
    assert reads == {
        "dynamodb.Query": 2,
        "iam.GetAccountAuthorizationDetails": 1,
        "iam.ListAttachedRolePolicies": EACH,
        "iam.ListInstanceProfiles": 1,
        "iam.ListInstanceProfilesForRole": EACH,
        "iam.ListRolePolicies": EACH,
        "iam.ListRoles": 1,
        "lambda.ListFunctions": 1,
        "logs.DescribeLogGroups": 2 * EACH + 1,
        "logs.ListTagsForResource": EACH,
        "sns.GetTopicAttributes": EACH,
        "sns.ListTagsForResource": EACH,
        "sqs.GetQueueAttributes": EACH,
        "sqs.GetQueueUrl": 3 * EACH,
        "sqs.ListQueueTags": EACH,
        "ssm.DescribeParameters": 1,
        "ssm.GetParameters": 2,
        "ssm.ListTagsForResource": EACH,
        "sts.GetCallerIdentity": 1,
    }
