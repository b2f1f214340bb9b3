"""VPCs and subnets."""

from __future__ import annotations

from typing import Any

from tests.strict.case import Case, Client, Ground
from tests.strict.cases._network import network, settle, wanted, with_gateway, with_groups


def host_bits(client: Client) -> None:
    """Expect a network back as it was sent."""
    made = client("ec2").create_vpc(CidrBlock="10.0.1.5/16")["Vpc"]
    assert made["CidrBlock"] == "10.0.1.5/16"


def ready_at_once(client: Client) -> None:
    """Take a VPC for available as soon as it was made."""
    assert client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["State"] == "available"


def both_attributes(client: Client) -> None:
    """Set both DNS attributes of a VPC in one call."""
    on = {"Value": True}
    vpc = network(client).vpc
    client("ec2").modify_vpc_attribute(VpcId=vpc, EnableDnsSupport=on, EnableDnsHostnames=on)


def subnet_with_an_interface(client: Client) -> None:
    """Delete a subnet in which an interface lives."""
    made = network(client)
    client("ec2").create_network_interface(SubnetId=made.subnet)
    client("ec2").delete_subnet(SubnetId=made.subnet)


def vpc_with_a_gateway(client: Client) -> None:
    """Delete a VPC whose subnets are gone and whose internet gateway is not."""
    ec2 = client("ec2")
    made = network(client)
    ec2.delete_subnet(SubnetId=made.subnet)
    settle(60)
    ec2.delete_vpc(VpcId=made.vpc)


def dns_on_and_off(ground: Ground) -> None:
    """DNS settings change in the order that AWS takes."""
    for support, names in ((True, True), (False, False), (True, True)):
        stack = wanted().stack
        vpc = stack.resources.pop("vpc")
        settings: Any = {"enable_dns_support": support, "enable_dns_hostnames": names}
        stack.add("vpc", vpc.kind.kind, cidr_block="10.0.0.0/16", **settings)
        ground.up(stack)
    ground.down(stack)


CASES = [
    Case(
        "ec2.canonical-networks",
        host_bits,
        "",
        lambda ground: ground.through(wanted("10.0.1.5/16").stack, with_groups("10.9.8.7/16")),
    ),
    Case("ec2.pending", ready_at_once, "", lambda ground: ground.through(wanted().stack)),
    Case("ec2.one-attribute", both_attributes, "InvalidParameterCombination", dns_on_and_off),
    Case(
        "ec2.subnet-dependencies",
        subnet_with_an_interface,
        "DependencyViolation",
        lambda ground: ground.through(with_gateway()),
    ),
    Case(
        "ec2.vpc-dependencies",
        vpc_with_a_gateway,
        "DependencyViolation",
        lambda ground: ground.through(with_groups()),
    ),
]
