"""Networks that the cases stand on: by plain calls, and as stacks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from provisioner import Stack
from provisioner.stack import Handle
from tests.strict.case import Client

ZONE = "eu-central-1a"
REGION = "eu-central-1"
ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Network:
    """A VPC with one subnet and its way out, by plain calls."""

    vpc: str
    subnet: str
    internet: str


def settle(seconds: float = 10) -> None:
    """Let what was just made become visible; costs nothing, for the clock is virtual."""
    time.sleep(seconds)


def network(client: Client, *, attached: bool = True) -> Network:
    """Make one, slowly enough for everything to become visible in between."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    settle()
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone=ZONE)
    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    settle()
    if attached:
        ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    return Network(vpc, subnet["Subnet"]["SubnetId"], internet)


def gateway(client: Client, subnet: str) -> dict[str, Any]:
    """A NAT gateway on an address of its own, as its create answers it."""
    ec2 = client("ec2")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    settle()
    made: dict[str, Any] = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)
    return {**made["NatGateway"], "AllocationId": address}


def group(client: Client, vpc: str, name: str = "plain") -> str:
    """A security group."""
    made = client("ec2").create_security_group(GroupName=name, Description=name, VpcId=vpc)
    settle()
    return str(made["GroupId"])


def tcp(**source: Any) -> list[dict[str, Any]]:
    """A permission for HTTPS."""
    return [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **source}]


@dataclass(frozen=True)
class Wanted:
    """A stack with a VPC, one subnet and its way out, to which cases add."""

    stack: Stack
    vpc: Handle
    subnet: Handle
    internet: Handle


def wanted(cidr_block: str = "10.0.0.0/16") -> Wanted:
    """A small network as a stack."""
    stack = Stack("strict")
    vpc = stack.add("vpc", "ec2.vpc", cidr_block=cidr_block)
    subnet = stack.add(
        "subnet", "ec2.subnet", vpc_id=vpc.id, cidr_block="10.0.1.0/24", availability_zone=ZONE
    )
    internet = stack.add("internet", "ec2.internet_gateway", vpc_id=vpc.id)
    return Wanted(stack, vpc, subnet, internet)


def with_gateway() -> Stack:
    """With a NAT gateway, and a route to it."""
    base = wanted()
    address = base.stack.add("address", "ec2.elastic_ip")
    nat = base.stack.add(
        "nat",
        "ec2.nat_gateway",
        subnet_id=base.subnet.id,
        allocation_id=address.id,
        depends_on=[base.internet],
    )
    base.stack.add(
        "routes",
        "ec2.route_table",
        vpc_id=base.vpc.id,
        routes=[{"destination_cidr_block": ANYWHERE, "nat_gateway_id": nat.id}],
    )
    return base.stack


def with_routes(*more: str) -> Stack:
    """With a table that leads out, and to further networks."""
    base = wanted()
    base.stack.add(
        "routes",
        "ec2.route_table",
        vpc_id=base.vpc.id,
        subnet_ids=[base.subnet.id],
        routes=[
            {"destination_cidr_block": to, "gateway_id": base.internet.id}
            for to in (ANYWHERE, *more)
        ],
    )
    return base.stack


def with_groups(source: str = "10.0.0.0/16", *, text: str = "Functions call.") -> Stack:
    """With two security groups that name each other, and one that names a network."""
    base = wanted()
    add = base.stack.add
    rule: dict[str, Any] = {"from_port": 443, "to_port": 443, "description": text}
    for name, other in (("front", "back"), ("back", "front")):
        add(
            name,
            "ec2.security_group",
            group_name=name,
            description=text,
            vpc_id=base.vpc.id,
            ingress=[{**rule, "group_id": f"${{{other}.id}}"}, {**rule, "cidr_ip": source}],
        )
    return base.stack


def with_endpoints(*services: str) -> Stack:
    """With a gateway endpoint for S3, and interface ones for services."""
    base = wanted()
    add = base.stack.add
    inside = add(
        "inside",
        "ec2.security_group",
        group_name="inside",
        description="inside",
        vpc_id=base.vpc.id,
    )
    table = add("table", "ec2.route_table", vpc_id=base.vpc.id, subnet_ids=[base.subnet.id])
    add(
        "s3",
        "ec2.vpc_endpoint",
        vpc_id=base.vpc.id,
        service_name=f"com.amazonaws.{REGION}.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=[table.id],
    )
    for service in services:
        add(
            service,
            "ec2.vpc_endpoint",
            vpc_id=base.vpc.id,
            service_name=f"com.amazonaws.{REGION}.{service}",
            vpc_endpoint_type="Interface",
            subnet_ids=[base.subnet.id],
            security_group_ids=[inside.id],
            private_dns_enabled=True,
        )
    return base.stack
