"""Ids of EC2's objects."""

from __future__ import annotations

from tests.strict.case import Case, Client
from tests.strict.cases._network import gateway, network, settle, stack


def use_a_new_vpc(client: Client) -> None:
    """Make a VPC and a subnet in it next."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")


def ask_for_one_that_is_gone(client: Client) -> None:
    """Describe two gateways of which one never was."""
    ec2 = client("ec2")
    made = gateway(client, network(client).subnet)["NatGatewayId"]
    settle(client)
    ids = [made, "nat-00000000000000000"]
    assert len(ec2.describe_nat_gateways(NatGatewayIds=ids)["NatGateways"]) == 1


CASES = [
    Case(
        "ec2.new-ids",
        use_a_new_vpc,
        "InvalidVpcID.NotFound",
        lambda ground: ground.through(stack(gateway=True)),
    ),
    Case(
        "ec2.describe-by-ids",
        ask_for_one_that_is_gone,
        "NatGatewayNotFound",
        lambda ground: ground.through(stack(gateway=True)),
    ),
]
