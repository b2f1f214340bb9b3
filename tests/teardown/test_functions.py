"""Functions in a VPC: they leave it first, and their interfaces are awaited while others go on."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provisioner.stack import Setting, Stack
from tests.teardown.world import World

Meanwhile = Callable[[str, Callable[..., Any]], None]
TRUST: Setting = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@pytest.fixture
def code(tmp_path: Path) -> str:
    """A folder with a function's sources."""
    (tmp_path / "handler.py").write_text("def handler(event, context):\n    return event\n")
    return str(tmp_path)


def clinic(code: str, *names: str) -> Stack:
    """Functions with one role in one subnet with one group."""
    stack = Stack("clinic")
    vpc = stack.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    subnet = stack.add(
        "subnet",
        "ec2.subnet",
        vpc_id=vpc.id,
        cidr_block="10.0.1.0/24",
        availability_zone="${region}a",
    )
    group = stack.add(
        "group", "ec2.security_group", group_name="calls", description="calls", vpc_id=vpc.id
    )
    role = stack.add("role", "iam.role", role_name="clinic", assume_role_policy=TRUST)
    for name in names:
        stack.add(
            name,
            "lambda.function",
            function_name=name,
            role=role.arn,
            runtime="python3.13",
            code=code,
            subnet_ids=[subnet.id],
            security_group_ids=[group.id],
        )
    return stack


def interface(world: World, name: str) -> str:
    """An interface as Lambda makes it for a function."""
    ec2 = world.client("ec2")
    config = world.client("lambda").get_function_configuration(FunctionName=name)["VpcConfig"]
    return str(
        ec2.create_network_interface(
            SubnetId=config["SubnetIds"][0],
            Groups=config["SecurityGroupIds"],
            Description=f"AWS Lambda VPC ENI-{name}-1",
        )["NetworkInterface"]["NetworkInterfaceId"]
    )


def held(meanwhile: Meanwhile, id_: str, looks: int) -> None:
    """For so many looks the interface is attached to something of AWS's."""
    left = iter(range(looks))

    def show(*, parsed: Any, **_: Any) -> None:
        for one in parsed["NetworkInterfaces"]:
            if one["NetworkInterfaceId"] == id_ and next(left, None) is not None:
                one["Status"] = "in-use"

    meanwhile("after-call.ec2.DescribeNetworkInterfaces", show)


def test_a_function_leaves_its_vpc_before_it_goes(
    world: World, code: str, meanwhile: Meanwhile
) -> None:
    """AWS then lets the interfaces go early; it is waited for until it has taken that."""
    world.up(clinic(code, "reader"))
    sent: list[Any] = []
    meanwhile(
        "provide-client-params.lambda.UpdateFunctionConfiguration",
        lambda params, **_: sent.append(params),
    )
    meanwhile("before-call.lambda.DeleteFunction", lambda **_: sent.append("delete"))
    world.down("clinic").check()
    empty: dict[str, list[str]] = {"SubnetIds": [], "SecurityGroupIds": []}
    assert sent == [{"FunctionName": "reader", "VpcConfig": empty}, "delete"]
    assert world.alive() == {}


def test_its_interfaces_are_awaited_and_the_role_outlives_them(
    world: World, code: str, meanwhile: Meanwhile
) -> None:
    """Lambda takes them away with that role; whose they are and where is told."""
    world.up(clinic(code, "reader"))
    id_ = interface(world, "reader")
    held(meanwhile, id_, 12)
    alive: list[bool] = []

    def look(**_: Any) -> None:
        alive.append(bool(world.alive().get("interface")))

    meanwhile("before-call.iam.DeleteRole", look)
    meanwhile("before-call.ec2.DeleteSecurityGroup", look)
    world.down("clinic").check()
    waits = world.waits("delete reader")
    assert "1 interface of Lambda in subnet-" in waits[-1].state
    assert id_ in waits[-1].state
    assert (waits[-1].typical, waits[-1].limit) == (300.0, 2700.0)
    assert waits[-1].elapsed >= 60
    assert alive == [False, False]
    assert world.alive() == {}


def test_others_go_on_meanwhile(world: World, code: str, meanwhile: Meanwhile) -> None:
    """What needs neither network nor role is gone long before the interface."""
    stack = clinic(code, "reader")
    stack.add("inbox", "sqs.queue", queue_name="inbox")
    world.up(stack)
    held(meanwhile, interface(world, "reader"), 12)
    world.down("clinic").check()
    done = world.done()
    assert done.index("delete inbox") < done.index("delete reader")


def test_what_a_living_function_shares_is_not_waited_for(
    world: World, code: str, meanwhile: Meanwhile
) -> None:
    """One of two functions goes; the interface is the other's now, and stays."""
    world.up(clinic(code, "reader", "writer"))
    id_ = interface(world, "reader")
    held(meanwhile, id_, 10**6)
    world.up(clinic(code, "writer"))
    assert world.alive()["function"] == ["writer"]
    assert world.alive()["interface"] == [id_]
    assert world.clock.seconds < 60


def test_a_teardown_that_died_while_waiting_waits_again(
    world: World, code: str, meanwhile: Meanwhile
) -> None:
    """The function is gone, its record is not: its interfaces still hold the subnet."""
    world.up(clinic(code, "reader"))
    id_ = interface(world, "reader")
    holding = [True]

    def show(*, parsed: Any, **_: Any) -> None:
        for one in parsed["NetworkInterfaces"]:
            if holding and one["NetworkInterfaceId"] == id_:
                one["Status"] = "in-use"

    meanwhile("after-call.ec2.DescribeNetworkInterfaces", show)
    report = world.down("clinic")
    [error] = report.outcome.failed.values()
    assert "after 45 minutes there are still 1 interface of Lambda" in str(error)
    assert set(world.alive()) == {"vpc", "subnet", "group", "interface", "role"}
    holding.clear()
    world.down("clinic").check()
    assert world.alive() == {}


def test_functions_of_others_in_our_network_stop_the_teardown(world: World, code: str) -> None:
    """Their interfaces would hold the subnet for ever, and their role is ours."""
    world.up(clinic(code, "reader"))
    config = world.client("lambda").get_function_configuration(FunctionName="reader")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        packed.writestr("handler.py", "def handler(event, context): ...")
    vpc = config["VpcConfig"]
    world.client("lambda").create_function(
        FunctionName="theirs",
        Role=config["Role"],
        Runtime="python3.13",
        Handler="handler.handler",
        Code={"ZipFile": data.getvalue()},
        VpcConfig={key: vpc[key] for key in ("SubnetIds", "SecurityGroupIds")},
    )
    id_ = interface(world, "theirs")
    said = world.stays("clinic")
    assert f"{id_} of function theirs" in said
    assert "role: 1 function of others as clinic: theirs" in said


def test_endpoints_leave_interfaces_behind_for_a_while(world: World, meanwhile: Meanwhile) -> None:
    """They are awaited, too, before their subnet goes."""
    stack = Stack("clinic")
    vpc = stack.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    subnet = stack.add(
        "subnet",
        "ec2.subnet",
        vpc_id=vpc.id,
        cidr_block="10.0.1.0/24",
        availability_zone="${region}a",
    )
    stack.add(
        "endpoint",
        "ec2.vpc_endpoint",
        vpc_id=vpc.id,
        service_name="com.amazonaws.${region}.kms",
        vpc_endpoint_type="Interface",
        subnet_ids=[subnet.id],
    )
    world.up(stack)
    [endpoint] = world.alive()["endpoint"]
    left = iter(range(4))

    def show(*, parsed: Any, **_: Any) -> None:
        if not world_is_looking and next(left, None) is not None:
            description = f"VPC Endpoint Interface {endpoint}"
            parsed["NetworkInterfaces"] = [
                {"NetworkInterfaceId": "eni-late", "Description": description, "Groups": []}
            ]

    world_is_looking: list[bool] = []
    meanwhile("before-call.ec2.DeleteVpcEndpoints", lambda **_: None)
    meanwhile("after-call.ec2.DescribeNetworkInterfaces", show)
    next(left)
    world.down("clinic").check()
    assert any(
        "1 interface of it (eni-late)" in wait.state for wait in world.waits("delete endpoint")
    )
    assert world.alive() == {}
