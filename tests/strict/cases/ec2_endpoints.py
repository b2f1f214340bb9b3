"""VPC endpoints."""

from __future__ import annotations

from typing import Any

from provisioner import Stack
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._network import (
    REGION,
    ZONE,
    group,
    network,
    settle,
    with_endpoints,
)


def _interface(client: Client, vpc: str, *subnets: str, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = client("ec2").create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{REGION}.kms",
        VpcEndpointType="Interface",
        SubnetIds=[*subnets],
        **{"PrivateDnsEnabled": False, **more},
    )
    return {**made["VpcEndpoint"]}


def open_by_itself(client: Client) -> None:
    """Expect an endpoint without groups to have none."""
    made = network(client)
    id_ = _interface(client, made.vpc, made.subnet)["VpcEndpointId"]
    settle()
    [found] = client("ec2").describe_vpc_endpoints(VpcEndpointIds=[id_])["VpcEndpoints"]
    assert found["Groups"] == []


def gone_at_once(client: Client) -> None:
    """Delete an endpoint and expect its interfaces to be gone."""
    made = network(client)
    id_ = _interface(client, made.vpc, made.subnet)["VpcEndpointId"]
    settle()
    client("ec2").delete_vpc_endpoints(VpcEndpointIds=[id_])
    inside = [{"Name": "subnet-id", "Values": [made.subnet]}]
    assert client("ec2").describe_network_interfaces(Filters=inside)["NetworkInterfaces"] == []


def change_twice(client: Client) -> None:
    """Change an endpoint twice in a row."""
    made = network(client)
    guard = group(client, made.vpc)
    id_ = _interface(client, made.vpc, made.subnet)["VpcEndpointId"]
    settle(300)
    change = client("ec2").modify_vpc_endpoint
    change(VpcEndpointId=id_, AddSecurityGroupIds=[guard])
    change(VpcEndpointId=id_, RemoveSecurityGroupIds=[guard])


def two_at_once(client: Client) -> None:
    """Make two endpoints without a pause."""
    made = network(client)
    _interface(client, made.vpc, made.subnet)
    _interface(client, made.vpc, made.subnet)


def the_same_name_twice(client: Client) -> None:
    """Make two endpoints that take over the same name."""
    made = network(client)
    _interface(client, made.vpc, made.subnet, PrivateDnsEnabled=True)
    settle(300)
    _interface(client, made.vpc, made.subnet, PrivateDnsEnabled=True)


def a_name_without_dns(client: Client) -> None:
    """Take over a service's name in a VPC as AWS makes it."""
    made = network(client)
    _interface(client, made.vpc, made.subnet, PrivateDnsEnabled=True)


def two_subnets_of_a_zone(client: Client) -> None:
    """Put an endpoint into two subnets of one zone."""
    made = network(client)
    other = client("ec2").create_subnet(
        VpcId=made.vpc, CidrBlock="10.0.2.0/24", AvailabilityZone=ZONE
    )["Subnet"]["SubnetId"]
    settle()
    _interface(client, made.vpc, made.subnet, other)


def another_vpcs_table(client: Client) -> None:
    """Lead another VPC's table to a gateway endpoint."""
    ec2 = client("ec2")
    here = network(client).vpc
    there = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    settle()
    table = ec2.create_route_table(VpcId=there)["RouteTable"]["RouteTableId"]
    settle()
    ec2.create_vpc_endpoint(
        VpcId=here, ServiceName=f"com.amazonaws.{REGION}.s3", RouteTableIds=[table]
    )


def changed(ground: Ground) -> None:
    """An endpoint's policy and groups change after it was made, one change after the other."""
    stack = with_endpoints("kms")
    ground.up(stack)
    other = with_endpoints()
    base: Stack = other
    base.add("more", "ec2.security_group", group_name="m", description="m", vpc_id="${vpc.id}")
    base.add(
        "kms",
        "ec2.vpc_endpoint",
        vpc_id="${vpc.id}",
        service_name=f"com.amazonaws.{REGION}.kms",
        vpc_endpoint_type="Interface",
        subnet_ids=["${subnet.id}"],
        security_group_ids=["${inside.id}", "${more.id}"],
        private_dns_enabled=True,
    )
    ground.through(base, stack)


CASES = [
    Case(
        "ec2.endpoint-defaults",
        open_by_itself,
        "",
        lambda ground: ground.through(with_endpoints("kms")),
    ),
    Case(
        "ec2.endpoint-states",
        gone_at_once,
        "",
        lambda ground: ground.through(with_endpoints("kms", "logs")),
    ),
    Case("ec2.endpoint-busy", change_twice, "ConcurrentMutationLimitExceeded", changed),
    Case(
        "ec2.endpoint-one-at-a-time",
        two_at_once,
        "OperationNotPermitted",
        lambda ground: ground.through(with_endpoints("kms", "logs", "sqs")),
    ),
    Case(
        "ec2.endpoint-duplicates",
        the_same_name_twice,
        "InvalidParameter",
        lambda ground: ground.through(with_endpoints("kms", "logs")),
    ),
    Case(
        "ec2.endpoint-private-dns",
        a_name_without_dns,
        "InvalidParameter",
        lambda ground: ground.through(with_endpoints("kms")),
    ),
    Case(
        "ec2.endpoint-zones",
        two_subnets_of_a_zone,
        "DuplicateSubnetsInSameZone",
        lambda ground: ground.through(with_endpoints("kms")),
    ),
    Case(
        "ec2.endpoint-tables",
        another_vpcs_table,
        "InvalidParameter",
        lambda ground: ground.through(with_endpoints()),
    ),
]
