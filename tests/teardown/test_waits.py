"""Waits explain themselves: AWS's state and reason, how long so far, usually, and at most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from provisioner.api.runs import apply
from provisioner.engine.events import StepWaiting
from provisioner.stack import Setting, Stack
from tests.teardown.world import World

Meanwhile = Callable[[str, Callable[..., Any]], None]


def network() -> Stack:
    stack = Stack("net")
    vpc = stack.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    stack.add(
        "subnet",
        "ec2.subnet",
        vpc_id=vpc.id,
        cidr_block="10.0.1.0/24",
        availability_zone="${region}a",
    )
    return stack


def refusing(meanwhile: Meanwhile, call: str, code: str, message: str, times: int) -> None:
    """AWS does not take a call so many times."""
    left = iter(range(times))

    def refuse(**_: Any) -> None:
        if next(left, None) is not None:
            error = {"Error": {"Code": code, "Message": message}}
            raise ClientError(error, call.rpartition(".")[2])  # type: ignore[arg-type]

    meanwhile(f"before-call.{call}", refuse)


def test_a_delete_that_is_refused_for_now_says_by_whom(world: World, meanwhile: Meanwhile) -> None:
    """AWS's code and sentence reach whoever watches, from inside the call."""
    world.up(network())
    said = "The subnet has dependencies and cannot be deleted."
    refusing(meanwhile, "ec2.DeleteSubnet", "DependencyViolation", said, 6)
    world.down("net").check()
    waits = world.waits("delete subnet")
    assert waits[-1].state == (
        f"interfaces leave the subnet; ec2.DeleteSubnet: DependencyViolation: {said}"
    )
    assert (waits[-1].limit, waits[-1].typical) == (2700.0, None)
    assert waits[-1].elapsed > 0
    assert world.alive() == {}


def test_a_role_that_is_not_known_yet_says_so(world: World, meanwhile: Meanwhile) -> None:
    """The same while making."""
    stack = Stack("net")
    vpc = stack.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    trust: Setting = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = stack.add("role", "iam.role", role_name="flow", assume_role_policy=trust)
    group = stack.add("logs", "logs.log_group", log_group_name="/net")
    stack.add(
        "flow",
        "ec2.flow_log",
        resource_id=vpc.id,
        traffic_type="ALL",
        log_destination=group.arn,
        deliver_logs_permission_arn=role.arn,
    )
    said = "Unable to assume given IAM role."
    refusing(meanwhile, "ec2.CreateFlowLogs", "InvalidParameter", said, 5)
    heard: list[StepWaiting] = []

    def listen(event: Any) -> None:
        if isinstance(event, StepWaiting):
            heard.append(event)

    apply(world.session, stack, world.options, listen=listen).check()
    states = {(str(event.key), event.state) for event in heard}
    told = f"IAM role propagates; ec2.CreateFlowLogs: InvalidParameter: {said}"
    assert ("create flow", told) in states


def test_a_rate_of_awss_is_told(world: World) -> None:
    """The second API has to wait half a minute for its delete."""
    stack = Stack("apis")
    ping: Setting = {"authorization_type": "AWS_IAM", "integration": {"type": "MOCK"}}
    for name in ("first", "second"):
        stack.add(name, "apigateway.rest_api", name=name, resources={"/": {"GET": ping}})
    world.up(stack)
    world.down("apis").check()
    waits = [event for event in world.heard if isinstance(event, StepWaiting)]
    assert {wait.state for wait in waits} == {"AWS takes one in 30 s of apigateway.DeleteRestApi"}
    assert world.alive() == {}


def test_a_short_retry_is_nobodys_concern(world: World, meanwhile: Meanwhile) -> None:
    """One throttled call is not worth a line."""
    world.up(network())
    refusing(meanwhile, "ec2.DeleteSubnet", "RequestLimitExceeded", "slow down", 1)
    world.down("net").check()
    assert world.waits("delete subnet") == []
