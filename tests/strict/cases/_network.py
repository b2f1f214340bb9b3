"""Networks that the cases stand on: by plain calls, and as stacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from provisioner import Stack
from tests.strict.case import Client

ZONE = "eu-central-1a"


@dataclass(frozen=True)
class Network:
    """A VPC with one subnet and its way out, by plain calls."""

    vpc: str
    subnet: str
    internet: str


def settle(client: Client, seconds: float = 5) -> None:
    """Let what was just made become visible."""
    del client
    import time

    time.sleep(seconds)


def network(client: Client, *, attached: bool = True) -> Network:
    """Make one, slowly enough for everything to become visible in between."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    settle(client)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone=ZONE)
    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    settle(client)
    if attached:
        ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    return Network(vpc, subnet["Subnet"]["SubnetId"], internet)


def gateway(client: Client, subnet: str) -> dict[str, Any]:
    """A NAT gateway on an address of its own, as its create answers it."""
    ec2 = client("ec2")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    settle(client)
    made: dict[str, Any] = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)
    return {**made["NatGateway"], "AllocationId": address}


def stack(*, gateway: bool = False) -> Stack:
    """A VPC with one subnet and its way out; with a NAT gateway and a route to it."""
    made = Stack("strict")
    vpc = made.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    subnet = made.add(
        "subnet", "ec2.subnet", vpc_id=vpc.id, cidr_block="10.0.1.0/24", availability_zone=ZONE
    )
    internet = made.add("internet", "ec2.internet_gateway", vpc_id=vpc.id)
    if gateway:
        address = made.add("address", "ec2.elastic_ip")
        nat = made.add(
            "nat",
            "ec2.nat_gateway",
            subnet_id=subnet.id,
            allocation_id=address.id,
            depends_on=[internet],
        )
        made.add(
            "routes",
            "ec2.route_table",
            vpc_id=vpc.id,
            routes=[{"destination_cidr_block": "0.0.0.0/0", "nat_gateway_id": nat.id}],
        )
    return made
