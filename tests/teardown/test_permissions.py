"""What the caller may not do is told before anything is deleted, if IAM is sure of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest

from provisioner.api.runs import teardown
from provisioner.errors import BlockedError
from provisioner.stack import Stack
from tests.conftest import REGION
from tests.teardown.world import World

QUEUES = "arn:aws:sqs:eu-central-1:123456789012:clinic-*"


def clinic() -> Stack:
    stack = Stack("clinic")
    stack.add("inbox", "sqs.queue", queue_name="clinic-inbox")
    stack.add("alerts", "sns.topic", name="clinic-alerts")
    return stack


def as_role(world: World, *statements: dict[str, Any]) -> boto3.Session:
    """Somebody who may do this, and nothing else as far as IAM knows."""
    iam = world.client("iam")
    iam.create_role(RoleName="deployer", Path="/people/", AssumeRolePolicyDocument="{}")
    policy = {"Version": "2012-10-17", "Statement": [*statements]}
    iam.put_role_policy(RoleName="deployer", PolicyName="p", PolicyDocument=json.dumps(policy))
    arn = iam.get_role(RoleName="deployer")["Role"]["Arn"]
    taken = world.client("sts").assume_role(RoleArn=arn, RoleSessionName="ada")["Credentials"]
    return boto3.Session(
        taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"], REGION
    )


def allow(action: str, resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def test_a_missing_right_is_told_before_the_first_delete(world: World) -> None:
    """With the action and what it is about."""
    world.up(clinic())
    caller = as_role(world, allow("sqs:*", QUEUES))
    before = world.alive()
    with pytest.raises(BlockedError) as told:
        teardown(caller, "clinic", world.options)
    arn = "arn:aws:sns:eu-central-1:123456789012:clinic-alerts"
    assert f"the caller is not allowed sns:DeleteTopic on {arn}" in str(told.value)
    assert "sqs:" not in str(told.value)
    assert world.alive() == before


def test_rights_on_just_these_objects_are_enough(world: World) -> None:
    """Nobody needs a right on everything."""
    world.up(clinic())
    topics = "arn:aws:sns:eu-central-1:123456789012:clinic-*"
    caller = as_role(world, allow("sqs:DeleteQueue", QUEUES), allow("sns:DeleteTopic", topics))
    teardown(caller, "clinic", world.options).check()
    assert world.alive() == {"role": ["deployer"]}


def test_a_right_on_a_condition_is_not_doubted(world: World) -> None:
    """IAM can't know beforehand whether the condition will hold."""
    world.up(clinic())
    condition = {"StringEquals": {"aws:ResourceTag/provisioner:stack": "clinic"}}
    caller = as_role(world, allow("*", "*", Condition=condition))
    teardown(caller, "clinic", world.options).check()
    assert world.alive() == {"role": ["deployer"]}


def test_who_may_not_simulate_is_not_told_anything(world: World) -> None:
    """The account's own user is not one that IAM knows of here."""
    world.up(clinic())
    teardown(world.session, "clinic", replace(world.options, workers=1)).check()
    assert world.alive() == {}
