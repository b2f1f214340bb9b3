"""Interfaces of functions."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from provisioner import Stack
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._network import group, network, settle, wanted

SOURCES = str(Path(__file__).resolve().parents[3] / "lambdas" / "health_check")
MAY: Any = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def _zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context): ...")
    return packed.getvalue()


def delete_both(client: Client) -> None:
    """Delete a function, and its subnet a minute later."""
    made = network(client)
    role = client("iam").create_role(RoleName="f", AssumeRolePolicyDocument=json.dumps(MAY))
    settle(30)
    client("lambda").create_function(
        FunctionName="f",
        Runtime="python3.13",
        Handler="handler.handler",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": _zip()},
        VpcConfig={"SubnetIds": [made.subnet], "SecurityGroupIds": [group(client, made.vpc)]},
    )
    settle(60)
    client("lambda").delete_function(FunctionName="f")
    settle(60)
    inside = [{"Name": "subnet-id", "Values": [made.subnet]}]
    assert client("ec2").describe_network_interfaces(Filters=inside)["NetworkInterfaces"] == []
    client("ec2").delete_subnet(SubnetId=made.subnet)


def with_function(*, inside: bool) -> Stack:
    """A function, in the VPC or not."""
    base = wanted()
    add = base.stack.add
    guard = add("guard", "ec2.security_group", group_name="f", description="f", vpc_id=base.vpc.id)
    role = add("role", "iam.role", role_name="f", assume_role_policy=MAY)
    place: Any = (
        {"subnet_ids": [base.subnet.id], "security_group_ids": [guard.id]} if inside else {}
    )
    add(
        "function",
        "lambda.function",
        function_name="f",
        role=role.arn,
        runtime="python3.13",
        code=SOURCES,
        **place,
    )
    return base.stack


def waited_for(ground: Ground) -> None:
    """Subnet and group go when Lambda has let them go, and not before."""
    ground.layer.on("ec2.subnet-dependencies", "ec2.group-dependencies")
    ground.through(with_function(inside=False), with_function(inside=True))


def without_its_role(ground: Ground) -> None:
    """Somebody deletes the role first: what Lambda then leaves for good goes with the stack."""
    ground.layer.on("ec2.subnet-dependencies", "ec2.group-dependencies")
    ground.up(with_function(inside=True))
    ground.plain("iam").delete_role(RoleName="f")
    ground.down(with_function(inside=True))


def both_ways(ground: Ground) -> None:
    """With the role there to the end, and without."""
    waited_for(ground)
    without_its_role(ground)


CASES = [Case("ec2.function-interfaces", delete_both, "", both_ways)]
